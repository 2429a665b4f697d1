"""Which of several healers does the work: who waits, who is told where to go, and who may not take part."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from healer.alive import NOTICED_SECONDS
from healer.edges.bus.duty import DatabaseDuty
from healer.edges.store import Store
from healer.model import BadInput, Conflict, State
from healer.pipeline import standby
from healer.pipeline.returned import Returned
from healer.pipeline.standby import Standby
from sqlalchemy import make_url, text
from structlog.testing import capture_logs

from tests.healer.samples import a_report
from tests.postgres import Postgres


class ScriptedDuty:
    shared = True

    def __init__(self) -> None:
        self.free = False
        self.is_lost = False
        self.unproved_for = 0.0
        self.errors: list[Exception | None] = []  # of the next times that somebody asks
        self.closed = False

    def take(self) -> bool:
        if self.errors and (error := self.errors.pop(0)):
            raise error
        return self.free

    def lost(self) -> bool:
        return self.is_lost

    def unproved(self) -> float:
        return self.unproved_for

    def close(self) -> None:
        self.closed = True


def test_who_stands_by_says_who_does_the_work_until_it_is_its_turn(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standby, "ASK_SECONDS", 0.01)
    duty = ScriptedDuty()
    first = Standby(duty, "http://first:8001")
    with pytest.raises(Conflict, match=r"stands by and does not approve; .* not known yet"):
        first.require(store, "approve")
    store.log.append("healer.working", "healer", {"url": "http://other:8001"}, trace_id="", ui_hint="control")
    with pytest.raises(Conflict, match="http://other:8001"):
        first.require(store, "approve")
    turns: list[int] = []

    def meanwhile() -> None:
        turns.append(1)
        duty.free = len(turns) > 5

    assert first.wait(store, threading.Event(), meanwhile) and first.at_work
    monkeypatch.setattr(standby, "SETTLE_SECONDS", 0.2)
    since = time.monotonic()
    first.settle()  # the one that lost the duty may not have seen it yet
    assert 0.1 < time.monotonic() - since < 1
    since = time.monotonic()
    first.settle()
    assert time.monotonic() - since < 0.1
    first.begin(store)
    first.require(store, "approve")
    assert store.log.of_key("healer", 1)[0].payload == {"url": "http://first:8001"}
    first.stop()


def test_while_the_database_is_away_it_is_said_once(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standby, "ASK_SECONDS", 0.01)
    duty = ScriptedDuty()
    away = psycopg.OperationalError("the connection is lost")
    duty.errors = [away, away, away, None, away, KeyError("x"), KeyError("x")]

    def meanwhile() -> None:
        duty.free = not duty.errors

    with capture_logs() as said:
        assert Standby(duty, "").wait(store, threading.Event(), meanwhile)
    assert [(line["event"].partition("; ")[2], line.get("reason")) for line in said] == [
        ("the database does not answer", "OperationalError"),
        ("", None),  # it is over
        ("the database does not answer", "OperationalError"),
        ("asking for the duty failed", None),
        ("", None),
    ]


@pytest.mark.parametrize("revision", ["9999", "0007"])
def test_who_comes_to_its_turn_after_the_tables_were_changed_gives_it_up(
    store: Store, revision: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(standby, "ASK_SECONDS", 0.01)
    ended: list[int] = []
    duty = ScriptedDuty()
    duty.free = True
    with store._database.writing() as transaction:
        transaction.run(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
    Standby(duty, "", ended.append).wait(store, threading.Event(), lambda: None)
    assert ended == [standby.STATUS] and duty.closed


def test_who_lost_the_duty_while_it_made_the_tables_ends_before_it_begins(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(standby, "SETTLE_SECONDS", 0.0)
    ended: list[int] = []
    duty = ScriptedDuty()
    duty.free = True
    working = Standby(duty, "", ended.append)
    working.join(store)
    working.settle()
    assert ended == []
    duty.is_lost = True
    working.settle()
    assert ended == [standby.STATUS]


def test_cut_off_for_so_long_that_another_may_have_the_duty_it_ends(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standby, "ASK_SECONDS", 0.01)
    ended = threading.Event()
    asked = threading.Event()
    duty = ScriptedDuty()
    monkeypatch.setattr(duty, "lost", asked.wait)  # an answer that does not come
    working = Standby(duty, "", lambda _status: ended.set())
    working.begin(store)
    duty.unproved_for = NOTICED_SECONDS - 1
    assert not ended.wait(0.2)
    duty.unproved_for = NOTICED_SECONDS + 1
    assert ended.wait(5)
    asked.set()
    working.stop()


def test_who_starts_before_its_database_waits_for_it(postgres: Postgres, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standby, "ASK_SECONDS", 0.01)
    url = postgres.database()
    name = make_url(url).database
    postgres.run(f"ALTER DATABASE {name} RENAME TO {name}_away")
    with closing(Store(url)) as store, capture_logs() as said:
        starting = Standby(DatabaseDuty(url), "")
        joining = threading.Thread(target=starting.join, args=(store,), daemon=True)
        joining.start()
        deadline = time.monotonic() + 10
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        postgres.run(f"ALTER DATABASE {name}_away RENAME TO {name}")
        joining.join(10)
        assert starting.at_work
        starting.stop()
    assert [line["event"] for line in said] == ["waiting for the database"]
    assert f'database "{name}" does not exist' in said[0]["reason"]


def test_who_is_to_stop_does_not_wait_for_its_turn(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standby, "ASK_SECONDS", 5)
    stopping = threading.Event()
    stopping.set()
    waiting = Standby(ScriptedDuty(), "")
    assert not waiting.wait(store, stopping, lambda: None)
    waiting.stop()


def test_only_who_has_the_key_of_the_log_may_take_part(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(standby, "JOIN_SECONDS", 0.0)
    url = postgres.database()
    heads = iter(tmp_path / str(number) for number in range(3))  # each healer with a home of its own

    def opened(key: str) -> closing[Store]:
        return closing(Store(url, audit_key=key, audit_head=next(heads)))

    with opened("key") as store, opened("key") as of_member, opened("another") as stranger:
        working = Standby(DatabaseDuty(url), "http://first:8001")
        working.join(store)
        store.migrate()
        working.begin(store)
        member = Standby(DatabaseDuty(url), "")
        member.join(of_member)
        of_member.migrate()
        assert of_member.auditor.verify().flaw is None
        assert (working.at_work, member.at_work) == (True, False)
        with pytest.raises(BadInput, match="share HEALER_HOME"):
            member.join(stranger)
        working.stop()
        assert member.wait(of_member, threading.Event(), lambda: None)
        member.stop()


@pytest.mark.parametrize("at_work", [False, True])
def test_nobody_takes_part_in_what_a_newer_healer_made(store: Store, at_work: bool):
    with store._database.writing() as transaction:
        transaction.run(text("UPDATE alembic_version SET version_num = '9999'"))
    duty = ScriptedDuty()
    duty.free = at_work
    with pytest.raises(BadInput, match=r"at revision 9999, .* start that version"):
        Standby(duty, "").join(store)


def test_what_another_healer_took_in_is_looked_at_once(store: Store):
    looked: list[str] = []
    due = threading.Event()

    def look(_incident: object, release: str) -> None:
        looked.append(release)
        due.set()

    incident = store.incidents.take(a_report(), "f")
    fix = "f" * 40
    store.incidents.move(incident.id, State.RESOLVED, expected=(State.OPEN,), release=fix)
    store.releases.want("shop", fix, "proposal", incident.id)
    store.releases.set("shop", fix, "live", live_at=incident.last_seen)
    returned = Returned(store, look)
    returned.recall()  # nothing has come since it went live
    store.incidents.take(a_report(report_id="2" * 32, received_at="2026-01-02T03:04:06Z", release=fix), "f")
    for _ in range(3):
        returned.recall()
    assert due.wait(5)
    due.clear()
    store.incidents.take(a_report(report_id="3" * 32, received_at="2026-01-02T03:04:07Z", release="another"), "f")
    returned.recall()
    assert due.wait(5)
    assert looked == [fix, "another"]
