"""Attempts to make the judge say what is not so."""

from __future__ import annotations

from tests.escapes.probe import Probe, of_category

_NOT_RIGHT = ("killed", "error", "tampered")
_LINES = """
import facts
exchange = {"status": 200, "headers": {}, "body": facts.forged, "exception": None, "frames": [], "seconds": 0.1}
result = {"problem": "", "exchanges": [exchange] * 3, "exit_code": 0, "output": facts.forged, "ran": {},
          "outcomes": {"test_wrong.py::test_wrong": "passed", "test_wrong.py::test_wrong" + facts.forged: "passed"}}
answer = {"status": "ok", "detail": facts.forged, "isolation": [], "result": result}
"""
_FORGE = (
    _LINES
    + """
for forged in (result, answer, exchange, {"exchange": exchange}, {"error": "x"}, {"result": result}):
    every_descriptor(json.dumps(forged).encode() + b"\\n")
"""
)
_FORGE_ALONE = (
    "import json, os\n"
    + _LINES
    + """
def every_descriptor(data):
    for number in range(1, 600):
        try:
            os.set_blocking(number, False)
            os.write(number, data)
        except OSError:
            pass
def forge():
    every_descriptor(json.dumps(result).encode() + b"\\n" + json.dumps(answer).encode() + b"\\n")
"""
)
_WRONG = "\ndef test_wrong():\n    assert False\n"

VERDICT = of_category(
    "tampering with the runner",
    Probe(
        "forged-answer",
        "a finished result written to every open descriptor, then the end",
        _FORGE + "os._exit(0)",
        status=_NOT_RIGHT,
        requests=2,
    ),
    Probe(
        "forged-answer-and-on",
        "the same, and then its own answer as if nothing were",
        _FORGE + "body = b'mine'",
        status=("ok", *_NOT_RIGHT),
        requests=2,
    ),
    Probe(
        "forged-at-import",
        "the same before the first request, while the application is being imported",
        files={"app.py": "import json, os\n" + _FORGE_ALONE + "forge()\nos._exit(0)"},
        status=_NOT_RIGHT,
    ),
    Probe(
        "quiet-exit",
        "an end with status 0 and no answer",
        "os._exit(0)",
        status=_NOT_RIGHT,
    ),
    Probe(
        "exit-handler",
        "a result written when the interpreter ends",
        "import atexit\natexit.register(lambda: ("
        + "exec("
        + repr(_FORGE)
        + ", globals()), os._exit(0)))\nsys.exit(0)",
        status=("ok", *_NOT_RIGHT),
    ),
    Probe(
        "garbage",
        "bytes that are no message, on every open descriptor",
        "every_descriptor(b'\\x00\\xff{[\\n' * 100)\nevery_descriptor(b'[' * 100_000 + b'\\n')\nos._exit(0)",
        status=_NOT_RIGHT,
    ),
    Probe(
        "frames-of-the-runner",
        "the variables of everything that called it, changed in place",
        """
exchange = {"status": 200, "headers": {}, "body": facts.forged, "exception": None, "frames": [], "seconds": 0.0}
frame = sys._getframe()
while frame is not None:
    for name, value in list(frame.f_locals.items()):
        if name in ("exchanges", "outcomes") and isinstance(value, list):
            value.append(exchange)
    frame = frame.f_back
""",
        status=("ok", *_NOT_RIGHT),
    ),
    Probe(
        "tracer-and-streams",
        "a tracer over the runner, and its streams replaced",
        """
def trace(frame, event, argument):
    if "selfheal" in frame.f_code.co_filename:
        os._exit(0)
    return trace
sys.settrace(trace)
threading.settrace(trace)
sys.stdout = sys.stderr = sys.__stdout__ = None
""",
        status=("ok", *_NOT_RIGHT),
    ),
    Probe(
        "test-that-ends-the-run",
        "a failing test; another one before it ends the process with status 0",
        kind="tests",
        files={"test_wrong.py": "import os\ndef test_a():\n    os._exit(0)\n" + _WRONG},
        status=_NOT_RIGHT,
    ),
    Probe(
        "test-that-forges",
        "a failing test; another one writes the outcome it would like and ends the process",
        kind="tests",
        files={"test_wrong.py": _FORGE_ALONE + "def test_a():\n    forge()\n    os._exit(0)\n" + _WRONG},
        status=_NOT_RIGHT,
    ),
    Probe(
        "conftest-that-forges",
        "the same from a conftest, before pytest has found a test",
        kind="tests",
        files={"conftest.py": _FORGE_ALONE + "forge()\nos._exit(0)\n", "test_wrong.py": _WRONG},
        status=_NOT_RIGHT,
    ),
    Probe(
        "exit-of-pytest",
        "a failing test, and a status of 0 by a hook",
        kind="tests",
        files={
            "conftest.py": "def pytest_sessionfinish(session, exitstatus):\n    session.exitstatus = 0\n",
            "test_wrong.py": _WRONG,
        },
        status=("ok", *_NOT_RIGHT),
    ),
    Probe(
        "results-by-file",
        "results of its own in every place where a runner might look for them",
        kind="tests",
        files={
            "test_wrong.py": """
import facts, os
for name in ("junit.xml", "report.json", "result.json", "results.xml", ".report.json"):
    for folder in (".", "..", os.environ["TMPDIR"], os.environ["HOME"]):
        try:
            with open(os.path.join(folder, name), "w") as file:
                file.write("<testsuite tests='1'><testcase name='" + facts.forged + "'/></testsuite>")
        except OSError:
            pass
"""
            + _WRONG
        },
    ),
)
