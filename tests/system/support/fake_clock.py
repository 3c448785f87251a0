"""The service's wall clock as the test wants it; CLOCK_BOOTTIME and CLOCK_MONOTONIC stay true."""
import glob

LIBFAKETIME = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")


class FakeClock:
    """An offset in a file, which the service reads at each look at its clock. Made before the house starts."""

    def __init__(self, house, offset_s=0):
        self.file = house.folder / "faketime"
        self.set(offset_s)
        house.service_env.update({"LD_PRELOAD": LIBFAKETIME[0], "FAKETIME_TIMESTAMP_FILE": str(self.file),
                                  "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                                  "FAKETIME_DISABLE_SHM": "1"})

    def set(self, offset_s):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{offset_s:+d}\n")
        fresh.rename(self.file)


def set_back(house, seconds):
    """Before the house starts: its service lives so long ago, until house.service.env is emptied."""
    house.service_env.update({"LD_PRELOAD": LIBFAKETIME[0], "FAKETIME": f"-{seconds}",
                              "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DISABLE_SHM": "1"})
