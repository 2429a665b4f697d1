"""What the stages of heal() do: from a report to a proposal. Each may run again and then finds its own traces."""

from __future__ import annotations

from dataclasses import dataclass

from healer.edges.store import Incident
from healer.model import Answer, Candidate, Diagnosis, Proposal, Report, State
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts, Service
from healer.pipeline.proof import Trial, base_of, replay_before
from healer.pipeline.search import Search
from healer.stages import announcement, judgement, ranking
from healer.stages.diagnosis import diagnose as diagnosis_of
from healer.stages.playbooks import propose as candidates_of


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
    # Meanwhile what to do about the crash is thought out, and the likeliest candidate tried.
    memory.ahead(lambda: _think_ahead(memory, incident, service, report))
    return judgement.reproduces(report, replay_before(memory, incident, service, report))


def diagnose(parts: Parts, memory: Memory, incident_id: str) -> str:
    incident, service, report = about(parts, incident_id)
    diagnosis = _thought(memory, incident, service, report).diagnosis
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


def repair(parts: Parts, memory: Memory, incident_id: str) -> str:
    incident, service, report = about(parts, incident_id)
    parts.store.incidents.move(incident_id, State.REPAIRING, expected=(State.DIAGNOSING,))
    thought = _thought(memory, incident, service, report)
    search = Search(parts, memory, incident, service, report, thought.diagnosis)
    return search.run(thought.candidates)


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
        head = service.checkout.commit(base_of(incident), changes, message, incident.last_seen)
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


@dataclass(frozen=True)
class _Thought:
    diagnosis: Diagnosis
    candidates: tuple[Candidate, ...]  # best first


def _thought(memory: Memory, incident: Incident, service: Service, report: Report) -> _Thought:
    def think() -> _Thought:
        sources = service.checkout.sources(base_of(incident))
        diagnosis = diagnosis_of(report, sources)
        if diagnosis.decline_reason:
            return _Thought(diagnosis, ())
        candidates = () if service.engine == "llm" else candidates_of(report, diagnosis, sources)
        return _Thought(diagnosis, ranking.order(candidates, diagnosis))

    return memory.once(f"thought {incident.id}-{incident.attempt}@{incident.base}", think)


def _think_ahead(memory: Memory, incident: Incident, service: Service, report: Report) -> None:
    thought = _thought(memory, incident, service, report)
    if thought.candidates and service.autonomy != "observe":
        Trial(memory, incident, service, report).run_ahead(thought.candidates[0])


def about(parts: Parts, incident_id: str) -> tuple[Incident, Service, Report]:
    incident = parts.store.incidents.get(incident_id)
    incidents = parts.store.incidents
    # The first report has the shortest way to the crash; a retry takes the newest, which may replay better.
    report = incidents.first_report(incident_id) if incident.attempt == 1 else incidents.latest_report(incident_id)
    return incident, parts.service(incident.service), report
