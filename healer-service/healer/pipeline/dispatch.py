"""Starts the heals that are due and takes what reports and people bring.

The work is in the workflows. Whatever a killed process left behind is found by looking at the states, so starting twice
must be harmless: workflow ids see to that.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import structlog
from dbos import DBOS

from healer.edges.store import AT_WORK, SERVED, SURPLUS, Delivery, Filed, Incident, now
from healer.model import ENDS, Conflict, Remark, Report, State
from healer.pipeline import conversation, publishing, rechecking, reverting, stopping
from healer.pipeline.beat import Beat
from healer.pipeline.parts import Parts, Service
from healer.pipeline.returned import Returned
from healer.pipeline.rollout import Rollout
from healer.pipeline.runs import measure_baseline
from healer.pipeline.standby import Standby
from healer.pipeline.tending import POLL_SECONDS, Tending
from healer.pipeline.turns import Turns, heal_id
from healer.pipeline.workflows import Workflows, begin
from healer.stages.fingerprint import fingerprint

log = structlog.get_logger()

GIVEN_UP = ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "RETRIES_EXCEEDED")


class Dispatch:
    def __init__(
        self,
        parts: Parts,
        workflows: Workflows,
        poll_seconds: float = POLL_SECONDS,
        standby: Standby | None = None,
    ) -> None:
        """`standby`: whether this process does the work; None where it is alone."""
        self._parts = parts
        self._standby = standby
        self._workflows = workflows
        self._beat = Beat("dispatch", self.tick)
        self._rollout = Rollout(parts, poll_seconds)
        self.tending = Tending(parts, workflows, self._decided, poll_seconds, pushed=self._rollout.pushed)
        self._returned = Returned(parts.store, self._rollout.came_back)
        self._one_at_a_time = threading.Lock()
        self._started: set[str] = set()
        self._measured: set[str] = set()
        # What a young release is suspected of is judged first: both want the sandbox, and users wait for the way back.
        self._turns = Turns(parts, self._started, self._rollout.judges)
        self._measuring = ThreadPoolExecutor(1, thread_name_prefix="baseline")

    @property
    def at_work(self) -> bool:
        """Whether this process is the one that does the work."""
        return self._standby is None or self._standby.at_work

    def start(self) -> None:
        self._bury_the_dead()
        self._beat.start()
        self._rollout.start()
        self._returned.recall()
        self.tending.start()

    def measure_baseline(self, service: str) -> None:
        """Measure in the background what the next heal of a service will ask for."""
        self._measuring.submit(self._measure, self._parts.service(service))

    def stop(self) -> None:
        self.tending.stop()
        self._rollout.stop()
        self._beat.stop()
        self._measuring.shutdown(wait=False, cancel_futures=True)

    def take(self, report: Report) -> Incident:
        """Store a report; what follows from it happens at once, but after the answer to the client."""
        return self.take_all([report])[0]

    def take_all(self, reports: Sequence[Report]) -> Sequence[Incident]:
        """The same for many at once; when it raises it may be asked again, and each report still counts once."""
        bounds = {name: service.bounds for name, service in self._parts.services.items()}
        prints = [fingerprint(report) for report in reports]
        incidents = self._parts.store.incidents.take_all(list(zip(reports, prints, strict=True)), bounds)
        came = {report.received_at for report in reports}
        if any(incident.state == State.OPEN and incident.first_seen in came for incident in incidents):
            self._beat.soon()  # not for those that wait already: a flood would have us look at nothing else
        if not self.at_work:
            return incidents  # the one at work finds in the store what follows
        # A flood says nothing that the first report of each release did not say.
        told = {
            (incident.service, incident.id, report.release): None
            for incident, report in zip(incidents, reports, strict=True)
            if incident.state in SERVED and report.release is not None
        }
        for service, incident_id, release in told:
            self._returned.put(service, incident_id, release)
        return incidents

    def deliver(self, delivery: Delivery) -> bool:
        """Store a webhook whose signature was right. False when it had been delivered before."""
        return self.tending.deliver(delivery)

    def approve(self, incident_id: str, by: str, head_sha: str = "") -> Incident:
        """Merge. `head_sha`: what was looked at; when it is something else by now, nothing is merged."""
        self._require_work("approve")
        filed = self._proposed(incident_id, "approve")
        proposal = filed.proposal
        publishing.require_looked_at("proposal", proposal.head_sha, head_sha)
        if filed.checking:
            raise Conflict(
                f"others added commits to the proposal, and {proposal.head_sha[:10]} is still being proved; "
                "look at what comes out, then approve"
            )
        if filed.unseen:
            reason = filed.recheck.reason if filed.recheck else "nobody has read them"
            raise Conflict(f"others added commits to the proposal that cannot be shown here: {reason}")
        if not proposal.number:
            raise Conflict(f"the proposal is not on its forge yet: {self._parts.forges.problem(proposal.service)}")
        self._parts.service(proposal.service).forge.merge(proposal, by)
        self.tending.look_soon(proposal.branch, by)
        return self._parts.store.incidents.get(incident_id)

    def reject(self, incident_id: str, by: str, reason: str) -> Incident:
        self._require_work("reject")
        filed = self._unpublished(incident_id) or self._proposed(incident_id, "reject")
        incident = self._parts.store.incidents.get(incident_id)
        conversation.reject(self._parts, filed, incident, by, reason or f"rejected by {by}")
        publishing.try_now(self._parts, filed)
        return self._parts.store.incidents.get(incident_id)

    def comment(self, incident_id: str, text: str, by: str) -> Incident:
        """Say something about the proposal; the commands of a comment on a forge work here too."""
        self._require_work("comment")
        return self._say(incident_id, "comment", "a comment", text, by)

    def request_changes(self, incident_id: str, text: str, by: str) -> Incident:
        """Have another round with this as feedback."""
        self._require_work("request changes")
        return self._say(incident_id, "changes", "a request for changes", text, by)

    def retry(self, incident_id: str, hint: str = "") -> Incident:
        self._require_work("retry")
        incident = self._parts.store.incidents.get(incident_id)
        if incident.state not in ENDS:
            raise Conflict(f"retry needs an incident that has ended; {incident_id} is {incident.state}")
        if incident.fingerprint == SURPLUS:
            raise Conflict(f"{incident_id} counts crashes of many kinds, so it cannot be healed: {incident.reason}")
        self._parts.store.incidents.move(
            incident_id,
            State.OPEN,
            "",
            expected=ENDS,
            with_report=True,
            diagnosis=None,
            origin=None,
            release=None,
            attempt=incident.attempt + 1,
            feedback=hint or None,
        )
        self._beat.soon()
        return self._parts.store.incidents.get(incident_id)

    def roll_back(self, incident_id: str, by: str, reason: str) -> Incident:
        """Have the release before an incident's fix served again."""
        self._require_work("roll back")
        incident = self._parts.store.incidents.get(incident_id)
        if incident.state not in SERVED:
            raise Conflict(f"rollback needs a released fix; {incident_id} is {incident.state}")
        self._rollout.roll_back(incident, by, reason)
        return incident

    def serve(self, service: str, commit: str, by: str, reason: str) -> None:
        """Have any kept release served: an older one, or again one that was taken back."""
        self._require_work("roll back")
        self._rollout.serve(self._released(service), commit, by, reason)

    def approve_revert(self, service: str, commit: str, by: str) -> None:
        self._require_work("approve")
        reverting.approve(self._parts, self._parts.service(service), commit, by)
        self.tending.tend_soon(service)

    def reject_revert(self, service: str, commit: str, by: str, reason: str) -> None:
        self._require_work("reject")
        reverting.reject(self._parts, self._parts.service(service), commit, by, reason)
        self.tending.tend_soon(service)

    def turn(self, stopped: bool, by: str, reason: str) -> stopping.Switch:
        """Stop all automation at once, or let it go on."""
        standing = stopping.turn(self._parts, stopped, by, reason)
        self._beat.soon()
        return standing

    def tick(self) -> None:
        """Everything that is due now. Safe to call at any time and from any thread."""
        if self._standby is not None and self._standby.shared:
            self._returned.recall()  # what others took in
        with self._one_at_a_time:
            if not stopping.stopped(self._parts):
                for incident in self._turns.due():
                    self._start(heal_id(incident), self._workflows.heal, incident)
            self._parts.store.incidents.tell_counts()
            for incident in self._parts.store.incidents.list((State.SOAKING,)):
                if incident.release is not None and incident.release not in self._measured:
                    self._measured.add(incident.release)  # only now: during the release the sandbox has better to do
                    self.measure_baseline(incident.service)

    def _decided(self) -> None:
        """Something became of a proposal: an attempt may be due, or a release."""
        self._beat.soon()
        self._rollout.soon()

    def _measure(self, service: Service) -> None:
        try:
            measure_baseline(self._parts, self._workflows.memory, service)
        except Exception:  # the next heal measures what is missing, and reports what then fails
            log.exception("baseline not measured", service=service.name)

    def _bury_the_dead(self) -> None:
        """End the attempts whose workflow was given up: it took the healer down with it again and again."""
        incidents = self._parts.store.incidents
        for incident in incidents.list(AT_WORK):
            status = DBOS.get_workflow_status(heal_id(incident))
            if status is not None and status.status in GIVEN_UP:
                reason = "The heal was interrupted too often and is given up; retry it from here."
                incidents.move(incident.id, State.DECLINED, reason, expected=AT_WORK)
        for filed in self._parts.store.proposals.open():
            status = DBOS.get_workflow_status(rechecking.id_of(filed)) if filed.checking else None
            if status is not None and status.status in GIVEN_UP:
                reason = "The proof was interrupted too often and is given up."
                rechecking.end(self._parts, filed.proposal.incident_id, reason)

    def _require_work(self, action: str) -> None:
        if self._standby is not None:
            self._standby.require(self._parts.store, action)

    def _start(self, workflow_id: str, workflow: object, incident: Incident) -> None:
        # DBOS never runs an id twice; this only saves asking it each second.
        if workflow_id in self._started:
            return
        begin(workflow_id, workflow, incident)
        self._started.add(workflow_id)

    def _say(self, incident_id: str, kind: str, action: str, text: str, by: str) -> Incident:
        filed = self._proposed(incident_id, action)
        remark = Remark(f"{conversation.OPERATOR}{uuid4().hex}", kind, by, text, now())
        self._parts.store.remarks.put(filed.proposal.service, filed.proposal.branch, remark)
        self.tending.look_soon(filed.proposal.branch)
        return self._parts.store.incidents.get(incident_id)

    def _unpublished(self, incident_id: str) -> Filed | None:
        """The proposal that its forge has not taken yet."""
        filed = self._parts.store.proposals.of_incident(incident_id)
        return filed if filed is not None and filed.proposal.state == "prepared" else None

    def _proposed(self, incident_id: str, action: str) -> Filed:
        incident = self._parts.store.incidents.get(incident_id)
        filed = self._parts.store.proposals.of_incident(incident_id)
        if incident.state != State.PROPOSED or filed is None:
            raise Conflict(f"{action} needs an open proposal; {incident_id} is {incident.state}")
        return filed

    def _released(self, name: str) -> Service:
        service = self._parts.service(name)
        if service.deployment is None:
            raise Conflict(f"{name} has no deployment: set releases and control, or a table deploy, in healer.toml")
        return service
