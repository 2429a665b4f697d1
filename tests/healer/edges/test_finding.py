"""How incidents are found: page by page, by what is asked for, and without looking at all of them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from healer.edges.store import Incident, Place, Store, Wanted, ago, now, tables
from healer.edges.store.finding import HOURS, ORDERS
from healer.model import ENDS, State
from sqlalchemy import event, update

from tests.benchmarks.page import CRASHES, SERVICES, STATES, seed
from tests.healer.samples import a_report

everywhere = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)

HOSTILE = ("%", "_", "\\", "'", '"', "';--", "a%b", "\\%", "%%%", "(", "[a-z]", "ß", "e" * 200)


def ids(found) -> list[str]:
    return [one.id for one in found]


def all_pages(store: Store, wanted: Wanted, order: str, limit: int, between=lambda: None) -> list[Incident]:
    found: list[Incident] = []
    after: Place | None = None
    while True:
        page = store.finding.page(wanted, order, limit, after)
        found += page.incidents
        after = page.next
        if after is None:
            return found
        assert len(page.incidents) == limit
        between()


def count_more(store: Store, of: list[str]) -> None:
    columns = tables.incidents.c
    with store._database.writing() as transaction:
        more = update(tables.incidents).where(columns.id.in_(of))
        transaction.run(more.values(count=columns.count + 100, last_seen=now()))


@everywhere
def test_paging_finds_everything_once_while_reports_come_in(store):
    seed(store, 120)
    known = {one.id: one for one in store.incidents.list()}
    chance = random.Random(4)
    for _ in range(40):
        wanted = Wanted(
            states=frozenset(chance.sample(list(STATES), chance.choice((0, 0, 1, 3)))),
            service=chance.choice(("", *SERVICES)),
            category=chance.choice(("", "", *CRASHES)),
            origin=chance.choice(("", "", "qwen2.5-coder-7b", "missing-key-guard")),
            text=chance.choice(("", "", "order", "KEYERROR", "get /")),
        )
        order = chance.choice(ORDERS)
        moved: set[str] = set()

        def between(moved=moved) -> None:
            some = chance.sample(list(known), 3)
            moved.update(some)
            count_more(store, some)

        expected = {name for name, one in known.items() if fits(one, wanted)}
        found = ids(all_pages(store, wanted, order, chance.choice((1, 3, 7)), between))
        assert len(found) == len(set(found)), (wanted, order)
        assert set(found) <= expected
        assert expected - set(found) <= (moved if order != "first_seen" else set()), (wanted, order)


def fits(one: Incident, wanted: Wanted) -> bool:
    searched = f"{one.exception_type} {one.exception_message} {one.fault_file} {one.fault_function} {one.route}".lower()
    return (
        (not wanted.states or one.state in wanted.states)
        and wanted.service in ("", one.service)
        and wanted.category in ("", one.category)
        and wanted.origin in ("", (one.origin or "").partition("@")[0])
        and all(word.lower() in searched for word in wanted.text.split())
    )


def test_the_order_is_as_it_is_asked_for(store):
    seed(store, 60)
    for order in ORDERS:
        values = [getattr(one, order) for one in all_pages(store, Wanted(), order, 7)]
        assert values == sorted(values, reverse=True)


def test_states_are_counted_whatever_states_are_asked_for(store):
    seed(store, 80)
    of_service = store.incidents.list(service=SERVICES[0])
    page = store.finding.page(Wanted(frozenset({State.RESOLVED, State.DECLINED}), SERVICES[0]), "count", 2)
    assert page.states == {state: sum(one.state == state for one in of_service) for state in page.states}
    assert sum(page.states.values()) == len(of_service)
    assert page.total == page.states["resolved"] + page.states["declined"]
    assert page.next == Place(page.incidents[-1].count, page.incidents[-1].id)
    open_ones = {
        name: sum(o.service == name and o.state not in ENDS for o in store.incidents.list()) for name in SERVICES
    }
    assert store.finding.open_by_service(SERVICES) == {name: number for name, number in open_ones.items() if number}


@everywhere
def test_what_is_merged_is_over_where_nothing_is_released(store):
    for number in range(4):
        one = store.incidents.take(a_report(report_id=f"{number:032d}"), f"f{number}").id
        if number:
            store.incidents.move(one, State.MERGED, expected=tuple(State))
    at_work = frozenset({State.OPEN, State.MERGED})
    for deploying, number in ((frozenset({"shop"}), 4), (frozenset({"another"}), 1), (frozenset[str](), 1)):
        assert store.finding.open_by_service(deploying) == {"shop": number}
        page = store.finding.page(Wanted(at_work, deploying=deploying), "last_seen", 10)
        assert (page.total, len(page.incidents)) == (number, number)
    assert store.finding.page(Wanted(at_work), "last_seen", 10).total == 4


@everywhere
def test_a_search_takes_every_sign_as_it_is(store):
    plain = store.incidents.take(a_report(report_id="1" * 32), "plain").id
    odd = {}
    for number, text in enumerate(HOSTILE):
        exception = replace(a_report().exception, type="Odd", message=f"<{text}>")
        odd[text] = store.incidents.take(a_report(report_id=f"{number:032d}", exception=exception), f"f{number}").id
    for text, incident in odd.items():
        found = ids(store.finding.page(Wanted(text=f"<{text}>"), "last_seen", 50).incidents)
        assert found == [incident], text
        for field in ("service", "category", "origin", "begins"):
            assert store.finding.page(replace(Wanted(), **{field: text}), "last_seen", 50).total == 0 or text == "e"
    assert plain not in ids(store.finding.page(Wanted(text="%"), "last_seen", 50).incidents)


@pytest.mark.parametrize(
    "text",
    ["keyerror", "KeyError in read", "'X'", "app/main.py", "get /things", "read GET", "{id}", "{start}"],
)
def test_a_search_looks_at_what_a_person_sees(store, text):
    incident = store.incidents.take(a_report(), "f")
    other = store.incidents.take(a_report(report_id="2" * 32, request=None, frames=()), "g")
    found = store.finding.page(Wanted(text=text.format(id=incident.id, start=incident.id[:6])), "last_seen", 50)
    assert incident.id in ids(found.incidents)
    if text not in ("keyerror", "'X'"):
        assert other.id not in ids(found.incidents)


def test_an_origin_is_a_name_and_no_beginning(store):
    for number, origin in enumerate(("coder@1", "coder@2", "coder-large@1", "coder", None)):
        incident = store.incidents.take(a_report(report_id=f"{number:032d}"), f"f{number}")
        store.incidents.set(incident.id, origin=origin)
    found = store.finding.page(Wanted(origin="coder"), "last_seen", 50).incidents
    assert sorted(one.origin for one in found) == ["coder", "coder@1", "coder@2"]


@everywhere
def test_a_sparkline_counts_the_reports_of_each_hour(store):
    def at(hours: int, number: int, suppressed: int = 0):
        stamp = ago(timedelta(hours=hours))
        return a_report(report_id=f"{number:032d}", received_at=stamp, suppressed=suppressed)

    incident = store.incidents.take(at(30, 1), "f")
    store.incidents.take_all([(at(3, 2), "f"), (at(3, 3, suppressed=4), "f"), (at(2, 4), "f")], {})
    store.incidents.take(at(3, 5), "f")
    store.incidents.take(at(3, 5), "f")  # known already
    other = store.incidents.take(at(0, 6), "g")
    page = store.finding.page(Wanted(), "last_seen", 50)
    assert page.sparklines[incident.id][-4:] == (7, 1, 0, 0)
    assert page.sparklines[other.id] == (0,) * (HOURS - 1) + (1,)
    assert store.finding.sparkline(incident.id) == page.sparklines[incident.id]


@everywhere
def test_old_hours_go_and_those_of_a_forgotten_incident(store):
    old, young = ago(timedelta(days=9)), ago(timedelta(hours=1))
    first = store.incidents.take(a_report(report_id="1" * 32, received_at=old), "f").id
    second = store.incidents.take(a_report(report_id="2" * 32, received_at=young), "g").id
    assert store.retention.hours(ago(timedelta(days=7)))
    assert not store.retention.hours(ago(timedelta(days=7)))
    assert sum(store.finding.sparkline(second)) == 1
    store.incidents.move(second, State.DECLINED, expected=(State.OPEN,))
    store.retention.over(now())
    assert ids(store.incidents.list()) == [first]
    assert sum(store.finding.sparkline(second)) == 0


def test_what_the_page_asks_most_is_answered_by_indexes(store):
    seed(store, 50)
    said: list[tuple[str, tuple]] = []
    listen = lambda _c, _k, statement, values, *_: said.append((statement, values))  # noqa: E731
    event.listen(store._database.engine, "before_cursor_execute", listen)
    page = store.finding.page(Wanted(), "last_seen", 10)
    store.finding.page(Wanted(service=SERVICES[0]), "last_seen", 10, page.next)
    store.finding.page(Wanted(), "first_seen", 10)
    store.finding.open_by_service(SERVICES)
    store.statistics.of_days(30)
    event.remove(store._database.engine, "before_cursor_execute", listen)
    with store._database.engine.connect() as connection:
        for statement, values in said:
            if statement.startswith("SELECT"):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                steps = [row[-1] for row in plan]
                bare = [step for step in steps if step.startswith("SCAN") and "INDEX" not in step]
                assert bare == [], (statement, steps)
