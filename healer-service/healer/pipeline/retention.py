"""Lets go, now and then, of what nobody will ask for any more. What that is and how it is deleted is the store's.

It works in slices with pauses, so that a report never waits long for it; a killed one goes on where it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import structlog
from dbos import DBOS

from healer.edges.store import Freed, Store, ago
from healer.pipeline.beat import Beat

log = structlog.get_logger()

EVERY_SECONDS = 600.0
PAUSE_SECONDS = 0.05
HOURS_KEPT = timedelta(days=7)  # counts of an hour's reports
FULL = 0.9  # of the most incidents that a service may have: what is made free is room for new ones
WORKFLOWS = 200  # deleted at once


class Retention:
    def __init__(self, store: Store, kept_for: timedelta | None, max_incidents: int) -> None:
        """`kept_for` None: nothing is deleted for its age. `max_incidents`: of one service."""
        self._store = store
        self._kept_for = kept_for
        self._most = int(max_incidents * FULL)
        self._ended = threading.Event()
        self._beat = Beat("retention", self.apply, EVERY_SECONDS)

    def start(self) -> None:
        self._beat.start()

    def stop(self) -> None:
        self._ended.set()
        self._beat.stop()

    def apply(self) -> None:
        """Everything that is over by now."""
        kept = self._store.retention
        freed = self._in_slices(lambda: kept.beyond(self._most))
        workflows = 0
        if self._kept_for is not None:
            before = ago(self._kept_for)
            freed += self._in_slices(lambda: kept.over(before))
            freed += self._in_slices(lambda: kept.webhooks(before))
            workflows = self._forget_workflows(before)
        while kept.hours(ago(HOURS_KEPT)) and not self._ended.wait(PAUSE_SECONDS):
            pass
        while kept.shrink() and not self._ended.wait(PAUSE_SECONDS):
            pass
        if freed or workflows:
            payload = {**asdict(freed), "workflows": workflows}
            self._store.log.append("retention.applied", "retention", payload, trace_id="", ui_hint="control")
            log.info("retention applied", **payload)

    def _in_slices(self, delete: Callable[[], Freed]) -> Freed:
        freed = Freed()
        while piece := delete():
            freed += piece
            if self._ended.wait(PAUSE_SECONDS):
                break
        return freed

    def _forget_workflows(self, before: str) -> int:
        """The engine keeps every workflow for ever; a finished one only says that it is not to be begun again."""
        forgotten = 0
        while not self._ended.is_set():
            found = DBOS.list_workflows(
                status="SUCCESS",  # one that failed is looked for when its incident is still at work
                completed_before=before,
                limit=WORKFLOWS,
                load_input=False,
                load_output=False,
            )
            if not found:
                break
            DBOS.delete_workflows([workflow.workflow_id for workflow in found])
            forgotten += len(found)
            self._ended.wait(PAUSE_SECONDS)
        return forgotten
