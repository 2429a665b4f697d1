"""Replays and test runs through a real sandbox process."""

import io
import json
import os
import signal
import sys
import tarfile
from pathlib import Path

import pytest
from healer.edges.sandbox import LocalSandbox, Sandbox, forms
from healer.model import Call, Request, SandboxError

APP = """from fastapi import FastAPI
app = FastAPI()
NOTES = {}

@app.post("/notes", status_code=201)
def add():
    NOTES[str(len(NOTES) + 1)] = "x"
    return {"id": len(NOTES)}

@app.get("/notes/{note_id}")
def show(note_id: str):
    return {"note": NOTES[note_id]}
"""
TESTS = "from app import NOTES\n\ndef test_good():\n    assert NOTES == {}\n\ndef test_bad():\n    assert NOTES\n"
LIMITS = {"seconds": 20, "memory_mb": 512}


def tree(**files: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in {"app.py": APP, "tests/test_app.py": TESTS, **files}.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    made = LocalSandbox(tmp_path_factory.mktemp("sandbox"), sys.executable)
    yield made
    made.stop()


def replay(sandbox: Sandbox, *requests: Request, env=None, watch=None, **files: str):
    return sandbox.replay(
        tree(**files), requests, entry="app:app", env=env or {}, headers={}, limits=LIMITS, watch=watch
    )


def test_a_crash_is_replayed_with_its_frames(sandbox):
    found = replay(sandbox, Request("POST", "/notes"), Request("GET", "/notes/7"))
    assert found.problem == ""
    assert found.exchanges[0].status == 201
    last = found.last
    assert last is not None
    assert last.exception is not None
    assert last.exception.type == "KeyError"
    assert last.exception.is_a("LookupError")
    fault = [frame for frame in last.frames if frame.in_app][-1]
    assert (fault.file, fault.function, fault.locals["note_id"]) == ("app.py", "show", "'7'")
    assert "limits" in found.isolation


def test_recorded_identifiers_follow_the_replay(sandbox):
    added = Request("POST", "/notes", status=201, ids={"/id": 500})
    found = replay(sandbox, added, Request("GET", "/notes/500"))
    assert found.last is not None
    assert found.last.status == 200


def test_an_application_that_does_not_start_is_a_problem_not_an_error(sandbox):
    found = replay(sandbox, Request("GET", "/"), **{"app.py": "import nowhere"})
    assert "nowhere" in found.problem
    assert found.last is None


def test_lines_that_ran_in_a_replay(sandbox):
    found = replay(sandbox, Request("POST", "/notes"), watch={"app.py": [7, 8, 12], "missing.py": [1]})
    assert found.ran == {"app.py": (7, 8)}


def test_a_function_is_called(sandbox):
    def call(note: str):
        shown = Call("app.py", "show", {"note_id": note})
        return sandbox.call(tree(), shown, env={}, limits=LIMITS, watch={"app.py": [8, 12]})

    crashed = call("'7'")
    assert (crashed.problem, crashed.ran) == ("", {"app.py": (12,)})
    assert crashed.last.exception.type == "KeyError"
    assert crashed.last.value is None
    assert [frame.function for frame in crashed.last.frames] == ["show"]
    assert "cannot be read" in call("<Note>").problem
    returned = sandbox.call(tree(), Call("app.py", "add", {}), env={}, limits=LIMITS)
    assert (returned.last.value, returned.last.crashed) == ("{'id': 1}", False)


def test_an_answer_that_was_forged_is_a_problem(sandbox):
    forging = "import os\nfor number in range(3, 99):\n  try: os.write(number, b'{}\\n')\n  except OSError: pass\n"
    found = replay(sandbox, Request("POST", "/notes"), **{"app.py": forging + APP})
    assert found.problem.startswith("tampered: ")
    assert found.last is None


STEERING = ["PYTHONPATH", "LD_PRELOAD", "PYTEST_ADDOPTS", "SELFHEAL_DSN", "PATH", "HOME", "TMPDIR", "BASH_ENV", "COV_X"]


def test_no_variable_steers_the_job_itself(sandbox, caplog):
    app = APP + "\n@app.get('/env')\ndef env():\n    import os\n    return dict(os.environ)\n"
    forms._warn_once.cache_clear()
    kept = {"ENV": "test", "SHOP_PATH": "1", "HOMEPAGE": "1", "TZ": "Asia/Tokyo"}
    wanted = {**kept, **dict.fromkeys(STEERING, "/evil")}
    shown = json.loads(replay(sandbox, Request("GET", "/env"), env=wanted, **{"app.py": app}).last.body)
    assert {name: shown.get(name) for name in kept} == kept
    assert "/evil" not in shown.values()
    assert all(f"{name!r} is not set" in caplog.text for name in STEERING)


def test_the_services_own_tests(sandbox):
    suite = sandbox.tests(tree(), ["tests"], env={}, limits=LIMITS, watch={"app.py": [3, 7]})
    assert suite.ran == {"app.py": (3,)}
    assert suite.outcomes == {
        "tests/test_app.py::test_good": "passed",
        "tests/test_app.py::test_bad": "failed",
    }


def test_a_sandbox_that_was_killed_is_started_again(sandbox):
    replay(sandbox, Request("POST", "/notes"))
    process = sandbox._process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert replay(sandbox, Request("POST", "/notes")).problem == ""


def test_no_sandbox_is_named(tmp_path):
    with pytest.raises(SandboxError, match="does not answer"):
        replay(Sandbox(tmp_path / "none.sock"), Request("GET", "/"))
    with pytest.raises(SandboxError, match="cannot start"):
        LocalSandbox(tmp_path / "s", str(Path("/nowhere/python"))).start()
