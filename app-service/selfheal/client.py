"""The client of one process: takes exceptions from the hooks and hands reports to the delivery. Never raises, never
blocks.

It does not know how the hooks find exceptions, nor how reports travel.
"""

from __future__ import annotations

import logging
import threading

from selfheal.delivery import Delivery
from selfheal.exchange import Exchange, current
from selfheal.frames import Tree
from selfheal.report import Draft, crash_key, leaf_of
from selfheal.settings import Destination, Settings
from selfheal.traffic import Ring

log = logging.getLogger("selfheal")

_MARK = "_selfheal_report"


class Client:
    def __init__(self, settings: Settings, destination: Destination) -> None:
        self.ring = Ring() if settings.traffic else None
        self.delivery = Delivery(destination.find, spool=settings.spool)
        self._settings = settings
        self._tree = Tree(settings.root)
        self._busy = threading.local()  # a report during a report is not made

    def capture(self, error: BaseException, exchange: Exchange | None = None) -> str | None:
        """The id of the report, or None where none was made: the same crash was reported a moment ago and is
        counted."""
        if getattr(self._busy, "now", False):
            return None
        self._busy.now = True
        try:
            return self._report(error, exchange or current.get())
        except Exception:
            log.debug("an exception could not be reported", exc_info=True)
            return None
        finally:
            self._busy.now = False

    def _report(self, error: BaseException, exchange: Exchange | None) -> str | None:
        error = leaf_of(error)
        marks = error.__dict__  # one exception passes several hooks on its way out
        if _MARK in marks:
            known = marks[_MARK]
            return known if isinstance(known, str) else None
        marks[_MARK] = None
        key = crash_key(error)
        if self.delivery.count(key):
            return None
        recent = self.ring.snapshot() if self.ring and exchange else []
        draft = Draft(error, exchange, recent, self._settings, self._tree)
        marks[_MARK] = draft.report_id
        self.delivery.submit(key, draft.report_id, draft.write)
        return draft.report_id
