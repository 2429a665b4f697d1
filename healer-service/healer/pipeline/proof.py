"""Proof for one candidate: the guardrails, the answers before and after, the service's tests, and a test of its own.

The cheapest comes first and the first objection ends it. The stages judge; what came out differently in two runs of the
same code is run again and called unsteady, not held against the patch.
"""

from __future__ import annotations

import hashlib
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import unquote

import structlog

from healer.edges.store import Incident
from healer.model import Call, Candidate, Diagnosis, Evidence, Regression, Replay, Report, Suite, Verdict
from healer.pipeline import runs
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Service
from healer.pipeline.runs import Shown, base_of
from healer.stages import guardrails, judgement, regression, traffic
from healer.syntax import coverage
from healer.syntax.dependencies import declared
from healer.syntax.project import is_test_file

log = structlog.get_logger()

MOST_VALUES = 100
MOST_RETRIED = 20  # tests that are run again where they fail on a patched tree
MOST_SAID = 1000  # characters of the request or call that shows the crash
MOST_DRAFTS = 4  # of a regression test that are tried
UNSTEADY_RUNS = 2  # more replays of a patched tree where the crash showed in some runs only


class Trial:
    """Tries the candidates for one incident."""

    def __init__(
        self, memory: Memory, incident: Incident, service: Service, report: Report, diagnosis: Diagnosis
    ) -> None:
        self._memory = memory
        self._incident = incident
        self._service = service
        self._report = report
        self._diagnosis = diagnosis
        self._base = base_of(incident)
        self._policy = replace(
            memory.once(f"policy {service.name}@{self._base}", lambda: _policy(service, self._base)),
            failing_values=_values_of(report),
        )

    def run_ahead(self, candidate: Candidate) -> None:
        """Replay and test a candidate before its turn; `judge` finds the results."""
        if not guardrails.check(candidate, self._policy):
            # The replay first: the sandbox takes jobs in the order they come, and the tests take longer.
            self._memory.ahead(lambda: self._replay(candidate))
            self._memory.ahead(lambda: self._tests(candidate))
            self._memory.ahead(lambda: self._regression(candidate))

    def judge(self, candidate: Candidate) -> Verdict:
        started = time.monotonic()
        verdict = self._judged(candidate)
        return replace(verdict, seconds=round(time.monotonic() - started, 3))

    def with_test(self, verdict: Verdict) -> Verdict:
        """An accepted verdict with a regression test, where one could be written that the patch makes pass."""
        started = time.monotonic()
        assert verdict.evidence is not None
        written = self._regression(verdict.candidate)
        evidence = replace(verdict.evidence, regression=written)
        return replace(verdict, evidence=evidence, seconds=round(verdict.seconds + time.monotonic() - started, 3))

    def prove(self, candidate: Candidate) -> Verdict:
        """The evidence alone, for what a person wrote: the guardrails are there for what a machine writes."""
        return self._proved(candidate, self._evidence(), adds_tests=True)

    def _judged(self, candidate: Candidate) -> Verdict:
        evidence = self._evidence()
        findings = guardrails.check(candidate, self._policy)
        return judgement.judge(candidate, evidence, findings) if findings else self._proved(candidate, evidence)

    def _evidence(self) -> Evidence:
        shown = self._shown()
        return Evidence(shown.before, shown_by=shown.by, shown_with=self._said(shown.call), unsteady=shown.unsteady)

    def _said(self, call: Call | None) -> str:
        if call is not None:
            arguments = ", ".join(f"{name}={value}" for name, value in call.arguments.items())
            return f"{call.file}: {call.function}({arguments})"[:MOST_SAID]
        request = self._report.request
        return f"{request.method} {request.path}"[:MOST_SAID] if request is not None else ""

    def _proved(self, candidate: Candidate, evidence: Evidence, *, adds_tests: bool = False) -> Verdict:
        for prove in (self._answered, self._compared, self._tested, self._covered):
            evidence = prove(candidate, evidence)
            verdict = judgement.judge(candidate, evidence, adds_tests=adds_tests)
            if not verdict.accepted:
                break
        return verdict

    def _shown(self) -> Shown:
        return runs.shown(self._memory, self._incident, self._service, self._report)

    def _answered(self, candidate: Candidate, evidence: Evidence) -> Evidence:
        after = self._after(candidate)
        unsteady = list(evidence.unsteady)
        if after.problem.startswith("timeout"):
            after = self._run_again(candidate)
            unsteady += [] if after.problem else ["one of two replays of the patched code took too long"]
        if evidence.unsteady and not after.problem:
            # A crash that comes and goes is not gone because it did not come once.
            more = [self._run_again(candidate) for _ in range(UNSTEADY_RUNS)]
            after = next((one for one in more if one.last is None or one.last.crashed), after)
        return replace(evidence, after=after, unsteady=tuple(unsteady))

    def _compared(self, candidate: Candidate, evidence: Evidence) -> Evidence:
        if evidence.shown_by == "call":
            return evidence
        assert evidence.after is not None
        found = traffic.differences(
            runs.requests_of(self._report),
            evidence.before,
            evidence.after,
            lambda: runs.replay_again(self._memory, self._incident, self._service, self._report),
        )
        return replace(evidence, differences=found)

    def _tested(self, candidate: Candidate, evidence: Evidence) -> Evidence:
        before = runs.suite_before(self._memory, self._service, self._base)
        if not before.outcomes:
            return replace(evidence, tests_before=before)
        after = self._tests(candidate)
        before, after, unsteady = self._steadied(candidate, before, after)
        return replace(evidence, tests_before=before, tests_after=after, unsteady=evidence.unsteady + unsteady)

    def _covered(self, candidate: Candidate, evidence: Evidence) -> Evidence:
        assert evidence.after is not None
        seen = [evidence.after.ran] + ([evidence.tests_after.ran] if evidence.tests_after is not None else [])
        return replace(evidence, not_run=coverage.not_run(candidate, *seen))

    def _steadied(self, candidate: Candidate, before: Suite, after: Suite) -> tuple[Suite, Suite, tuple[str, ...]]:
        """Both runs with the tests that failed on the patched tree run again, and those that were unsteady."""
        broken = judgement.broken_tests(before, after)
        if after.problem or not broken or len(broken) > MOST_RETRIED:
            return before, after, ()
        with ThreadPoolExecutor(2) as pool:
            patched = pool.submit(runs.tests, self._service, broken, self._tree(candidate))
            unpatched = pool.submit(runs.tests, self._service, broken, self._service.checkout.tar(self._base))
            again, base = patched.result().outcomes, unpatched.result().outcomes
        failing = {test: base[test] for test in broken if base.get(test, "passed") != "passed"}
        passing = [test for test in broken if again.get(test) == "passed" and test not in failing]
        if passing:  # once may be luck
            third = runs.tests(self._service, passing, self._tree(candidate)).outcomes
            passing = [test for test in passing if third.get(test) == "passed"]
        notes = [f"the test {test} passes and fails on the unpatched code" for test in failing]
        notes += [f"the test {test} failed once on the patched code and then passed twice" for test in passing]
        before = replace(before, outcomes={**before.outcomes, **failing})
        after = replace(after, outcomes={**after.outcomes, **dict.fromkeys(passing, "passed")})
        return before, after, tuple(notes)

    def _regression(self, candidate: Candidate) -> Regression | None:
        """The first draft that fails before and passes after; None where there is none."""
        key = f"regression {self._incident.id}-{self._incident.attempt}@{self._base} with {_hash(candidate)}"
        return self._memory.once(key, lambda: self._first_that_tells(candidate, self._after(candidate)))

    def _first_that_tells(self, candidate: Candidate, after: Replay) -> Regression | None:
        if judgement.wrong_answer(candidate, self._shown().before, after):
            return None
        for draft in self._drafts(candidate, after):
            tried = self._tried(draft, candidate)
            if tried.before in ("failed", "error") and tried.after == "passed":
                return tried
        return None

    def _drafts(self, candidate: Candidate, after: Replay) -> list[Regression]:
        sources = self._service.checkout.sources(self._base)
        tests = {path: text for path, text in sources.items() if is_test_file(path)}
        own = {path: text for path, text in sources.items() if path not in tests}
        entry = self._service.entry or self._report.entry
        about = (self._report, self._diagnosis, candidate, after)
        try:
            written = regression.drafts(*about, tests, own, self._service.tests, entry, self._shown().call)
            return [draft for draft in islice(written, MOST_DRAFTS) if not self._is_refused(draft)]
        except Exception:  # whatever is odd about somebody's tests, the fix stands without one more
            log.exception("no regression test written", incident=self._incident.id)
            return []

    def _tried(self, draft: Regression, candidate: Candidate) -> Regression:
        """With its outcomes on the code as it was and on the patched code."""
        test = {draft.change.file: draft.change.after}
        fix = {change.file: change.after for change in candidate.changes}
        trees = [self._service.checkout.tar(self._base, changes) for changes in (test, {**fix, **test})]
        with ThreadPoolExecutor(2) as pool:
            before, after = pool.map(lambda tree: runs.tests(self._service, [draft.test], tree), trees)
        outcomes = (side.outcomes.get(draft.test, "missing") for side in (before, after))
        return replace(draft, before=next(outcomes), after=next(outcomes))

    def _is_refused(self, written: Regression) -> bool:
        """The guardrails look at our own test as well, since a report supplied its values."""
        as_candidate = Candidate("regression", "Test the fix", (written.change,))
        # A test names the very value that failed, and the patch's own limits are not about it.
        policy = replace(self._policy, failing_values=(), max_lines=10_000)
        return bool(guardrails.check(as_candidate, policy))

    def _tests(self, candidate: Candidate) -> Suite:
        key = f"tests {self._service.name}@{self._base} with {_hash(candidate)}"
        # Only what the replay left out is watched: watching all makes the tests slow on Python 3.11.
        watch = coverage.watched(candidate, self._after(candidate).ran)
        return self._memory.once(key, lambda: runs.suite(self._service, self._base, self._tree(candidate), watch))

    def _after(self, candidate: Candidate) -> Replay:
        return self._replay(candidate) if self._shown().by == "request" else self._called(candidate)

    def _run_again(self, candidate: Candidate) -> Replay:
        recalled = self._shown().call
        if recalled is not None:
            return runs.call(self._service, recalled, self._tree(candidate), coverage.watched(candidate))
        return runs.replay(self._service, self._report, self._tree(candidate), coverage.watched(candidate))

    def _called(self, candidate: Candidate) -> Replay:
        key = f"call {self._incident.id}-{self._incident.attempt}@{self._base} with {_hash(candidate)}"
        return self._memory.once(key, lambda: self._run_again(candidate))

    def _replay(self, candidate: Candidate) -> Replay:
        key = f"replay {self._incident.id}-{self._incident.attempt}@{self._base} with {_hash(candidate)}"
        watch = coverage.watched(candidate)
        return self._memory.once(key, lambda: runs.replay(self._service, self._report, self._tree(candidate), watch))

    def _tree(self, candidate: Candidate) -> bytes:
        changes = {change.file: change.after for change in candidate.changes}
        return self._service.checkout.tar(self._base, changes)


def _hash(candidate: Candidate) -> str:
    return hashlib.sha256(candidate.diff.encode(errors="surrogatepass")).hexdigest()


def _policy(service: Service, base: str) -> guardrails.Policy:
    """What is set for the service, with what its code tells."""
    requirements = service.checkout.requirements(base)
    return replace(
        service.policy,
        dependencies=declared(requirements) if requirements else None,
        imported=guardrails.modules_of(service.checkout.sources(base)),
    )


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
