# ruff: noqa: PTH123 (pathlib is slower and knows no descriptors)
"""Sends requests to the application of a tree and says what each was answered, in a report's terms.

It makes no request, and compares nothing with what was recorded; who drives it does.
"""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from selfheal.frames import Tree
from selfheal.report import leaf_of

from .application import load_application, speaks_asgi
from .asgi import AsgiClient
from .crash import describe_crash, one_line
from .lines import Lines
from .messages import Answer, NoAnswer, Request
from .notes import Notes
from .recorded import tell
from .wsgi import WsgiClient


class Replaying:
    """One run of one application, imported from sys.path."""

    def __init__(
        self, tree: str, entry: str | None, *, seconds: float, extra_memory: int | None, lines: Lines | None
    ) -> None:
        """`extra_memory`: bytes of address space that the last request may use beyond what is mapped when it begins."""
        self._tree, self._entry, self._own = tree, entry, Tree(tree)
        self._deadline = time.monotonic() + seconds
        self._extra_memory, self._lines = extra_memory, lines
        self._notes = Notes()

    def begin(self) -> dict[str, object]:
        """{"problem"}: what kept the application from starting."""
        if self._lines is not None:
            self._lines.begin()
        try:
            app = load_application(self._tree, self._entry)
        except BaseException as error:  # SystemExit too: a module that ends the process on import
            return {"problem": f"import: {one_line(error, self._own)}"}
        self._client = AsgiClient(app) if speaks_asgi(app) else WsgiClient(app)
        self._notes.watch(app)
        try:
            self._client.begin(self._left())
        except BaseException as error:
            return {"problem": f"startup: {one_line(error, self._own)}"}
        return {"problem": ""}

    def answer(self, *, request: Mapping[str, Any], pointers: Sequence[str], last: bool) -> dict[str, object]:
        """{"problem", "exchange", "told"}; the exchange is None where there was no whole answer.

        `pointers`: to what of the answer's JSON is to be told; see recorded.tell.
        """
        self._notes.clear()
        if self._lines is not None:
            self._lines.count()
        begun = time.perf_counter()
        try:
            with bounded_memory(self._extra_memory if last else None):
                answer = self._client.send(Request.from_json(request), self._left())
        except NoAnswer as error:
            return {"problem": str(error), "exchange": None, "told": None}
        exchange = _exchange(answer, self._notes, self._own, time.perf_counter() - begun)
        ended = answer.exception if isinstance(answer.exception, (SystemExit, KeyboardInterrupt)) else None
        problem = one_line(ended, self._own) if ended else ""
        return {"problem": problem, "exchange": exchange, "told": tell(answer, pointers)}

    def _left(self) -> float:
        return max(0.1, self._deadline - time.monotonic())


def _exchange(answer: Answer, notes: Notes, tree: Tree, seconds: float) -> dict[str, object]:
    error = answer.exception
    if error is None and (answer.status or 0) >= 500:
        error = notes.likeliest()
    headers: dict[str, str] = {}
    for name, value in answer.headers:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    crash = {"exception": None, "frames": []} if error is None else describe_crash(leaf_of(error, tree), tree)
    return {
        "status": answer.status,
        "headers": headers,
        "body": answer.text(),
        **crash,
        "seconds": round(seconds, 4),
    }


@contextlib.contextmanager
def bounded_memory(extra: int | None) -> Iterator[None]:
    """Within: at most `extra` bytes of address space more than now."""
    if extra is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as file:
        wanted = int(file.read().split()[0]) * resource.getpagesize() + extra
    if before[1] != resource.RLIM_INFINITY:
        wanted = min(wanted, before[1])
    resource.setrlimit(resource.RLIMIT_AS, (wanted, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
