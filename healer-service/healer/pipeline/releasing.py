"""What the stages of release() do: from a merged proposal to a healed service, or back to the release before."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from datetime import UTC, datetime

from healer.edges.deployment import Deployment
from healer.model import Outcome, State
from healer.pipeline.healing import about
from healer.pipeline.parts import Parts, Service
from healer.pipeline.runs import replay

SAFE_METHODS = ("GET", "HEAD")

# One change-over at a time for a service: two merges close together must not swap each other's releases.
_changing: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def prepare(parts: Parts, incident_id: str) -> str:
    """The merged code, not only the proposal's, must heal the request; then its release folder is made."""
    incident, service, report = about(parts, incident_id)
    commit = _merged(parts, incident_id)
    parts.store.incidents.move(incident_id, State.RELEASING, expected=(State.MERGED,))
    deployment = _deployment(service)
    service.checkout.fetch()
    after = replay(service, report, service.checkout.tar(commit))
    if after.problem or after.last is None or after.last.crashed:
        return f"The merged code does not heal the request in the sandbox: {after.problem or 'it still fails'}."
    deployment.prepare(commit, lambda folder: service.checkout.export(commit, folder))
    known = parts.store.releases.get(service.name, commit)
    if known is None:
        previous = deployment.current()
        parts.store.releases.put(service.name, commit, "prepared", incident_id=incident_id, previous=previous)
    parts.note(incident, "release.prepared", {"commit": commit}, "execution", once=commit)
    return ""


def change_over(parts: Parts, incident_id: str) -> str:
    incident, service, _ = about(parts, incident_id)
    commit = _merged(parts, incident_id)
    deployment = _deployment(service)
    with _changing[service.name]:
        serving = deployment.status().get("release")
        if serving and serving != commit and service.checkout.is_ancestor(commit, str(serving)):
            seconds = 0.0  # a later merge, which holds this one, is live already
        else:
            changed = deployment.change(commit)
            if not changed.ok:
                return f"The new release did not come up: {changed.reason}"
            seconds = changed.seconds
            deployment.point(commit)
        parts.store.releases.put(service.name, commit, "live")
    release = parts.store.releases.get(service.name, commit)
    payload = {"commit": commit, "previous": release.previous if release else None, "seconds": round(seconds, 3)}
    parts.note(incident, "release.live", payload, "execution", once=commit)
    return ""


def verify(parts: Parts, incident_id: str) -> str:
    """Ask the running release itself, where asking again is safe; elsewhere the sandbox's proof and the soak stand."""
    incident, service, report = about(parts, incident_id)
    deployment = _deployment(service)
    if report.request is not None and report.request.method in SAFE_METHODS:
        headers = {name: value for name, value in report.request.headers.items() if "[redacted]" not in value}
        exchange = deployment.send(report.request, headers)
        if exchange is not None and exchange.crashed:
            return f"The running release still answers {exchange.status} to {report.request.route}."
    opened = datetime.fromisoformat(incident.first_seen.replace("Z", "+00:00"))
    seconds = (datetime.now(UTC) - opened).total_seconds()
    parts.note(incident, "incident.healed", {"seconds": round(seconds, 3)}, "execution", once="")
    return ""


def soak(parts: Parts, incident_id: str) -> str:
    commit = _merged(parts, incident_id)
    incident, service, _ = about(parts, incident_id)
    release = parts.store.releases.get(incident.service, commit)
    needed = {commit, release.previous if release else None}
    _deployment(service).tidy(frozenset(name for name in needed if name))
    until = time.time() + parts.soak_seconds
    parts.store.incidents.move(
        incident_id, State.SOAKING, expected=(State.RELEASING,), release=commit, soak_until=until
    )
    return State.SOAKING.value


def go_back(parts: Parts, incident_id: str, reason: str) -> str:
    """Serve the release before again. What never went live needs no way back, only the truth about it."""
    incident, service, _ = about(parts, incident_id)
    commit = _merged(parts, incident_id)
    release = parts.store.releases.get(service.name, commit)
    previous = release.previous if release else None
    if service.deployment is not None and release is not None:
        reason = _changed_back(service, service.deployment, commit, previous, reason)
        parts.store.releases.put(service.name, commit, _end_of(release.state), reason=reason)
    if release is not None and release.state == "live":
        payload = {"commit": commit, "to": previous, "reason": reason}
        parts.note(incident, "release.rolled_back", payload, "execution", once=commit)
    else:
        parts.note(incident, "release.failed", {"commit": commit, "reason": reason}, "execution", once=commit)
    states = (State.MERGED, State.RELEASING, State.SOAKING, State.RESOLVED)
    parts.store.incidents.move(incident_id, State.ROLLED_BACK, reason, expected=states)
    filed = parts.store.proposals.merged_of(incident_id)
    # What never went live was not found wanting: a release fails for many reasons besides the fix.
    if filed is not None and release is not None and _end_of(release.state) == "rolled_back":
        parts.store.proposals.settle(filed.proposal, Outcome.ROLLED_BACK)
    return State.ROLLED_BACK.value


def _changed_back(service: Service, deployment: Deployment, commit: str, previous: str | None, reason: str) -> str:
    with _changing[service.name]:
        serving = deployment.status().get("release")
        if serving != commit:
            return reason
        if previous is None:
            return f"{reason} There is no release before it to go back to."
        changed = deployment.change(previous)
        if not changed.ok:
            return f"{reason} Going back to {previous[:10]} failed as well: {changed.reason}"
        deployment.point(previous)
    return reason


def _end_of(state: str) -> str:
    return "rolled_back" if state in ("live", "rolled_back") else "failed"


def _merged(parts: Parts, incident_id: str) -> str:
    filed = parts.store.proposals.merged_of(incident_id)
    assert filed is not None and filed.proposal.merge_sha is not None, "a release follows a merge"
    return filed.proposal.merge_sha


def _deployment(service: Service) -> Deployment:
    assert service.deployment is not None, "dispatch starts no release for a service without a supervisor"
    return service.deployment
