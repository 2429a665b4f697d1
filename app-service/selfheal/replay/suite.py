"""Runs a tree's own tests with pytest in this process and notes the outcome of each.

It takes the word of pytest, which the tests could change; who needs more certainty compares with a run before.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Any

_OUTPUT_BYTES = 20_000
_MOST_OUTCOMES = 5000
_LEVELS = {"passed": 0, "skipped": 1, "failed": 2, "error": 3}


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

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}

    def _note(self, test: str, outcome: str) -> None:
        before = self.outcomes.get(test)
        if before is None and len(self.outcomes) >= _MOST_OUTCOMES:
            return
        if before is None or _LEVELS[outcome] > _LEVELS[before]:
            self.outcomes[test] = outcome

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call":
            self._note(report.nodeid, report.outcome)
        elif report.failed:
            self._note(report.nodeid, "error")
        elif report.skipped:
            self._note(report.nodeid, "skipped")

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._note(report.nodeid or ".", "error")


def run_tests(tree: str, args: Sequence[str]) -> dict[str, object]:
    """{"problem", "exit_code", "outcomes": {test id: passed|failed|skipped|error}, "output"}.

    `problem` tells why pytest could not run, or did not come to its end.
    """
    try:
        import pytest  # noqa: PLC0415 - the tree's own environment may lack it
    except ImportError as error:
        return {"problem": f"pytest cannot be imported: {error}", "exit_code": None, "outcomes": {}, "output": ""}
    recorder, tail = _Recorder(), _Tail(_OUTPUT_BYTES)
    before = sys.stdout
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(tail), "utf-8", "replace", write_through=True)
    fixed = ["-q", "--color=no", "--rootdir", tree, "-p", "no:cacheprovider"]
    # Outcomes are wanted, not explanations: rewriting the asserts would cost a tenth of a second for each run.
    fixed += ["--assert=plain"]
    # Frameworks are imported before pytest can rewrite their assertions, which is no concern of the tree's tests.
    fixed += ["-W", "ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning"]
    try:
        exit_code = int(pytest.main([*fixed, *args], plugins=[recorder]))
    except BaseException as error:
        return {
            "problem": f"pytest ended by {type(error).__name__}: {error}"[:500],
            "exit_code": None,
            "outcomes": recorder.outcomes,
            "output": tail.text(),
        }
    finally:
        sys.stdout.flush()
        sys.stdout = before
    return {"problem": "", "exit_code": exit_code, "outcomes": recorder.outcomes, "output": tail.text()}
