"""How the source looks and what it may use. Each check names every place that breaks it."""
import ast
import re
import subprocess

import sources
from sources import ROOT, report

# A function fits a screen.
FUNCTION_LINES_MAX = 70

BANNED = {
    "strcpy": "snprintf", "strcat": "snprintf", "strncpy": "memcpy or snprintf", "strncat": "snprintf",
    "stpcpy": "memcpy", "sprintf": "snprintf", "vsprintf": "vsnprintf", "gets": "fgets", "scanf": "strtoll",
    "strtok": "strcspn", "strtok_r": "strcspn", "atoi": "strtol",
    "atol": "strtol", "atoll": "strtoll", "atof": "strtod", "system": "posix_spawn", "popen": "posix_spawn",
    "tmpnam": "mkstemp", "mktemp": "mkstemp", "tempnam": "mkstemp", "alloca": "a fixed buffer",
    "asctime": "strftime", "ctime": "strftime", "localtime": "localtime_r", "gmtime": "gmtime_r", "rand": "a seed",
    "srand": "a seed",
}
# Commands of a test's own making are no input from outside.
BANNED_IN_WHAT_IS_SHIPPED = {"system", "popen"}


def c_functions(text):
    """(first line, number of lines) of each function: the format puts its braces in column 0."""
    start = None
    for number, line in enumerate(text.split("\n"), 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield start, number - start + 1
            start = None


def shell_functions(text):
    start = None
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"^\w+\(\) \{$", line):
            start = number
        elif line == "}" and start is not None:
            yield start, number - start + 1
            start = None


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def too_long(paths, functions):
    return [f"{path.relative_to(ROOT)}:{line}: a function of {length} lines"
            for path in paths for line, length in functions(path.read_text()) if length > FUNCTION_LINES_MAX]


def test_c_functions_fit_a_screen():
    report(too_long(sources.c_files(), c_functions))


def test_shell_functions_fit_a_screen():
    report(too_long(sources.shell_files(), shell_functions))


def test_python_functions_fit_a_screen():
    report(too_long(sources.files("*.py"), python_functions))


def test_no_function_is_used_that_cannot_be_used_safely():
    pattern = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
    findings = []
    for path in sources.c_files():
        for number, line in enumerate(sources.without_comments(path.read_text()).split("\n"), 1):
            for match in pattern.finditer(line):
                name = match.group(1)
                shipped = path.relative_to(ROOT).parts[0] in ("service", "device-agent")
                if name in BANNED_IN_WHAT_IS_SHIPPED and not shipped:
                    continue
                findings.append(f"{path.relative_to(ROOT)}:{number}: {name}; take {BANNED[name]}")
    report(findings)


def test_c_is_formatted():
    paths = [str(path) for path in sources.c_files()]
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths], cwd=ROOT, capture_output=True, text=True)
    places = sorted({line.split(":", 1)[0] for line in done.stderr.split("\n") if "clang-format-violations" in line})
    report([f"clang-format -i {place}" for place in places])
    assert done.returncode == 0, done.stderr


def test_shell_scripts_pass_shellcheck():
    paths = [str(path) for path in sources.shell_files()]
    assert paths
    done = subprocess.run(["shellcheck", "-x", "-P", "SCRIPTDIR", *paths], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_python_compiles():
    report([f"{path.relative_to(ROOT)}: {error}" for path in sources.files("*.py")
            for error in [compiles(path)] if error])


def compiles(path):
    try:
        compile(path.read_text(), str(path), "exec")
    except SyntaxError as error:
        return error
    return None


def test_nothing_is_left_to_do_later():
    later = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    report([f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
            for path in sources.files("*.c", "*.h", "*.py", "*.sh", "*.md", "*.sql", "*.cmake", "CMakeLists.txt", "run",
                                      "test")
            for number, line in enumerate(path.read_text().split("\n"), 1) if later.search(line)])


def test_headers_say_first_what_they_decide():
    report([f"{path.relative_to(ROOT)}: does not begin with a comment `{path.name}: ...`"
            for folder in ("service", "device-agent", "tests") for path in sources.files("*.h", below=folder)
            if not re.match(r"/\*(\n \*)? %s: " % re.escape(path.name), path.read_text())])
