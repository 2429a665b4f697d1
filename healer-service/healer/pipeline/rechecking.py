"""Proves a proposal again as it stands after others added commits to it. Their commits stay, whatever comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from healer.edges.store import Filed, Recheck
from healer.model import Answer, Candidate, State, Verdict
from healer.pipeline import publishing
from healer.pipeline.healing import about, chosen_of, text_of
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts
from healer.pipeline.proof import Trial
from healer.pipeline.runs import base_of
from healer.stages import announcement

MOST_NAMED = 5  # of what no diff shows


def id_of(filed: Filed) -> str:
    """Of the workflow that proves what is on a proposal's branch now."""
    return f"recheck:{filed.proposal.branch}:{filed.proposal.head_sha}:{_recheck_of(filed).number}"


def prove_again(parts: Parts, memory: Memory, incident_id: str) -> str:
    """Why it does not stand any more; "" when it does, or was decided meanwhile."""
    about_it = about(parts, incident_id)
    incident, service, report = about_it
    filed = parts.store.proposals.of_incident(incident_id)
    if filed is None or not filed.amended:
        return ""
    if filed.proposal.state != "open" or incident.state != State.PROPOSED:  # decided, or a round began just now
        return _put_off(parts, filed)
    assert incident.diagnosis is not None
    head = service.checkout.bring(filed.proposal.branch)
    if head == filed.pushed_sha:
        return _put_off(parts, filed)  # taken back, as the next look finds
    base = service.checkout.fork(service.checkout.fetch(), head)
    if base is None:
        return "The branch has nothing in common with the base any more."
    names = service.checkout.authors(base, head)
    by = ", ".join(names) or "somebody"
    ours = chosen_of(parts, incident_id, filed.attempt)
    candidate = Candidate(
        f"amended by {by}",
        ours.candidate.summary if ours is not None else filed.proposal.title,
        service.checkout.changed(base, head),
        ours.candidate.answer if ours is not None else Answer.CORRECT,
        engine="person",
    )
    branch, begun = filed.proposal.branch, replace(_recheck_of(filed), by=by, shown=head, accepted=None, reason="")
    if _is_outdated(parts, filed):
        return _put_off(parts, filed)
    diff = "".join(change.diff for change in candidate.changes)
    parts.store.proposals.set(branch, head_sha=head, diff=diff, recheck=begun)
    unshown = service.checkout.unshown(base, head)
    if unshown:
        verdict = Verdict(candidate, False, _unshown(unshown))
    else:
        verdict = Trial(memory, replace(incident, base=base), service, report, incident.diagnosis).prove(candidate)
    if _is_outdated(parts, filed):
        return _put_off(parts, filed)
    told = announcement.amended(names, head, verdict)
    body = text_of(parts, about_it, filed.attempt, base, round_of=filed.rounds, amended=told)
    reason = "" if verdict.accepted else verdict.reason
    parts.store.proposals.set(branch, body=body, recheck=replace(begun, accepted=verdict.accepted, reason=reason))
    # Only now: the page asks again when it hears of this.
    payload = {"by": by, "head_sha": head, "accepted": verdict.accepted, "reason": verdict.reason}
    parts.note(incident, "proposal.rechecked", payload, "execution", once=f"{head} {begun.number}")
    publishing.reply(parts, filed, f"recheck-{head[:12]}", told)
    return reason


def end(parts: Parts, incident_id: str, reason: str) -> None:
    """A proof that came to no outcome, and why: people may decide without one, and are told so."""
    filed = parts.store.proposals.of_incident(incident_id)
    if filed is None or not filed.checking or not reason:
        return
    recheck = replace(_recheck_of(filed), accepted=False, reason=reason)
    parts.store.proposals.set(filed.proposal.branch, recheck=recheck)
    payload = {"by": recheck.by, "head_sha": filed.proposal.head_sha, "accepted": False, "reason": reason}
    incident = parts.store.incidents.get(incident_id)
    parts.note(incident, "proposal.rechecked", payload, "execution", once=f"{filed.proposal.head_sha} {recheck.number}")


def take_back(parts: Parts, filed: Filed) -> None:
    """Others took their commits back: the proposal is what the healer put there, and says so again."""
    about_it = about(parts, filed.proposal.incident_id)
    ours = chosen_of(parts, filed.proposal.incident_id, filed.attempt)
    assert ours is not None, "what was proposed had been chosen"
    diff = "".join(change.diff for change in announcement.changes(ours))
    base = filed.base_sha or base_of(about_it[0])
    body = text_of(parts, about_it, filed.attempt, base, round_of=filed.rounds)
    values = {"amended": False, "head_sha": filed.pushed_sha, "diff": diff, "body": body}
    parts.store.proposals.set(filed.proposal.branch, **values)


def _recheck_of(filed: Filed) -> Recheck:
    return filed.recheck or Recheck(0, "somebody")


def _put_off(parts: Parts, filed: Filed) -> str:
    """Where it is still to be proved, a later look begins it again, under another id."""
    now, recheck = publishing.reread(parts, filed.proposal.branch), _recheck_of(filed)
    if now.checking and _recheck_of(now).number == recheck.number:
        parts.store.proposals.set(filed.proposal.branch, recheck=replace(_recheck_of(now), number=recheck.number + 1))
    return ""


def _is_outdated(parts: Parts, filed: Filed) -> bool:
    """Whether commits came or went since, which are proved on their own, or it was decided."""
    now = publishing.reread(parts, filed.proposal.branch)
    return now.proposal.state != "open" or not now.amended or _recheck_of(now).number != _recheck_of(filed).number


def _unshown(entries: Sequence[str]) -> str:
    more = f" and {len(entries) - MOST_NAMED} more" if len(entries) > MOST_NAMED else ""
    named = ", ".join(entries[:MOST_NAMED])
    return f"It holds what no diff here shows, and what was not proved: {named}{more}."
