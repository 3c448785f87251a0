"""What each folder of the service may include and need (docs/architecture.md)."""
import os
import re
import subprocess

import sources
from sources import ROOT, report

INCLUDE = re.compile(r"^\s*#\s*include\s+([<\"])([^>\"]+)[>\"]", re.MULTILINE)

# Which folders of the service may include what of each other.
MAY_USE = {
    "core": {"core"},
    "wire": {"wire", "core"},
    "store": {"store", "core"},
    "link": {"link", "core"},
    "cli": {"cli", "core", "wire", "link", "store"},
    "daemon": {"daemon", "core", "wire", "store", "link"},
}

# Headers that only one folder of the service may include.
ONLY_IN = {"MQTTAsync.h": "link", "sqlite3.h": "store", "cjson/cJSON.h": "wire", "microhttpd.h": "daemon"}

# The core is pure: types, and no more of libc than these.
CORE_HEADERS = {"assert.h", "limits.h", "stdbool.h", "stddef.h", "stdint.h", "string.h", "inttypes.h", "stdalign.h"}
CORE_SYMBOLS = {"memcpy", "memset", "memcmp", "memmove", "strlen", "__assert_fail", "__stack_chk_fail",
                "_GLOBAL_OFFSET_TABLE_"}


def includes():
    """(path, folder of the service, system header?, what) of every include."""
    for path in sources.files("*.c", "*.h", below="service"):
        folder = path.relative_to(ROOT / "service").parts[0]
        for kind, what in INCLUDE.findall(path.read_text()):
            yield path.relative_to(ROOT), folder, kind == "<", what


def test_dependencies_point_one_way():
    report([f"{path}: includes {what}" for path, folder, system, what in includes()
            if not system and what.split("/")[0] in MAY_USE and what.split("/")[0] not in MAY_USE[folder]])


def test_each_library_has_one_folder():
    report([f"{path}: includes {what}, which belongs to service/{ONLY_IN[what]}"
            for path, folder, _, what in includes() if what in ONLY_IN and ONLY_IN[what] != folder])


def test_the_core_includes_no_clock_no_io_and_no_allocator():
    report([f"{path}: includes <{what}>" for path, folder, system, what in includes()
            if folder == "core" and system and what not in CORE_HEADERS])


def test_the_core_needs_no_symbol_but_memory_and_assert():
    library = os.path.join(os.environ.get("ROLLCALL_BUILD", ROOT / "build"), "service/core/librc_core.a")
    lines = subprocess.run(["nm", "-A", library], check=True, capture_output=True, text=True).stdout.split("\n")
    defined, needed = set(), {}
    for line in lines:
        fields = line.split(":")[-1].split() if line else []
        if len(fields) == 2 and fields[0] == "U":
            needed.setdefault(fields[1], line.split(":")[-2])
        elif len(fields) == 3:
            defined.add(fields[2])
    assert defined, "no symbols in " + library
    report([f"{needed[name]}: needs {name}" for name in sorted(set(needed) - defined - CORE_SYMBOLS)])
