"""The numbers over time, out of a real log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from healer.edges.store import Store
from healer.edges.store.statistics import Decided
from healer.model import Outcome, Proposal, State

from tests.healer.samples import a_report

everywhere = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


class Told:
    """A store whose clock is set by the test."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = store
        self._monkeypatch = monkeypatch
        self._number = 0

    def at(self, days: int, seconds: float = 0.0) -> str:
        stamp = (TODAY - timedelta(days=days) + timedelta(seconds=seconds)).isoformat(timespec="microseconds")
        stamp = stamp.replace("+00:00", "Z")
        for module in ("database", "incidents", "proposals"):
            self._monkeypatch.setattr(f"healer.edges.store.{module}.now", lambda: stamp)
        return stamp

    def opened(self, days: int) -> str:
        self._number += 1
        report = a_report(report_id=f"{self._number:032d}", received_at=self.at(days))
        return self.store.incidents.take(report, f"f{self._number}").id

    def ends(self, incident: str, days: int, state: State, seconds: float = 1.0) -> None:
        self.at(days, seconds)
        if state == State.RESOLVED:
            self.store.incidents.healed(incident, "replay")
        self.store.incidents.move(incident, state, expected=tuple(State))

    def proposed(self, incident: str, approach: str, category: str) -> Proposal:
        self._number += 1
        branch = f"healer/{incident}-{self._number}"
        proposal = Proposal(incident, self._number, "shop", branch, "main", "a" * 40, "t", "b" * 5000, "u", "open")
        self.store.proposals.put(proposal, self._number, "diff", approach=approach, category=category)
        return proposal


@pytest.fixture
def told(store, monkeypatch):
    return Told(store, monkeypatch)


@everywhere
def test_days_count_what_happened_on_them(told):
    told.ends(told.opened(40), 40, State.RESOLVED)
    quick, slow, relapsed, declined, rejected = (told.opened(2) for _ in range(5))
    told.ends(quick, 2, State.RESOLVED, 10)
    told.ends(relapsed, 2, State.RESOLVED, 30)
    told.ends(declined, 2, State.DECLINED, 40)
    told.ends(slow, 1, State.RESOLVED, 0)
    told.ends(relapsed, 0, State.REGRESSED)
    told.ends(rejected, 0, State.REJECTED, 2)
    told.opened(0)
    sums = told.store.statistics.of_days(3)
    assert [day.day for day in sums.days] == [(TODAY - timedelta(days=back)).date().isoformat() for back in (2, 1, 0)]
    first, second, third = sums.days
    assert (first.opened, first.healed, first.declined, first.median_seconds) == (5, 2, 1, 20.0)
    assert (second.opened, second.healed, second.median_seconds) == (0, 1, 86400.0)
    assert (third.opened, third.healed, third.regressed, third.rejected, third.rolled_back) == (1, 0, 1, 1, 0)
    assert third.median_seconds is None
    assert (sums.incidents, sums.healed_share, sums.median_seconds) == (6, 0.4, 30.0)
    assert (sums.ended_healed, sums.ended_otherwise) == (2, 3)  # the days tell that one was healed before it came back


def test_where_healing_ends_at_the_merge_there_is_no_share(told):
    told.ends(told.opened(1), 1, State.DECLINED)
    told.ends(told.opened(0), 0, State.REJECTED)
    sums = told.store.statistics.of_days(3, {"another"})
    assert (sums.ended_healed, sums.ended_otherwise, sums.healed_share) == (0, 2, 0.0)
    sums = told.store.statistics.of_days(3, {"shop"})
    assert (sums.ended_healed, sums.ended_otherwise, sums.healed_share) == (0, 0, None)
    assert [day.declined + day.rejected for day in sums.days] == [0, 1, 1]


@everywhere
def test_where_healing_ends_at_the_merge_there_is_no_share_of_what_was_deleted_either(told):
    for _ in range(4):
        told.ends(told.opened(1), 1, State.DECLINED)
    assert told.store.statistics.of_days(3, {"shop"}).healed_share is None
    assert told.store.retention.over(told.at(0)).incidents == 4
    sums = told.store.statistics.of_days(3, {"shop"})
    assert (sums.ended_healed, sums.ended_otherwise, sums.healed_share) == (0, 0, None)
    assert told.store.statistics.of_days(3, {"another"}).ended_otherwise == 4


def test_what_is_long_ago_is_not_counted(told):
    for _ in range(30):
        told.ends(told.opened(9), 9, State.DECLINED)
    assert (told.store.statistics.of_days(9).incidents, told.store.statistics.of_days(10).incidents) == (0, 30)


def test_an_empty_store_has_no_shares(store):
    sums = store.statistics.of_days(365)
    assert (len(sums.days), sums.incidents, sums.healed_share, sums.median_seconds) == (365, 0, None, None)
    assert (sums.by_category, sums.by_origin) == ((), ())


@everywhere
def test_proposals_are_summed_up_by_what_they_were_for_and_what_made_them(told):
    incident = told.opened(1)
    proposals = told.store.proposals
    for approach, category, outcome in (
        ("look-first (refuse)", "missing-key", Outcome.MERGED),
        ("look-first (not found)", "missing-key", Outcome.CHANGED),
        ("coder@1", "missing-key", Outcome.REJECTED),
        ("coder@2", "none-dereference", Outcome.ROLLED_BACK),
        ("coder@2", "none-dereference", Outcome.OBSOLETE),
        ("", "", Outcome.MERGED),  # from before this was written down
    ):
        proposals.settle(told.proposed(incident, approach, category), outcome)
    told.proposed(incident, "coder@2", "missing-key")
    sums = told.store.statistics.of_days(7)
    assert sums.by_category == (Decided("missing-key", 2, 1, 0, 1), Decided("none-dereference", 0, 0, 1, 0))
    assert sums.by_origin == (Decided("coder", 0, 1, 1, 1), Decided("look-first", 2, 0, 0, 0))
    told.at(0)
    assert told.store.statistics.of_days(1).by_category == ()
