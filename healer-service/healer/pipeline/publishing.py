"""Makes the forge agree with what the store wants of a proposal: pushed, open, its text, what is said, closed.

Each act looks first whether it was done, and is written down after it was: whatever is interrupted is done again.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import structlog

from healer.edges.store import Filed, age, now
from healer.model import Conflict, EdgeError, HealerError, Remark, State
from healer.pipeline import stopping
from healer.pipeline.parts import Parts, Service

log = structlog.get_logger()

REPLY = "reply"
CHECKS_SECONDS = 60.0  # after which a commit without checks is taken to have none
REJECTABLE = (State.PROPOSED, State.REPAIRING)  # where an incident is while its proposal can be decided here

# One at a time for a service: the heal that made a proposal publishes it at once, and so does whoever tends it.
_publishing: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def try_now(parts: Parts, filed: Filed) -> None:
    """Publish without waiting for the next turn; what does not work now is tried again then."""
    service = parts.service(filed.proposal.service)
    if not parts.forges.may_ask(service.name):
        return
    try:
        agree(parts, filed.proposal.branch)
    except EdgeError as error:
        note_trouble(parts, service.name, error)


def branch_of(incident_id: str, attempt: int) -> str:
    """Of the proposal that an attempt opens; later attempts of the same proposal keep it."""
    return f"healer/{incident_id}-{attempt}"


def agree(parts: Parts, branch: str) -> None:
    """Raises EdgeError; nothing is half done that would not be found again."""
    filed = reread(parts, branch)
    service = parts.service(filed.proposal.service)
    with _publishing[service.name]:
        filed = reread(parts, branch)
        if filed.proposal.state == "prepared" and not stopping.stopped(parts):
            filed = _open(parts, service, filed)
        if filed.proposal.state == "open" and filed.closing:
            _close(parts, service, filed)
        elif filed.proposal.state == "open":
            _renew(parts, service, filed)
        if filed.proposal.number:
            _post(parts, service, filed)


def reply(parts: Parts, filed: Filed, key: str, text: str) -> None:
    """Have something said about a proposal, once for each key."""
    remark = Remark(f"{filed.proposal.branch}#{key}"[:80], REPLY, "healer", text, now())
    if parts.store.remarks.put(filed.proposal.service, filed.proposal.branch, remark):
        incident = parts.store.incidents.get(filed.proposal.incident_id)
        parts.note(incident, "proposal.reply", {"text": text}, "patch", once=remark.id)


def note_trouble(parts: Parts, service: str, error: HealerError) -> None:
    trouble = parts.forges.failed(service, error)
    log.warning("the forge cannot be used now", service=service, reason=str(error))
    if trouble is not None:
        payload = {"service": service, "reason": trouble.reason, "until": trouble.ends_at}
        parts.note_service(service, "forge.waits", payload, "execution")


def _open(parts: Parts, service: Service, filed: Filed) -> Filed:
    proposal = filed.proposal
    # It may be open there already, and a person may have added to it, before the answer that said so arrived.
    if filed.pushed_sha != proposal.head_sha or service.checkout.tip(proposal.branch) is None:
        _push(parts, service, filed)
    opened = service.forge.open(proposal, service.labels)
    number = opened.number or parts.store.proposals.next_number(service.name)
    parts.store.proposals.set(proposal.branch, number=number, url=opened.url, state="open", told=filed.text_digest)
    return reread(parts, proposal.branch)


def _renew(parts: Parts, service: Service, filed: Filed) -> None:
    proposal = filed.proposal
    if not filed.amended and proposal.head_sha != filed.pushed_sha:
        _push(parts, service, filed)
    if filed.told != filed.text_digest:
        service.forge.update(proposal)
        parts.store.proposals.set(proposal.branch, told=filed.text_digest)
    _is_proposed(parts, filed)


def _push(parts: Parts, service: Service, filed: Filed) -> None:
    proposal = filed.proposal
    service.checkout.push(proposal.head_sha, proposal.branch, filed.pushed_sha or None)
    parts.store.proposals.set(proposal.branch, pushed_sha=proposal.head_sha, pushed_at=now())


def _is_proposed(parts: Parts, filed: Filed) -> None:
    incident = parts.store.incidents.get(filed.proposal.incident_id)
    if incident.attempt != filed.attempt or incident.state != State.REPAIRING:
        return
    payload = {
        "number": filed.proposal.number,
        "title": filed.proposal.title,
        "branch": filed.proposal.branch,
        "url": filed.proposal.url,
        "diff": filed.diff,
        "draft": filed.proposal.draft,
    }
    is_new = filed.proposal.branch == branch_of(incident.id, filed.attempt)
    type = "proposal.opened" if is_new else "proposal.updated"
    parts.note(incident, type, payload, "patch", once="")
    parts.store.incidents.move(incident.id, State.PROPOSED, expected=(State.REPAIRING,))


def _close(parts: Parts, service: Service, filed: Filed) -> None:
    proposal = filed.proposal
    incident = parts.store.incidents.get(proposal.incident_id)
    if is_newest(parts, filed) and incident.state in REJECTABLE:
        parts.store.incidents.move(incident.id, State.REJECTED, filed.closing, expected=REJECTABLE)  # was interrupted
    # The branch goes only as we left it, whatever of others' commits is proved by now.
    service.forge.close(replace(proposal, head_sha=filed.pushed_sha or proposal.head_sha), filed.closing, "healer")
    parts.store.proposals.close(proposal, "closed")


def _post(parts: Parts, service: Service, filed: Filed) -> None:
    for remark in parts.store.remarks.waiting(filed.proposal.branch):
        if remark.kind == REPLY:
            service.forge.say(filed.proposal, remark.id.partition("#")[2], remark.text)
            parts.store.remarks.done(service.name, remark)


def require_looked_at(what: str, head_sha: str, looked_at: str) -> None:
    """Raises Conflict when what is decided on is at another commit than was looked at; "" takes what is there."""
    if looked_at and looked_at != head_sha:
        raise Conflict(
            f"the {what} has changed meanwhile: it is at {head_sha[:10]}, and {looked_at[:10]} was looked at; "
            "look again, then decide"
        )


def had_time(filed: Filed) -> bool:
    """Whether checks of what was pushed last would have begun by now."""
    return age(filed.pushed_at or filed.created_at) >= timedelta(seconds=CHECKS_SECONDS)


def is_newest(parts: Parts, filed: Filed) -> bool:
    """Whether no later proposal was made for the same incident."""
    newest = parts.store.proposals.of_incident(filed.proposal.incident_id)
    return newest is not None and newest.proposal.branch == filed.proposal.branch


def reread(parts: Parts, branch: str) -> Filed:
    """A proposal as it is now."""
    filed = parts.store.proposals.by_branch(branch)
    assert filed is not None, "a proposal is never forgotten"
    return filed
