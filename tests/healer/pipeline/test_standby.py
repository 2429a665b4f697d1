"""Which of several healers does the work: who waits, who is told where to go, and who may not take part."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from healer.edges.bus.duty import DatabaseDuty
from healer.edges.store import Store
from healer.model import BadInput, Conflict, State
from healer.pipeline import standby
from healer.pipeline.returned import Returned
from healer.pipeline.standby import Standby
from sqlalchemy import text

from tests.healer.samples import a_report
from tests.postgres import Postgres


class ScriptedDuty:
    shared = True

    def __init__(self) -> None:
        self.free = False
        self.away = 0  # times that the database does not answer

    def take(self) -> bool:
        if self.away:
            self.away -= 1
            raise OSError("no database")
        return self.free

    def lost(self) -> bool:
        return False

    def close(self) -> None:
        return


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(f"sqlite:///{tmp_path / 'healer.db'}")) as made:
        made.migrate()
        yield made


def test_who_stands_by_says_who_does_the_work_until_it_is_its_turn(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standby, "ASK_SECONDS", 0.01)
    duty = ScriptedDuty()
    first = Standby(duty, "http://first:8001")
    with pytest.raises(Conflict, match=r"stands by and does not approve; .* not known yet"):
        first.require(store, "approve")
    store.log.append("healer.working", "healer", {"url": "http://other:8001"}, trace_id="", ui_hint="control")
    with pytest.raises(Conflict, match="http://other:8001"):
        first.require(store, "approve")
    duty.away, turns = 2, []

    def meanwhile() -> None:
        turns.append(1)
        duty.free = len(turns) > 5

    assert first.wait(threading.Event(), meanwhile) and first.at_work
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


def test_who_is_to_stop_does_not_wait_for_its_turn(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standby, "ASK_SECONDS", 5)
    stopping = threading.Event()
    stopping.set()
    waiting = Standby(ScriptedDuty(), "")
    assert not waiting.wait(stopping, lambda: None)
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
        assert member.wait(threading.Event(), lambda: None)
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
    looked: list[str | None] = []
    due = threading.Event()

    def look(_incident: object, report: object) -> None:
        looked.append(report.release)  # type: ignore[attr-defined]
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
