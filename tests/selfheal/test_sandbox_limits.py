"""How a job that uses up what it may have ends, and what is said of it. tests/escapes has those that mean harm."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.selfheal.running_sandbox import RunningSandbox, assert_clean


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox("--no-frameworks") as running:
        yield running


@pytest.mark.parametrize(
    ("code", "limits", "status", "detail"),
    [
        ("while True: pass", {"seconds": 0.3}, "timeout", "no answer within 0.3 s"),
        ("os._exit(0)", {}, "killed", "ended with exit status 0 before it answered"),
        ("os.kill(os.getpid(), 9)", {}, "killed", "ended by signal 9 before it answered"),
        ("import ctypes; ctypes.string_at(0)", {}, "killed", "ended by signal 11 before it answered"),
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
