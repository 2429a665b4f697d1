"""Obeys what people say about an open proposal: commands in comments, and reviews that ask for changes.

Only people who may write to the repository are obeyed. Each remark is worked once; while a round runs, the next waits.
"""

from __future__ import annotations

from healer.edges.store import Filed, Incident
from healer.model import Remark, State
from healer.pipeline import publishing
from healer.pipeline.parts import Parts, Service
from healer.pipeline.runs import as_located, base_of
from healer.stages import announcement, commands

MOST_ROUNDS = 3
OPERATOR = "operator-"  # how the id of a remark begins that came by the page, the command line or the API


def obey(parts: Parts, service: Service, filed: Filed) -> None:
    """What is said about one proposal, oldest first."""
    for remark in parts.store.remarks.waiting(filed.proposal.branch):
        incident = parts.store.incidents.get(filed.proposal.incident_id)
        if remark.kind == publishing.REPLY:
            continue
        if incident.state != State.PROPOSED:
            return  # a round is running; what is said meanwhile is about what it brings
        _obey(parts, service, filed, incident, remark)


def _obey(parts: Parts, service: Service, filed: Filed, incident: Incident, remark: Remark) -> None:
    command = commands.parse(remark.text) if remark.kind == "comment" else None
    asks = remark.kind == "changes" or command is not None
    if asks and (remark.id.startswith(OPERATOR) or service.forge.may_write(remark.by)):
        if remark.kind == "changes":
            _round(parts, filed, incident, remark, remark.text)
        elif command is not None and command.name == "retry":
            _round(parts, filed, incident, remark, command.hint)
        elif command is not None and command.name == "rebase" and not filed.amended:
            rebase(parts, filed, remark.id)
        elif command is not None:
            _answer(parts, filed, incident, remark, command.name)
    parts.store.remarks.done(service.name, remark)


def _answer(parts: Parts, filed: Filed, incident: Incident, remark: Remark, name: str) -> None:
    if name == "ignore":
        reason = f"ignored by {remark.by}: it is not healed again unless somebody retries it"
        reject(parts, filed, incident, remark.by, reason)
        return
    text = announcement.help_text()
    if name == "explain" and incident.diagnosis is not None:
        service = parts.service(incident.service)
        report = as_located(service, parts.store.incidents.latest_report(incident.id), base_of(incident))
        verdicts = parts.store.incidents.verdicts(incident.id, filed.attempt)
        text = announcement.explanation(report, incident.diagnosis, verdicts, incident.count)
    elif name == "rebase":
        text = announcement.cannot_rebase()
    publishing.reply(parts, filed, remark.id, text)


def _round(parts: Parts, filed: Filed, incident: Incident, remark: Remark, asked: str) -> None:
    """The next attempt, on the same branch, with what was asked for; after three the people have it."""
    if filed.amended:
        publishing.reply(parts, filed, remark.id, announcement.cannot_rebase())
        return
    if filed.rounds >= MOST_ROUNDS:
        publishing.reply(parts, filed, "handover", announcement.handover(MOST_ROUNDS))
        return
    parts.store.proposals.set(filed.proposal.branch, rounds=filed.rounds + 1)
    payload = {"round": filed.rounds + 1, "asked": asked, "by": remark.by}
    parts.note(incident, "round.started", payload, "control", once=remark.id)
    _attempt_again(parts, incident, f"{remark.by} asked for changes.", remark.id, asked)


def rebase(parts: Parts, filed: Filed, worked: str | None = None) -> None:
    """Another attempt of the heal, which takes the same fix to the base as it is now. `worked`: the remark."""
    incident = parts.store.incidents.get(filed.proposal.incident_id)
    if incident.state == State.PROPOSED:
        _attempt_again(parts, incident, "The fix is proved anew on the code as it is now.", worked, None)


def _attempt_again(parts: Parts, incident: Incident, why: str, worked: str | None, feedback: str | None) -> None:
    parts.store.incidents.move(
        incident.id,
        State.OPEN,
        why,
        expected=(State.PROPOSED,),
        worked=worked,
        attempt=incident.attempt + 1,
        feedback=feedback,
    )


def reject(parts: Parts, filed: Filed, incident: Incident, by: str, reason: str) -> None:
    """Decided at once; the forge is told as soon as it can be."""
    payload = {"by": by, "reason": reason, **filed.decided_on}
    parts.note(incident, "proposal.rejected", payload, "control", once=filed.proposal.branch)
    parts.store.proposals.set(filed.proposal.branch, closing=reason)  # from here on publishing goes through with it
    parts.store.incidents.move(incident.id, State.REJECTED, reason, expected=publishing.REJECTABLE)
