"""Which incidents a release is about, and what is said and written of them. It asks no deployment."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from healer.edges.deployment import Deployment
from healer.edges.store import Incident, Release
from healer.model import CheckoutError, Outcome, State
from healer.pipeline.parts import Parts, Service

UNDER_WAY = (State.MERGED, State.RELEASING)


def carried(parts: Parts, service: Service, commit: str) -> list[Incident]:
    """The incidents whose merged fix a commit holds, and whose release is under way."""
    found = []
    for incident in parts.store.incidents.list(UNDER_WAY, service=service.name):
        merged = merge_of(parts, incident)
        if merged is not None and holds(service, commit, merged):
            found.append(incident)
    return found


def tried(parts: Parts, service: Service, commit: str) -> list[Incident]:
    """Those of them that are being released now."""
    return [one for one in carried(parts, service, commit) if one.state == State.RELEASING]


def merge_of(parts: Parts, incident: Incident) -> str | None:
    filed = parts.store.proposals.merged_of(incident.id)
    return filed.proposal.merge_sha if filed is not None else None


def holds(service: Service, commit: str, other: str) -> bool:
    """Whether a commit is or descends from another; not if one of them is unknown."""
    if commit == other:
        return True
    try:
        return service.checkout.is_ancestor(other, commit)
    except CheckoutError:
        return False


def tell(
    parts: Parts, service: Service, incidents: Sequence[Incident], type: str, payload: Mapping[str, Any], once: str
) -> None:
    """An event in the story of each incident that a release is about; of the service when it is about none."""
    for incident in incidents:
        parts.note(incident, type, payload, "execution", once=once)
    if not incidents:
        parts.note_service(service.name, type, payload, "execution", once=once)


def note_healed(parts: Parts, incident: Incident, by: str) -> None:
    """Once for an attempt. `by`: replay (asked again) | request (a user's) | sandbox (nobody asked while it soaked)."""
    parts.store.incidents.healed(incident.id, by)


def note_relapse(parts: Parts, incident: Incident) -> None:
    """What was merged did not hold: that counts against whatever made it."""
    filed = parts.store.proposals.merged_of(incident.id)
    if filed is not None:
        parts.store.proposals.settle(filed.proposal, Outcome.ROLLED_BACK)


def attach(parts: Parts, service: Service, incident: Incident, release: str) -> None:
    """The users have the fix of a merged incident already, with a release that holds it."""
    if incident.state == State.MERGED:
        parts.store.incidents.move(incident.id, State.RELEASING, expected=(State.MERGED,))
    soak(parts, service, parts.store.incidents.get(incident.id), release)


def soak(parts: Parts, service: Service, incident: Incident, release: str) -> None:
    until = time.time() + service.soak_seconds
    expected = (State.RELEASING,)
    parts.store.incidents.move(incident.id, State.SOAKING, expected=expected, release=release, soak_until=until)


def key_of(release: Release) -> str:
    """Of its events: the same however often an act is done again, another when a person has it served once more."""
    return f"{release.commit} {release.at}"


def deployment_of(service: Service) -> Deployment:
    assert service.deployment is not None, "nothing is released for a service without a deployment"
    return service.deployment
