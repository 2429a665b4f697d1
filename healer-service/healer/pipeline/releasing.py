"""What is done to have a release served: tried, and given to all after its canary. Rollout says what is due.

Each act looks first what was done already, and is written down after: whatever is interrupted is done again. An
EdgeError means "not now"; what speaks against the release itself ends it with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace

from healer.edges.store import SERVED, Incident, Release, now
from healer.model import Probe, Request, State, Watch
from healer.pipeline import reverting
from healer.pipeline.carrying import (
    UNDER_WAY,
    attach,
    carried,
    deployment_of,
    holds,
    key_of,
    note_healed,
    soak,
    tell,
    tried,
)
from healer.pipeline.healing import about
from healer.pipeline.parts import Parts, Service
from healer.pipeline.returning import leave
from healer.pipeline.runs import replay, unsendable
from healer.stages import probing

LEAST_WATCH = 35.0  # seconds: for half a minute a supervisor may leave a release by itself, and that must be seen
KNOWN_INCIDENTS = 20  # whose recorded traffic a release is asked

Requests = Mapping[str, Request]  # incident -> the request that crashed, where it is known


def attempt(parts: Parts, service: Service, release: Release) -> None:
    """Have a waiting release served, to all or to the canary's share."""
    deployment = deployment_of(service)
    service.checkout.fetch()
    serving = deployment.serving()
    if serving.release not in (None, release.commit) and holds(service, str(serving.release), release.commit):
        _supersede(parts, service, release, str(serving.release))
        return
    incidents = carried(parts, service, release.commit)
    for incident in incidents:
        parts.store.incidents.move(incident.id, State.RELEASING, expected=UNDER_WAY)
    healed, reason = _staged(parts, incidents, "prepare", lambda: _prepare(parts, service, release, incidents))
    if reason:
        fail(parts, service, release, reason)
        return
    if release.previous is None and serving.release != release.commit:
        # Written down before the change: whoever comes after a kill would find nothing but the new release.
        known = parts.store.incidents.crashes(service.name)
        traffic = serving.traffic.get(str(serving.release))
        before = {**(asdict(traffic) if traffic else {}), "known": known}
        parts.store.releases.set(service.name, release.commit, previous=serving.release, before=before)
        release = replace(release, previous=serving.release, before=before)
    _, reason = _staged(parts, healed, "change-over", lambda: ((), _change_over(parts, service, release, healed)))
    if reason:
        fail(parts, service, release, reason)


def go_on(parts: Parts, service: Service, release: Release) -> None:
    """The canary has stood its time: everybody gets the release."""
    incidents = tried(parts, service, release.commit)
    requests = _requests(parts, incidents)
    changed = deployment_of(service).change(release.commit, (), _watches(requests))
    if changed.ok:
        _live(parts, service, release, incidents, requests, changed.seconds)
    else:
        leave(parts, release, f"The canary could not be given to all: {changed.reason}")


def fail(parts: Parts, service: Service, release: Release, reason: str) -> None:
    """It never went live: nothing has to be taken back, and nothing was found wanting but the release."""
    incidents = tried(parts, service, release.commit)
    tell(parts, service, incidents, "release.failed", {"commit": release.commit, "reason": reason}, key_of(release))
    reverting.want(parts, release, reason, ())
    parts.store.releases.set(service.name, release.commit, "failed", expected=("waiting",), reason=reason)
    for incident in incidents:  # after the release: it must not be tried again without them
        parts.store.incidents.move(incident.id, State.ROLLED_BACK, reason, expected=SERVED, release=None)


def _prepare(
    parts: Parts, service: Service, release: Release, incidents: Sequence[Incident]
) -> tuple[Sequence[Incident], str]:
    """The merged code, not only the proposal's, must heal; then all that the release needs is made ready."""
    reasons = {incident.id: _unhealed(parts, service, incident, release.commit) for incident in incidents}
    healed = [incident for incident in incidents if not reasons[incident.id]]
    if incidents and not healed and release.origin == "proposal":
        return (), reasons[incidents[0].id]
    for incident_id, reason in reasons.items():
        if reason:  # the release goes on without it
            parts.store.incidents.move(incident_id, State.ROLLED_BACK, reason, expected=UNDER_WAY)
    deployment = deployment_of(service)
    deployment.prepare(release.commit, lambda folder: service.checkout.export(release.commit, folder))
    if refused := deployment.refused(release.commit):
        return (), refused
    tell(parts, service, healed, "release.prepared", {"commit": release.commit}, key_of(release))
    return healed, ""


def _unhealed(parts: Parts, service: Service, incident: Incident, commit: str) -> str:
    _, _, report = about(parts, incident.id)
    if unsendable(report):
        return ""  # it was shown by a call; the proposal's proof stands
    after = replay(service, report, service.checkout.tar(commit))
    if after.problem or after.last is None or after.last.crashed:
        return f"The merged code does not heal the request in the sandbox: {after.problem or 'it still fails'}."
    return ""


def _change_over(parts: Parts, service: Service, release: Release, incidents: Sequence[Incident]) -> str:
    deployment = deployment_of(service)
    share = service.canary_workers if deployment.shares and release.previous is not None else 0
    requests = _requests(parts, incidents)
    probes = _probes(parts, service, requests)
    for incident in incidents:  # before: a report of the new release may come before the answer
        parts.store.incidents.set(incident.id, release=release.commit)
    changed = deployment.change(release.commit, probes, _watches(requests), canary=share)
    if not changed.ok:
        return f"The new release did not come up: {changed.reason}"
    if share and changed.release != release.commit:
        until = time.time() + service.canary_seconds
        values = {"reason": "", "until": until, "live_at": now(), "tries": 0}
        parts.store.releases.set(service.name, release.commit, "canary", expected=("waiting",), **values)
        payload = {"commit": release.commit, "seconds": service.canary_seconds, "workers": share}
        tell(parts, service, incidents, "release.canary", payload, key_of(release))
        return ""
    _live(parts, service, release, incidents, requests, changed.seconds)
    return ""


def _live(
    parts: Parts,
    service: Service,
    release: Release,
    incidents: Sequence[Incident],
    requests: Requests,
    seconds: float,
) -> None:
    """All users get it. From here on it is watched, and going back is what ends it."""
    deployment, commit = deployment_of(service), release.commit
    deployment.point(commit)
    payload = {"commit": commit, "previous": release.previous, "seconds": round(seconds, 3)}
    tell(parts, service, incidents, "release.live", payload, key_of(release))
    young = ("canary", "soaking")
    for older in parts.store.releases.list(service.name, young):
        if older.commit != commit and holds(service, commit, older.commit):
            parts.store.releases.set(service.name, older.commit, "live", expected=young, until=None)
    live_at = release.live_at or now()
    _, reason = _staged(parts, incidents, "verify", lambda: ((), _verify(parts, service, incidents, requests)))
    if reason:
        leave(parts, release, reason)
        return
    for incident in incidents:
        soak(parts, service, incident, commit)
    # Last: until then whoever comes after a kill does all this again.
    until = time.time() + max(service.soak_seconds, LEAST_WATCH)
    values = {"reason": "", "until": until, "live_at": live_at, "tries": 0}
    parts.store.releases.set(service.name, commit, "soaking", expected=("waiting", "canary"), **values)
    deployment.tidy(frozenset(name for name in (commit, release.previous) if name))


def _verify(parts: Parts, service: Service, incidents: Sequence[Incident], requests: Requests) -> str:
    """Ask the running release itself, where asking again is safe; else its first real request of the kind tells."""
    for incident in incidents:
        request = requests.get(incident.id)
        if request is None or not probing.safe_to_repeat(request, service.safe_requests):
            continue
        exchange = _sent(service, request)
        if exchange is not None and exchange >= 500:
            return f"The running release still answers {exchange} to {request.route}."
        if exchange is not None:
            note_healed(parts, incident, "replay")
    return ""


def _supersede(parts: Parts, service: Service, release: Release, serving: str) -> None:
    incidents = carried(parts, service, release.commit)
    tell(parts, service, incidents, "release.superseded", {"commit": release.commit, "by": serving}, key_of(release))
    for incident in incidents:
        attach(parts, service, incident, serving)
    reason = f"{serving[:10]} holds it and is served already."
    parts.store.releases.set(service.name, release.commit, "superseded", expected=("waiting",), reason=reason)


def _requests(parts: Parts, incidents: Sequence[Incident]) -> Requests:
    found = {incident.id: about(parts, incident.id)[2].request for incident in incidents}
    return {incident_id: request for incident_id, request in found.items() if request is not None}


def _probes(parts: Parts, service: Service, requests: Requests) -> tuple[Probe, ...]:
    """What the release is asked before its users do. What the one before fails at now says nothing against it."""
    recent = parts.store.incidents.list(limit=KNOWN_INCIDENTS, service=service.name)
    reports = [parts.store.incidents.latest_report(one.id) for one in recent]
    healed = list(requests.values())
    probes = probing.probes(reports, healed, service.safe_requests)
    return tuple(probe for probe in probes if probe.request in healed or (_sent(service, probe.request) or 0) < 500)


def _watches(requests: Requests) -> tuple[Watch, ...]:
    return tuple(dict.fromkeys(probing.watch_for(request) for request in requests.values()))


def _sent(service: Service, request: Request) -> int | None:
    """The status that the running service answers now; None when it does not, or nobody knows its address."""
    exchange = deployment_of(service).send(request, {})
    return exchange.status if exchange is not None else None


Staged = tuple[Sequence[Incident], str]


def _staged(parts: Parts, incidents: Sequence[Incident], name: str, body: Callable[[], Staged]) -> Staged:
    """One stage in the story of all incidents of a release. It has not ended when the body was interrupted."""
    for incident in incidents:
        parts.note(incident, "stage.started", {"stage": name}, "execution", once=name)
    started = time.monotonic()
    kept, reason = body()
    payload = {"stage": name, "seconds": round(time.monotonic() - started, 3), "detail": reason}
    for incident in incidents:
        parts.note(incident, "stage.finished", payload, "execution", once=name)
    return kept, reason
