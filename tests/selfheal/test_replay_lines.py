"""Which of the lines asked about ran: in replays, in calls and in tests, in all threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.selfheal.running_sandbox import RunningSandbox

APP = """import asyncio, threading
RATES = [
    n * 2
    for n in range(3)
]
class Held:
    rate = 7
    def never(self):
        return self.rate
def settings(a=1):
    return a
SET = settings()
def in_thread(n):
    if n:
        return n + 1
    return 0
def items():
    yield 1
    yield 2
async def inner():
    await asyncio.sleep(0)
    return list(items())
async def app(scope, receive, send):
    assert scope["type"] == "http"
    got = [await asyncio.get_running_loop().run_in_executor(None, in_thread, 1), await inner()]
    thread = threading.Thread(target=lambda: got.append(settings(2)))
    thread.start()
    thread.join()
    if scope["path"] == "/deep":
        def down(): return down()
        down()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": repr(got).encode()})
"""
EVERY = {"app.py": list(range(1, 40))}
BY_IMPORT = {1, 2, 3, 4, 6, 7, 8, 10, 12, 13, 17, 20, 23}
BY_A_REQUEST = {11, 14, 15, 18, 19, 21, 22, 24, 25, 26, 27, 28, 29}
ANSWERED = {32, 33}
CRASHED = {30, 31}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox("--no-frameworks") as running:
        yield running


def lines_of(answer: Any, file: str = "app.py") -> set[int]:
    assert (answer["status"], answer["detail"]) == ("ok", "")
    return set(answer["result"]["ran"].get(file, ()))


@pytest.mark.parametrize(
    ("paths", "ran"),
    [
        ([], BY_IMPORT),
        (["/"], BY_IMPORT | BY_A_REQUEST | ANSWERED),
        (["/deep"], BY_IMPORT | BY_A_REQUEST | CRASHED),
    ],
)
def test_a_replay_counts_requests_and_what_stands_outside_functions(
    sandbox: RunningSandbox, paths: list[str], ran: set[int]
) -> None:
    requests = [{"path": path} for path in paths]
    answer = sandbox.replay({"app.py": APP}, *requests, watch=EVERY)
    assert lines_of(answer) == ran
    for exchange in answer["result"]["exchanges"]:
        assert (exchange["exception"] or {"type": None})["type"] == (None if paths == ["/"] else "RecursionError")
        assert not [frame for frame in exchange["frames"] if "selfheal" in frame["file"]]


def test_unasked_nothing_is_noted(sandbox: RunningSandbox) -> None:
    assert "ran" not in sandbox.replay({"app.py": APP}, {"path": "/"})["result"]


def test_a_call_counts_as_a_request_does(sandbox: RunningSandbox) -> None:
    job = {"kind": "call", "file": "src/shop.py", "function": "inner", "watch": {"src/shop.py": [11, 14, 18, 21]}}
    assert lines_of(sandbox.ask(job, {"src/shop.py": APP}), "src/shop.py") == {18, 21}


def test_a_file_that_does_not_compile_has_no_lines(sandbox: RunningSandbox) -> None:
    answer = sandbox.replay({"app.py": "def f(:\n"}, watch=EVERY)
    assert lines_of(answer) == set()
    assert answer["result"]["problem"].startswith("import: SyntaxError")


# What pytest-cov does, in short.
COVERAGE = """
import sys, pytest
def pytest_addoption(parser):
    parser.addoption("--no-cov", action="store_true", default=False)
@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config):
    if not early_config.known_args_namespace.no_cov:
        sys.settrace(lambda *event: None)
"""
TESTS = """
import sys, threading, app
def test_with_a_tracer_of_its_own():
    sys.settrace(lambda *event: None)
    sys.settrace(None)
def test_in_thread():
    thread = threading.Thread(target=app.in_thread, args=(1,))
    thread.start()
    thread.join()
def test_rate():
    assert app.Held().never() == 7
"""


def test_of_tests_everything_counts(sandbox: RunningSandbox) -> None:
    files = {
        "app.py": APP,
        "test_app.py": TESTS,
        "measuring.py": COVERAGE,
        "pytest.ini": "[pytest]\naddopts = -p measuring",
    }
    answer = sandbox.ask({"kind": "tests", "args": [], "watch": EVERY}, files)
    assert set(answer["result"]["outcomes"].values()) == {"passed"}
    assert lines_of(answer) == BY_IMPORT | {9, 11, 14, 15}
