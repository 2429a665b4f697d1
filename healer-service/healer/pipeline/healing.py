"""What the stages of heal() do: from a report to a proposal. Each may run again and then finds its own traces."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from healer.edges.store import Filed, Incident
from healer.model import (
    PYTHON,
    Answer,
    Candidate,
    Change,
    Diagnosis,
    Outcome,
    Proposal,
    Report,
    State,
    Suspect,
    Verdict,
)
from healer.pipeline import publishing, stopping
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts, Service
from healer.pipeline.proof import Trial
from healer.pipeline.runs import as_located, base_of, shown, unsendable
from healer.pipeline.search import Search
from healer.stages import announcement, assessment, owners, ranking
from healer.stages.diagnosis import diagnose as diagnosis_of
from healer.stages.playbooks import propose as candidates_of

log = structlog.get_logger()


def fetch(parts: Parts, incident_id: str) -> str:
    incident, service, reported = _reported(parts, incident_id)
    if reported.platform != PYTHON:
        return _only_diagnosed(parts, incident, reported)
    base = service.checkout.fetch()
    report = as_located(service, reported, base)
    parts.store.incidents.move(incident_id, State.DIAGNOSING, expected=(State.OPEN,), base=base, **_fault(report))
    if not report.app_frames:
        named = reported.app_frames[-1:]
        if named and report.approximate:
            return f"The report names {named[0].path or named[0].file}, and no file of the repository is found by that."
        return "The traceback has no line of the service's own code, so there is nothing here to change."
    fault = report.app_frames[-1]
    if fault.file not in service.checkout.sources(base):
        branch = service.checkout.branch
        return f"The report names {fault.file}, which is not in the repository at {base[:10]} of {branch}."
    return ""


def _only_diagnosed(parts: Parts, incident: Incident, report: Report) -> str:
    """Of a platform whose code is not repaired: what the report alone says, and neither repository nor sandbox."""
    parts.store.incidents.move(incident.id, State.DIAGNOSING, expected=(State.OPEN,))
    diagnosis = diagnosis_of(report, {})
    _keep(parts, incident, diagnosis)
    return diagnosis.decline_reason


def _fault(report: Report) -> dict[str, Any]:
    """Of an approximate report, whose place in the repository is not known before."""
    if not report.approximate or not report.app_frames:
        return {}
    fault = report.app_frames[-1]
    return {"fault_file": fault.file, "fault_line": fault.line, "fault_function": fault.function}


def reproduce(parts: Parts, memory: Memory, incident_id: str) -> str:
    incident, service, report = about(parts, incident_id)
    # Meanwhile what to do about the crash is thought out, and the likeliest candidate tried.
    memory.ahead(lambda: _think_ahead(parts, memory, incident, service, report))
    found = shown(memory, incident, service, report)
    payload = {"shown_by": "" if found.reason else found.by, "unsteady": list(found.unsteady), "reason": found.reason}
    parts.note(incident, "crash.reproduced", payload, "execution", once="")
    if not found.reason:
        return ""
    in_hand = _in_hand(parts, incident)
    if in_hand is not None:
        before = chosen_of(parts, incident.id, in_hand.attempt)
        unsteady = before is not None and before.evidence is not None and before.evidence.unsteady
        if not found.before.problem and not unsteady:
            _obsolete(parts, incident, in_hand, found.reason)
        return found.reason
    diagnosis = _thought(parts, memory, incident, service, report).diagnosis
    # Without network or a full disk the replay fails in another way, or not at all: then the report stands.
    if diagnosis.decline_reason:
        return ""
    _keep(parts, incident, diagnosis)  # what no run shows may still be understood
    return found.reason


def diagnose(parts: Parts, memory: Memory, incident_id: str) -> str:
    incident, service, report = about(parts, incident_id)
    if _in_hand(parts, incident) is not None:
        return ""  # it stands since the first attempt, and the report's lines are those of the code then
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
    in_hand = _in_hand(parts, incident)
    asked_for = incident.feedback is not None
    before = chosen_of(parts, incident.id, in_hand.attempt) if in_hand is not None else None
    diagnosis = incident.diagnosis if in_hand is not None and incident.diagnosis is not None else thought.diagnosis
    search = Search(parts, memory, incident, service, report, diagnosis, thought.past)
    if in_hand is not None and before is not None and not asked_for:
        laid = _laid_on(service, in_hand, before, base_of(incident))
        if laid is not None and search.stands(laid):
            return ""
    return search.run(thought.candidates, turned_down=before.candidate if before and asked_for else None)


def propose(parts: Parts, incident_id: str, attempt: int) -> str:
    """Write down what is to be proposed; from here on it is published, whatever happens meanwhile."""
    about_it = about(parts, incident_id)
    incident = about_it[0]
    filed = parts.store.proposals.of_incident(incident_id, attempt)
    if filed is None and (reason := stopping.stopped(parts)):
        return reason
    if filed is None:
        if incident.state != State.REPAIRING:
            return f"The proposal in hand was decided meanwhile: the incident is {incident.state}."
        _prepare(parts, about_it)
        filed = parts.store.proposals.of_incident(incident_id, attempt)
        assert filed is not None
    publishing.try_now(parts, filed)
    return ""


def _prepare(parts: Parts, about_it: tuple[Incident, Service, Report]) -> None:
    incident, service, report = about_it
    assert incident.diagnosis is not None
    chosen = chosen_of(parts, incident.id, incident.attempt)
    assert chosen is not None
    in_hand = _in_hand(parts, incident)
    base = base_of(incident)
    subjects = service.checkout.subjects(base)
    message = announcement.commit_message(report, incident.diagnosis, chosen, incident.id, subjects)
    changes = announcement.changes(chosen)
    head = service.checkout.commit(base, {change.file: change.after for change in changes}, message, incident.last_seen)
    proposal = Proposal(
        incident.id,
        in_hand.proposal.number if in_hand is not None else 0,
        service.name,
        in_hand.proposal.branch if in_hand is not None else publishing.branch_of(incident.id, incident.attempt),
        service.checkout.branch,
        head,
        announcement.title(report, chosen, subjects),
        text_of(parts, about_it, incident.attempt, base, round_of=in_hand.rounds if in_hand is not None else 0),
        "",
        state="prepared",
        draft=assessment.is_draft(chosen),
    )
    parts.store.proposals.put(
        proposal,
        incident.attempt,
        "".join(change.diff for change in changes),
        approach=chosen.candidate.approach,
        category=incident.diagnosis.category,
        base_sha=base,
    )
    parts.store.incidents.set(incident.id, origin=chosen.candidate.origin)


def text_of(
    parts: Parts,
    about_it: tuple[Incident, Service, Report],
    attempt: int,
    base: str,
    *,
    round_of: int = 0,
    amended: str = "",
) -> str:
    """What the proposal says that holds an attempt's candidate. `amended`: what others added since."""
    incident, service, report = about_it
    judged = parts.store.incidents.verdicts(incident.id, attempt)
    chosen = next(verdict for verdict, was_chosen in judged if was_chosen)
    assert incident.diagnosis is not None
    return announcement.body(
        report,
        incident.diagnosis,
        chosen,
        tuple(verdict for verdict, was_chosen in judged if not was_chosen),
        count=incident.count,
        first_seen=incident.first_seen,
        last_seen=incident.last_seen,
        incident_url=f"{parts.base_url}/incidents/{incident.id}",
        template=_template(service, base),
        amended=amended,
        round_of=round_of,
        asked=incident.feedback or "",
    )


def _template(service: Service, commit: str) -> str:
    """What the repository wants every pull request to say."""
    if service.forge.kind == "local":
        return ""
    texts = (service.checkout.text(commit, place) for place in owners.TEMPLATES)
    return next((text for text in texts if text is not None), "")


def decline(parts: Parts, incident_id: str, reason: str) -> str:
    """The end of an attempt that found nothing. A proposal in hand stays as it was, unless it is obsolete."""
    incident = parts.store.incidents.get(incident_id)
    at_work = (State.OPEN, State.DIAGNOSING, State.REPAIRING)
    if incident.state not in at_work:
        return incident.state.value  # decided meanwhile
    in_hand = _in_hand(parts, incident)
    if in_hand is None:
        parts.store.incidents.move(incident_id, State.DECLINED, reason, expected=at_work)
        return State.DECLINED.value
    publishing.reply(parts, in_hand, f"attempt-{incident.attempt}", announcement.round_failed(reason))
    told = f"The last round brought nothing better, so the proposal stays as it was: {reason}"
    parts.store.incidents.move(incident_id, State.PROPOSED, told, expected=at_work)
    return State.PROPOSED.value


def _in_hand(parts: Parts, incident: Incident) -> Filed | None:
    """The open proposal that this attempt is about; None for an attempt that is to make one."""
    filed = parts.store.proposals.of_incident(incident.id)
    return filed if filed is not None and filed.proposal.state == "open" and not filed.closing else None


def chosen_of(parts: Parts, incident_id: str, attempt: int) -> Verdict | None:
    return next((verdict for verdict, chosen in parts.store.incidents.verdicts(incident_id, attempt) if chosen), None)


def _obsolete(parts: Parts, incident: Incident, filed: Filed, reason: str) -> None:
    """The crash is gone without us: the proposal is closed, saying so, and is no lesson."""
    text = announcement.obsolete(reason, base_of(incident))
    parts.note(incident, "proposal.obsolete", {"reason": text}, "control", once=filed.proposal.branch)
    parts.store.proposals.settle(filed.proposal, Outcome.OBSOLETE)
    parts.store.proposals.set(filed.proposal.branch, closing=text)


def _laid_on(service: Service, filed: Filed, chosen: Verdict, base: str) -> Candidate | None:
    """The fix in hand, on the code as it is now; None where the two do not fit together."""
    texts = service.checkout.laid_on(filed.base_sha, filed.pushed_sha, base)
    if texts is None:
        return None
    sources = service.checkout.sources(base)
    files = [change.file for change in chosen.candidate.changes if change.file in texts]
    changes = tuple(Change(file, sources.get(file, ""), texts[file]) for file in files)
    return replace(chosen.candidate, changes=changes) if changes else None


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
    """With the report's files as the repository calls them, once it is known at which commit."""
    incident, service, report = _reported(parts, incident_id)
    return incident, service, as_located(service, report, incident.base) if incident.base else report


def _reported(parts: Parts, incident_id: str) -> tuple[Incident, Service, Report]:
    incident = parts.store.incidents.get(incident_id)
    incidents = parts.store.incidents
    # The first report has the shortest way to the crash; a retry takes the newest, which may replay better.
    report = incidents.first_report(incident_id) if incident.attempt == 1 else incidents.latest_report(incident_id)
    return incident, parts.service(incident.service), report
