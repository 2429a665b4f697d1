"""What the stages of heal() do: from a report to a proposal. Each may run again and then finds its own traces."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import structlog

from healer.edges.store import Incident
from healer.model import Answer, Candidate, Diagnosis, Proposal, Report, State, Suspect
from healer.pipeline import stopping
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts, Service
from healer.pipeline.proof import Trial
from healer.pipeline.runs import base_of, shown, unsendable
from healer.pipeline.search import Search
from healer.stages import announcement, assessment, ranking
from healer.stages.diagnosis import diagnose as diagnosis_of
from healer.stages.playbooks import propose as candidates_of

log = structlog.get_logger()


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
    # Meanwhile what to do about the crash is thought out, and the likeliest candidate tried.
    memory.ahead(lambda: _think_ahead(parts, memory, incident, service, report))
    found = shown(memory, incident, service, report)
    payload = {"shown_by": "" if found.reason else found.by, "unsteady": list(found.unsteady), "reason": found.reason}
    parts.note(incident, "crash.reproduced", payload, "execution", once="")
    if not found.reason:
        return ""
    diagnosis = _thought(parts, memory, incident, service, report).diagnosis
    # Without network or a full disk the replay fails in another way, or not at all: then the report stands.
    if diagnosis.decline_reason:
        return ""
    _keep(parts, incident, diagnosis)  # what no run shows may still be understood
    return found.reason


def diagnose(parts: Parts, memory: Memory, incident_id: str) -> str:
    incident, service, report = about(parts, incident_id)
    diagnosis = _thought(parts, memory, incident, service, report).diagnosis
    _keep(parts, incident, diagnosis)
    if diagnosis.decline_reason or diagnosis.answer is Answer.NONE:
        return diagnosis.decline_reason or diagnosis.cause
    if service.autonomy == "observe":
        return f"Diagnosed only, as the service's autonomy is 'observe': {diagnosis.cause}"
    return ""


def _keep(parts: Parts, incident: Incident, diagnosis: Diagnosis) -> None:
    parts.store.incidents.set(incident.id, diagnosis=diagnosis)
    payload = {
        "category": diagnosis.category,
        "cause": diagnosis.cause,
        "answer": diagnosis.answer,
        "confidence": diagnosis.confidence,
        "risk": diagnosis.risk,
        "expression": diagnosis.expression,
    }
    parts.note(incident, "diagnosis.made", payload, "reasoning", once="")


def repair(parts: Parts, memory: Memory, incident_id: str) -> str:
    incident, service, report = about(parts, incident_id)
    if reason := stopping.stopped(parts):
        return reason
    parts.store.incidents.move(incident_id, State.REPAIRING, expected=(State.DIAGNOSING,))
    thought = _thought(parts, memory, incident, service, report)
    search = Search(parts, memory, incident, service, report, thought.diagnosis, thought.past)
    return search.run(thought.candidates)


def propose(parts: Parts, incident_id: str, attempt: int) -> str:
    incident, service, report = about(parts, incident_id)
    assert incident.diagnosis is not None
    filed = parts.store.proposals.of_incident(incident_id, attempt)
    if filed is None and (reason := stopping.stopped(parts)):
        return reason
    if filed is None:
        judged = parts.store.incidents.verdicts(incident_id, attempt)
        chosen = next(verdict for verdict, was_chosen in judged if was_chosen)
        others = tuple(verdict for verdict, was_chosen in judged if not was_chosen)
        diff = "".join(change.diff for change in announcement.changes(chosen))
        branch = f"healer/{incident_id}-{attempt}"
        message = announcement.commit_message(report, incident.diagnosis, chosen, incident_id)
        changes = {change.file: change.after for change in announcement.changes(chosen)}
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
            draft=assessment.is_draft(chosen),
        )
        opened = service.forge.open(draft)
        approach, category = chosen.candidate.approach, incident.diagnosis.category
        parts.store.proposals.put(opened, attempt, diff, approach=approach, category=category)
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
        "draft": proposal.draft,
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
    past: ranking.Past = field(default_factory=dict)  # what became of the proposals for such failures


def _thought(parts: Parts, memory: Memory, incident: Incident, service: Service, report: Report) -> _Thought:
    def think() -> _Thought:
        sources = service.checkout.sources(base_of(incident))
        diagnosis = diagnosis_of(report, sources)
        if diagnosis.decline_reason:
            return _Thought(diagnosis, ())
        diagnosis = replace(diagnosis, suspect=_suspect(service, base_of(incident), diagnosis))
        past = parts.store.proposals.outcomes(service.name, diagnosis.category)
        candidates = () if service.engine == "llm" else candidates_of(report, diagnosis, sources)
        return _Thought(diagnosis, ranking.order(candidates, diagnosis, past), past)

    return memory.once(f"thought {incident.id}-{incident.attempt}@{incident.base}", think)


def _suspect(service: Service, commit: str, diagnosis: Diagnosis) -> Suspect | None:
    """The commit that touched the fault last, else the place to fix it; None where git does not tell."""
    for site in (diagnosis.fault, *diagnosis.fix_sites[:1]):
        try:
            return service.checkout.blame(commit, site.file, site.line)
        except Exception as error:  # whatever is odd about old commits, the heal goes on
            log.info("no commit to name for a line", file=site.file, line=site.line, error=str(error))
    return None


def _think_ahead(parts: Parts, memory: Memory, incident: Incident, service: Service, report: Report) -> None:
    thought = _thought(parts, memory, incident, service, report)
    if thought.candidates and not unsendable(report) and service.autonomy != "observe":
        Trial(memory, incident, service, report, thought.diagnosis).run_ahead(thought.candidates[0])


def about(parts: Parts, incident_id: str) -> tuple[Incident, Service, Report]:
    incident = parts.store.incidents.get(incident_id)
    incidents = parts.store.incidents
    # The first report has the shortest way to the crash; a retry takes the newest, which may replay better.
    report = incidents.first_report(incident_id) if incident.attempt == 1 else incidents.latest_report(incident_id)
    return incident, parts.service(incident.service), report
