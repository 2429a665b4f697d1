"""The numbers that matter over time, out of the event log and the proposals. It reads, and keeps nothing of its own."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import RowMapping, and_, case, func, or_, select

from healer.edges.store import tables
from healer.edges.store.database import Database
from healer.edges.store.incident import FORGOTTEN
from healer.edges.store.proposals import UNDECIDED
from healer.edges.store.tail import first_since
from healer.model import Outcome, State

ROWS_AT_ONCE = 1000  # that are in memory, of a year's

_EVENT, _PROPOSAL = tables.events.c, tables.proposals.c

# What an incident ends with beside being healed, which an event of its own says.
_ENDS = (State.DECLINED, State.REJECTED, State.ROLLED_BACK, State.REGRESSED)
_TO = _EVENT.payload["to"].as_string()
_HAPPENED = select(
    func.substr(_EVENT.timestamp, 1, 10),
    _EVENT.key,
    case((_EVENT.type == "incident.state", _TO), else_=func.substr(_EVENT.type, len("incident.") + 1)),
    _EVENT.payload["seconds"].as_float(),
).where(
    or_(
        _EVENT.type.in_(("incident.opened", "incident.healed")),
        and_(_EVENT.type == "incident.state", _TO.in_([state.value for state in _ENDS])),
    )
)
_PROPOSED = select(
    _PROPOSAL.category, _PROPOSAL.approach, _PROPOSAL.outcome, _PROPOSAL.state, func.count().label("number")
).group_by(_PROPOSAL.category, _PROPOSAL.approach, _PROPOSAL.outcome, _PROPOSAL.state)


@dataclass(frozen=True)
class Day:
    day: str  # in UTC
    opened: int
    healed: int
    declined: int
    rejected: int
    rolled_back: int
    regressed: int
    median_seconds: float | None  # to healed, of those that were on this day


@dataclass(frozen=True)
class Decided:
    """What became of the proposals for one category, or by one origin."""

    name: str
    merged: int
    rejected: int
    rolled_back: int
    open: int


@dataclass(frozen=True)
class Sums:
    """All of the same days."""

    days: tuple[Day, ...]  # oldest first, the last one is today
    incidents: int  # that were opened
    # Incidents that came to an end where they could be healed, by what they came to last; the days count each time.
    ended_healed: int
    ended_otherwise: int
    healed_share: float | None  # of these; None without any
    median_seconds: float | None  # to healed
    by_category: tuple[Decided, ...]  # of the proposals that were made; those with the most first
    by_origin: tuple[Decided, ...]


class Statistics:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of_days(self, number: int, ends_at_merge: Collection[str] = ()) -> Sums:
        """Today and the days before it. `ends_at_merge`: services where nothing is ever told to be healed; the share is
        that of the others.
        """
        today = datetime.now(UTC).date()
        days = [(today - timedelta(days=back)).isoformat() for back in range(number - 1, -1, -1)]
        with self._database.reading() as transaction:
            first = first_since(transaction.connection, days[0])
            happened = _HAPPENED.where(_EVENT.id >= first).order_by(_EVENT.id)
            there = select(tables.incidents.c.id).where(tables.incidents.c.service.in_(ends_at_merge))
            # One that ended in these days was deleted in them too.
            deleted = select(_EVENT.key).where(
                _EVENT.id >= first, _EVENT.type == FORGOTTEN, _EVENT.payload["service"].as_string().in_(ends_at_merge)
            )
            ids = transaction.connection.execute(there.union_all(deleted)).scalars() if ends_at_merge else ()
            tally = _Tally(days, frozenset(ids))
            for row in transaction.connection.execute(happened, execution_options={"yield_per": ROWS_AT_ONCE}):
                tally.add(*row)
            proposed = transaction.all(_PROPOSED.where(_PROPOSAL.created_at >= days[0]))
        return Sums(
            tuple(tally.day(day) for day in days),
            sum(tally.counts[day]["opened"] for day in days),
            *tally.ends(),
            _median(seconds for of_day in tally.seconds.values() for seconds in of_day),
            _decided(proposed, lambda row: str(row["category"])),
            _decided(proposed, lambda row: _origin(row["approach"])),
        )


class _Tally:
    """Of what happened, in its order."""

    def __init__(self, days: Iterable[str], shareless: Collection[str]) -> None:
        self.counts: dict[str, Counter[str]] = {day: Counter() for day in days}
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self._shareless = shareless
        self._ends: dict[str, str] = {}  # incident -> what it came to last

    def add(self, day: str, incident: str, what: str, seconds: float | None) -> None:
        if day not in self.counts:
            return  # a clock was set back
        self.counts[day][what] += 1
        if what != "opened" and incident not in self._shareless:
            self._ends[incident] = what
        if what == "healed" and seconds is not None:
            self.seconds[day].append(seconds)

    def day(self, day: str) -> Day:
        counts = self.counts[day]
        ends = {state.value: counts[state] for state in _ENDS}
        return Day(day, counts["opened"], counts["healed"], **ends, median_seconds=_median(self.seconds[day]))

    def ends(self) -> tuple[int, int, float | None]:
        """How many incidents came to be healed at last, how many to something else, and the share of the first."""
        healed, all_ = sum(end == "healed" for end in self._ends.values()), len(self._ends)
        return healed, all_ - healed, round(healed / all_, 4) if all_ else None


def _decided(rows: Iterable[RowMapping], name_of: Callable[[RowMapping], str]) -> tuple[Decided, ...]:
    """One that was made before it was written down what for is left out, and so is what went away by itself."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if kind := _kind(row):
            found[name_of(row)][kind] += row["number"]
    found.pop("", None)
    named = sorted(found.items(), key=lambda item: (-item[1].total(), item[0]))
    return tuple(Decided(name, *(of_kind[kind] for kind in _KINDS)) for name, of_kind in named)


_KINDS = ("merged", "rejected", "rolled_back", "open")
_KIND_OF: Mapping[str, str] = {
    Outcome.MERGED: "merged",
    Outcome.CHANGED: "merged",
    Outcome.REJECTED: "rejected",
    Outcome.ROLLED_BACK: "rolled_back",
}


def _kind(row: RowMapping) -> str | None:
    if row["outcome"] is None:
        return "open" if row["state"] in UNDECIDED else None
    return _KIND_OF.get(row["outcome"])


def _origin(approach: str) -> str:
    """The playbook, whatever its answer, or the model, whatever its version."""
    return approach.partition(" (")[0].partition("@")[0]


def _median(seconds: Iterable[float]) -> float | None:
    known = list(seconds)
    return round(statistics.median(known), 3) if known else None
