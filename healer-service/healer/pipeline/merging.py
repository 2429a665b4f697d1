"""Merges a proposal without a person, where the service's owner allows it and nothing speaks against it.

What becomes of it is seen as with anybody's merge: by asking the forge. Why one was left to people is said once.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from healer.edges.forge import Standing
from healer.edges.store import Filed, Incident
from healer.model import Conflict, State
from healer.pipeline import publishing, stopping
from healer.pipeline.healing import chosen_of
from healer.pipeline.parts import Parts, Service
from healer.stages import assessment, autonomy

BY = "healer (autonomous)"
HOLD_HOURS = 24  # after a release that failed or was left, and that the merges of a day are counted over
_LEFT = "autonomy.left_to_people"


def try_merge(parts: Parts, service: Service, filed: Filed, standing: Standing, tip: str) -> bool:
    """Whether the forge was told to merge, so that it should be looked at again soon.

    `filed` and `standing` as this look found them; `tip` of the branch that is released.
    """
    if service.autonomy != "autonomous":
        return False
    known = publishing.reread(parts, filed.proposal.branch)
    incident = parts.store.incidents.get(filed.proposal.incident_id)
    if not _is_in_hand(parts, known, incident, standing):
        return False
    if reason := _peoples_matter(parts, service, known, incident):
        _leave(parts, known, incident, reason)
        return False
    fresh = standing.draft and not filed.readied  # made ready in this very look
    if not known.readied or fresh or standing.conflicting or known.base_sha != tip:
        return False
    reason = "Somebody made it a draft again." if standing.draft else _held(parts, service, known)
    checks = service.forge.checks(known.proposal) if not reason else ""
    # Where proposals live in the healer itself there are no checks to wait for.
    settled = service.forge.kind == "local" or publishing.had_time(known)
    if checks == "pending" or (checks in ("none", "unknown") and not settled):
        return False
    if checks in ("failed", "unknown"):
        reason = f"Its checks are {checks}."
    if reason:
        _leave(parts, known, incident, reason)
        return False
    return _merge(parts, service, known, tip)


def _is_in_hand(parts: Parts, filed: Filed, incident: Incident, standing: Standing) -> bool:
    """On the forge as it is meant to be, and nobody is at work on it."""
    proposal = filed.proposal
    if proposal.state != "open" or filed.closing or incident.state != State.PROPOSED:
        return False
    if not publishing.is_newest(parts, filed) or stopping.stopped(parts):
        return False
    there = standing.head_sha or proposal.head_sha
    return there == proposal.head_sha and (filed.amended or there == filed.pushed_sha)


def _peoples_matter(parts: Parts, service: Service, filed: Filed, incident: Incident) -> str:
    """Why a person has to decide, whatever comes later; "" when nobody has to."""
    proposal = filed.proposal
    if filed.amended:
        return "Others added commits to it."
    for remark in parts.store.remarks.of_proposal(proposal.branch):
        consent = remark.kind == "approval" and not remark.text.strip()
        if remark.kind != publishing.REPLY and not consent:
            return f"{remark.by} said something about it."
    if proposal.base != service.checkout.branch:
        return f"It is to be merged into {proposal.base}, from where nothing is released."
    verdict = chosen_of(parts, incident.id, filed.attempt)
    if verdict is None or proposal.draft or assessment.is_draft(verdict):
        return "Its evidence carries a draft and no more."
    for event in parts.store.log.of_key(incident.id):
        if event.type == _LEFT and event.payload.get("refused") and event.payload["head_sha"] == proposal.head_sha:
            return str(event.payload["reason"])
    return autonomy.why_not(verdict, service.min_confidence, service.max_risk)


def _held(parts: Parts, service: Service, filed: Filed) -> str:
    """What holds back every merge of the service for now; "" when nothing does."""
    since = (datetime.now(UTC) - timedelta(hours=HOLD_HOURS)).isoformat(timespec="microseconds")
    for release in parts.store.releases.list(service.name, ("failed", "leaving", "rolled_back"), limit=1):
        if release.at > since:
            what = "failed" if release.state == "failed" else "was rolled back"
            reason = (
                f"Release {release.commit[:10]} {what} within {HOLD_HOURS} hours, so people decide: {release.reason}"
            )
            payload = {"service": service.name, "commit": release.commit, "reason": reason}
            parts.note_service(service.name, "autonomy.held", payload, "control", once=release.commit)
            return reason
    most = service.merges_per_day
    newest = parts.store.log.of_key(_merges(service), max(1, most))
    others = [one for one in newest if one.timestamp > since and one.payload["head_sha"] != filed.proposal.head_sha]
    if len(others) >= most:
        return f"merges_per_day is {most}, and as many were merged without a person within {HOLD_HOURS} hours."
    return ""


def _merge(parts: Parts, service: Service, known: Filed, tip: str) -> bool:
    """Asked once more what may have changed meanwhile: the forge took its time."""
    proposal = known.proposal
    if service.checkout.fetch() != tip or publishing.reread(parts, proposal.branch) != known:
        return False
    incident = parts.store.incidents.get(proposal.incident_id)
    verdict = chosen_of(parts, incident.id, known.attempt)
    if incident.state != State.PROPOSED or stopping.stopped(parts) or verdict is None or verdict.assessment is None:
        return False
    if _peoples_matter(parts, service, known, incident):
        return False
    payload = {
        "by": BY,
        "confidence": verdict.assessment.confidence,
        "min_confidence": service.min_confidence,
        "risk": verdict.assessment.risk,
        "max_risk": service.max_risk,
        **known.decided_on,
    }
    counted = {"incident": incident.id, "head_sha": proposal.head_sha}
    once = f"{_merges(service)}/{proposal.head_sha}"
    trace = incident.trace_id
    parts.store.log.append("autonomy.merge", _merges(service), counted, trace_id=trace, ui_hint="control", once=once)
    parts.note(incident, "proposal.merging", payload, "control", once=proposal.head_sha)
    try:
        service.forge.merge(proposal, BY)
    except Conflict as error:  # a rule of the repository, or somebody was quicker
        _leave(parts, known, incident, str(error), refused=True)
        return False
    return True


def _leave(parts: Parts, filed: Filed, incident: Incident, reason: str, *, refused: bool = False) -> None:
    """`refused` by the forge: what it says of one head is not asked again."""
    head = filed.proposal.head_sha
    payload = {"reason": reason, "head_sha": head, "refused": refused}
    once = hashlib.sha256(f"{head}\0{reason}".encode(errors="replace")).hexdigest()[:16]
    parts.note(incident, _LEFT, payload, "control", once=once)


def _merges(service: Service) -> str:
    return f"merges/{service.name}"
