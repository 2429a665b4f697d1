"""Proposals that take the commits of a left release back, brought to their forge and to their end.

The store holds what is wanted; each act looks first whether it was done and is written down after, as with the
proposals of fixes. Whether a release is left, and what follows from the merge, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from healer.edges.forge import Standing
from healer.edges.store import Release, Revert
from healer.model import Conflict, EdgeError, NotFound
from healer.pipeline import stopping
from healer.pipeline.parts import Parts, Service
from healer.pipeline.undoing import diff_of, revert_of
from healer.stages import announcement

HEALER = "healer"


def want(parts: Parts, release: Release, reason: str, evidence: Sequence[str]) -> None:
    """Have a proposal that takes back what a left release brought. Where there can be none, the log says why.

    `evidence`: what was seen of the release, a line each. Raises EdgeError when the repository cannot be used now.
    """
    if release.origin == "first":
        return
    service, store = parts.service(release.service), parts.store.reverts
    revert = store.get(service.name, release.commit)
    if revert is None:
        made = revert_of(parts, service, release, reason, evidence)
        if isinstance(made, Revert) and not store.put(made):
            made = f"the branch {made.branch} is that of another service's revert of the same commit"
        if isinstance(made, str):
            _note(parts, release, "impossible", {"reason": made}, "control")
            return
        revert = made
    payload = {"branch": revert.branch, "title": revert.title, "head_sha": revert.head_sha, "reason": reason}
    _note(parts, release, "prepared", payload, "patch")


def is_due(parts: Parts, revert: Revert) -> bool:
    """Whether something is to be done about it although nothing happened on its forge."""
    return bool(revert.closing) or (revert.state == "prepared" and not stopping.stopped(parts))


def agree(parts: Parts, service: Service, decided_by: Mapping[str, str]) -> None:
    """Make the forge agree with what is wanted of a service's reverts, and note what became of them there.

    `decided_by`: branch -> who closed or merged it, as far as a hint told. All have their turn before EdgeError is
    raised.
    """
    trouble: EdgeError | None = None
    for revert in parts.store.reverts.unfinished(service.name):
        try:
            _agree(parts, service, revert, decided_by.get(revert.branch, ""))
        except EdgeError as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble


def approve(parts: Parts, service: Service, commit: str, by: str) -> None:
    """Merge it; the next look finds that it is."""
    revert = _undecided(parts, service, commit, "approve")
    if revert.closing:
        raise Conflict(f"the revert of {commit[:10]} is being closed: {revert.closing}")
    if revert.state == "prepared":
        why = stopping.stopped(parts) or parts.forges.problem(service.name) or "it is opened now; try again"
        raise Conflict(f"the revert of {commit[:10]} is not on its forge yet: {why}")
    service.forge.merge(revert.proposal, by)
    parts.store.reverts.set(service.name, commit, by=by)


def reject(parts: Parts, service: Service, commit: str, by: str, reason: str) -> None:
    """Have it closed; the next look does it."""
    _undecided(parts, service, commit, "reject")
    parts.store.reverts.set(service.name, commit, closing=reason or f"rejected by {by}", by=by)


def _undecided(parts: Parts, service: Service, commit: str, action: str) -> Revert:
    revert = parts.store.reverts.get(service.name, commit)
    if revert is None:
        raise NotFound(f"nothing proposes to take the release {commit[:10]} of {service.name} back")
    if not revert.undecided:
        raise Conflict(f"{action} needs an open revert; that of {commit[:10]} is {revert.state}")
    return revert


def _agree(parts: Parts, service: Service, revert: Revert, decided_by: str) -> None:
    if revert.state == "prepared":
        if revert.closing and service.checkout.tip(revert.branch) is None:  # its forge never heard of it
            _closed(parts, revert, revert.by or HEALER, revert.closing)
            return
        if stopping.stopped(parts) and not revert.closing:
            return
        revert = _open(parts, service, revert)
    standing = service.forge.standing(revert.proposal)
    if standing.state == "merged" and standing.merge_sha is not None:
        _merged(parts, service, revert, standing, standing.merge_sha, decided_by)
    elif standing.state == "closed":
        ours = HEALER if revert.closing else ""
        by = revert.by or ours or decided_by
        _closed(parts, revert, by, revert.closing or "closed unmerged" + (f" by {by}" if by else ""))
    elif standing.state == "open":
        if not revert.closing and not stopping.stopped(parts):
            revert = _followed(parts, service, revert, standing.head_sha or revert.head_sha)
        if revert.closing:
            _close(parts, service, revert)


def _open(parts: Parts, service: Service, revert: Revert) -> Revert:
    checkout = service.checkout
    # It may be open there already, and a person may have added to it, before the answer that said so arrived.
    is_there = checkout.tip(revert.branch) and checkout.is_ancestor(revert.head_sha, checkout.bring(revert.branch))
    if not is_there:
        checkout.push(revert.head_sha, revert.branch)
    opened = service.forge.open(revert.proposal, service.labels)
    number = opened.number or parts.store.proposals.next_number(service.name)
    if opened.state not in ("merged", "closed"):
        service.forge.ready(replace(opened, number=number))  # what was seen of the release is all there is to prove
    payload = {"number": number, "title": revert.title, "branch": revert.branch, "url": opened.url}
    _note(parts, revert, "opened", payload, "patch")
    parts.store.reverts.set(service.name, revert.commit, state="open", number=number, url=opened.url)
    return replace(revert, state="open", number=number, url=opened.url)


def _followed(parts: Parts, service: Service, revert: Revert, head: str) -> Revert:
    """As it is now that people may have added to it, or done the same to the base branch."""
    tip = service.checkout.fetch()
    if head != revert.head_sha:
        base = service.checkout.fork(tip, head) or tip
        revert = replace(revert, head_sha=head, diff=diff_of(service, base, head))
        parts.store.reverts.set(service.name, revert.commit, head_sha=head, diff=revert.diff)
    if service.checkout.changes_nothing(head, tip):
        revert = replace(revert, closing=announcement.revert_not_needed(tip))
        parts.store.reverts.set(service.name, revert.commit, closing=revert.closing)
    return revert


def _close(parts: Parts, service: Service, revert: Revert) -> None:
    others = service.checkout.authors(service.checkout.fetch(), revert.head_sha)
    proposal = replace(revert.proposal, head_sha="") if others else revert.proposal  # the branch goes only as ours
    service.forge.close(proposal, revert.closing, revert.by or HEALER)
    _closed(parts, revert, revert.by or HEALER, revert.closing)


def _closed(parts: Parts, revert: Revert, by: str, reason: str) -> None:
    _note(parts, revert, "closed", {"number": revert.number, "by": by or "unknown", "reason": reason}, "control")
    parts.store.reverts.set(revert.service, revert.commit, state="closed", by=by, closing="")


def _merged(
    parts: Parts, service: Service, revert: Revert, standing: Standing, merge_sha: str, decided_by: str
) -> None:
    approved_by = "" if revert.closing else revert.by  # else it is who wanted it closed, too late
    by = approved_by or standing.by or decided_by
    if standing.base and standing.base != service.checkout.branch:
        service.checkout.fetch()  # it may have been renamed since
    if standing.base and standing.base != service.checkout.branch:
        _closed(parts, revert, by, f"merged into {standing.base}, from where nothing is released")
        return
    payload = {"number": revert.number, "by": by or "unknown", "merge_sha": merge_sha, "head_sha": standing.head_sha}
    _note(parts, revert, "merged", payload, "control")
    if service.deployment is not None:
        parts.store.releases.want(service.name, merge_sha, "revert", revert.incident_id)
    # Last: while it is open, the next look finds a merge that a killed process left halfway.
    values = {"state": "merged", "merge_sha": merge_sha, "by": by, "closing": ""}
    parts.store.reverts.set(service.name, revert.commit, **values)


def _note(parts: Parts, about: Release | Revert, type: str, payload: Mapping[str, Any], ui_hint: str) -> None:
    """Once for each release, in the story of the incident that it was to heal, else of the service."""
    type, whole = f"revert.{type}", {"commit": about.commit, **payload}
    if about.incident_id is not None:
        incident = parts.store.incidents.get(about.incident_id)
        parts.note(incident, type, whole, ui_hint, once=about.commit)
        return
    parts.note_service(about.service, type, whole, ui_hint, once=about.commit)
