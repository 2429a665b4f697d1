import asyncio
import os
import sqlite3
import threading
from types import SimpleNamespace

import pytest
import structlog
from healer import main
from healer.main import Healer, _teach_old_sqlite
from healer.model import CheckoutError


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


def test_strangers_learn_which_services_are_not_ready_and_the_log_why():
    reasons = {"shop": CheckoutError("cannot fetch https://git.example.org/a/b.git"), "blog": OSError("/srv/x")}

    class Waiting(Unlucky):
        def _first_release(self, service):
            if error := reasons.get(service.name):
                raise error

    healer = Waiting()
    healer._stopping.set()
    healer.settings = SimpleNamespace(services=[SimpleNamespace(name=name) for name in ("shop", "blog", "well")])
    with structlog.testing.capture_logs() as lines:
        healer._bring_up()
    assert healer._ready() == "not ready: shop, blog; the healer's log says why"
    assert {line["service"]: line["reason"] for line in lines} == {name: str(why) for name, why in reasons.items()}
    reasons.clear()
    healer._bring_up()
    assert healer._problem == ""


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
