"""Group commit: lines that several threads add to the log at the same moment are written in one transaction.

Each thread waits for the commit that holds its line. What is written beside a change has that change's transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from healer.edges.store.database import Database


@dataclass(frozen=True)
class Line:
    """What `Transaction.append` takes."""

    type: str
    key: str
    payload: Mapping[str, Any]
    trace_id: str
    ui_hint: str
    once: str | None


@dataclass(frozen=True)
class _Waiting:
    line: Line
    written: Future[bool] = field(default_factory=Future)  # False: nothing of its group was


class GroupCommit:
    """The first that waits writes, when it is its turn, for all that wait by then; no thread and no delay of its own.

    So a group is what came during the commit before, and a lone line is not held up.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    def append(self, line: Line) -> None:
        """Returns after the commit. Raises what kept this line from being written."""
        waiting = _Waiting(line)
        with self._lock:
            self._waiting.append(waiting)
            is_first = len(self._waiting) == 1
        if is_first:
            self._write_all()
        if not waiting.written.result():
            with self._database.writing() as transaction:
                transaction.append(**vars(line))

    def _write_all(self) -> None:
        group: list[_Waiting] = []
        added = False
        try:
            with self._database.writing() as transaction:
                group = self._take()
                for one in group:
                    transaction.append(**vars(one.line))
                added = True
        except BaseException as error:
            # Whose line it was is not asked: each of a group tries alone. Not so when the commit failed: it may have
            # been made, and the lines would be there twice.
            alone = len(group) > 1 and not added
            for one in group or self._take():
                if alone:
                    one.written.set_result(False)
                else:
                    one.written.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            for one in group:
                one.written.set_result(True)

    def _take(self) -> list[_Waiting]:
        with self._lock:
            group, self._waiting = self._waiting, []
        return group
