"""What the tests start ends with them: no server of theirs is left when they are killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from tests import children

PROJECT = Path(__file__).parents[1]
KILLED = """
import os, signal, subprocess
from tests import children
print(children.start(["sleep", "300"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def until_gone(path: Path) -> None:
    deadline = time.monotonic() + 20
    while path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_child_ends_with_a_process_that_is_killed() -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED], cwd=PROJECT, capture_output=True, text=True, check=False)
    until_gone(Path("/proc") / killed.stdout.strip())


def test_a_child_does_not_end_with_a_thread_that_had_it_started() -> None:
    begun: list[subprocess.Popen[str]] = []
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    thread = threading.Thread(target=lambda: begun.append(children.start(["cat"], **pipes)))
    thread.start()
    own = Path(f"/proc/self/task/{thread.native_id}")
    thread.join()
    until_gone(own)
    assert begun[0].communicate("still there")[0] == "still there"
