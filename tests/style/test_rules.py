"""Every rule of the protocol has a test that cites it, and docs/testing.md says which."""
import re

import sources
from sources import ROOT, report

RULES = [f"P-{n}" for n in range(1, 20)] + [f"T-{n}" for n in range(1, 9)]
NOT_YET = "not yet"


def cited(text):
    """Rules that a test file names, as P-4 in a comment or P_4 in a name."""
    return {f"{kind}-{number}" for kind, number in re.findall(r"(?<![A-Za-z0-9])([PT])[-_](\d{1,2})(?!\d)", text)}


def files_of_tests():
    return [path for path in sources.files("*.c", "*.py", below="tests")
            if path.name.startswith("test_") and path.parent.name != "style"]


def table():
    """rule -> last cell of its row in docs/testing.md."""
    rows = re.findall(r"^\| ([PT]-\d+) \|.*\| ([^|]*) \|$", (ROOT / "docs/testing.md").read_text(), re.MULTILINE)
    return dict(rows)


def test_every_rule_has_a_row():
    assert sorted(table()) == sorted(RULES)


def test_every_rule_that_is_carried_out_is_cited_by_a_test():
    everywhere = set().union(*(cited(path.read_text()) for path in files_of_tests()))
    report([f"{rule}: no test cites it" for rule in RULES if table()[rule] != NOT_YET and rule not in everywhere])


def test_every_test_file_in_the_table_cites_its_rule():
    findings = []
    for rule, cell in table().items():
        if cell == NOT_YET:
            continue
        names = re.findall(r"`([^`]+)`", cell)
        if not names:
            findings.append(f"{rule}: no file is named")
        for name in names:
            path = ROOT / "tests" / name
            if not path.is_file():
                findings.append(f"{rule}: no file tests/{name}")
            elif rule not in cited(path.read_text()):
                findings.append(f"{rule}: tests/{name} does not cite it")
    report(findings)
