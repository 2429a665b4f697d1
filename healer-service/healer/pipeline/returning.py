"""Takes a release back: the one before is served again, and all that went with it is told. Why is others' matter.

As in releasing, each act looks first what was done already, and an EdgeError means "not now".
"""

from __future__ import annotations

from dataclasses import replace

from healer.edges.deployment import Deployment
from healer.edges.store import SERVED, Release
from healer.model import State
from healer.pipeline import reverting
from healer.pipeline.carrying import deployment_of, holds, key_of, note_relapse, tell
from healer.pipeline.parts import Parts, Service
from healer.stages.announcement import wording

LEAVABLE = ("waiting", "canary", "soaking", "live")  # waiting: it may be with the users while it is still tried


def leave(parts: Parts, release: Release, reason: str, *, target: str | None = None, by: str = "") -> bool:
    """Have a release taken back; from here on it is, whatever happens meanwhile. False when it need not be any more.

    A person (`by`) may say so of one that should not be served at all, but is.
    """
    values = {"reason": reason, "target": target, "left_by": by, "tries": 0, "next_try": 0.0, "until": None}
    expected = LEAVABLE if not by else (*LEAVABLE, "failed", "rolled_back", "superseded")
    return parts.store.releases.set(release.service, release.commit, "leaving", expected=expected, **values)


def go_back(parts: Parts, service: Service, release: Release) -> None:
    """Serve the release before again, and say of everything that went with this one what became of it."""
    deployment = deployment_of(service)
    target, reason = release.target or release.previous, release.reason
    serving = deployment.serving()
    if serving.fell_back and serving.fell_back not in reason:
        reason = f"{reason} {serving.fell_back}"
    there = [name for name in (serving.release, serving.canary) if name is not None]
    if target is None:
        reason = f"{reason} There is no release before it to go back to."
    else:
        if not there or target in there or any(holds(service, name, release.commit) for name in there):
            served, problem = _served_again(deployment, target)
            if served is None:
                _stay(parts, service, release, f"{reason} {problem}")
                return
            target, reason = served, f"{reason} {problem}".strip()
        else:  # somebody has changed it meanwhile
            target = there[0]
        deployment.point(target)
    _take_back(parts, service, release, target, reason)


def _served_again(deployment: Deployment, target: str) -> tuple[str | None, str]:
    """The release that serves now, `target` or the next older one that comes up; and what went wrong on the way."""
    problems: list[str] = []
    kept = deployment.kept()
    older = kept[kept.index(target) + 1 :] if target in kept else kept
    for name in (target, *older):
        changed = deployment.change(name, (), ())
        if changed.ok:
            return name, " ".join(problems)
        problems.append(f"Going back to {name[:10]} failed: {changed.reason}")
    return None, " ".join(problems)


def _stay(parts: Parts, service: Service, release: Release, reason: str) -> None:
    """No other release comes up, so this one serves on, whatever speaks against it. A person has to look."""
    incidents = parts.store.incidents.released_with(service.name, (release.commit,))
    tell(parts, service, incidents, "release.stuck", {"commit": release.commit, "reason": reason}, key_of(release))
    for incident in incidents:
        if incident.state in SERVED:
            parts.store.incidents.move(incident.id, State.REGRESSED, reason, expected=SERVED)
    parts.store.releases.set(service.name, release.commit, "live", reason=reason, until=None)


def _take_back(parts: Parts, service: Service, release: Release, target: str | None, reason: str) -> None:
    """The users are at `target`: what it does not hold went back with this release."""
    states = ("canary", "soaking", "live", "leaving")
    gone = [
        one
        for one in parts.store.releases.list(service.name, states)
        if one.commit == release.commit or (target is not None and not holds(service, target, one.commit))
    ]
    incidents = parts.store.incidents.released_with(service.name, [one.commit for one in gone])
    payload = {"commit": release.commit, "to": target, "reason": reason, "by": release.left_by}
    tell(parts, service, incidents, "release.rolled_back", payload, key_of(release))
    for incident in incidents:
        if incident.state in SERVED:
            parts.store.incidents.move(incident.id, State.ROLLED_BACK, reason, expected=SERVED)
            note_relapse(parts, incident)
    if not release.left_by:  # a person who goes back knows what to do about the branch
        reverting.want(parts, replace(release, target=target), reason, _evidence_of(parts, release))
    for one in gone:
        if one.commit != release.commit:
            parts.store.releases.set(service.name, one.commit, "rolled_back", reason=reason, until=None)
    leaving = ("leaving",)  # else a person had it served again meanwhile
    parts.store.releases.set(service.name, release.commit, "rolled_back", expected=leaving, reason=reason, until=None)


def _evidence_of(parts: Parts, release: Release) -> list[str]:
    """The crashes that it was the first to report."""
    found = []
    for incident in parts.store.incidents.opened_on(release.service, release.commit):
        place = f" in {incident.fault_function}" if incident.fault_function else ""
        times = wording.counted(incident.count, "time")
        found.append(f"{incident.exception_type}{place}, {times} (incident {incident.id})")
    return found
