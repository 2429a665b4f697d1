"""What a job cannot use up. Each attack runs only where the limit that stops it was shown to hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.selfheal.running_sandbox import RunningSandbox, assert_clean, needs, result_of

# Forks children that wait, at most 150, until the system refuses; then lets them go.
FORKS = """
import os, signal
children = []
try:
    for _ in range(150):
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        children.append(pid)
except OSError:
    pass
answer = len(children)
for pid in children:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox("--no-frameworks") as running:
        yield running


@pytest.mark.parametrize(
    ("code", "limits", "status", "detail"),
    [
        ("while True: pass", {"seconds": 0.7}, "timeout", "no answer within 0.7 s"),
        ("import signal; signal.pthread_sigmask(0, range(1, 60)); signal.pause()", {"seconds": 0.7}, "timeout", "no"),
        ("os._exit(0)", {}, "killed", "ended with exit status 0 before it answered"),
        ("os.kill(os.getpid(), 9)", {}, "killed", "ended by signal 9 before it answered"),
        ("import ctypes; ctypes.string_at(0)", {}, "killed", "ended by signal 11 before it answered"),
        ("os.closerange(0, 1000); import time; time.sleep(30)", {}, "killed", "it closed its result and went on"),
        (
            "for n in range(3, 500):\n  try:\n    while True: os.write(n, b'x' * 65536)\n  except OSError: pass",
            {"output_bytes": 100_000},
            "killed",
            "more than 100000 bytes of output",
        ),
        (
            "for number in range(3, 500):\n  try: os.write(number, b'[1,\\n')\n  except OSError: pass",
            {},
            "error",
            "its result is not JSON",
        ),
        (
            "import time\nfor n in range(60):\n  open(f'f{n}', 'wb').write(b'x' * 500_000)\ntime.sleep(20)",
            {"file_mb": 1},
            "killed",
            "it filled its directory",
        ),
        (
            "import time\nfor n in range(4):\n  if os.fork() == 0: h = b'x' * 30_000_000; time.sleep(9)\ntime.sleep(9)",
            {"memory_mb": 60},
            "out_of_memory",
            "its processes held more than 60 MB together",
        ),
    ],
)
def test_a_job_is_broken_off(
    sandbox: RunningSandbox, code: str, limits: dict[str, float], status: str, detail: str
) -> None:
    answer = sandbox.run(code, **limits)
    assert (answer["status"], answer["result"]) == (status, None)
    assert answer["detail"].startswith(detail)
    assert_clean(sandbox)


@pytest.mark.parametrize(
    ("code", "limits", "error"),
    [
        ("answer = len(b'x' * 500_000_000)", {"memory_mb": 200}, "MemoryError"),
        ("open('big', 'wb').write(b'x' * 3_000_000)", {"file_mb": 2}, "OSError"),
        ("opened = [open('app.py') for _ in range(5000)]", {}, "OSError"),
    ],
)
def test_a_limit_is_an_exception_of_the_application(
    sandbox: RunningSandbox, code: str, limits: dict[str, float], error: str
) -> None:
    answer = sandbox.run(code, **limits)
    assert answer["status"] == "ok", answer
    assert answer["result"]["exchanges"][0]["exception"]["type"] == error
    assert_clean(sandbox)


def test_printing_without_end_costs_nothing(sandbox: RunningSandbox) -> None:
    code = (
        "import sys\nfor _ in range(2000): sys.stdout.write('x' * 10_000); sys.stderr.write('y' * 10_000)\nanswer = 1"
    )
    assert result_of(sandbox.run(code)) == "1"


@needs("processes")
def test_the_number_of_processes_is_bounded(measured: RunningSandbox) -> None:
    assert 0 < int(result_of(measured.run(FORKS, processes=20))) < 20


@needs("processes")
def test_a_fork_bomb_is_contained(measured: RunningSandbox) -> None:
    if not int(result_of(measured.run(FORKS, processes=20))) < 20:
        pytest.fail("the limit does not hold; the bomb is not tried")
    answer = measured.run("while True:\n  try: os.fork()\n  except OSError: pass", processes=20, seconds=1)
    assert answer["status"] == "timeout"
    assert_clean(measured)


@pytest.mark.parametrize("ends", ["answer = pid", "os._exit(0)"])
def test_a_daemon_is_gone_with_its_job(sandbox: RunningSandbox, ends: str) -> None:
    code = f"""
import time
reading, writing = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import signal
        for number in (1, 2, 13, 15):
            signal.signal(number, signal.SIG_IGN)
        os.write(writing, os.readlink("/proc/self").encode())
        while True:
            time.sleep(1)
    os._exit(0)
pid = int(os.read(reading, 20))
{ends}
"""
    answer = sandbox.run(code)
    if ends.startswith("answer"):
        assert not Path(f"/proc/{result_of(answer)}").exists()
    assert_clean(sandbox)
