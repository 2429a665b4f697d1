"""Runs a tree's own tests with pytest in this process and sends the outcome of each as it ends.

It takes the word of pytest, which the tests could change; who needs more certainty compares with a run before.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .lines import Lines

MOST_OUTCOMES = 5000
LEVELS = {"passed": 0, "skipped": 1, "failed": 2, "error": 3}
_OUTPUT_BYTES = 20_000


def worse(one: str | None, other: str) -> str:
    """Of two outcomes of the same test; no outcome is better than any."""
    return other if one is None or LEVELS[other] > LEVELS[one] else one


class _Tail(io.RawIOBase):
    """Keeps the last bytes of what is written."""

    def __init__(self, size: int) -> None:
        self._size, self._kept = size, bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._kept += data
        if len(self._kept) > 4 * self._size:
            del self._kept[: -self._size]
        return len(data)

    def text(self) -> str:
        return bytes(self._kept[-self._size :]).decode("utf-8", "replace")


class _Recorder:
    """A pytest plugin; the worst that happened to a test is its outcome."""

    def __init__(self, send: Callable[[Mapping[str, object]], None], lines: Lines | None) -> None:
        self._send, self._lines = send, lines
        self._running: dict[str, str] = {}  # outcomes so far of the tests that have not ended
        self._sent = 0

    def pytest_runtest_logstart(self) -> None:
        if self._lines is not None:
            self._lines.count()  # again: the test before may have set a tracer of its own

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call":
            outcome = report.outcome
        else:
            outcome = "error" if report.failed else "skipped" if report.skipped else None
        if outcome in LEVELS:  # there are plugins with more
            self._running[report.nodeid] = worse(self._running.get(report.nodeid), outcome)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._tell(nodeid, self._running.pop(nodeid, None))

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._tell(report.nodeid or ".", "error")

    def pytest_sessionfinish(self) -> None:
        """Some plugins let no test finish."""
        for test, outcome in self._running.items():
            self._tell(test, outcome)

    def _tell(self, test: str, outcome: str | None) -> None:
        if outcome is not None and self._sent < MOST_OUTCOMES:
            self._sent += 1
            self._send({"test": test, "outcome": outcome})


class _NoCoverage:
    """A pytest plugin; a tree that measures its own coverage would take the tracer away from us."""

    def pytest_load_initial_conftests(self, early_config: Any) -> Iterator[None]:
        if hasattr(early_config.known_args_namespace, "no_cov"):
            early_config.known_args_namespace.no_cov = True
        yield


def run_tests(
    tree: str, args: Sequence[str], send: Callable[[Mapping[str, object]], None], lines: Lines | None
) -> dict[str, object]:
    """{"problem", "exit_code", "output"}; before that, one {"test", "outcome"} is sent for each test.

    `problem` tells why pytest could not run, or did not come to its end.
    """
    try:
        import pytest  # noqa: PLC0415 - the tree's own environment may lack it
    except ImportError as error:
        return {"problem": f"pytest cannot be imported: {error}", "exit_code": None, "output": ""}
    tail = _Tail(_OUTPUT_BYTES)
    before = sys.stdout
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(tail), "utf-8", "replace", write_through=True)
    fixed = ["-q", "--color=no", "--rootdir", tree, "-p", "no:cacheprovider"]
    # Outcomes are wanted, not explanations: rewriting the asserts would cost a tenth of a second for each run.
    fixed += ["--assert=plain"]
    # Frameworks are imported before pytest can rewrite their assertions, which is no concern of the tree's tests.
    fixed += ["-W", "ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning"]
    plugins: list[object] = [_Recorder(send, lines)]
    if lines is not None:
        pytest.hookimpl(hookwrapper=True)(_NoCoverage.pytest_load_initial_conftests)
        plugins.append(_NoCoverage())
        lines.begin()
        lines.count()
    try:
        exit_code = int(pytest.main([*fixed, *args], plugins=plugins))
    except BaseException as error:
        problem = f"pytest ended by {type(error).__name__}: {error}"[:500]
        return {"problem": problem, "exit_code": None, "output": tail.text()}
    finally:
        sys.stdout.flush()
        sys.stdout = before
    return {"problem": "", "exit_code": exit_code, "output": tail.text()}
