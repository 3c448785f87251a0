#!/usr/bin/python3
"""Counts tests in JUnit files: prints `PASSED FAILED`, then a line for each failure.

A ctest entry that is a cmocka program counts as the tests that it ran; any other entry counts as one. A program that
failed without saying which test (a crash, a sanitizer's report) counts as one failure more than it admitted. A skipped
test is a failure: nothing here may pass by not running.
"""
import re
import sys
import xml.etree.ElementTree as ET

PASSED = re.compile(r"\[  PASSED  \] (\d+) test\(s\)")
FAILED = re.compile(r"\[  FAILED  \] (\d+) test\(s\), listed below")
FAILED_NAME = re.compile(r"^\[  FAILED  \] (\w+)$", re.MULTILINE)


def count_entry(entry):
    """Returns (passed, names of failures) of one <testcase>."""
    output = (entry.findtext("system-out") or "") + (entry.findtext("system-err") or "")
    name = entry.get("name")
    if entry.get("classname") and entry.get("classname") != name:
        name = f"{entry.get('classname')}.{name}"
    broken = [e.tag for e in entry if e.tag in ("failure", "error", "skipped")] or entry.get("status") == "fail"
    passed = sum(int(n) for n in PASSED.findall(output))
    failures = [f"{name}: {test}" for test in sorted(set(FAILED_NAME.findall(output)))]
    if passed + len(failures) == 0:
        return (0, [name]) if broken else (1, [])
    if broken and not failures:
        failures = [f"{name}: ended with an error"]
    return passed, failures


def main(paths):
    passed, failures = 0, []
    for path in paths:
        try:
            entries = list(ET.parse(path).getroot().iter("testcase"))
        except (OSError, ET.ParseError) as error:
            failures.append(f"{path}: no results ({error})")
            continue
        if not entries:
            failures.append(f"{path}: no tests ran")
        for entry in entries:
            more, broken = count_entry(entry)
            passed += more
            failures += broken
    print(passed, len(failures))
    for failure in failures:
        print(f"   failed: {failure}")


if __name__ == "__main__":
    main(sys.argv[1:])
