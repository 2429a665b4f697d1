"""How floods of reports are stored: exact counts, and everything else bounded."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from healer.edges.store import SURPLUS, Bounds, Incident, Store, ago, tables
from healer.edges.store.batch import KEPT_IDS, KEPT_REPORTS
from healer.edges.store.taking import MOST_REASONS, Taking
from healer.model import Report, State
from sqlalchemy import func, select

from tests.healer.samples import LIBRARY, a_report


def reports(first: int, last: int, *, minute: int = 0, **changes: object) -> list[Report]:
    stamp = f"2026-01-02T03:{minute:02d}:05"
    return [
        a_report(report_id=f"{number:032d}", received_at=f"{stamp}.{number:06d}Z", **changes)
        for number in range(first, last + 1)
    ]


def taken(store: Store, batch: list[Report], fingerprint: str = "f", bounds: Bounds | None = None) -> list[Incident]:
    pairs = [(report, fingerprint.format(number)) for number, report in enumerate(batch)]
    return list(store.incidents.take_all(pairs, {"shop": bounds} if bounds else {}))


def rows(store: Store, name: str) -> int:
    with store._database.reading() as transaction:
        return transaction.connection.execute(select(func.count()).select_from(tables.metadata.tables[name])).scalar()


def lines(store: Store, incident_id: str) -> list[dict[str, object]]:
    return [dict(event.payload) for event in store.log.of_key(incident_id) if event.type == "report.received"]


def test_a_flood_of_one_bug_is_one_incident_with_an_exact_count_and_few_rows(store):
    for start in range(1, 3001, 100):
        *_, last = taken(store, reports(start, start + 99))
    assert (last.count, store.incidents.get(last.id).count, len(store.incidents.list())) == (3000, 3000, 1)
    assert rows(store, "reports") == KEPT_REPORTS
    assert rows(store, "seen") <= 2 * KEPT_IDS
    told = lines(store, last.id)
    assert told[0] == {"new": 100, "count": 100, "release": None, "route": "GET /things"}
    assert len(told) < 30
    assert store.auditor.verify().flaw is None


def test_the_log_learns_of_every_report_in_the_end(store):
    taking = Taking(store._database, between_lines=0.3)
    incident = taking.take([(report, "f") for report in reports(1, 3)], {})[0]
    taking.take([(report, "f") for report in reports(4, 5)], {})
    taking.take([(report, "f") for report in reports(6, 6, release="a" * 40)], {})
    taking.tell()
    assert [line["new"] for line in lines(store, incident.id)] == [3]  # it had one a moment ago
    time.sleep(0.3)
    taking.tell()
    taking.tell()
    assert lines(store, incident.id)[1:] == [{"new": 3, "count": 6, "release": "a" * 40, "route": "GET /things"}]


def test_ids_count_once_within_a_batch_after_it_and_when_the_report_is_not_kept(store):
    assert taken(store, [*reports(1, 1), *reports(1, 2)])[-1].count == 2
    taken(store, reports(3, 100))
    assert taken(store, [*reports(60, 60), *reports(101, 101)])[0].count == 101
    again = taken(store, reports(60, 60), "another")
    assert (again[0].fingerprint, len(store.incidents.list())) == ("f", 1)


def test_the_first_report_stays_and_newer_ones_take_the_place_of_older_now_and_then(store):
    for minute in range(30):
        incident = taken(store, reports(1000 * minute, 1000 * minute + 40, minute=minute))[0]
    assert store.incidents.first_report(incident.id).report_id == f"{0:032d}"
    assert store.incidents.latest_report(incident.id).report_id == f"{29_040:032d}"
    assert rows(store, "reports") == KEPT_REPORTS


def test_new_incidents_beyond_the_bound_of_an_hour_are_counted_in_one(store):
    stamp = {"received_at": ago(timedelta(minutes=5))}
    bounds = Bounds(10, 1000)
    known = taken(store, [a_report(report_id="k" * 32, **stamp)], "known", bounds)[0]
    junk = [a_report(report_id=f"{number:032d}", **stamp) for number in range(50)]
    found = taken(store, junk, "junk {}", bounds)
    assert len(store.incidents.list()) == 11
    surplus = found[-1]
    assert (surplus.fingerprint, surplus.state, surplus.count) == (SURPLUS, State.DECLINED, 41)
    assert "41 reports since" in surplus.reason
    assert "10 an hour" in surplus.reason
    assert "new_incidents_per_hour" in surplus.reason
    # What is known already goes on as usual, and so do other services.
    assert taken(store, [a_report(report_id="l" * 32, **stamp)], "known", bounds)[0].id == known.id
    assert taken(store, [a_report(report_id="m" * 32, service="other", **stamp)], "x", bounds)[0].state == State.OPEN
    more = taken(store, [a_report(report_id="n" * 32, **stamp)], "junk 51", bounds)[0]
    assert (more.id, more.count) == (surplus.id, 42)
    assert store.incidents.latest_report(surplus.id).report_id in {f"{number:032d}" for number in range(50)}


def test_no_service_has_more_incidents_than_it_may(store):
    old = [report for number in range(30) for report in reports(number, number)]
    taken(store, old, "junk {}", Bounds(1000, 20))
    assert len(store.incidents.list()) == 21  # and the one for the others
    assert store.incidents.list()[0].fingerprint == SURPLUS


def test_what_waits_for_its_heal_stands_in_the_order_of_its_turn(store):
    foreign = taken(store, reports(1, 1, frames=(LIBRARY,)), "foreign")[0]
    first, second = taken(store, reports(2, 3), "own {}")
    assert [one.own for one in (foreign, first, second)] == [False, True, True]
    store.incidents.move(second.id, State.DECLINED, expected=(State.OPEN,), base="b" * 40)
    store.incidents.move(second.id, State.OPEN, expected=(State.DECLINED,), attempt=2)
    assert [one.id for one in store.incidents.waiting("shop", 10)] == [second.id, first.id, foreign.id]
    assert [one.id for one in store.incidents.waiting("shop", 1)] == [second.id]
    assert store.incidents.waiting("other", 10) == ()
    reborn = taken(store, reports(4, 4), "reborn")[0]
    store.incidents.set(reborn.id, attempt=2)  # as one that was forgotten comes again
    assert [one.id for one in store.incidents.waiting("shop", 10)][:2] == [second.id, first.id]


def test_which_files_an_approximate_report_is_about_is_not_known_yet(store):
    assert taken(store, reports(1, 1, frames=(LIBRARY,), approximate=True))[0].own
    assert not taken(store, reports(2, 2, frames=(), approximate=True), "other")[0].own


def test_a_batch_that_fails_leaves_nothing_behind(store):
    broken = a_report(report_id="b" * 32, release=object())
    with pytest.raises(Exception, match="object"):
        taken(store, [*reports(1, 3), broken], "f {}")
    assert store.incidents.list() == ()
    assert taken(store, reports(1, 3))[0].count == 3


def test_what_two_services_call_by_the_same_id_are_two_reports(store):
    here, there = taken(store, [*reports(1, 1), *reports(1, 1, service="other")], "f")
    assert (here.service, there.service) == ("shop", "other")
    assert [one.count for one in taken(store, [*reports(1, 1), *reports(1, 1, service="other")], "f")] == [1, 1]
    assert rows(store, "reports") == 2


def test_a_kept_report_that_is_sent_again_counts_once_however_late(store):
    for start in range(1, 2 * KEPT_IDS + 2, 100):
        *_, last = taken(store, reports(start, start + 99))
    assert rows(store, "seen") < last.count  # some ids are forgotten
    assert taken(store, reports(1, KEPT_REPORTS))[0].count == last.count


def test_what_clients_dropped_is_told_in_one_line_a_second_with_its_sum(store):
    taking = Taking(store._database, between_lines=0.2)

    def take(first: int, last: int, **lost: int) -> None:
        taking.take([(report, "f") for report in reports(first, last, lost=lost)], {})

    def told() -> list[dict[str, int]]:
        return [dict(one.payload) for one in store.log.of_key("service/shop", 100) if one.type == "reports.lost"]

    take(1, 3, full=2)
    take(1, 3, full=2)  # sent again
    take(4, 5, full=1, old=1)
    take(6, 6, **{f"made up {number}": 1 for number in range(50)})
    taking.tell()
    assert told() == [{"full": 6}]
    time.sleep(0.2)
    taking.tell()
    taking.tell()
    assert len(told()) == 2
    assert (told()[1]["full"], told()[1]["old"], sum(told()[1].values())) == (2, 2, 54)
    assert len(told()[1]) <= MOST_REASONS + 1
