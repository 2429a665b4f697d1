"""Says whose heals begin next: services take turns, and what can be repaired comes first. It begins none."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field

from healer.edges.store import AT_WORK, Incident
from healer.model import State
from healer.pipeline import stopping
from healer.pipeline.parts import Parts

LOOKED_AT = 50  # of a service's waiting incidents at a time; a flood must not be read again each second


def heal_id(incident: Incident) -> str:
    """Of the workflow that heals this attempt."""
    return f"heal:{incident.id}-{incident.attempt}"


@dataclass
class _Room:
    """What there is place for, as far as it is given away."""

    left: int
    working: Counter[str]  # service -> heals at work
    counted: Counter[str]  # those of them that count against the service's caps
    due: list[Incident] = field(default_factory=list)

    def give(self, incident: Incident, *, counts: bool) -> None:
        self.left -= 1
        self.working[incident.service] += 1
        self.counted[incident.service] += counts
        self.due.append(incident)


class Turns:
    def __init__(self, parts: Parts, started: Container[str], judged: Callable[[Incident], bool]) -> None:
        """`started`: ids of the heals that were begun. `judged`: incidents that another part is at work on first."""
        self._parts = parts
        self._started = started
        self._judged = judged
        self._turn = 0
        self._last: dict[str, int] = {}  # service -> the turn in which a heal of it began
        self._told: dict[str, str] = {}  # heal -> why it waits, as the log says already

    def due(self) -> list[Incident]:
        """Those whose heals are to begin now, or were begun a moment ago."""
        incidents = self._parts.store.incidents
        proposed = [filed.proposal for filed in self._parts.store.proposals.open()]
        # Another attempt for an open proposal is no heal more, whatever the caps.
        rounds = {proposal.incident_id for proposal in proposed}
        # Their heals are done; only the forge is awaited.
        unpublished = {proposal.incident_id for proposal in proposed if proposal.state == "prepared"}
        working = [incident for incident in incidents.list(AT_WORK) if incident.id not in unpublished]
        room = _Room(
            self._parts.heals_at_once - len(working),
            Counter(incident.service for incident in working),
            Counter(incident.service for incident in working if incident.id not in rounds),
        )
        if room.left > 0:
            self._give_rounds(room, rounds)
            self._give_turns(room, rounds)
        return room.due

    def _give_rounds(self, room: _Room, rounds: Iterable[str]) -> None:
        for incident in self._parts.store.incidents.list((State.OPEN,), ids=rounds):
            if room.left > 0 and self._may_begin(incident):
                room.give(incident, counts=False)

    def _give_turns(self, room: _Room, rounds: Container[str]) -> None:
        waiting: dict[str, deque[Incident]] = {}
        for name in self._parts.services:
            found = self._parts.store.incidents.waiting(name, LOOKED_AT)
            mine = [one for one in found if one.id not in rounds and self._may_begin(one)]
            for begun in (one for one in mine if heal_id(one) in self._started):
                room.give(begun, counts=True)
            waiting[name] = deque(one for one in mine if heal_id(one) not in self._started)
        while room.left > 0 and any(waiting.values()):
            name = min(
                (name for name in waiting if waiting[name]),
                key=lambda name: (room.working[name], self._last.get(name, 0)),
            )
            if held := stopping.held_back(self._parts, self._parts.service(name), room.counted[name]):
                # Starting those of other services cannot change that.
                self._tell(waiting.pop(name), held)
                continue
            incident = waiting[name].popleft()
            stopping.note_start(self._parts, incident)
            self._turn += 1
            self._last[name] = self._turn
            room.give(incident, counts=True)

    def _may_begin(self, incident: Incident) -> bool:
        return incident.service in self._parts.services and not self._judged(incident)

    def _tell(self, incidents: Iterable[Incident], held: str) -> None:
        for incident in incidents:
            if self._told.get(heal_id(incident)) != held:
                self._told[heal_id(incident)] = held
                stopping.note_wait(self._parts, incident, held)
