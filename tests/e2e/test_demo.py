"""The demo over real processes, exactly as `make demo` runs it. That every bug is healed is test_bugs.py's."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "tests" / "samples").glob("*.json"))
HEALED = [path.stem for path in SAMPLES if json.loads(path.read_text())["healed_by"] == "playbook"]


@pytest.fixture
def short():
    """A folder for temporary files whose path is short enough for sockets in it."""
    with tempfile.TemporaryDirectory(prefix="e2e-", dir="/tmp") as folder:
        yield Path(folder)


def start(bug: str, *, tmp: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "TMPDIR": str(tmp)}
    command = [sys.executable, "-m", "healer.cli", "demo", "--yes", "--root", str(ROOT), "--bug", bug]
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def running_from(folder: Path) -> list[str]:
    """Command lines of the processes that were started from a folder of the demo."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in command:
                found.append(command[:200].decode(errors="replace"))
    return found


def test_a_bug_is_healed(short):
    process = start("return-without-policy", tmp=short)
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 0, output
    told = ("crash", "report", "cause", "chosen", "proposal #1", "evidence", "merge", "release", "healed", "again")
    assert [stage for stage in told if stage not in output] == []
    assert "+++ b/shop/" in output
    assert ", 0 failed" in output.splitlines()[-2]
    assert list(short.iterdir()) == []
    assert running_from(short) == []


def test_an_unknown_bug_is_named_at_once(short):
    output, _ = (process := start("no-such-bug", tmp=short)).communicate(timeout=60)
    assert process.returncode == 2
    assert "--bug 'no-such-bug'" in output
    assert HEALED[0] in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(short, number):
    process = start(HEALED[0], tmp=short)
    seen = ""
    assert process.stdout is not None
    while "crash" not in seen:
        line = process.stdout.readline()
        assert line, seen
        seen += line
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert running_from(short) == []
    assert list(short.iterdir()) == []


def test_a_killed_demo_takes_its_processes_along(short):
    process = start(HEALED[0], tmp=short)
    assert process.stdout is not None
    while "crash" not in process.stdout.readline():
        assert process.poll() is None
    process.kill()
    process.communicate(timeout=30)
    deadline = time.monotonic() + 30
    while left := running_from(short):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
