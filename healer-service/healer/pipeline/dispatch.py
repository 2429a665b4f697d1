"""Starts what is due (heals, releases, ends of a soak) and takes what reports, webhooks and people bring.

The work is in the workflows. Whatever a killed process left behind is found by looking at the states, so starting twice
must be harmless: workflow ids see to that.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import structlog
from dbos import DBOS, SetWorkflowID

from healer.edges.store import AT_WORK, ENDS, Delivery, Filed, Incident
from healer.model import Conflict, EdgeError, NotFound, Outcome, Report, State
from healer.pipeline import stopping
from healer.pipeline.parts import Parts, Service
from healer.pipeline.runs import measure_baseline
from healer.pipeline.workflows import Workflows
from healer.stages import webhook
from healer.stages.fingerprint import fingerprint

log = structlog.get_logger()

TICK_SECONDS = 2.0
POLL_SECONDS = 15.0  # how long a merge may go unseen when its webhook was lost
GIVEN_UP = ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "RETRIES_EXCEEDED")


def _heal_id(incident: Incident) -> str:
    return f"heal:{incident.id}-{incident.attempt}"


class Dispatch:
    def __init__(self, parts: Parts, workflows: Workflows, poll_seconds: float = POLL_SECONDS) -> None:
        self._parts = parts
        self._workflows = workflows
        self._due = threading.Event()
        self._ended = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._started: set[str] = set()
        self._measured: set[str] = set()
        self._waiting: dict[str, str] = {}  # heal -> why it waits, as the log says already
        self._poll_seconds = poll_seconds
        self._polled = 0.0
        self._measuring = ThreadPoolExecutor(1, thread_name_prefix="baseline")
        self._thread = threading.Thread(target=self._run, name="dispatch", daemon=True)

    def start(self) -> None:
        self._bury_the_dead()
        self._thread.start()

    def measure_baseline(self, service: str) -> None:
        """Measure in the background what the next heal of a service will ask for."""
        self._measuring.submit(self._measure, self._parts.service(service))

    def stop(self) -> None:
        self._ended.set()
        self._due.set()
        self._thread.join(timeout=10)
        self._measuring.shutdown(wait=False, cancel_futures=True)

    def take(self, report: Report) -> Incident:
        """Store a report; what follows from it happens at once, but after the answer to the client."""
        incident = self._parts.store.incidents.take(report, fingerprint(report))
        if report.release is not None and report.release == incident.release:
            self._came_back(incident)
        if incident.state == State.OPEN:
            self._due.set()
        return incident

    def deliver(self, delivery: Delivery) -> bool:
        """Store a webhook whose signature was right. False when it had been delivered before."""
        new = self._parts.store.deliveries.put(delivery)
        self._due.set()
        return new

    def approve(self, incident_id: str, by: str) -> Incident:
        incident, filed = self._proposed(incident_id, "approve")
        self._parts.service(incident.service).forge.merge(filed.proposal, by)
        self._due.set()
        return self._parts.store.incidents.get(incident_id)

    def reject(self, incident_id: str, by: str, reason: str) -> Incident:
        incident, filed = self._proposed(incident_id, "reject")
        with self._one_at_a_time:  # the forge announces it too, and knows no reason
            self._parts.service(incident.service).forge.close(filed.proposal, reason)
            self._rejected(filed, reason or f"rejected by {by}")
        return self._parts.store.incidents.get(incident_id)

    def retry(self, incident_id: str) -> Incident:
        incident = self._parts.store.incidents.get(incident_id)
        if incident.state not in ENDS:
            raise Conflict(f"retry needs an incident that has ended; {incident_id} is {incident.state}")
        again = incident.attempt + 1
        self._parts.store.incidents.move(
            incident_id, State.OPEN, "", expected=ENDS, attempt=again, diagnosis=None, origin=None, release=None
        )
        self._due.set()
        return self._parts.store.incidents.get(incident_id)

    def roll_back(self, incident_id: str, reason: str) -> Incident:
        incident = self._parts.store.incidents.get(incident_id)
        if incident.state not in (State.SOAKING, State.RESOLVED):
            raise Conflict(f"rollback needs a released fix; {incident_id} is {incident.state}")
        self._start_roll_back(incident, reason)
        return incident

    def turn(self, stopped: bool, by: str, reason: str) -> stopping.Switch:
        """Stop all automation at once, or let it go on."""
        standing = stopping.turn(self._parts, stopped, by, reason)
        self._due.set()
        return standing

    def tick(self) -> None:
        """Everything that is due now. Safe to call at any time and from any thread."""
        with self._one_at_a_time:
            for delivery in self._parts.store.deliveries.waiting():
                self._work(delivery)
            if time.monotonic() - self._polled >= self._poll_seconds:
                self._polled = time.monotonic()
                self._poll()
            if not stopping.stopped(self._parts):
                self._start_heals()
                for incident in self._parts.store.incidents.list((State.MERGED,)):
                    self._start_release(incident)
            for incident in self._parts.store.incidents.list((State.SOAKING,)):
                if incident.release is not None and incident.release not in self._measured:
                    self._measured.add(incident.release)  # only now: during the release the sandbox has better to do
                    self.measure_baseline(incident.service)
                if incident.soak_until is not None and incident.soak_until <= time.time():
                    self._parts.store.incidents.move(incident.id, State.RESOLVED, expected=(State.SOAKING,))

    def _run(self) -> None:
        while not self._ended.is_set():
            self._due.wait(TICK_SECONDS)
            self._due.clear()
            try:
                self.tick()
            except Exception:  # whatever it was, what is due must be looked at again
                log.exception("dispatch failed; trying again")

    def _measure(self, service: Service) -> None:
        try:
            measure_baseline(self._parts, self._workflows.memory, service)
        except Exception:  # the next heal measures what is missing, and reports what then fails
            log.exception("baseline not measured", service=service.name)

    def _start_heals(self) -> None:
        incidents = self._parts.store.incidents
        room = self._parts.heals_at_once - len(incidents.list(AT_WORK))
        held: dict[str, str] = {}  # service -> why none of its heals may start; starting others cannot change that
        for incident in reversed(incidents.list((State.OPEN,))):
            if room <= 0:
                break
            if not self._known(incident):
                continue
            if _heal_id(incident) not in self._started:
                service = incident.service
                waits = held.get(service) or stopping.held_back(self._parts, self._parts.service(service))
                if waits:
                    held[service] = waits
                    self._note_wait(incident, waits)
                    continue
                stopping.note_start(self._parts, incident)
                self._start(_heal_id(incident), self._workflows.heal, incident)
            room -= 1

    def _note_wait(self, incident: Incident, reason: str) -> None:
        if self._waiting.get(_heal_id(incident)) != reason:
            self._waiting[_heal_id(incident)] = reason
            stopping.note_wait(self._parts, incident, reason)

    def _bury_the_dead(self) -> None:
        """End the attempts whose workflow was given up: it took the healer down with it again and again."""
        incidents = self._parts.store.incidents
        for incident in incidents.list(AT_WORK):
            status = DBOS.get_workflow_status(_heal_id(incident))
            if status is not None and status.status in GIVEN_UP:
                reason = "The heal was interrupted too often and is given up; retry it from here."
                incidents.move(incident.id, State.DECLINED, reason, expected=AT_WORK)

    def _start_release(self, incident: Incident) -> None:
        if not self._known(incident):
            return
        if self._parts.service(incident.service).deployment is None:
            return  # merged is as far as a service without a supervisor goes
        filed = self._parts.store.proposals.of_incident(incident.id)
        if filed is not None and filed.proposal.merge_sha is not None:
            self._start(f"release:{incident.service}:{filed.proposal.merge_sha}", self._workflows.release, incident)

    def _start(self, workflow_id: str, workflow: object, incident: Incident) -> None:
        # DBOS never runs an id twice; this only saves asking it each second.
        if workflow_id in self._started:
            return
        with SetWorkflowID(workflow_id):
            DBOS.start_workflow(workflow, incident.id, incident.attempt)  # type: ignore[arg-type]
        self._started.add(workflow_id)

    def _start_roll_back(self, incident: Incident, reason: str) -> None:
        with SetWorkflowID(f"roll_back:{incident.id}-{incident.attempt}"):
            DBOS.start_workflow(self._workflows.roll_back, incident.id, incident.attempt, reason)

    def _came_back(self, incident: Incident) -> None:
        reason = "The same crash was reported by the release that was to heal it."
        if incident.state == State.SOAKING:
            self._start_roll_back(incident, reason)
        elif incident.state == State.RESOLVED:
            filed = self._parts.store.proposals.of_incident(incident.id, incident.attempt)
            if filed is not None:
                self._parts.store.proposals.settle(filed.proposal, Outcome.ROLLED_BACK)
            self._parts.store.incidents.move(incident.id, State.REGRESSED, reason, expected=(State.RESOLVED,))

    def _work(self, delivery: Delivery) -> None:
        closed = webhook.closed(delivery.event, delivery.body)
        if closed is not None:
            service = closed.repository.rpartition("/")[2]
            filed = self._parts.store.proposals.by_number(service, closed.number)
            # A merge of something else than what we proposed and proved is not our merge, but a lesson.
            if filed and filed.proposal.base == closed.base and filed.proposal.head_sha != closed.head_sha:
                if closed.merge_sha is not None:
                    self._learn_of_change(filed, closed.head_sha)
            elif filed and filed.proposal.base == closed.base:
                if closed.merge_sha is not None:
                    self._merged(filed, closed.merge_sha, closed.by)
                else:
                    self._rejected(filed, f"closed unmerged by {closed.by}")
        self._parts.store.deliveries.done(delivery.id)

    def _learn_of_change(self, filed: Filed, head: str) -> None:
        """Others added commits before the merge: whether they changed the files of our fix, or only others."""
        judged = self._parts.store.incidents.verdicts(filed.proposal.incident_id, filed.attempt)
        files = [change.file for verdict, chosen in judged if chosen for change in verdict.candidate.changes]
        try:
            checkout = self._parts.service(filed.proposal.service).checkout
            checkout.fetch()
            same = checkout.same_files(filed.proposal.head_sha, head, files)
        except (EdgeError, NotFound) as error:  # after a squash the head may be nowhere: another head is other work
            log.info("cannot see what was merged instead", proposal=filed.proposal.number, error=str(error))
            same = False
        self._parts.store.proposals.settle(filed.proposal, Outcome.MERGED if same else Outcome.CHANGED)

    def _poll(self) -> None:
        for filed in self._parts.store.proposals.open():
            try:
                standing = self._parts.service(filed.proposal.service).forge.standing(filed.proposal)
            except (EdgeError, NotFound) as error:
                log.warning("cannot ask the forge", proposal=filed.proposal.number, error=str(error))
                continue
            if standing.state == "merged" and standing.merge_sha is not None:
                self._merged(filed, standing.merge_sha, "unknown")
            elif standing.state == "closed":
                self._rejected(filed, "closed unmerged")

    def _merged(self, filed: Filed, merge_sha: str, by: str) -> None:
        incident = self._parts.store.incidents.get(filed.proposal.incident_id)
        if incident.attempt != filed.attempt:
            return
        if incident.state == State.PROPOSED:
            payload = {"by": by, "merge_sha": merge_sha, **filed.decided_on}
            self._parts.note(incident, "proposal.merged", payload, "control", once=merge_sha)
            self._parts.store.incidents.move(incident.id, State.MERGED, expected=(State.PROPOSED,))
        # Last: while it is open, the next poll finds a merge that a killed process left halfway.
        self._parts.store.proposals.close(filed.proposal, "merged", merge_sha)

    def _rejected(self, filed: Filed, reason: str) -> None:
        incident = self._parts.store.incidents.get(filed.proposal.incident_id)
        if incident.attempt == filed.attempt and incident.state == State.PROPOSED:
            payload = {"reason": reason, **filed.decided_on}
            self._parts.note(incident, "proposal.rejected", payload, "control", once="")
            self._parts.store.incidents.move(incident.id, State.REJECTED, reason, expected=(State.PROPOSED,))
        self._parts.store.proposals.close(filed.proposal, "closed")

    def _proposed(self, incident_id: str, action: str) -> tuple[Incident, Filed]:
        incident = self._parts.store.incidents.get(incident_id)
        filed = self._parts.store.proposals.of_incident(incident_id, incident.attempt)
        if incident.state != State.PROPOSED or filed is None:
            raise Conflict(f"{action} needs an open proposal; {incident_id} is {incident.state}")
        return incident, filed

    def _known(self, incident: Incident) -> bool:
        return incident.service in self._parts.services
