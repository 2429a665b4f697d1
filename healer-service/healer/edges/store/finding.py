"""Finds incidents as a person asks for them: some of thousands, page by page, with how many there are of each state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, tuple_

from healer.edges.store import tables
from healer.edges.store.database import Database, Transaction, hour_of, now
from healer.edges.store.incident import Incident, incident_of
from healer.model import ENDS, State

ORDERS = ("last_seen", "first_seen", "count")  # the greatest first
HOURS = 24  # of a sparkline
MOST_SEARCHED = 1000  # characters of a message; it may have a hundred times as many
MOST_WORDS = 10

_INCIDENT, _OCCURRENCE = tables.incidents.c, tables.occurrences.c
_SEARCHED = (
    _INCIDENT.exception_type + " in " + func.coalesce(_INCIDENT.fault_function, ""),  # as a title says it
    func.substr(_INCIDENT.exception_message, 1, MOST_SEARCHED),
    _INCIDENT.fault_file,
    _INCIDENT.route,
    _INCIDENT.id,
)


@dataclass(frozen=True)
class Wanted:
    """What is empty asks for nothing."""

    states: frozenset[State] = frozenset()
    service: str = ""
    origin: str = ""  # a playbook, or a model whatever its version
    category: str = ""
    text: str = ""  # words that all have to be there
    begins: str = ""  # of the id
    deploying: frozenset[str] | None = None  # services; of all others those that are merged are left out, see `_over`


@dataclass(frozen=True)
class Place:
    """Where a page ended: the value that the list is ordered by, and the id where several have the same."""

    value: str | int
    id: str


@dataclass(frozen=True)
class Page:
    incidents: tuple[Incident, ...]
    next: Place | None  # what to go on after; None at the end
    states: Mapping[str, int]  # how many there are of each state, whatever states were asked for
    total: int  # of the states that were asked for
    sparklines: Mapping[str, tuple[int, ...]]  # by incident: its reports in each of the last hours, oldest first


class Finding:
    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, wanted: Wanted, order: str, limit: int, after: Place | None = None) -> Page:
        """A page ends where the next begins whatever was counted meanwhile: nothing comes twice. What moves to the
        front after the first page was read is missing; by `first_seen` nothing moves.
        """
        of_state = [_INCIDENT.state.in_([state.value for state in wanted.states])] if wanted.states else []
        others = [*_conditions(wanted), *self._texts(wanted.text)]
        by: ColumnElement[Any] = _INCIDENT[order]
        state: ColumnElement[str] = _INCIDENT.state
        if wanted.text:  # every row is looked at, and in the order of an index that takes three times as long
            by, state = func.coalesce(by, by), func.coalesce(state, state)
        beyond = [tuple_(by, _INCIDENT.id) < (after.value, after.id)] if after is not None else []
        query = select(tables.incidents).where(*of_state, *others, *beyond)
        query = query.order_by(by.desc(), _INCIDENT.id.desc()).limit(limit + 1)
        counts = select(state.label("state"), func.count().label("number")).where(*others).group_by(state)
        with self._database.reading() as transaction:
            found = tuple(incident_of(row) for row in transaction.all(query))
            states = {row["state"]: row["number"] for row in transaction.all(counts)}
            shown = found[:limit]
            sparklines = _sparklines(transaction, [one.id for one in shown])
        last = shown[-1] if len(found) > limit else None
        total = sum(number for state, number in states.items() if not wanted.states or state in wanted.states)
        return Page(shown, Place(getattr(last, order), last.id) if last else None, states, total, sparklines)

    def _texts(self, text: str) -> list[ColumnElement[bool]]:
        """One for each word; the last one holds what is too much, spaces and all."""
        words = [_escaped(word) for word in text.split(maxsplit=MOST_WORDS - 1)]
        # SQLite's LIKE takes no notice of the case of ASCII letters, and what ILIKE becomes there is slower.
        likes = [(one.like if self._database.sqlite else one.ilike) for one in _SEARCHED]
        return [or_(*(like(f"%{word}%", escape="\\") for like in likes)) for word in words]

    def sparkline(self, incident_id: str) -> tuple[int, ...]:
        with self._database.reading() as transaction:
            return _sparklines(transaction, [incident_id])[incident_id]

    def open_by_service(self, deploying: Collection[str]) -> dict[str, int]:
        """How many of each service's incidents have not ended; services without any are left out."""
        ended = or_(_INCIDENT.state.in_([state.value for state in ENDS]), _over(deploying))
        query = select(_INCIDENT.service, func.count().label("number")).where(not_(ended))
        with self._database.reading() as transaction:
            return {row["service"]: row["number"] for row in transaction.all(query.group_by(_INCIDENT.service))}


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """All but the states."""
    found: list[ColumnElement[bool]] = []
    if wanted.service:
        found.append(_INCIDENT.service == wanted.service)
    if wanted.category:
        found.append(_INCIDENT.category == wanted.category)
    if wanted.origin:
        version = _INCIDENT.origin.startswith(f"{wanted.origin}@", autoescape=True)
        found.append(or_(_INCIDENT.origin == wanted.origin, version))
    if wanted.begins:
        found.append(_INCIDENT.id.startswith(wanted.begins, autoescape=True))
    if wanted.deploying is not None:
        found.append(not_(_over(wanted.deploying)))
    return found


def _over(deploying: Collection[str]) -> ColumnElement[bool]:
    """It is merged where nothing more happens to it: its service is not released here."""
    return and_(_INCIDENT.state == State.MERGED.value, _INCIDENT.service.not_in(deploying))


def _escaped(text: str) -> str:
    """For LIKE: without the meaning that some signs have there."""
    return "".join(f"\\{sign}" if sign in "\\%_" else sign for sign in text)


def _sparklines(transaction: Transaction, ids: Sequence[str]) -> dict[str, tuple[int, ...]]:
    first = hour_of(now()) - HOURS + 1
    query = select(_OCCURRENCE.incident_id, _OCCURRENCE.hour, _OCCURRENCE.count)
    where = (_OCCURRENCE.incident_id.in_(ids), _OCCURRENCE.hour.between(first, first + HOURS - 1))
    counts = {incident_id: [0] * HOURS for incident_id in ids}
    for row in transaction.all(query.where(*where)):
        counts[row["incident_id"]][row["hour"] - first] = row["count"]
    return {incident_id: tuple(of_hours) for incident_id, of_hours in counts.items()}
