"""What the stages of heal() do: from a report to a proposal. Each may run again and then finds its own traces."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from healer.edges.store import Incident
from healer.model import Answer, Candidate, Evidence, Proposal, Replay, Report, Request, State, Suite, Verdict
from healer.pipeline.parts import Parts, Service
from healer.stages import announcement, guardrails, judgement, ranking
from healer.stages.diagnosis import diagnose as diagnosis_of
from healer.stages.playbooks import propose as candidates_of

T = TypeVar("T")
Rank = Callable[[Sequence[Verdict]], tuple[Verdict, ...]]

ENOUGH = 3  # candidates with the right answer; more only cost time, for they come best first
REMEMBERED = 32


class Memory:
    """Results that later stages need again, kept while the process lives; without them they are measured anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._measured: OrderedDict[str, Future[Any]] = OrderedDict()

    def once(self, key: str, measure: Callable[[], T]) -> T:
        """What `measure` gave for this key. Who comes while it is being measured waits for the one result."""
        with self._lock:
            known = self._measured.get(key)
            if known is None:
                mine: Future[T] = Future()
                self._measured[key] = mine
                while len(self._measured) > REMEMBERED:
                    self._measured.popitem(last=False)
        if known is not None:
            result: T = known.result()
            return result
        try:
            mine.set_result(measure())
        except BaseException as error:
            with self._lock:
                self._measured.pop(key, None)
            mine.set_exception(error)
            raise
        return mine.result()


def warm(memory: Memory, service: Service) -> None:
    """Run the tests of the branch's tip ahead of the crash that will ask for them."""
    _suite_before(memory, service, service.checkout.fetch())


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
    if report.request.truncated:
        return "The report does not hold the whole body of the request, so it cannot be sent again."
    return judgement.reproduces(report, _before(memory, incident, service, report))


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
    diagnosis = incident.diagnosis
    assert diagnosis is not None
    base = _base(incident)
    candidates = candidates_of(report, diagnosis, service.checkout.sources(base))
    parts.store.incidents.put_candidates(incident_id, attempt, candidates)
    if not candidates:
        return f"No playbook has a fix for this: {diagnosis.cause}"
    before = _before(memory, incident, service, report)
    with ThreadPoolExecutor(1) as pool:
        trial = _Trial(service, report, base, before, pool.submit(_suite_before, memory, service, base))
        verdicts = trial.judged(candidates, lambda found: ranking.rank(found, diagnosis))
    _file(parts, incident, attempt, candidates, verdicts)
    if not verdicts[0].accepted:
        return f"None of {len(verdicts)} candidate{'s' if len(verdicts) != 1 else ''} stood: {verdicts[0].reason}"
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
    """Runs candidates for one incident: first the requests, and for the best of those the service's tests."""

    def __init__(
        self, service: Service, report: Report, base: str, before: Replay, tests_before: Future[Suite]
    ) -> None:
        self._service = service
        self._report = report
        self._base = base
        self._before = before
        self._tests_before = tests_before
        self._policy = guardrails.Policy(service.source, service.max_lines, service.max_files)

    def judged(self, candidates: Sequence[Candidate], rank: Rank) -> tuple[Verdict, ...]:
        """Best first. The first one has passed the service's tests, if it is accepted at all."""
        verdicts: list[Verdict] = []
        tested: dict[Candidate, Future[Verdict]] = {}
        with ThreadPoolExecutor(1) as pool:
            for candidate in candidates:
                verdicts.append(self._replayed(candidate))
                accepted = [verdict for verdict in verdicts if verdict.accepted]
                if len(accepted) == 1 and not tested:
                    # Candidates come best first, so this one will most likely be chosen: its tests run meanwhile.
                    tested[accepted[0].candidate] = pool.submit(self._tested, accepted[0])
                if len(accepted) == ENOUGH:
                    break
            while True:
                best = rank(verdicts)[0]
                position = next(n for n, verdict in enumerate(verdicts) if verdict.candidate == best.candidate)
                if not best.accepted or (best.candidate in tested and tested[best.candidate].done()):
                    return rank(verdicts)
                if best.candidate not in tested:
                    tested[best.candidate] = pool.submit(self._tested, verdicts[position])
                verdicts[position] = tested[best.candidate].result()

    def _replayed(self, candidate: Candidate) -> Verdict:
        started = time.monotonic()
        findings = guardrails.check(candidate, self._policy)
        after = None if findings else replay(self._service, self._report, self._tree(candidate))
        verdict = judgement.judge(candidate, Evidence(self._before, after), findings)
        return _timed(verdict, started)

    def _tested(self, verdict: Verdict) -> Verdict:
        started = time.monotonic()
        assert verdict.evidence is not None
        before = self._tests_before.result()
        after = _suite(self._service, self._tree(verdict.candidate)) if before.outcomes else None
        evidence = Evidence(self._before, verdict.evidence.after, before, after)
        again = judgement.judge(verdict.candidate, evidence)
        return _timed(replace(again, seconds=verdict.seconds), started)

    def _tree(self, candidate: Candidate) -> bytes:
        changes = {change.file: change.after for change in candidate.changes}
        return self._service.checkout.tar(self._base, changes)


def _timed(verdict: Verdict, started: float) -> Verdict:
    return replace(verdict, seconds=round(verdict.seconds + time.monotonic() - started, 3))


def _file(
    parts: Parts, incident: Incident, attempt: int, candidates: tuple[Candidate, ...], ranked: Sequence[Verdict]
) -> None:
    for verdict in ranked:
        position = candidates.index(verdict.candidate)
        chosen = verdict is ranked[0] and verdict.accepted
        parts.store.incidents.put_verdict(incident.id, attempt, position, verdict, chosen=chosen)
        payload = {
            "origin": verdict.candidate.origin,
            "summary": verdict.candidate.summary,
            "accepted": verdict.accepted,
            "chosen": chosen,
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


def _before(memory: Memory, incident: Incident, service: Service, report: Report) -> Replay:
    key = f"replay {incident.id}-{incident.attempt}@{incident.base}"
    return memory.once(key, lambda: replay(service, report, service.checkout.tar(_base(incident))))


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
    return memory.once(f"tests {service.name}@{base}", lambda: _suite(service, service.checkout.tar(base)))
