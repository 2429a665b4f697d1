"""Proof by the sandbox: the crash shown before, candidates replayed and tested after. The stages judge it."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from healer.edges.store import Incident
from healer.model import Candidate, Evidence, Replay, Report, Request, Suite, Verdict
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts, Service
from healer.stages import guardrails, judgement
from healer.stages.shards import shards
from healer.syntax.project import Project

SANDBOX_JOBS = 2  # what the sandbox runs at once
MOST_VALUES = 100


class Trial:
    """Runs candidates for one incident: the requests, and for one that answers them rightly the service's own tests."""

    def __init__(self, memory: Memory, incident: Incident, service: Service, report: Report) -> None:
        self._memory = memory
        self._incident = incident
        self._service = service
        self._report = report
        self._base = base_of(incident)
        self._policy = guardrails.Policy(service.source, service.max_lines, service.max_files, _values_of(report))

    def run_ahead(self, candidate: Candidate) -> None:
        """Replay and test a candidate before its turn; `judge` finds the results."""
        if not guardrails.check(candidate, self._policy):
            tree = self._tree(candidate)
            # The replay first: the sandbox takes jobs in the order they come, and the tests take longer.
            self._memory.ahead(lambda: self._replay(candidate, tree))
            self._memory.ahead(lambda: self._tests(candidate, tree))

    def judge(self, candidate: Candidate) -> Verdict:
        started = time.monotonic()
        verdict = self._replayed(candidate)
        if verdict.accepted:
            assert verdict.evidence is not None
            before = suite_before(self._memory, self._service, self._base)
            after = self._tests(candidate) if before.outcomes else None
            evidence = replace(verdict.evidence, tests_before=before, tests_after=after)
            verdict = judgement.judge(candidate, evidence)
        return replace(verdict, seconds=round(time.monotonic() - started, 3))

    def _replayed(self, candidate: Candidate) -> Verdict:
        before = replay_before(self._memory, self._incident, self._service, self._report)
        findings = guardrails.check(candidate, self._policy)
        if findings:
            return judgement.judge(candidate, Evidence(before), findings)
        return judgement.judge(candidate, Evidence(before, self._replay(candidate)))

    def _tests(self, candidate: Candidate, tree: bytes | None = None) -> Suite:
        key = f"tests {self._service.name}@{self._base} with {_hash(candidate)}"
        run = self._memory.once
        return run(key, lambda: suite(self._service, self._base, tree or self._tree(candidate)))

    def _replay(self, candidate: Candidate, tree: bytes | None = None) -> Replay:
        key = f"replay {self._incident.id}-{self._incident.attempt}@{self._base} with {_hash(candidate)}"
        run = self._memory.once
        return run(key, lambda: replay(self._service, self._report, tree or self._tree(candidate)))

    def _tree(self, candidate: Candidate) -> bytes:
        changes = {change.file: change.after for change in candidate.changes}
        return self._service.checkout.tar(self._base, changes)


def _hash(candidate: Candidate) -> str:
    return hashlib.sha256(candidate.diff.encode(errors="surrogatepass")).hexdigest()


def base_of(incident: Incident) -> str:
    assert incident.base is not None, "fetch comes first"
    return incident.base


def replay_before(memory: Memory, incident: Incident, service: Service, report: Report) -> Replay:
    key = f"replay {incident.id}-{incident.attempt}@{incident.base}"
    return memory.once(key, lambda: replay(service, report, service.checkout.tar(base_of(incident))))


def replay(service: Service, report: Report, tree: bytes) -> Replay:
    assert report.request is not None
    requests: list[Request] = [*report.earlier_requests, report.request]
    limits: Mapping[str, Any] = {**service.limits, "as_mb": report.memory_mb}
    return service.sandbox.replay(
        tree,
        requests,
        entry=service.entry or report.entry,  # a report is anyone's word
        env={**report.env, **service.replay_env},
        headers=service.replay_headers,
        limits=limits,
    )


def suite(service: Service, commit: str, tree: bytes) -> Suite:
    """The service's tests, in as many runs side by side as the sandbox takes."""
    runs = shards(service.checkout.sizes(commit), service.tests, SANDBOX_JOBS)
    with ThreadPoolExecutor(len(runs)) as pool:
        suites = list(
            pool.map(lambda run: service.sandbox.tests(tree, run, env=service.replay_env, limits=service.limits), runs)
        )
    return Suite(
        problem=next((suite.problem for suite in suites if suite.problem), ""),
        outcomes={test: outcome for suite in suites for test, outcome in suite.outcomes.items()},
        output="\n".join(suite.output for suite in suites),
        seconds=max(suite.seconds for suite in suites),
    )


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
    key = f"service/{service.name}"
    parts.store.log.append("baseline.measured", key, payload, trace_id="", ui_hint="execution")


def _values_of(report: Report) -> tuple[str, ...]:
    """The scalars of the failing request: a fix must not be a special case for one of them."""
    request = report.request
    if request is None:
        return ()
    found: list[str] = [part for part in re.split(r"[/?&=]", unquote(request.path)) if part]
    waiting: list[Any] = [request.body] if request.body_kind in ("json", "form") else []
    while waiting and len(found) < MOST_VALUES:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif item is not None and not isinstance(item, bool):
            found.append(str(item))
    return tuple(found)
