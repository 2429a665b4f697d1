import asyncio
import os
import sqlite3
import threading
from types import SimpleNamespace

import pytest
from healer import main
from healer.main import Healer, _teach_old_sqlite


def test_an_old_sqlite_knows_milliseconds():
    with sqlite3.connect(":memory:") as connection:
        _teach_old_sqlite(connection, None)
        (seconds,) = connection.execute("SELECT unixepoch('subsec')").fetchone()
    assert seconds > 1_700_000_000


class Unlucky(Healer):
    """The database is away just when the work is to begin."""

    def __init__(self):
        self._standby = SimpleNamespace(at_work=True, begin=lambda store: None)
        self._stopping = threading.Event()
        self._retention = self.store = None
        self.dispatch = SimpleNamespace(start=self._fail)
        self.bus = SimpleNamespace(start=lambda: None)
        self.web = None
        self.stopped = False

    def _fail(self):
        raise OSError("the database is away")

    def _launch(self):
        pass

    def _warm(self):
        pass

    def _stop(self):
        self.stopped = True


def test_a_healer_that_cannot_begin_its_work_ends(monkeypatch):
    def leave(status):
        raise SystemExit(status)

    monkeypatch.setattr(os, "_exit", leave)
    with pytest.raises(SystemExit, match="1"):
        Unlucky()._work()


def test_what_was_started_is_stopped_whatever_failed(monkeypatch):
    monkeypatch.setattr(main, "create_app", lambda _web, lifespan: lifespan)
    healer = Unlucky()
    healer._work = healer._fail

    async def live():
        async with healer.app()(None):
            pass

    with pytest.raises(OSError, match="away"):
        asyncio.run(live())
    assert healer.stopped
