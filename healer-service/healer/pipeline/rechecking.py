"""Proves a proposal again as it stands after others added commits to it. Their commits stay, whatever comes out."""

from __future__ import annotations

from dataclasses import replace

from healer.model import Answer, Candidate, State
from healer.pipeline import publishing
from healer.pipeline.healing import about, chosen_of, text_of
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts
from healer.pipeline.proof import Trial
from healer.stages import announcement


def prove_again(parts: Parts, memory: Memory, incident_id: str) -> str:
    """Why it does not stand any more; "" when it does, or was decided meanwhile."""
    about_it = about(parts, incident_id)
    incident, service, report = about_it
    filed = parts.store.proposals.of_incident(incident_id)
    if filed is None or filed.proposal.state != "open" or incident.state != State.PROPOSED:
        return ""
    assert incident.diagnosis is not None
    head = service.checkout.bring(filed.proposal.branch)
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
    verdict = Trial(memory, replace(incident, base=base), service, report, incident.diagnosis).prove(candidate)
    payload = {"by": by, "head_sha": head, "accepted": verdict.accepted, "reason": verdict.reason}
    parts.note(incident, "proposal.rechecked", payload, "execution", once=head)
    told = announcement.amended(names, head, verdict)
    body = text_of(parts, about_it, filed.attempt, base, round_of=filed.rounds, amended=told)
    diff = "".join(change.diff for change in candidate.changes)
    parts.store.proposals.set(filed.proposal.branch, head_sha=head, body=body, diff=diff)
    publishing.reply(parts, filed, f"recheck-{head[:12]}", told)
    return "" if verdict.accepted else verdict.reason
