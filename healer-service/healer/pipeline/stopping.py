"""What holds automation back whatever the evidence: one switch for all services, and the caps of each.

The switch and the counts live in the event log, so they outlast a restart and are part of the audit trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from healer.edges.store import Incident, ago
from healer.pipeline.parts import Parts, Service

_SWITCH = "automation"
_STOPPED, _RESUMED = "automation.stopped", "automation.resumed"


@dataclass(frozen=True)
class Switch:
    stopped: bool
    by: str = ""
    reason: str = ""
    at: str = ""  # RFC 3339, UTC


def switch(parts: Parts) -> Switch:
    for event in parts.store.log.of_key(_SWITCH, 1):
        payload = event.payload
        return Switch(event.type == _STOPPED, str(payload["by"]), str(payload["reason"]), event.timestamp)
    return Switch(False)


def turn(parts: Parts, stopped: bool, by: str, reason: str) -> Switch:
    """Stop all automation, or let it go on. Heals at work end before they propose anything; nothing is lost."""
    if switch(parts).stopped != stopped:
        payload = {"by": by, "reason": reason}
        parts.store.log.append(_STOPPED if stopped else _RESUMED, _SWITCH, payload, trace_id="", ui_hint="control")
    return switch(parts)


def stopped(parts: Parts) -> str:
    """Why nothing may go on by itself; "" when it may."""
    standing = switch(parts)
    if not standing.stopped:
        return ""
    return f"All automation was stopped by {standing.by}" + (f": {standing.reason}" if standing.reason else ".")


def held_back(parts: Parts, service: Service, under_way: int = 0) -> str:
    """Why no further heal of this service may start now; "" when one may. `under_way`: heals that may yet propose."""
    if len(parts.store.proposals.open(service.name)) + under_way >= service.open_proposals:
        return f"{service.open_proposals} proposals are open or under way, as many as {service.name} allows"
    since = ago(timedelta(hours=1))
    begun = parts.store.log.of_key(_heals(service.name), service.heals_per_hour)
    if len(begun) >= service.heals_per_hour and begun[0].timestamp > since:
        return f"{len(begun)} heals began within the hour, as many as {service.name} allows"
    return ""


def note_start(parts: Parts, incident: Incident) -> None:
    """Counts against the heals of the hour; once for each attempt."""
    once = f"{incident.id}-{incident.attempt}/heal.started"
    payload = {"incident": incident.id, "attempt": incident.attempt}
    key = _heals(incident.service)
    parts.store.log.append("heal.started", key, payload, trace_id=incident.trace_id, ui_hint="execution", once=once)


def note_wait(parts: Parts, incident: Incident, reason: str) -> None:
    parts.note(incident, "heal.waits", {"reason": reason}, "execution", once=reason)


def _heals(service: str) -> str:
    return f"heals/{service}"
