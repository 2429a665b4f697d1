"""What the stages of heal() do: from a report to a proposal. Each may run again and then finds its own traces."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from healer.edges.store import Incident
from healer.model import Answer, Candidate, Evidence, Proposal, Replay, Report, Request, State, Suite, Verdict
from healer.pipeline.parts import Parts, Service
from healer.stages import announcement, guardrails, judgement, ranking
from healer.stages.diagnosis import diagnose as diagnosis_of
from healer.stages.playbooks import propose as candidates_of

ENOUGH = 3  # candidates with the right answer; more only cost time, for they come best first
REMEMBERED = 32


class Memory:
    """Results that later stages need again, kept while the process lives; without them they are measured anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replays: OrderedDict[str, Replay] = OrderedDict()
        self._suites: OrderedDict[str, Suite] = OrderedDict()

    def replay(self, key: str) -> Replay | None:
        with self._lock:
            return self._replays.get(key)

    def keep_replay(self, key: str, replay: Replay) -> None:
        self._keep(self._replays, key, replay)

    def suite(self, key: str) -> Suite | None:
        with self._lock:
            return self._suites.get(key)

    def keep_suite(self, key: str, suite: Suite) -> None:
        self._keep(self._suites, key, suite)

    def _keep(self, shelf: OrderedDict[str, Any], key: str, value: object) -> None:
        with self._lock:
            shelf[key] = value
            while len(shelf) > REMEMBERED:
                shelf.popitem(last=False)


def fetch(parts: Parts, incident_id: str) -> str:
    _, service, report = about(parts, incident_id)
    base = service.checkout.fetch()
    parts.store.incidents.move(incident_id, State.DIAGNOSING, expected=(State.OPEN,), base=base)
    if not report.app_frames:
        return "The traceback has no line of the service's own code, so there is nothing here to change."
    fault = report.app_frames[-1]
    if fault.file not in service.checkout.sources(base):
        return f"The report names {fault.file}, which is not in the repository at {base[:10]} of {service.branch}."
    return ""


def reproduce(parts: Parts, memory: Memory, incident_id: str) -> str:
    incident, service, report = about(parts, incident_id)
    if report.request is None:
        return "The report holds no request, so the crash cannot be shown to be gone."
    with ThreadPoolExecutor(1) as pool:
        # The tests of the unchanged code are needed later; they run beside the replay.
        suite = pool.submit(_suite_before, memory, service, _base(incident))
        before = replay(service, report, service.checkout.tar(_base(incident)))
        suite.result()
    memory.keep_replay(_replay_key(incident), before)
    return judgement.reproduces(report, before)


def diagnose(parts: Parts, incident_id: str) -> str:
    incident, service, report = about(parts, incident_id)
    diagnosis = diagnosis_of(report, service.checkout.sources(_base(incident)))
    parts.store.incidents.set(incident_id, diagnosis=diagnosis)
    payload = {
        "category": diagnosis.category,
        "cause": diagnosis.cause,
        "answer": diagnosis.answer,
        "confidence": diagnosis.confidence,
        "risk": diagnosis.risk,
        "expression": diagnosis.expression,
    }
    parts.note(incident, "diagnosis.made", payload, "reasoning", once="")
    if diagnosis.decline_reason or diagnosis.answer is Answer.NONE:
        return diagnosis.decline_reason or diagnosis.cause
    if service.autonomy == "observe":
        return f"Diagnosed only, as the service's autonomy is 'observe': {diagnosis.cause}"
    return ""


def repair(parts: Parts, memory: Memory, incident_id: str, attempt: int) -> str:
    incident, service, report = about(parts, incident_id)
    parts.store.incidents.move(incident_id, State.REPAIRING, expected=(State.DIAGNOSING,))
    assert incident.diagnosis is not None
    base = _base(incident)
    candidates = candidates_of(report, incident.diagnosis, service.checkout.sources(base))
    parts.store.incidents.put_candidates(incident_id, attempt, candidates)
    if not candidates:
        return f"No playbook has a fix for this: {incident.diagnosis.cause}"
    before = memory.replay(_replay_key(incident)) or replay(service, report, service.checkout.tar(base))
    trial = _Trial(service, report, base, before, _suite_before(memory, service, base))
    verdicts: list[Verdict] = []
    for candidate in candidates:
        if sum(verdict.accepted for verdict in verdicts) == ENOUGH:
            break
        verdicts.append(trial.replayed(candidate))
    ranked = list(ranking.rank(tuple(verdicts), incident.diagnosis))
    winner = None
    for position, verdict in enumerate(ranked):
        if verdict.accepted and winner is None:
            ranked[position] = trial.tested(verdict)
            winner = ranked[position] if ranked[position].accepted else None
    _file(parts, incident, attempt, candidates, ranked, winner)
    if winner is None:
        return f"None of {len(ranked)} candidate{'s' if len(ranked) != 1 else ''} stood: {ranked[0].reason}"
    return ""


def propose(parts: Parts, incident_id: str, attempt: int) -> str:
    incident, service, report = about(parts, incident_id)
    assert incident.diagnosis is not None
    filed = parts.store.proposals.of_incident(incident_id, attempt)
    if filed is None:
        judged = parts.store.incidents.verdicts(incident_id, attempt)
        chosen = next(verdict for verdict, was_chosen in judged if was_chosen)
        others = tuple(verdict for verdict, was_chosen in judged if not was_chosen)
        diff = chosen.candidate.diff
        branch = f"healer/{incident_id}-{attempt}"
        message = announcement.commit_message(report, incident.diagnosis, chosen, incident_id)
        changes = {change.file: change.after for change in chosen.candidate.changes}
        head = service.checkout.commit(_base(incident), changes, message, incident.last_seen)
        service.checkout.push(head, branch)
        text = announcement.body(
            report,
            incident.diagnosis,
            chosen,
            others,
            count=incident.count,
            first_seen=incident.first_seen,
            last_seen=incident.last_seen,
            incident_url=f"{parts.base_url}/incidents/{incident_id}",
        )
        number = parts.store.proposals.next_number(service.name)
        draft = Proposal(
            incident_id,
            number,
            service.name,
            branch,
            service.branch,
            head,
            announcement.title(report, chosen),
            text,
            "",
        )
        opened = service.forge.open(draft)
        parts.store.proposals.put(opened, attempt, diff)
        parts.store.incidents.set(incident_id, origin=chosen.candidate.origin)
        filed = parts.store.proposals.of_incident(incident_id, attempt)
        assert filed is not None
    proposal = filed.proposal
    parts.store.incidents.move(incident_id, State.PROPOSED, expected=(State.REPAIRING,))
    payload = {
        "number": proposal.number,
        "title": proposal.title,
        "branch": proposal.branch,
        "url": proposal.url,
        "diff": filed.diff,
    }
    parts.note(incident, "proposal.opened", payload, "patch", once="")
    return ""


def decline(parts: Parts, incident_id: str, reason: str) -> str:
    at_work = (State.OPEN, State.DIAGNOSING, State.REPAIRING)
    parts.store.incidents.move(incident_id, State.DECLINED, reason, expected=at_work)
    return State.DECLINED.value


class _Trial:
    """Runs candidates for one incident: first the requests, and for those with the right answer the service's tests."""

    def __init__(self, service: Service, report: Report, base: str, before: Replay, tests_before: Suite) -> None:
        self._service = service
        self._report = report
        self._base = base
        self._before = before
        self._tests_before = tests_before
        self._policy = guardrails.Policy(service.source, service.max_lines, service.max_files)

    def replayed(self, candidate: Candidate) -> Verdict:
        started = time.monotonic()
        findings = guardrails.check(candidate, self._policy)
        after = None if findings else replay(self._service, self._report, self._tree(candidate))
        verdict = judgement.judge(candidate, Evidence(self._before, after, self._tests_before), findings)
        return _timed(verdict, started)

    def tested(self, verdict: Verdict) -> Verdict:
        started = time.monotonic()
        assert verdict.evidence is not None
        after = _suite(self._service, self._tree(verdict.candidate)) if self._tests_before.outcomes else None
        evidence = Evidence(self._before, verdict.evidence.after, self._tests_before, after)
        again = judgement.judge(verdict.candidate, evidence)
        reason = verdict.reason if again.accepted else again.reason
        tested = Verdict(verdict.candidate, again.accepted, reason, again.findings, evidence, verdict.seconds)
        return _timed(tested, started)

    def _tree(self, candidate: Candidate) -> bytes:
        changes = {change.file: change.after for change in candidate.changes}
        return self._service.checkout.tar(self._base, changes)


def _timed(verdict: Verdict, started: float) -> Verdict:
    seconds = round(verdict.seconds + time.monotonic() - started, 3)
    return Verdict(verdict.candidate, verdict.accepted, verdict.reason, verdict.findings, verdict.evidence, seconds)


def _file(
    parts: Parts,
    incident: Incident,
    attempt: int,
    candidates: tuple[Candidate, ...],
    ranked: list[Verdict],
    winner: Verdict | None,
) -> None:
    for verdict in ranked:
        position = candidates.index(verdict.candidate)
        parts.store.incidents.put_verdict(incident.id, attempt, position, verdict, chosen=verdict is winner)
        payload = {
            "origin": verdict.candidate.origin,
            "summary": verdict.candidate.summary,
            "accepted": verdict.accepted,
            "chosen": verdict is winner,
            "reason": verdict.reason,
            "seconds": verdict.seconds,
        }
        parts.note(incident, "candidate.judged", payload, "reasoning", once=str(position))


def about(parts: Parts, incident_id: str) -> tuple[Incident, Service, Report]:
    incident = parts.store.incidents.get(incident_id)
    incidents = parts.store.incidents
    # The first report has the shortest way to the crash; a retry takes the newest, which may replay better.
    report = incidents.first_report(incident_id) if incident.attempt == 1 else incidents.latest_report(incident_id)
    return incident, parts.service(incident.service), report


def _base(incident: Incident) -> str:
    assert incident.base is not None, "fetch comes first"
    return incident.base


def _replay_key(incident: Incident) -> str:
    return f"{incident.id}-{incident.attempt}@{incident.base}"


def replay(service: Service, report: Report, tree: bytes) -> Replay:
    assert report.request is not None
    requests: list[Request] = [*report.earlier_requests, report.request]
    limits: Mapping[str, Any] = {**service.limits, "as_mb": report.memory_mb}
    return service.sandbox.replay(
        tree,
        requests,
        entry=report.entry or service.entry,
        env={**report.env, **service.replay_env},
        headers=service.replay_headers,
        limits=limits,
    )


def _suite(service: Service, tree: bytes) -> Suite:
    return service.sandbox.tests(tree, service.tests, env=service.replay_env, limits=service.limits)


def _suite_before(memory: Memory, service: Service, base: str) -> Suite:
    key = f"{service.name}@{base}"
    known = memory.suite(key)
    if known is None:
        known = _suite(service, service.checkout.tar(base))
        memory.keep_suite(key, known)
    return known
