"""Tells each target what becomes of incidents: in order, at least once, patiently, and never more than it can read.

What is sent again after a kill goes under the name it had before: of one change by its event, of a sum by where it
ends, which is written down before it is sent.

One target that is away holds up no other. How a message reads is stages.notification's, how it is sent edges.notify's.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from prometheus_client import Counter as Metric

from healer.edges.bus import Bus
from healer.edges.notify import Answer, Sender, Target
from healer.edges.store import Incident, age
from healer.model import Event, NotFound, State
from healer.pipeline.following import Follower
from healer.pipeline.parts import Parts
from healer.stages.notification import Change, Message, More, body

log = structlog.get_logger()

CHANGED = "incident.state"
FAILED = "notification.failed"
A_MINUTE = 30  # messages to one target, since the start; what comes beyond is summed up in one
WINDOW = 60.0
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
PATIENCE = timedelta(hours=24)  # with what happened then; later it is tried once
MESSAGES = Metric(
    "healer_notifications",
    "Messages by what came of them: sent, failed (given up) or retried (a try that was not the last).",
    ["target", "outcome"],
    registry=None,
)
_OUTCOMES = ("sent", "failed", "retried")
_MARKS, _SUMS = "notification:", "notification-sum:"  # what is done with, and where the sum ends that is being sent


@dataclass(frozen=True)
class Wish:
    """What a target wants to be told."""

    target: Target
    states: frozenset[State]
    services: frozenset[str]  # none: all


class Notifying:
    def __init__(self, parts: Parts, bus: Bus, wishes: Sequence[Wish]) -> None:
        self._parts = parts
        self._tellers = [_Teller(parts, bus, wish) for wish in wishes]

    def start(self) -> None:
        for beginning in (_MARKS, _SUMS):
            self._parts.store.marks.keep(beginning, [beginning + teller.name for teller in self._tellers])
        for teller in self._tellers:
            teller.start()

    def end(self) -> None:
        for teller in self._tellers:
            teller.follower.end()

    def stop(self, deadline: float) -> None:
        self.end()
        for teller in self._tellers:
            teller.stop(deadline)


class _Teller:
    """One target, with a thread of its own."""

    def __init__(self, parts: Parts, bus: Bus, wish: Wish) -> None:
        self.name = wish.target.name
        self.follower = Follower(_MARKS + self.name, parts.store, bus, (CHANGED,), self._work)
        self._parts = parts
        self._wish = wish
        self._sender = Sender(wish.target)
        self._counts = {outcome: MESSAGES.labels(wish.target.name, outcome) for outcome in _OUTCOMES}
        self._sent: deque[float] = deque(maxlen=A_MINUTE)  # when, by the monotonic clock
        self._alone = 0  # the event that was last begun to be told in a message of its own
        self._until = 0  # where the sum ends that was last begun to be sent

    def start(self) -> None:
        store = self._parts.store
        until, end = store.marks.get(_SUMS + self.name) or 0, store.log.last_id()
        self._until = until if until <= end else 0  # else of a log that was put back from a backup
        self.follower.start()

    def stop(self, deadline: float) -> None:
        self.follower.stop(deadline)
        self._sender.close()

    def _work(self, events: Sequence[Event]) -> None:
        for event in self._wanted(events):
            while event.id > self.follower.position:  # else it was summed up with others
                if not self._go_on(event):
                    return

    def _go_on(self, event: Event) -> bool:
        """Whether it came further. What was begun before something failed is gone on with as it was begun."""
        if self._until > self.follower.position:
            return self._wait_for_room() and self._send_sum(event)
        if event.id == self._alone or self._has_room():
            return self._tell_one(event)
        return self._wait_for_room() and self._sum_up(event)

    def _tell_one(self, event: Event) -> bool:
        """Whether it is done with."""
        self._alone = event.id
        change = _change(self._parts, event, self.name)
        if change is not None and not self._deliver(change, event):
            return False
        self.follower.done(event.id)
        return True

    def _sum_up(self, first: Event) -> bool:
        """All that has come up to now, in one message."""
        until = self._parts.store.log.last_id()
        more, _ = self._sum(first, until)
        if more.number == 1:
            return self._tell_one(first)
        self._parts.store.marks.set(_SUMS + self.name, until)
        self._until = until
        return self._send_sum(first)

    def _send_sum(self, first: Event) -> bool:
        more, last = self._sum(first, self._until)
        if more.number and not self._deliver(more, last):  # none: all were deleted meanwhile
            return False
        self.follower.done(self._until)
        return True

    def _sum(self, first: Event, until: int) -> tuple[More, Event]:
        """Also the last event of all those, wanted or not, which the message is named after."""
        states: Counter[str] = Counter()
        last, seen = first, first.id - 1
        while events := [one for one in self._parts.store.log.after(seen, types=(CHANGED,)) if one.id <= until]:
            states.update(str(event.payload["to"]) for event in self._wanted(events))
            last, seen = events[-1], events[-1].id
        url = self._parts.base_url
        return More(_name(last, "sum", self.name), states.total(), states, first.timestamp, last.timestamp, url), last

    def _deliver(self, message: Message, event: Event) -> bool:
        """Whether it was sent or given up; not when the healer ends meanwhile."""
        content, pause = body(message, self._wish.target.form), FIRST_PAUSE
        while True:
            answer = self._sender.send(content, message.id)
            if answer.outcome == "sent":
                self._counts["sent"].inc()
                self._sent.append(time.monotonic())
                return True
            if answer.outcome == "refused" or age(event.timestamp) > PATIENCE:
                self._give_up(message, event, answer)
                return True
            self._counts["retried"].inc()
            log.warning("notification waits", target=self.name, reason=answer.said, seconds=max(pause, answer.wait))
            if not self.follower.pause(max(pause, answer.wait)):
                return False
            pause = min(pause * 2, LONGEST_PAUSE)

    def _give_up(self, message: Message, event: Event, answer: Answer) -> None:
        self._counts["failed"].inc()
        # Whoever refuses one refuses the next: what comes within the window is one message, and one line in the log.
        self._sent.extend([time.monotonic()] * A_MINUTE)
        number = message.number if isinstance(message, More) else 1
        log.error("notification given up", target=self.name, reason=answer.said, event_id=event.id, number=number)
        payload = {"target": self.name, "reason": answer.said, "event": event.id, "number": number}
        once = f"{FAILED}/{self.name}/{message.id}"
        self._parts.store.log.append(
            FAILED, event.key, payload, trace_id=event.trace_id, ui_hint="execution", once=once
        )

    def _has_room(self) -> bool:
        return len(self._sent) < A_MINUTE or time.monotonic() - self._sent[0] >= WINDOW

    def _wait_for_room(self) -> bool:
        """Whether to go on; not when the healer ends meanwhile."""
        return self._has_room() or self.follower.pause(WINDOW - (time.monotonic() - self._sent[0]))

    def _wanted(self, events: Sequence[Event]) -> list[Event]:
        """Of those whose incident is deleted none: nobody could look at it any more."""
        found = [event for event in events if event.payload["to"] in self._wish.states]
        services = self._parts.store.incidents.services_of({event.key for event in found})
        wished = self._wish.services or frozenset(services.values())
        return [event for event in found if services.get(event.key) in wished]


def _incident(parts: Parts, event: Event) -> Incident | None:
    """None for one that is deleted."""
    try:
        return parts.store.incidents.get(event.key)
    except NotFound:
        return None


def _change(parts: Parts, event: Event, target: str) -> Change | None:
    incident = _incident(parts, event)
    if incident is None:
        return None
    filed = parts.store.proposals.of_incident(incident.id)
    return Change(
        id=_name(event, "change", target),
        incident=incident.id,
        service=incident.service,
        title=incident.title,
        reason=str(event.payload["reason"]),
        count=incident.count,
        url=f"{parts.base_url}/incidents/{incident.id}",
        before=str(event.payload["from"]),
        now=str(event.payload["to"]),
        at=event.timestamp,
        proposal=(filed.proposal.number, filed.proposal.url, filed.proposal.title) if filed is not None else None,
    )


def _name(event: Event, kind: str, target: str) -> str:
    """The same each time, and of no other message: another target may be told other things of the same event, and
    another database counts its events from 1 as well.
    """
    told = f"{kind} {event.id} {event.key} {event.timestamp} {target}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]
