"""`rollcall training-client` as a process: what it was answered, line by line, and how it ended."""
import json

from .process import BIN, Process
from .waiting import until


class Student(Process):
    def __init__(self, house, employee, *words, course="first-aid", interval="1s"):
        super().__init__(f"student-{employee}-{len(house.processes)}", house.folder)
        self.employee = employee
        self.command = [BIN / "rollcall", "training-client", employee, "--uri", house.broker.uri, "--course", course,
                        "--interval", interval, "--json", *words]
        house.processes.append(self)

    def begin(self):
        self.launch(self.command)
        return self

    def said(self):
        """Its JSON lines so far; its remarks on standard error stand in the same log."""
        lines = self.log.read_text().split("\n")[:-1] if self.log.exists() else []
        return [json.loads(line) for line in lines if line.startswith("{")]

    def remarks(self):
        return [line for line in self.log.read_text().split("\n") if line.startswith("time=")]

    def answers(self):
        return [line for line in self.said() if "result" not in line]

    def receipts(self):
        return [line for line in self.said() if "result" in line]

    def counted(self):
        return [line for line in self.answers() if line.get("success")]

    def wait_counted(self, number):
        """Returns when so many heartbeats have been counted."""
        until(lambda: len(self.counted()) >= number or not self.alive(), f"{number} answers of {self.employee}", 150)
        assert len(self.counted()) >= number, self.log.read_text()[-2000:]
        return self
