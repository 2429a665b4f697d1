"""Waits until this process is the one that does the work, and ends it when it is not any more. It does none of it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Protocol

import psycopg
import sqlalchemy.exc
import structlog

from healer.alive import NOTICED_SECONDS
from healer.edges.store import Store
from healer.model import BadInput, Conflict
from healer.pipeline.beat import Beat

log = structlog.get_logger()

ASK_SECONDS = 0.5  # between two tries to get the duty
JOIN_SECONDS = 5.0  # that the one at work may take to begin the log, once its tables are there
SETTLE_SECONDS = 2 * ASK_SECONDS  # after which whoever has lost the duty has noticed, and ended
KEY, WORKING = "healer", "healer.working"  # of the events that say who does the work
STATUS = 75  # with which a process ends that lost its duty: it is to be started again

# What is said while the database is away.
_AWAY = (psycopg.OperationalError, sqlalchemy.exc.OperationalError)


class Duty(Protocol):
    """What one of several healers has."""

    shared: bool  # whether there may be several at all

    def take(self) -> bool: ...

    def lost(self) -> bool: ...

    def unproved(self) -> float: ...

    def close(self) -> None: ...


class Standby:
    def __init__(self, duty: Duty, here: str, end: Callable[[int], object] = os._exit) -> None:
        """`here`: where the others can tell people to go when this one does the work. `end`: what ends the process."""
        self._duty = duty
        self._here = here
        self._end = end
        self._watches: list[Beat] = []
        self._at_work = False
        self._since = 0.0

    @property
    def shared(self) -> bool:
        return self._duty.shared

    @property
    def at_work(self) -> bool:
        return self._at_work

    def join(self, store: Store) -> None:
        """Wait until the database answers, and the one at work has made the tables. Raises BadInput when they are those
        of a newer healer, or the log is chained with another key: what this one wrote would break it.
        """
        said = ""
        while (reason := self._ask()) is not None:
            if reason != said:
                log.warning("waiting for the database", reason=reason)
            said = reason
            time.sleep(ASK_SECONDS)
        while store.lag() and not self._at_work:
            time.sleep(ASK_SECONDS)
            self._ask()
        deadline = time.monotonic() + JOIN_SECONDS
        # A member with a home of its own has no head file when it comes for the first time.
        while not self._at_work and (flaw := store.auditor.look_at_the_end(keeps_file=False).flaw):
            if time.monotonic() > deadline:
                raise BadInput(
                    f"the event log of the healers on this database is not one that this healer can go on with: "
                    f"{flaw.detail}; share HEALER_HOME between them, or give each the same HEALER_AUDIT_KEY"
                )
            time.sleep(ASK_SECONDS)

    def settle(self) -> None:
        """Before anything is done: who had the duty before, and lost it unawares, is to be gone; this one may have lost
        it, too, while it made the tables.
        """
        if self._duty.shared:
            time.sleep(max(0.0, self._since + SETTLE_SECONDS - time.monotonic()))
            self._keep()
            self._prove()

    def begin(self, store: Store) -> None:
        """The work begins here: from now on the duty is watched."""
        if self._duty.shared:
            payload = {"url": self._here}
            store.log.append(WORKING, KEY, payload, trace_id="", ui_hint="control")
            # Two, for the one that asks may wait long for an answer.
            self._watches = [Beat("duty", self._keep, ASK_SECONDS), Beat("duty's proof", self._prove, ASK_SECONDS)]
            for watch in self._watches:
                watch.start()

    def wait(self, store: Store, stopping: threading.Event, meanwhile: Callable[[], None]) -> bool:
        """True once it is this one's turn; False when the process is to stop before."""
        trouble = ""
        while not self._at_work and not stopping.wait(ASK_SECONDS):
            before, trouble = trouble, self._try(meanwhile, trouble)
            if before and not trouble:
                log.info("standing by again")
        if self._at_work:
            self._refuse_others_tables(store)
        return self._at_work

    def require(self, store: Store, action: str) -> None:
        """Raises Conflict, with the address that does the work, when it is not this one."""
        if not self._at_work:
            told = store.log.of_key(KEY, 1, (WORKING,))
            where = told[0].payload["url"] if told else "its address is not known yet"
            raise Conflict(f"this healer stands by and does not {action}; ask the one that does the work: {where}")

    def stop(self) -> None:
        """Give the duty up. Where something may still be done it is the end of the process that does so."""
        for watch in self._watches:
            watch.stop()
        self._duty.close()

    def _take(self) -> None:
        self._at_work = self._duty.take()
        self._since = time.monotonic()

    def _ask(self) -> str | None:
        """Why it cannot be known whose turn it is; None when it is known."""
        try:
            self._take()
        except _AWAY as error:
            return (str(error) or type(error).__name__).splitlines()[0]
        return None

    def _try(self, meanwhile: Callable[[], None], said: str) -> str:
        """The name of what went wrong; it is logged unless `said` is the same."""
        try:
            meanwhile()
            self._take()
        except Exception as error:  # whatever it was, one day it is this one's turn
            name = type(error).__name__
            if name != said and isinstance(error, _AWAY):
                log.warning("standing by; the database does not answer", reason=name)
            elif name != said:
                log.exception("standing by; asking for the duty failed")
            return name
        return ""

    def _refuse_others_tables(self, store: Store) -> None:
        """The one before may have been of a newer version."""
        try:
            lag = store.lag()
        except BadInput as error:
            lag = str(error)
        if lag:
            log.error("this healer cannot go on with the tables; it gives the duty up and ends", reason=lag)
            self._duty.close()
            self._end(STATUS)

    def _keep(self) -> None:
        if self._duty.lost():
            log.error("another healer has taken over; this one ends at once")
            self._end(STATUS)  # whatever it still did, the other one does as well

    def _prove(self) -> None:
        """Cut off from the database nobody knows who has the duty; the server will have given it to another one."""
        if self._duty.unproved() > NOTICED_SECONDS:
            log.error("the database did not answer for too long: another healer may have taken over; this one ends")
            self._end(STATUS)
