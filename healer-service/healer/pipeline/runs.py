"""What is run in the sandbox for a heal: the crash on the code as it is, and the tests and replays of patched trees.

Each run is remembered. What the results mean is the stages' matter.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from healer.edges.store import Incident
from healer.model import Call, Replay, Report, Request, Suite
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts, Service
from healer.stages import judgement, locating, recall
from healer.stages.shards import shards
from healer.syntax.coverage import Lines
from healer.syntax.project import Project

SANDBOX_JOBS = 2  # what the sandbox runs at once

NO_LINES: Lines = {}


@dataclass(frozen=True)
class Shown:
    """How the crash shows on the code as it was."""

    before: Replay
    by: str = "request"  # request | call
    call: Call | None = None
    reason: str = ""  # why it does not show; "" when it does
    unsteady: tuple[str, ...] = ()


def as_located(service: Service, report: Report, commit: str) -> Report:
    """With its files as the repository calls them at a commit, where its reporter did not know the repository."""
    return locating.located(report, service.checkout.sources(commit)) if report.approximate else report


def base_of(incident: Incident) -> str:
    assert incident.base is not None, "fetch comes first"
    return incident.base


def shown(memory: Memory, incident: Incident, service: Service, report: Report) -> Shown:
    """By the recorded requests; where they do not show the crash, by calling the function with the reported values."""
    key = f"shown {incident.id}-{incident.attempt}@{incident.base}"
    return memory.once(key, lambda: _show(memory, incident, service, report))


def _show(memory: Memory, incident: Incident, service: Service, report: Report) -> Shown:
    before, reason = Replay("no request was sent"), unsendable(report)
    if not reason:
        before = replay_before(memory, incident, service, report)
        reason = judgement.reproduces(report, before)
        if not reason:
            return Shown(before)
        if not before.problem or before.problem.startswith("timeout"):
            again = replay_again(memory, incident, service, report)
            if not judgement.reproduces(report, again):
                return Shown(again, unsteady=("the crash shows in one of two replays of the same requests",))
    recalled = recall.call_of(report, Project(service.checkout.sources(base_of(incident))))
    if recalled is not None:
        called = call(service, recalled, service.checkout.tar(base_of(incident)))
        if not judgement.reproduces(report, called):
            return Shown(called, "call", recalled)
    return Shown(before, reason=reason + _remedy(service, report))


def _remedy(service: Service, report: Report) -> str:
    """What a person can do about a crash that does not show; "" where the report holds all that can be had."""
    if not report.approximate:
        return ""
    guessed = "" if service.entry else " Without `entry` in its settings the service's application is guessed, too."
    return (
        f" {report.client or 'Its reporter'} leaves out cookies, secrets, what is long, and the requests before; the "
        f"selfheal client in the service reports what can be replayed.{guessed}"
    )


def unsendable(report: Report) -> str:
    """Why the failing request cannot be sent again; "" when it can."""
    if report.request is None:
        return "The report holds no request, so the crash cannot be shown to be gone."
    if report.request.truncated:
        return "The report does not hold the whole body of the request, so it cannot be sent again."
    return ""


def replay_before(memory: Memory, incident: Incident, service: Service, report: Report) -> Replay:
    key = f"replay {incident.id}-{incident.attempt}@{incident.base}"
    return memory.once(key, lambda: replay(service, report, service.checkout.tar(base_of(incident))))


def replay_again(memory: Memory, incident: Incident, service: Service, report: Report) -> Replay:
    """A second run of the same code: what differs from the first is unsteady."""
    key = f"second replay {incident.id}-{incident.attempt}@{incident.base}"
    return memory.once(key, lambda: replay(service, report, service.checkout.tar(base_of(incident))))


def requests_of(report: Report) -> list[Request]:
    assert report.request is not None
    return [*report.earlier_requests, report.request]


def replay(service: Service, report: Report, tree: bytes, watch: Lines = NO_LINES) -> Replay:
    limits: Mapping[str, Any] = {**service.limits, "as_mb": report.memory_mb}
    return service.sandbox.replay(
        tree,
        requests_of(report),
        entry=service.entry or report.entry,  # a report is anyone's word
        env={**report.env, **service.replay_env},
        headers=service.replay_headers,
        limits=limits,
        watch=watch,
    )


def call(service: Service, recalled: Call, tree: bytes, watch: Lines = NO_LINES) -> Replay:
    return service.sandbox.call(tree, recalled, env=service.replay_env, limits=service.limits, watch=watch)


def suite(service: Service, commit: str, tree: bytes, watch: Lines = NO_LINES) -> Suite:
    """The service's tests, in as many runs side by side as the sandbox takes."""
    runs = shards(service.checkout.sizes(commit), service.tests, SANDBOX_JOBS)
    with ThreadPoolExecutor(len(runs)) as pool:
        suites = list(pool.map(lambda run: tests(service, run, tree, watch), runs))
    return Suite(
        problem=next((suite.problem for suite in suites if suite.problem), ""),
        outcomes={test: outcome for suite in suites for test, outcome in suite.outcomes.items()},
        output="\n".join(suite.output for suite in suites),
        seconds=max(suite.seconds for suite in suites),
        ran=_together([suite.ran for suite in suites]),
    )


def tests(service: Service, names: Sequence[str], tree: bytes, watch: Lines = NO_LINES) -> Suite:
    """`names`: files or ids of tests, as pytest takes them."""
    return service.sandbox.tests(tree, names, env=service.replay_env, limits=service.limits, watch=watch)


def suite_before(memory: Memory, service: Service, base: str) -> Suite:
    key = f"tests {service.name}@{base}"
    found = memory.once(key, lambda: suite(service, base, service.checkout.tar(base)))
    if found.problem:
        memory.forget(key)  # it may have been the machine's bad moment
    return found


def measure_baseline(parts: Parts, memory: Memory, service: Service) -> None:
    """Run the tests of the branch's tip, and read its code, ahead of the crash that will ask for both."""
    commit = service.checkout.fetch()
    started = time.monotonic()
    before = suite_before(memory, service, commit)
    Project(service.checkout.sources(commit))  # parsed once per text; the diagnosis then starts with the trees
    outcomes = list(before.outcomes.values())
    payload = {
        "service": service.name,
        "commit": commit,
        "tests": len(outcomes),
        "passed": outcomes.count("passed"),
        "problem": before.problem,
        "seconds": round(time.monotonic() - started, 3),
    }
    parts.note_service(service.name, "baseline.measured", payload, "execution")


def _together(ran: Sequence[Mapping[str, tuple[int, ...]]]) -> dict[str, tuple[int, ...]]:
    files = {file for lines in ran for file in lines}
    return {file: tuple(sorted({line for lines in ran for line in lines.get(file, ())})) for file in sorted(files)}
