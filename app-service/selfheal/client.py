"""The client of one process: takes exceptions from the hooks and hands reports to the delivery. Never raises, never
blocks.

It knows which exceptions are crashes, but not how the hooks find them, nor how reports travel.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from typing import Any

from selfheal.delivery import Delivery
from selfheal.exchange import Exchange, current
from selfheal.frames import Tree
from selfheal.quiet import quietly
from selfheal.report import Draft, crash_key, leaf_of, leaves_of
from selfheal.settings import HOOKS, Destination, Settings
from selfheal.traffic import Ring

log = logging.getLogger("selfheal")

_MARK = "__selfheal_report__"  # attributes of such a name are not shown as values
_EXIT_SECONDS = 2.0  # that the end of the process may wait for the healer, all in all
_active: Client | None = None

# Answers in form of an exception, and clients that went away. By name, as none of these packages need be there.
_NO_CRASHES = {
    "starlette": ("HTTPException", "WebSocketException", "ClientDisconnect", "WebSocketDisconnect"),
    "werkzeug": ("HTTPException",),
    "uvicorn": ("ClientDisconnected",),
    "django": ("Http404", "PermissionDenied", "SuspiciousOperation", "RequestAborted", "UnreadablePostError"),
}


def active() -> Client | None:
    """The client that hooks report to: they are made before and after init()."""
    return _active


def replace(client: Client | None) -> Client | None:
    """Makes it the active one; returns the one before."""
    global _active
    before, _active = _active, client
    return before


class Client:
    def __init__(self, settings: Settings, destination: Destination) -> None:
        self.ring = Ring() if settings.traffic else None
        self.delivery = Delivery(destination.find, spool=settings.spool)
        self.hooks = settings.hooks
        self._settings = settings
        self._tree = Tree(settings.root)
        self._busy = threading.local()  # a report during a report is not made
        self._patience = _EXIT_SECONDS

    def capture(
        self,
        error: BaseException,
        exchange: Exchange | None = None,
        *,
        mechanism: str = "capture_exception",
        handled: bool = True,
    ) -> str | None:
        """The id of the report, or None where none was made: the same crash was reported a moment ago and is
        counted."""
        if getattr(self._busy, "now", False):
            return None
        self._busy.now = True
        try:
            return self._report(error, exchange or current.get(), mechanism, handled)
        except Exception:
            quietly(log.debug, "an exception could not be reported", exc_info=True)
            return None
        finally:
            self._busy.now = False

    def _report(self, error: BaseException, exchange: Exchange | None, mechanism: str, handled: bool) -> str | None:
        error = leaf_of(error)
        token = exchange.token if exchange else ""
        found = [leaf.__dict__ for leaf in leaves_of(error) if is_crash(leaf)] or [error.__dict__]
        known: list[Any] = [marks.get(_MARK) for marks in found]
        # One exception passes several hooks on its way out, but one that is kept may be raised in many requests.
        if all(mark and (not token or mark[0] in ("", token)) for mark in known):
            _mark(found, token or known[0][0], known[0][1])
            return known[0][1]  # type: ignore[no-any-return]
        _mark(found, token, None)
        key = crash_key(error)
        if self.delivery.count(key):
            return None
        recent = self.ring.snapshot() if self.ring and exchange else []
        draft = quietly(Draft, error, exchange, recent, self._settings, self._tree, mechanism, handled)
        if draft is None:
            self.delivery.lose("unwritten")
            return None
        _mark(found, token, draft.report_id)
        self.delivery.submit(key, draft.report_id, draft.write)
        return str(draft.report_id)

    def remember(self, exchange: Exchange) -> None:
        """A request that was answered."""
        if self.ring is not None:
            self.ring.add(exchange)

    def flush_at_end(self) -> None:
        """Before the process ends, perhaps by other means than the interpreter's."""
        started = time.monotonic()
        self.delivery.flush(self._patience, patient=False)
        self._patience = max(0.0, self._patience - (time.monotonic() - started))

    def close(self) -> None:
        self.delivery.close(self._patience)


def _mark(all_marks: list[dict[str, Any]], token: str, report_id: str | None) -> None:
    """Texts only: exceptions are pickled."""
    for marks in all_marks:
        marks[_MARK] = token, report_id


def report(error: object, mechanism: str, *, handled: bool = False, exchange: Exchange | None = None) -> None:
    """Reports what a hook has found, if it is a crash, and if this hook is wanted."""
    client = active()
    if client is None or (mechanism in HOOKS and mechanism not in client.hooks):
        return
    if isinstance(error, BaseException) and quietly(is_crash, error) is not False:
        client.capture(error, exchange, mechanism=mechanism, handled=handled)


def is_crash(error: BaseException) -> bool:
    """An interrupt, a cancelled task and a closed generator are none either. A group is one if any member is."""
    members = getattr(error, "exceptions", None)
    if isinstance(members, tuple) and members and all(isinstance(member, BaseException) for member in members):
        return any(is_crash(member) for member in members)
    kinds = ((str(cls.__module__).partition(".")[0], cls.__name__) for cls in type(error).__mro__)
    return isinstance(error, Exception) and not any(name in _NO_CRASHES.get(package, ()) for package, name in kinds)


def _leave() -> None:
    if _active is not None:
        _active.close()


def _in_child() -> None:
    """What waits is the parent's to send, and another thread of it may have held a lock."""
    if _active is not None:
        _active.delivery.forget()
        if _active.ring is not None:
            _active.ring.forget()


atexit.register(_leave)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
