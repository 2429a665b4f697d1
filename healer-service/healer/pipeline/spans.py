"""Reads the spans of a heal out of the event log: which of them an event ends, and where in the tree they belong.

It holds no state: the same log gives the same spans, so what is sent twice is the same span.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from healer.edges.tracing import Span
from healer.model import ENDS, Event, State

STARTED, FINISHED, ANSWERED, CHANGED = "stage.started", "stage.finished", "model.answered", "incident.state"
TYPES = (STARTED, FINISHED, ANSWERED, CHANGED)

_BAD_ENDS = (State.ROLLED_BACK, State.REGRESSED)


@dataclass
class _Standing:
    """Which spans are open at some point of the story, each by the event that opened it."""

    heal: Event | None = None
    decision: Event | None = None
    release: Event | None = None
    soak: Event | None = None
    stages: dict[str, tuple[Event, str]] = field(default_factory=dict)  # name -> its beginning, and id of its parent

    @property
    def innermost(self) -> str:
        """The id of what a stage would be part of."""
        return _id(self.release, "release") or _id(self.heal, "heal")

    def take(self, event: Event) -> None:
        if event.type == FINISHED:
            self.stages.pop(str(event.payload["stage"]), None)
        elif event.type == STARTED:
            self.heal = self.heal or event
            self.stages[str(event.payload["stage"])] = event, self.innermost
        elif event.type == CHANGED:
            self._change(event, str(event.payload["to"]))

    def _change(self, event: Event, to: str) -> None:
        if _is_over(to):
            self.heal = self.decision = self.release = self.soak = None
            return
        self.heal = self.heal or event
        self.decision = event if to == State.PROPOSED else None
        self.soak = event if to == State.SOAKING else None
        if to == State.RELEASING:
            self.release = event


def ended_by(event: Event, story: Sequence[Event], service: str) -> list[Span]:
    """`story`: the events of these types about the same incident, oldest first; those after the event do not count."""
    if event.type not in (FINISHED, ANSWERED, CHANGED):
        return []
    standing = _Standing()
    for earlier in story:
        if earlier.id < event.id:
            standing.take(earlier)
    if event.type == FINISHED:
        return _stage(event, standing, service)
    if event.type == ANSWERED:
        return _answer(event, standing, service)
    return _states(event, standing, service)


def _stage(event: Event, standing: _Standing, service: str) -> list[Span]:
    name = str(event.payload["stage"])
    if name not in standing.stages:
        return []
    began, parent = standing.stages[name]
    attributes = {**_about(event, service), "healer.stage": name}
    failed = bool(event.payload["detail"])
    return [Span(name, event.trace_id, _id(began, name), parent, began.timestamp, event.timestamp, attributes, failed)]


def _answer(event: Event, standing: _Standing, service: str) -> list[Span]:
    asking = [_id(began, name) for name, (began, _) in standing.stages.items()]
    took = timedelta(seconds=event.payload["seconds"])
    began = (datetime.fromisoformat(event.timestamp) - took).isoformat()
    parent = asking[-1] if asking else standing.innermost
    name = "model answer"
    return [Span(name, event.trace_id, _id(event, name), parent, began, event.timestamp, _about(event, service))]


def _states(event: Event, standing: _Standing, service: str) -> list[Span]:
    to = str(event.payload["to"])
    heal, release = _id(standing.heal, "heal"), _id(standing.release, "release")
    over = _is_over(to)
    ended = [
        ("decision", standing.decision, heal),
        ("soak", standing.soak, release or heal),
        ("release", standing.release if over else None, heal),
        ("heal", standing.heal if over else None, ""),
    ]
    attributes = {**_about(event, service), "healer.outcome": to}
    failed = to in _BAD_ENDS
    return [
        Span(name, event.trace_id, _id(began, name), parent, began.timestamp, event.timestamp, attributes, failed)
        for name, began, parent in ended
        if began is not None
    ]


def _is_over(to: str) -> bool:
    """Another round is another heal."""
    return to in ENDS or to == State.OPEN


def _about(event: Event, service: str) -> dict[str, str]:
    return {"healer.incident": event.key, "healer.service": service}


def _id(began: Event | None, name: str) -> str:
    if began is None:
        return ""
    told = f"{began.trace_id} {began.id} {began.timestamp} {name}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]
