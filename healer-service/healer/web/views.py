"""Incidents and services as the page and the CLI see them: plain JSON, built from what the store and the parts hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from healer.edges.store import AT_WORK, SURPLUS, Filed, Incident, Release, Revert, Store
from healer.model import ENDS, Evidence, Exchange, Regression, State, Suite, Verdict
from healer.pipeline import stopping
from healer.pipeline.conversation import MOST_ROUNDS
from healer.pipeline.parts import Parts
from healer.web import attempts, crashes, releases
from healer.web.access import OPERATOR

MOST_PASSED = 2000  # events of an incident that its attempts are read from
MOST_LINES = 2000  # tokens of the model, and as many other events, for the log
MOST_FAILING = 20  # tests that are named
MOST_MESSAGE = 500  # characters of an exception's, in a list
MOST_OUTPUT = 4000  # characters of what the tests said


def summary(incident: Incident, filed: Filed | None, sparkline: Sequence[int]) -> dict[str, Any]:
    fault = None
    if incident.fault_file is not None:
        fault = {"file": incident.fault_file, "line": incident.fault_line, "function": incident.fault_function}
    return {
        "id": incident.id,
        "service": incident.service,
        "state": incident.state,
        "reason": incident.reason,
        "title": incident.title,
        "exception": {"type": incident.exception_type, "message": incident.exception_message[:MOST_MESSAGE]},
        "fault": fault,
        "route": incident.route,
        "count": incident.count,
        "first_seen": incident.first_seen,
        "last_seen": incident.last_seen,
        "opened_at": incident.opened_at,
        "proposed_at": incident.proposed_at,
        "healed_at": incident.healed_at,
        "seconds_to_proposal": incident.seconds_to(incident.proposed_at),
        "seconds_to_healed": incident.seconds_to(incident.healed_at),
        "sparkline": list(sparkline),
        "category": incident.category,
        "attempt": incident.attempt,
        "origin": incident.origin,
        "trace_id": incident.trace_id,
        "proposal": _proposal_line(filed),
    }


def whole(parts: Parts, incident: Incident, role: str) -> dict[str, Any]:
    store = parts.store
    filed = store.proposals.of_incident(incident.id)
    verdicts = store.incidents.verdicts(incident.id, judged_attempt(incident, filed))
    passed = store.log.of_key(incident.id, MOST_PASSED, attempts.TYPES)
    lines, in_all = store.log.lines_of(incident.id, MOST_LINES)
    tried = attempts.attempts(passed, incident.attempt, incident.first_seen)
    return {
        **summary(incident, filed, store.finding.sparkline(incident.id)),
        "exception": {"type": incident.exception_type, "message": incident.exception_message},
        "report": crashes.report(store.incidents.latest_report(incident.id)),
        "diagnosis": asdict(incident.diagnosis) if incident.diagnosis else None,
        "verdicts": [_verdict(verdict, chosen) for verdict, chosen in verdicts],
        "proposal": _proposal(parts, filed),
        "releases": [asdict(release) for release in _releases(store, incident)],
        "revert": releases.revert(store.reverts.of_incident(incident.id)),
        "attempts": tried,
        "stages": tried[-1]["stages"],
        "events": [asdict(event) for event in lines],
        "events_in_all": in_all,
        **_users(parts, incident.service),
        "automation": asdict(stopping.switch(parts)),
        "actions": actions(incident, filed) if role == OPERATOR else [],
    }


def _users(parts: Parts, name: str) -> dict[str, Any]:
    """Whether what is merged goes to the users, and where they are served; neither for a service set up no more."""
    item = parts.services.get(name)
    return {"deploys": item is not None and item.deployment is not None, "address": item.address if item else ""}


def judged_attempt(incident: Incident, filed: Filed | None) -> int:
    """Whose verdicts are to be seen: those of the newest attempt, or, once something is proposed, of what is proposed.

    A round that found nothing better leaves the proposal as it was, with the attempt that it came from.
    """
    is_newest = incident.state in (State.OPEN, *AT_WORK, State.DECLINED)
    return incident.attempt if filed is None or is_newest else filed.attempt


def actions(incident: Incident, filed: Filed | None) -> list[str]:
    if incident.state == State.PROPOSED:
        another = filed is not None and filed.rounds < MOST_ROUNDS and not filed.amended
        ready = filed is not None and not filed.checking and not filed.unseen
        decisions = (("approve", ready), ("request-changes", another), ("reject", True), ("comment", True))
        return [name for name, possible in decisions if possible]
    if filed is not None and filed.proposal.state == "prepared" and incident.state == State.REPAIRING:
        return ["reject"]  # a forge that refuses it must not hold the incident for ever
    served = incident.state == State.RELEASING and incident.release is not None  # to a share of the users
    possible = ["rollback"] if served or incident.state in (State.SOAKING, State.RESOLVED) else []
    can_retry = incident.state in ENDS and incident.fingerprint != SURPLUS  # it counts many crashes and is none
    return [*possible, "retry"] if can_retry else possible


def service(parts: Parts, name: str, incidents_open: int, now: Mapping[str, Any]) -> dict[str, Any]:
    """`now`: what its deployment says of itself."""
    item = parts.services[name]
    return {
        "name": name,
        **{fact: now[fact] for fact in ("release", "state", "canary", "fell_back")},
        "incidents_open": incidents_open,
        "autonomy": item.autonomy,
        "deploys": item.deployment is not None,
        "address": item.address,
        "forge": forge(parts, name),
        "reverts": [_revert_line(one) for one in parts.store.reverts.unfinished(name) if not one.closing],
    }


def _revert_line(revert: Revert) -> dict[str, Any]:
    facts = ("commit", "number", "title", "created_at")
    return {fact: getattr(revert, fact) for fact in facts}


def forge(parts: Parts, name: str) -> dict[str, Any] | None:
    """Where a service's proposals are, and whether it can be used now; None when the service is set up no more."""
    if name not in parts.services:
        return None
    used = parts.services[name].forge
    return {"kind": used.kind, "problem": parts.forges.problem(name), **asdict(used.limits())}


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
        "checking": filed.checking,
        "recheck": asdict(filed.recheck) if filed.amended and filed.recheck else None,
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
        tests = {"before": _suite(evidence.tests_before), "after": _suite(evidence.tests_after, always=True)}
    return {
        "before": _exchange(evidence.before.last),
        "after": _exchange(evidence.after.last) if evidence.after else None,
        "earlier_requests": max(len(evidence.before.exchanges) - 1, 0),
        "tests": tests,
        "shown_by": evidence.shown_by,
        "shown_with": evidence.shown_with,
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


def _suite(suite: Suite | None, *, always: bool = False) -> dict[str, Any] | None:
    """With the end of what the tests said: `always`, or where something failed."""
    if suite is None:
        return None
    failing = [test for test, outcome in suite.outcomes.items() if outcome in ("failed", "error")]
    return {
        "passed": sum(outcome == "passed" for outcome in suite.outcomes.values()),
        "failed": len(failing),
        "failing": failing[:MOST_FAILING],
        "problem": suite.problem,
        "seconds": suite.seconds,
        "output": _tail(suite.output) if always or failing or suite.problem else "",
    }


def _tail(output: str) -> str:
    """Its end, from the beginning of a line."""
    if len(output) <= MOST_OUTPUT:
        return output
    end = output[-MOST_OUTPUT:]
    return end.partition("\n")[2] or end
