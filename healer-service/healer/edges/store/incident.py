"""An incident as the store knows it. How it comes there is in taking.py, how it is found and moved in incidents.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping

from healer.edges.store.codec import DIAGNOSIS
from healer.model import Diagnosis, State

AT_WORK = frozenset({State.DIAGNOSING, State.REPAIRING})
SERVED = (State.RELEASING, State.SOAKING, State.RESOLVED)  # its fix may be with the users
RELAPSED = frozenset({State.ROLLED_BACK, State.REGRESSED})

SURPLUS = "surplus"  # in place of a fingerprint: here counts what a service reports beyond its bounds
FORGOTTEN = "incident.forgotten"  # the event that is left of an incident which was deleted


@dataclass(frozen=True)
class Incident:
    id: str
    service: str
    fingerprint: str
    state: State
    reason: str
    exception_type: str
    exception_message: str
    fault_file: str | None
    fault_line: int | None
    fault_function: str | None
    route: str | None
    count: int
    first_seen: str
    last_seen: str
    trace_id: str
    attempt: int
    diagnosis: Diagnosis | None
    base: str | None
    feedback: str | None  # what a person asked of this attempt; None when it is nobody's wish
    origin: str | None
    release: str | None
    soak_until: float | None
    opened_on: str | None  # the release that its first report came from
    own: bool  # the crash went through the service's own code
    category: str = ""  # of the diagnosis
    opened_at: str = ""  # when what is now being healed began; "" for one from before this was kept
    proposed_at: str | None = None
    healed_at: str | None = None

    @property
    def title(self) -> str:
        if self.fingerprint == SURPLUS:
            return self.exception_message.capitalize()
        return f"{self.exception_type} in {self.fault_function or 'a library'}"

    def seconds_to(self, moment: str | None) -> float | None:
        """From when what is being healed began; None for what has not happened yet."""
        if moment is None:
            return None
        began = datetime.fromisoformat(self.opened_at or self.first_seen)
        return round(max((datetime.fromisoformat(moment) - began).total_seconds(), 0.0), 3)


def incident_of(row: RowMapping) -> Incident:
    values = dict(row)
    values["state"] = State(values["state"])
    values["diagnosis"] = DIAGNOSIS.load(values["diagnosis"]) if values["diagnosis"] else None
    return Incident(**values)
