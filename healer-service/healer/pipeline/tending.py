"""Tends proposals while they are open: looks at each on its forge, and acts on what became of it and on what was said.

A webhook is only a hint to look now, and the poll looks without one; what counts is what the forge answers. So a
delivery that is lost, late, doubled or made up changes nothing but the time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from healer.edges.forge import Standing
from healer.edges.store import Delivery, Filed, Incident, Recheck, Revert, now
from healer.model import Conflict, EdgeError, ForgeError, NotFound, Outcome, State
from healer.pipeline import merging, publishing, rechecking, reverting, stopping
from healer.pipeline.beat import Beat
from healer.pipeline.conversation import obey, rebase
from healer.pipeline.healing import chosen_of
from healer.pipeline.parts import Parts, Service
from healer.pipeline.workflows import Workflows, begin
from healer.stages import owners, webhook

log = structlog.get_logger()

POLL_SECONDS = 30.0  # how long a merge may go unseen when its webhook was lost
REST_SECONDS = 60.0  # that the base has to stay as it is before a proposal is laid on it anew
REOPENED_DAYS = 14  # that a closed proposal is still looked at
UNDECIDED = (State.PROPOSED, State.OPEN, State.DIAGNOSING, State.REPAIRING)  # while its proposal is open


class Tending:
    def __init__(
        self,
        parts: Parts,
        workflows: Workflows,
        changed: Callable[[], None] = lambda: None,
        poll_seconds: float = POLL_SECONDS,
        rest_seconds: float = REST_SECONDS,
        pushed: Callable[[str], None] = lambda _service: None,
    ) -> None:
        self._parts = parts
        self._workflows = workflows
        self._pushed = pushed  # called with a service whose branch may have moved
        self._changed = changed  # called when something may have become due elsewhere
        self._poll_seconds = poll_seconds
        self._rest_seconds = rest_seconds
        self._one_at_a_time = threading.Lock()
        self._polled: dict[str, float] = {}  # service -> when
        self._hints: dict[str, str] = {}  # branch where something happened -> who decided it, "" when nobody did
        self._tips: dict[str, str] = {}  # service -> its base in this turn
        self._moved: dict[str, tuple[str, float]] = {}  # branch -> the base as it was seen last, and since when
        self._beat = Beat("tending", self.turn)

    def start(self) -> None:
        self._beat.start()

    def stop(self) -> None:
        self._beat.stop()

    def deliver(self, delivery: Delivery) -> bool:
        """Store a webhook whose signature was right. False when it had been delivered before."""
        new = self._parts.store.deliveries.put(delivery)
        self._beat.soon()
        return new

    def look_soon(self, branch: str, by: str = "") -> None:
        self._note_hint(branch, by)
        self._beat.soon()

    def tend_soon(self, service: str) -> None:
        """Look at all that is open for a service, without waiting for the poll."""
        self._polled.pop(service, None)
        self._beat.soon()

    def turn(self) -> None:
        """Everything that is due now. Safe to call at any time and from any thread."""
        with self._one_at_a_time:
            for delivery in self._parts.store.deliveries.waiting():
                self._take(delivery)
            for service in self._parts.services.values():
                if self._parts.forges.may_ask(service.name):
                    self._tend_all(service)

    def _take(self, delivery: Delivery) -> None:
        """Note where to look. Hints die with the process, which looks everywhere when it starts."""
        hint = webhook.hint(delivery.event, delivery.body)
        decides = delivery.event == "pull_request" and delivery.body.get("action") in ("closed", "reopened")
        for service in self._parts.services.values() if hint is not None else ():
            if hint is None or service.repository != hint.repository:
                continue
            if hint.number is None and hint.head_sha is None:
                self._polled.pop(service.name, None)  # the base moved: that is about all of its proposals
                self._pushed(service.name)
            found = self._parts.store.proposals.by_number(service.name, hint.number) if hint.number else None
            for filed in [found] if found else self._parts.store.proposals.open(service.name):
                if found or hint.head_sha == filed.proposal.head_sha:
                    self._note_hint(filed.proposal.branch, hint.by if decides else "")
            for revert in self._parts.store.reverts.unfinished(service.name):
                if hint.head_sha == revert.head_sha or (hint.number is not None and hint.number == revert.number):
                    self._note_hint(revert.branch, hint.by if decides else "")
        self._parts.store.deliveries.done(delivery.id)

    def _note_hint(self, branch: str, by: str) -> None:
        self._hints[branch] = by or self._hints.get(branch, "")

    def _tend_all(self, service: Service) -> None:
        store = self._parts.store.proposals
        polls = time.monotonic() - self._polled.get(service.name, -self._poll_seconds) >= self._poll_seconds
        due = list(store.open(service.name))
        if polls:
            self._polled[service.name] = time.monotonic()  # first: who asks for a look meanwhile gets another one
            since = (datetime.now(UTC) - timedelta(days=REOPENED_DAYS)).isoformat()
            due += store.closed_since(service.name, since)
        else:
            due = [filed for filed in due if self._is_due(filed)] + self._hinted(service, due)
        self._tips.pop(service.name, None)
        reverts = [one for one in self._parts.store.reverts.unfinished(service.name) if polls or self._waits(one)]
        well = [self._reverts_tended(service, reverts), self._tended(service, due)]
        if all(well) and (due or reverts):
            self._parts.forges.worked(service.name)
        if due or reverts:
            self._changed()

    def _waits(self, revert: Revert) -> bool:
        return reverting.is_due(self._parts, revert) or revert.branch in self._hints

    def _reverts_tended(self, service: Service, due: Sequence[Revert]) -> bool:
        try:
            if due:
                reverting.agree(self._parts, service, self._hints)
        except (EdgeError, NotFound, Conflict) as error:
            publishing.note_trouble(self._parts, service.name, error)
            return False
        for revert in due:
            self._hints.pop(revert.branch, None)
        return True

    def _tended(self, service: Service, due: Sequence[Filed]) -> bool:
        """Whether all could be; one that cannot does not keep the others waiting."""
        well = True
        for filed in due:
            try:
                self._tend(service, filed)
            except (EdgeError, NotFound, Conflict) as error:
                well = False
                publishing.note_trouble(self._parts, service.name, error)
                if isinstance(error, ForgeError) and error.wait is not None:
                    break
        return well

    def _is_due(self, filed: Filed) -> bool:
        proposal = filed.proposal
        unfinished = proposal.state == "prepared" or bool(filed.closing) or filed.told != filed.text_digest
        unpushed = not filed.amended and proposal.head_sha != filed.pushed_sha
        replies = any(one.kind == publishing.REPLY for one in self._parts.store.remarks.waiting(proposal.branch))
        return unfinished or unpushed or replies or proposal.branch in self._hints

    def _hinted(self, service: Service, open_ones: list[Filed]) -> list[Filed]:
        """Closed ones that somebody did something to."""
        known = {filed.proposal.branch for filed in open_ones}
        found = [self._parts.store.proposals.by_branch(branch) for branch in set(self._hints) - known]
        return [filed for filed in found if filed is not None and filed.proposal.service == service.name]

    def _tend(self, service: Service, filed: Filed) -> None:
        branch = filed.proposal.branch
        by = self._hints.get(branch, "")
        if filed.proposal.number:
            standing = service.forge.standing(filed.proposal)
            self._act(service, filed, standing, by)
        publishing.agree(self._parts, branch)
        if self._hints.get(branch, "") == by:  # else there is something new to look at since
            self._hints.pop(branch, None)

    def _act(self, service: Service, filed: Filed, standing: Standing, by: str) -> None:
        if standing.state == "merged" and standing.merge_sha is not None:
            self._merged(service, filed, standing, standing.merge_sha, by)
        elif standing.state == "closed" and not filed.closing:
            self._rejected(filed, "closed unmerged" + (f" by {by}" if by else ""))
        elif standing.state == "open" and filed.proposal.state == "closed":
            self._reopened(filed, by)
        elif standing.state == "open" and not filed.closing:
            if self._parts.store.incidents.get(filed.proposal.incident_id).state == State.REJECTED:
                self._reopened(filed, by)  # a killed process left its closing halfway, and it is open again by now
            else:
                self._went_on(service, filed, standing)

    def _merged(self, service: Service, filed: Filed, standing: Standing, merge_sha: str, by: str) -> None:
        proposal = filed.proposal
        if filed.outcome is not None and proposal.state == "merged":
            return
        if standing.base and standing.base != service.checkout.branch:
            service.checkout.fetch()  # it may have been renamed since
        if standing.base and standing.base != service.checkout.branch:
            self._rejected(filed, f"merged into {standing.base}, from where nothing is released")
            return
        if proposal.state == "closed":  # opened again and merged since the last look
            self._parts.store.proposals.reopen(proposal.branch)
        incident = self._parts.store.incidents.get(proposal.incident_id)
        expected = (*UNDECIDED, State.REJECTED, State.DECLINED)
        if incident.state in expected:
            payload = {"by": standing.by or by or "unknown", "merge_sha": merge_sha, **filed.decided_on}
            if standing.head_sha:
                payload["head_sha"] = standing.head_sha
            self._parts.note(incident, "proposal.merged", payload, "control", once=merge_sha)
            # What was added before the merge was not proved here: the release proves the merged code before it serves.
            self._parts.store.proposals.set(proposal.branch, merge_sha=merge_sha, closed_at=now())
            self._instead_of(filed)
            self._parts.store.incidents.move(incident.id, State.MERGED, expected=expected)
        if standing.head_sha and standing.head_sha != (filed.pushed_sha or proposal.head_sha):
            self._learn_of_change(service, filed, standing.head_sha)
        # Last: while it is open, the next look finds a merge that a killed process left halfway.
        self._parts.store.proposals.close(proposal, "merged", merge_sha)

    def _instead_of(self, merged: Filed) -> None:
        """A later proposal for the same crash is not needed any more."""
        newest = self._parts.store.proposals.of_incident(merged.proposal.incident_id)
        if newest is None or newest.proposal.branch == merged.proposal.branch:
            return
        if newest.proposal.state in ("prepared", "open"):
            self._parts.store.proposals.settle(newest.proposal, Outcome.OBSOLETE)
            reason = f"Proposal #{merged.proposal.number} for the same crash was merged."
            self._parts.store.proposals.set(newest.proposal.branch, closing=reason)

    def _learn_of_change(self, service: Service, filed: Filed, head: str) -> None:
        """Others added commits before the merge: whether they changed the files of our fix, or only others."""
        ours = filed.pushed_sha or filed.proposal.head_sha
        try:
            service.checkout.fetch()
            same = service.checkout.same_files(ours, head, self._files_of(filed))
        except EdgeError as error:  # after a squash the head may be nowhere: another head is other work
            log.info("cannot see what was merged instead", proposal=filed.proposal.number, error=str(error))
            same = False
        self._parts.store.proposals.settle(filed.proposal, Outcome.MERGED if same else Outcome.CHANGED)

    def _rejected(self, filed: Filed, reason: str) -> None:
        if filed.proposal.state != "open":
            return
        incident = self._parts.store.incidents.get(filed.proposal.incident_id)
        if publishing.is_newest(self._parts, filed) and incident.state in UNDECIDED:
            payload = {"reason": reason, **filed.decided_on}
            self._parts.note(incident, "proposal.rejected", payload, "control", once=filed.proposal.branch)
            self._parts.store.incidents.move(incident.id, State.REJECTED, reason, expected=UNDECIDED)
        self._parts.store.proposals.close(filed.proposal, "closed")

    def _reopened(self, filed: Filed, by: str) -> None:
        incident = self._parts.store.incidents.get(filed.proposal.incident_id)
        decided = (State.REJECTED, State.DECLINED)
        if not publishing.is_newest(self._parts, filed) or incident.state not in (*decided, State.PROPOSED):
            return
        current = publishing.reread(self._parts, filed.proposal.branch)
        if current.closing or current.proposal.state != filed.proposal.state:
            return  # decided here while the forge was asked
        self._parts.note(incident, "proposal.reopened", {"by": by or "unknown"}, "control", once=str(filed.closed_at))
        for remark in self._parts.store.remarks.waiting(filed.proposal.branch):
            if remark.kind != publishing.REPLY:  # said before it was closed, and maybe the order to close it
                self._parts.store.remarks.done(filed.proposal.service, remark)
        self._parts.store.incidents.move(incident.id, State.PROPOSED, expected=decided)
        # Last: while it is closed, the next look finds what a killed process left halfway.
        self._parts.store.proposals.reopen(filed.proposal.branch)

    def _went_on(self, service: Service, filed: Filed, standing: Standing) -> None:
        proposal = filed.proposal
        if standing.base and standing.base != proposal.base:  # retargeted, or the branch was renamed
            self._parts.store.proposals.set(proposal.branch, base=standing.base)
        if standing.draft != filed.forge_draft:
            self._parts.store.proposals.set(proposal.branch, forge_draft=standing.draft)
        if standing.head_sha and standing.head_sha not in (proposal.head_sha, filed.pushed_sha):
            filed = self._amended(service, filed, standing.head_sha)
        elif filed.amended and standing.head_sha == filed.pushed_sha:  # they took their commits back
            rechecking.take_back(self._parts, filed)
        elif filed.checking:  # whoever was to begin it was killed, or a round ran meanwhile
            self._recheck(filed)
        if standing.updated_at != filed.seen or not standing.updated_at:
            for remark in service.forge.remarks(proposal):
                if self._parts.store.remarks.put(service.name, proposal.branch, remark):
                    incident = self._parts.store.incidents.get(proposal.incident_id)
                    payload = {"by": remark.by, "kind": remark.kind, "text": remark.text}
                    self._parts.note(incident, "proposal.remark", payload, "control", once=remark.id)
            self._parts.store.proposals.set(proposal.branch, seen=standing.updated_at)
        if not stopping.stopped(self._parts):
            obey(self._parts, service, filed)
            self._make_ready(service, filed, standing)
            self._follow_base(service, filed, standing)
            if merging.try_merge(self._parts, service, filed, standing, self._tips[service.name]):
                self.look_soon(proposal.branch, merging.BY)

    def _amended(self, service: Service, filed: Filed, head: str) -> Filed:
        """Somebody else's commits are on the branch: they stay, and what is there now is proved again."""
        branch = filed.proposal.branch
        service.checkout.bring(branch)
        names = service.checkout.authors(filed.base_sha or head, head)
        incident = self._parts.store.incidents.get(filed.proposal.incident_id)
        recheck = Recheck((filed.recheck.number if filed.recheck else 0) + 1, ", ".join(names) or "somebody")
        payload = {"by": recheck.by, "head_sha": head}
        self._parts.note(incident, "proposal.amended", payload, "control", once=f"{head} {recheck.number}")
        self._parts.store.proposals.set(branch, amended=True, head_sha=head, recheck=recheck)
        filed = publishing.reread(self._parts, branch)
        self._recheck(filed)
        return filed

    def _recheck(self, filed: Filed) -> None:
        incident = self._parts.store.incidents.get(filed.proposal.incident_id)
        if incident.state == State.PROPOSED:
            self._start(rechecking.id_of(filed), self._workflows.recheck, incident)

    def _make_ready(self, service: Service, filed: Filed, standing: Standing) -> None:
        """A draft until its checks are green; then one person is asked, once. A person's later draft is left alone."""
        proposal = filed.proposal
        if standing.head_sha and standing.head_sha != proposal.head_sha:
            return  # what a round brought is not pushed yet, so the forge knows nothing of it
        incident = self._parts.store.incidents.get(proposal.incident_id)
        if not filed.readied and standing.draft and not proposal.draft:
            checks = service.forge.checks(proposal)
            if checks in ("none", "unknown") and not publishing.had_time(filed):
                return
            self._parts.note(
                incident, "proposal.checks", {"state": checks}, "execution", once=f"{proposal.head_sha}{checks}"
            )
            if checks in ("pending", "failed"):
                return
            service.forge.ready(proposal)
            self._parts.note(incident, "proposal.ready", {}, "execution", once=proposal.branch)
        elif standing.draft:
            return
        if not filed.readied:
            self._parts.store.proposals.set(proposal.branch, readied=True)
        if not filed.reviewer:
            asked = self._ask_review(service, filed, incident) if service.ask_review else ""
            if asked:
                self._parts.note(incident, "proposal.review_asked", {"who": asked}, "execution", once=proposal.branch)
            self._parts.store.proposals.set(proposal.branch, reviewer=asked or "-")

    def _ask_review(self, service: Service, filed: Filed, incident: Incident) -> str:
        if service.forge.kind == "local":
            return ""
        commit = filed.base_sha or filed.proposal.base
        texts = (service.checkout.text(commit, place) for place in owners.LOCATIONS)
        text = next((text for text in texts if text is not None), "")
        suspect = incident.diagnosis.suspect if incident.diagnosis else None
        code_owners = owners.owners(text, self._files_of(filed))
        return service.forge.ask_review(filed.proposal, code_owners, suspect.commit if suspect else "")

    def _files_of(self, filed: Filed) -> list[str]:
        """That the fix changes."""
        chosen = chosen_of(self._parts, filed.proposal.incident_id, filed.attempt)
        return [change.file for change in chosen.candidate.changes] if chosen is not None else []

    def _follow_base(self, service: Service, filed: Filed, standing: Standing) -> None:
        """Once the base has come to rest somewhere else, the proposal is proved and laid there anew."""
        branch = filed.proposal.branch
        if service.name not in self._tips:
            self._tips[service.name] = service.checkout.fetch()
        tip = self._tips[service.name]
        incident = self._parts.store.incidents.get(filed.proposal.incident_id)
        # What was tried on this base and did not come out is not tried there again.
        if not filed.base_sha or tip in (filed.base_sha, incident.base) or filed.amended:
            self._moved.pop(branch, None)
            return
        seen, since = self._moved.get(branch, ("", 0.0))
        if seen != tip:
            since = time.monotonic()
            self._moved[branch] = (tip, since)
        if standing.conflicting or time.monotonic() - since >= self._rest_seconds:
            rebase(self._parts, filed)

    def _start(self, workflow_id: str, workflow: object, incident: Incident) -> None:
        begin(workflow_id, workflow, incident)
