"""What is deleted when it is over, what stays, and that the database stays small and whole."""

from __future__ import annotations

import shutil
import sqlite3
import time
from datetime import timedelta
from pathlib import Path

import pytest
from healer.edges.store import SURPLUS, Bounds, Delivery, Freed, Store, ago, tables
from healer.edges.store.codec import REPORT
from healer.edges.store.retention import SLICE
from healer.model import Conflict, Proposal, State, Verdict
from sqlalchemy import func, insert, select

from tests.healer.samples import a_candidate, a_report

LONG_AGO, NOW = "2026-01-02T03:04:05.000000Z", "2099-01-01T00:00:00.000000Z"
BEFORE = "2026-06-01T00:00:00.000000Z"


def ended(store: Store, name: str, at: str = LONG_AGO, state: State = State.DECLINED) -> str:
    report = a_report(report_id=name.rjust(32, "0"), received_at=at)
    incident = store.incidents.take(report, name)
    store.incidents.move(incident.id, state, expected=(State.OPEN,))
    store.incidents.put_verdict(incident.id, 1, 0, Verdict(a_candidate(), False, "no"), chosen=False)
    return incident.id


def proposed(store: Store, incident_id: str) -> Proposal:
    branch = f"healer/{incident_id}-1"
    proposal = Proposal(incident_id, 0, "shop", branch, "main", "a" * 40, "t", "b", "u")
    store.proposals.put(proposal, 1, "diff")
    return proposal


def rows(store: Store, name: str) -> int:
    with store._database.reading() as transaction:
        return transaction.connection.execute(select(func.count()).select_from(tables.metadata.tables[name])).scalar()


def junk(store: Store, number: int, state: str = "declined", service: str = "shop") -> None:
    """So many incidents with one report each, written directly: ten thousand by the way in would take its time."""
    sample = store.incidents.take(a_report(report_id=service.rjust(32, "0"), service=service), "sample")
    values = {name: value for name, value in vars(sample).items() if value is not None} | {"state": state}
    body = REPORT.dump(a_report())
    made = [
        {**values, "id": f"{service[0]}{one:06d}", "fingerprint": str(one), "last_seen": f"2026-02-02T{one:010d}"}
        for one in range(number)
    ]
    kept = [{"id": f"r{one['id']}", "incident_id": one["id"], "received_at": LONG_AGO, "body": body} for one in made]
    with store._database.writing() as transaction:
        transaction.run(insert(tables.incidents), made)
        transaction.run(insert(tables.reports), kept)


def best(action) -> float:
    found = []
    for _ in range(5):
        started = time.perf_counter()
        action()
        found.append(time.perf_counter() - started)
    return min(found)


def test_ten_thousand_junk_incidents_are_bounded_and_the_file_shrinks(store, tmp_path):
    junk(store, 600, service="other")
    few = best(store.incidents.list)
    junk(store, 10_000)
    assert best(store.incidents.list) < 3 * few  # what the overview asks for
    slices = []
    while freed := store.retention.beyond(8000):
        slices.append(freed.incidents)
    assert (len(store.incidents.list(limit=20_000, service="shop")), max(slices)) == (8000, SLICE)
    assert store.incidents.get("s009999")  # the newest stay
    assert len(store.incidents.list(limit=20_000, service="other")) == 601
    large = (tmp_path / "healer.db").stat().st_size
    while store.retention.shrink():
        pass
    store.close()
    assert (tmp_path / "healer.db").stat().st_size < large / 1.1
    assert store.auditor.verify().flaw is None


def test_what_only_waits_goes_after_what_ended(store):
    junk(store, 5, state="open")
    gone = ended(store, "recent", "2026-03-01T00:00:00.000000Z")
    store.retention.beyond(5)
    assert {one.state for one in store.incidents.list()} == {State.OPEN}
    assert gone not in {one.id for one in store.incidents.list()}
    store.retention.beyond(3)
    assert {"s000003", "s000004"} <= {one.id for one in store.incidents.list()}


def test_what_is_over_goes_and_what_something_tells_of_stays_with_its_numbers(store):
    needless, young = ended(store, "1"), ended(store, "2", NOW)
    waiting = store.incidents.take(a_report(report_id="3" * 32, received_at=LONG_AGO), "3").id
    merged, undecided, touched = ended(store, "4", state=State.RESOLVED), ended(store, "5"), ended(store, "6")
    store.proposals.close(proposed(store, merged), "merged", "c" * 40)
    proposed(store, undecided)
    store.log.append("operator.comment", touched, {}, trace_id="", ui_hint="control")
    released = ended(store, "7")
    store.releases.want("other", "d" * 40, "push", incident_id=released)
    freed = Freed()
    while piece := store.retention.over(BEFORE):
        freed += piece
    assert freed == Freed(incidents=1, reports=4, candidates=4)
    left = {one.id for one in store.incidents.list()}
    assert left == {young, waiting, merged, undecided, touched, released}
    kept = {one for one in left if store.incidents.latest_report(one).report_id}
    assert kept == {young, waiting, undecided}
    assert store.incidents.get(merged).count == 1
    assert store.incidents.verdicts(merged, 1) == ()
    known = store.incidents.latest_report(merged)  # what the incident itself says
    assert (known.exception.type, known.frames) == ("KeyError", ())
    assert store.log.of_key(needless)[-1].type == "incident.forgotten"
    assert store.auditor.verify().flaw is None


def test_nothing_goes_while_a_release_is_judged_by_the_crashes_that_are_counted(store):
    ended(store, "1")
    store.releases.want("shop", "d" * 40, "push")
    assert not store.retention.over(BEFORE)
    assert not store.retention.beyond(0)
    store.releases.set("shop", "d" * 40, "live")
    assert store.retention.over(BEFORE).incidents == 1


def test_an_incident_that_comes_again_after_it_was_forgotten_begins_a_new_attempt(store):
    incident_id = ended(store, "1")
    store.incidents.move(incident_id, State.OPEN, expected=(State.DECLINED,), attempt=3)
    store.incidents.move(incident_id, State.DECLINED, expected=(State.OPEN,))
    store.retention.over(BEFORE)
    again = store.incidents.take(a_report(report_id="9" * 32), "1")
    assert (again.id, again.attempt, again.count, again.state) == (incident_id, 4, 1, State.OPEN)
    # The same report is another one now: what was known of it went with the incident.
    assert store.incidents.take(a_report(report_id="1".rjust(32, "0")), "1").count == 2


def test_a_kill_between_slices_is_harmless(tmp_path, store):
    junk(store, 2 * SLICE)
    store.retention.beyond(1)
    copy = tmp_path / "killed.db"  # as the files lie there, without a close
    for end in ("", "-wal"):
        shutil.copy(f"{tmp_path}/healer.db{end}", f"{copy}{end}")
    after = Store(f"sqlite:///{copy}", audit_key="key")
    assert len(after.incidents.list(limit=1000)) == SLICE + 1
    while after.retention.beyond(1):
        pass
    assert len(after.incidents.list()) == 1
    assert after.auditor.verify().flaw is None
    after.close()


def test_webhooks_go_when_they_are_worked_and_old(store):
    for name in ("worked", "waiting"):
        store.deliveries.put(Delivery(name, "pull_request", {}))
    store.deliveries.done("worked")
    assert not store.retention.webhooks(BEFORE)
    assert store.retention.webhooks(NOW) == Freed(webhooks=1)
    assert [one.id for one in store.deliveries.waiting()] == ["waiting"]


def test_a_file_from_before_learns_to_shrink(tmp_path, empty):
    file = Path(shutil.copy(empty, tmp_path))
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA auto_vacuum=NONE")
        connection.execute("VACUUM")
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    connection.close()
    store = Store(f"sqlite:///{file}", audit_key="key")
    store.migrate()
    with store._database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA auto_vacuum").scalar() == 2
    store.close()


def test_neither_the_count_of_a_flood_nor_what_bounds_the_hour_goes_for_its_number(store):
    bounds = {"shop": Bounds(5, 1000)}
    batch = [(a_report(report_id=f"{one:032d}", received_at=ago(timedelta(minutes=1))), f"f{one}") for one in range(8)]
    surplus = store.incidents.take_all(batch, bounds)[-1]
    assert surplus.fingerprint == SURPLUS
    old = ended(store, "old")
    assert store.retention.beyond(1).incidents == 1
    left = store.incidents.list()
    assert (surplus.id in {one.id for one in left}, old in {one.id for one in left}, len(left)) == (True, False, 6)
    again = [(a_report(report_id="a" * 32, received_at=ago(timedelta())), "another")]
    assert store.incidents.take_all(again, bounds)[0].count == 4


def test_what_has_no_report_any_more_is_not_begun_again(store):
    incident_id = ended(store, "1")
    proposed(store, incident_id)
    store.proposals.close(store.proposals.of_incident(incident_id).proposal, "closed")
    assert store.retention.over(BEFORE)
    with pytest.raises(Conflict, match="when the crash comes again"):
        store.incidents.move(incident_id, State.OPEN, expected=(State.DECLINED,), with_report=True)
    assert store.incidents.get(incident_id).state == State.DECLINED
