"""What a revert of a left release takes back: the proposal with its commit in the mirror. It publishes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from healer.edges.store import Release, Revert
from healer.model import CheckoutError, Suspect
from healer.pipeline.parts import Parts, Service
from healer.stages import announcement

LARGEST_DIFF = 400_000  # characters of the files before and after; further files are only counted


@dataclass(frozen=True)
class _Span:
    """What is taken back: whatever came after `first` until the release."""

    first: str
    subject: str  # of all of it; "" when it is more than one thing
    taken: tuple[Suspect, ...]
    others: tuple[Suspect, ...] = ()  # that the release brought as well


def revert_of(parts: Parts, service: Service, release: Release, reason: str, evidence: Sequence[str]) -> Revert | str:
    """Not written down yet; a sentence when there can be none. Raises EdgeError when that cannot be said now."""
    if why_not := _left_to_people(parts, service, release):
        return why_not
    checkout = service.checkout
    tip = checkout.fetch()
    try:
        span = _span(parts, service, release, tip)
    except CheckoutError as error:  # the history here does not reach as far
        return str(error)
    if isinstance(span, str):
        return span
    title = announcement.revert_title(span.subject, release.commit, checkout.subjects(tip))
    back_to = release.target or release.previous
    left = announcement.Left(
        release.commit, release.live_at, release.at, back_to, reason, evidence, span.taken, span.others
    )
    message = announcement.revert_message(title, left)
    head = checkout.revert(tip, span.first, release.commit, message, release.at)
    if head is None:
        return "the same lines were changed since, so a person has to take it back"
    if head == tip:
        return "the branch holds nothing of it any more"
    incident_url = f"{parts.base_url}/incidents/{release.incident_id}" if release.incident_id else ""
    return Revert(
        service=service.name,
        commit=release.commit,
        incident_id=release.incident_id,
        branch=f"healer/revert-{release.commit[:10]}",
        base=checkout.branch,
        head_sha=head,
        number=None,
        title=title,
        body=announcement.revert_body(left, incident_url),
        diff=diff_of(service, tip, head),
        url="",
        state="prepared",
        merge_sha=None,
        by="",
        closing="",
        created_at="",  # the store's matter
    )


def diff_of(service: Service, base: str, head: str) -> str:
    """Bounded: what a push brought may be very large."""
    texts, room, left = [], LARGEST_DIFF, 0
    for change in service.checkout.changed(base, head):
        room -= len(change.before) + len(change.after)
        if room >= 0:
            texts.append(change.diff)
        else:
            left += 1
    return "".join(texts) + (f"Further files that are changed: {left}. The branch shows them.\n" if left else "")


def _left_to_people(parts: Parts, service: Service, release: Release) -> str:
    if service.autonomy == "observe":
        return f"{service.name} has autonomy = observe, so nothing is proposed for it"
    merges = {revert.merge_sha for revert in parts.store.reverts.of_service(service.name)}
    if release.origin == "revert" or release.commit in merges:
        return "it is the merge of a revert itself, and whether to take that back is for a person to say"
    return ""


def _span(parts: Parts, service: Service, release: Release, tip: str) -> _Span | str:
    checkout, last = service.checkout, release.commit
    if not checkout.is_ancestor(last, tip):
        return f"{checkout.branch} was rewritten and does not hold it any more"
    if release.incident_id is not None:
        return _fix(parts, service, release, release.incident_id)
    if release.previous is None:
        return "there is no release before it, so nobody can say what it brought"
    if not checkout.is_ancestor(release.previous, last):
        return f"it does not hold {release.previous[:10]}, the release before it: {checkout.branch} was rewritten"
    taken = checkout.between(release.previous, last)
    return _Span(release.previous, taken[0].summary if len(taken) == 1 else "", taken)


def _fix(parts: Parts, service: Service, release: Release, incident_id: str) -> _Span | str:
    """Only what our own merge brought; what others did goes on serving them, unless a person says otherwise."""
    checkout, last = service.checkout, release.commit
    first = checkout.before(last, announcement.trailer(incident_id), release.previous)
    if first is None:
        return "the history here is cut off before it"
    filed = parts.store.proposals.merged_of(incident_id)
    subject = filed.proposal.title if filed is not None and filed.proposal.merge_sha == last else ""
    taken = checkout.between(first, last)
    came = checkout.between(release.previous, last) if release.previous is not None else ()
    known = {one.commit for one in taken}
    return _Span(first, subject, taken, tuple(one for one in came if one.commit not in known))
