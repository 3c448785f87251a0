"""The project's own files, for the checks of style."""
import fnmatch
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def is_ours(folder):
    """Folders that are made, not written (see .gitignore), are left out."""
    name = folder.name
    return not (name.startswith((".", "build")) and name != ".ci") and name not in ("var", "node_modules", "__pycache__")


def walk(folder):
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink() and is_ours(entry):
            yield from walk(entry)
        elif entry.is_file():
            yield entry


def files(*patterns, below="."):
    """Our files below a folder whose names match one of the patterns (all, if there are none)."""
    return [path for path in walk(ROOT / below)
            if not patterns or any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)]


def c_files():
    return files("*.c", "*.h")


def shell_files():
    """Files whose first line says that they are shell scripts."""
    first = re.compile(r"^#!.*\b(ba)?sh\b|^# shellcheck shell=")
    found = []
    for path in files():
        with open(path, "rb") as file:
            if first.match(file.readline(200).decode("utf-8", "replace")):
                found.append(path)
    return found


COMMENT_OR_TEXT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def without_comments(text):
    """C source with comments and literals blanked; line numbers stay."""
    return COMMENT_OR_TEXT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def report(findings):
    """Fails with all findings, one a line."""
    assert not findings, "\n" + "\n".join(findings)
