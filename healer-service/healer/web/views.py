"""Incidents and services as the page and the CLI see them: plain JSON, built from what the store and the parts hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from healer.edges.store import AT_WORK, ENDS, SURPLUS, Filed, Incident, Release, Store
from healer.model import Event, Evidence, Exchange, Regression, State, Suite, Verdict
from healer.pipeline.conversation import MOST_ROUNDS
from healer.pipeline.parts import Parts
from healer.web import crashes, releases


def summary(incident: Incident, filed: Filed | None) -> dict[str, Any]:
    fault = None
    if incident.fault_file is not None:
        fault = {"file": incident.fault_file, "line": incident.fault_line, "function": incident.fault_function}
    return {
        "id": incident.id,
        "service": incident.service,
        "state": incident.state,
        "reason": incident.reason,
        "title": _title(incident),
        "exception": {"type": incident.exception_type, "message": incident.exception_message},
        "fault": fault,
        "route": incident.route,
        "count": incident.count,
        "first_seen": incident.first_seen,
        "last_seen": incident.last_seen,
        "attempt": incident.attempt,
        "origin": incident.origin,
        "trace_id": incident.trace_id,
        "proposal": _proposal_line(filed),
    }


def whole(parts: Parts, incident: Incident) -> dict[str, Any]:
    store = parts.store
    filed = store.proposals.of_incident(incident.id)
    verdicts = store.incidents.verdicts(incident.id, judged_attempt(incident, filed))
    events = store.log.of_key(incident.id)
    return {
        **summary(incident, filed),
        "report": crashes.report(store.incidents.latest_report(incident.id)),
        "diagnosis": asdict(incident.diagnosis) if incident.diagnosis else None,
        "verdicts": [_verdict(verdict, chosen) for verdict, chosen in verdicts],
        "proposal": _proposal(parts, filed),
        "releases": [asdict(release) for release in _releases(store, incident)],
        "revert": releases.revert(store.reverts.of_incident(incident.id)),
        "stages": stages(events),
        "events": [asdict(event) for event in events],
        "actions": actions(incident, filed),
    }


def judged_attempt(incident: Incident, filed: Filed | None) -> int:
    """Whose verdicts are to be seen: those of the newest attempt, or, once something is proposed, of what is proposed.

    A round that found nothing better leaves the proposal as it was, with the attempt that it came from.
    """
    is_newest = incident.state in (State.OPEN, *AT_WORK, State.DECLINED)
    return incident.attempt if filed is None or is_newest else filed.attempt


def _title(incident: Incident) -> str:
    if incident.fingerprint == SURPLUS:
        return incident.exception_message.capitalize()
    return f"{incident.exception_type} in {incident.fault_function or 'a library'}"


def actions(incident: Incident, filed: Filed | None) -> list[str]:
    if incident.state == State.PROPOSED:
        another = filed is not None and filed.rounds < MOST_ROUNDS and not filed.amended
        return ["approve", *(["request-changes"] if another else []), "reject", "comment"]
    if filed is not None and filed.proposal.state == "prepared" and incident.state == State.REPAIRING:
        return ["reject"]  # a forge that refuses it must not hold the incident for ever
    served = incident.state == State.RELEASING and incident.release is not None  # to a share of the users
    possible = ["rollback"] if served or incident.state in (State.SOAKING, State.RESOLVED) else []
    can_retry = incident.state in ENDS and incident.fingerprint != SURPLUS  # it counts many crashes and is none
    return [*possible, "retry"] if can_retry else possible


def service(parts: Parts, name: str, incidents: Sequence[Incident]) -> dict[str, Any]:
    item = parts.services[name]
    now = releases.serving(item)
    return {
        "name": name,
        **{fact: now[fact] for fact in ("release", "state", "canary", "fell_back")},
        "incidents_open": sum(one.service == name and one.state not in ENDS for one in incidents),
        "autonomy": item.autonomy,
        "address": item.address,
        "forge": forge(parts, name),
    }


def forge(parts: Parts, name: str) -> dict[str, Any] | None:
    """Where a service's proposals are, and whether it can be used now; None when the service is set up no more."""
    if name not in parts.services:
        return None
    used = parts.services[name].forge
    return {"kind": used.kind, "problem": parts.forges.problem(name), **asdict(used.limits())}


def stages(events: Sequence[Event]) -> list[dict[str, Any]]:
    """The running attempt's stages in order, from the log."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        if event.type == "incident.state" and event.payload.get("to") == State.OPEN:
            found.clear()  # a retry starts anew
        name = str(event.payload.get("stage", ""))
        if event.type == "stage.started":
            found[name] = {
                "stage": name,
                "started_at": event.timestamp,
                "seconds": None,
                "state": "running",
                "detail": "",
            }
        elif event.type == "stage.finished" and name in found:
            detail = event.payload.get("detail", "")
            found[name].update(
                seconds=event.payload.get("seconds"), detail=detail, state="failed" if detail else "done"
            )
    return list(found.values())


def _releases(store: Store, incident: Incident) -> list[Release]:
    """Its own, and the one that brought its fix along with another's."""
    found = list(store.releases.of_incident(incident.id))
    brought = store.releases.get(incident.service, incident.release) if incident.release else None
    return found if brought is None or brought in found else [*found, brought]


def _proposal_line(filed: Filed | None) -> dict[str, Any] | None:
    if filed is None:
        return None
    proposal = filed.proposal
    return {
        "number": proposal.number,
        "title": proposal.title,
        "state": proposal.state,
        "url": proposal.url,
        "draft": proposal.draft,
    }


def _proposal(parts: Parts, filed: Filed | None) -> dict[str, Any] | None:
    if filed is None:
        return None
    proposal = filed.proposal
    return {
        **asdict(proposal),
        "diff": filed.diff,
        "created_at": filed.created_at,
        "discussion": [asdict(remark) for remark in parts.store.remarks.of_proposal(proposal.branch)],
        "rounds": filed.rounds,
        "most_rounds": MOST_ROUNDS,
        "amended": filed.amended,
        "reviewer": filed.reviewer.removeprefix("-"),  # which stands for nobody
        "draft_there": filed.forge_draft,
        "forge": forge(parts, proposal.service),
    }


def _verdict(verdict: Verdict, chosen: bool) -> dict[str, Any]:
    return {
        "origin": verdict.candidate.origin,
        "summary": verdict.candidate.summary,
        "note": verdict.candidate.note,
        "accepted": verdict.accepted,
        "chosen": chosen,
        "reason": verdict.reason,
        "diff": verdict.candidate.diff,
        "findings": [asdict(finding) for finding in verdict.findings],
        "seconds": verdict.seconds,
        "evidence": _evidence(verdict.evidence) if verdict.evidence else None,
        "assessment": asdict(verdict.assessment) if verdict.assessment else None,
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    tests = None
    if evidence.tests_before is not None:
        tests = {"before": _suite(evidence.tests_before), "after": _suite(evidence.tests_after)}
    return {
        "before": _exchange(evidence.before.last),
        "after": _exchange(evidence.after.last) if evidence.after else None,
        "earlier_requests": max(len(evidence.before.exchanges) - 1, 0),
        "tests": tests,
        "shown_by": evidence.shown_by,
        "differences": [asdict(difference) for difference in evidence.differences],
        "not_run": None if evidence.not_run is None else [asdict(site) for site in evidence.not_run],
        "regression": _regression(evidence.regression),
        "unsteady": list(evidence.unsteady),
        "isolation": list(evidence.before.isolation),
    }


def _regression(regression: Regression | None) -> dict[str, Any] | None:
    if regression is None:
        return None
    change = regression.change
    outcomes = {"before": regression.before, "after": regression.after}
    return {"file": change.file, "test": regression.test, **outcomes, "diff": change.diff}


def _exchange(exchange: Exchange | None) -> dict[str, Any] | None:
    if exchange is None:
        return None
    exception = {"type": exchange.exception.type, "message": exchange.exception.message} if exchange.exception else None
    return {"status": exchange.status, "body": exchange.body[:4000], "value": exchange.value, "exception": exception}


def _suite(suite: Suite | None) -> dict[str, Any] | None:
    if suite is None:
        return None
    outcomes = list(suite.outcomes.values())
    failed = sum(outcome in ("failed", "error") for outcome in outcomes)
    return {"passed": outcomes.count("passed"), "failed": failed, "problem": suite.problem}
