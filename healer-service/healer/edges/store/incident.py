"""An incident as the store knows it. How it comes there is in taking.py, how it is found and moved in incidents.py."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import RowMapping

from healer.edges.store.codec import DIAGNOSIS
from healer.model import Diagnosis, State

ENDS = frozenset({State.RESOLVED, State.DECLINED, State.REJECTED, State.ROLLED_BACK, State.REGRESSED})
AT_WORK = frozenset({State.DIAGNOSING, State.REPAIRING})

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


def incident_of(row: RowMapping) -> Incident:
    values = dict(row)
    values["state"] = State(values["state"])
    values["diagnosis"] = DIAGNOSIS.load(values["diagnosis"]) if values["diagnosis"] else None
    return Incident(**values)
