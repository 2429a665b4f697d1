"""What came out differently in two runs of the same code is run again; a scripted sandbox gives the outcomes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from healer.model import Candidate, Exchange, Replay, Suite
from healer.pipeline.memory import Memory
from healer.pipeline.proof import Trial
from healer.stages.guardrails import Policy

from tests.healer.samples import a_candidate, a_diagnosis, a_replay, a_report, answered, crashed

BROKEN, FIXED = a_replay(crashed()), a_replay(answered(404))
SOURCE = {"app/main.py": "value = TABLE[key]\n"}
TEST = "tests/test_a.py::test_a"


class Sandbox:
    """Gives what is scripted for each tree, in order; the last one again and again."""

    def __init__(self, **script: list[Any]) -> None:
        self.script = script
        self.asked: list[str] = []

    def _next(self, kind: str, tree: bytes) -> Any:
        name = f"{kind}_{tree.decode()}"
        self.asked.append(name)
        answers = self.script[name]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def replay(self, tree: bytes, requests: Any, **_: Any) -> Replay:
        found: Replay = self._next("replay", tree)
        return found

    def call(self, tree: bytes, call: Any, **_: Any) -> Replay:
        found: Replay = self._next("call", tree)
        return found

    def tests(self, tree: bytes, names: Any, **_: Any) -> Suite:
        outcome = self._next("tests", tree)
        return Suite("", {TEST: outcome} if outcome else {})


def trial(sandbox: Sandbox, **report: Any) -> Trial:
    checkout = SimpleNamespace(
        tar=lambda _commit, changes=None: b"patched" if changes else b"base",
        sizes=lambda _commit: {"tests/test_a.py": 10},
        sources=lambda _commit: SOURCE,
        requirements=lambda _commit: {},
    )
    service = SimpleNamespace(
        name="shop",
        sandbox=sandbox,
        checkout=checkout,
        entry=None,
        policy=Policy((".",)),
        tests=("tests",),
        replay_env={},
        replay_headers={},
        limits={},
    )
    incident = SimpleNamespace(id="i", attempt=1, base="c" * 40)
    return Trial(Memory(), incident, service, a_report(**report), a_diagnosis())  # type: ignore[arg-type]


CANDIDATE: Candidate = a_candidate()


def test_steady_evidence_is_not_run_twice() -> None:
    sandbox = Sandbox(replay_base=[BROKEN], replay_patched=[FIXED], tests_base=["passed"], tests_patched=["passed"])
    verdict = trial(sandbox).judge(CANDIDATE)
    assert verdict.accepted
    assert verdict.evidence is not None
    assert verdict.evidence.unsteady == ()
    assert sorted(sandbox.asked) == ["replay_base", "replay_patched", "tests_base", "tests_patched"]


@pytest.mark.parametrize(
    ("base", "patched", "accepted", "said"),
    [
        (["passed"], ["failed", "passed", "passed"], True, "failed once on the patched code and then passed twice"),
        (["passed"], ["failed", "passed", "failed"], False, ""),
        (["passed"], ["failed"], False, ""),
        (["passed", "failed"], ["failed"], True, "passes and fails on the unpatched code"),
    ],
)
def test_a_test_that_fails_on_the_patched_code_is_run_again(
    base: list[str], patched: list[str], accepted: bool, said: str
) -> None:
    sandbox = Sandbox(replay_base=[BROKEN], replay_patched=[FIXED], tests_base=base, tests_patched=patched)
    verdict = trial(sandbox).judge(CANDIDATE)
    assert verdict.accepted is accepted
    assert verdict.evidence is not None
    assert said in "".join(verdict.evidence.unsteady)


def test_a_crash_that_shows_in_some_runs_only_must_stay_away_in_several() -> None:
    gone = Sandbox(replay_base=[FIXED, BROKEN], replay_patched=[FIXED], tests_base=[""])
    verdict = trial(gone).judge(CANDIDATE)
    assert verdict.accepted
    assert verdict.evidence is not None
    assert verdict.evidence.unsteady == ("the crash shows in one of two replays of the same requests",)
    assert gone.asked.count("replay_patched") == 3
    there = Sandbox(replay_base=[FIXED, BROKEN], replay_patched=[FIXED, FIXED, BROKEN], tests_base=[""])
    verdict = trial(there).judge(CANDIDATE)
    assert "the request still fails" in verdict.reason


def test_a_run_that_took_too_long_is_tried_again() -> None:
    slow = Sandbox(replay_base=[BROKEN], replay_patched=[a_replay(problem="timeout: 20 s"), FIXED], tests_base=[""])
    verdict = trial(slow).judge(CANDIDATE)
    assert verdict.accepted
    assert verdict.evidence is not None
    assert verdict.evidence.unsteady == ("one of two replays of the patched code took too long",)
    hangs = Sandbox(replay_base=[BROKEN], replay_patched=[a_replay(problem="timeout: 20 s")], tests_base=[""])
    assert "did not run: timeout" in trial(hangs).judge(CANDIDATE).reason
    assert hangs.asked.count("replay_patched") == 2


def test_what_an_answer_holds_by_chance_is_no_difference() -> None:
    def by_chance(number: int, total: int) -> Exchange:
        return Exchange(200, body=f'{{"id": {number}, "total": {total}}}')

    before = a_replay(by_chance(1, 5), crashed())
    again = a_replay(by_chance(2, 5), crashed())
    after = a_replay(by_chance(3, 6), answered(404))
    sandbox = Sandbox(replay_base=[before, again], replay_patched=[after], tests_base=[""])
    report = a_report()
    assert report.request is not None
    verdict = trial(sandbox, earlier_requests=(report.request,)).judge(CANDIDATE)
    assert verdict.evidence is not None
    assert [one.what for one in verdict.evidence.differences] == ["body: /total is 6 where it was 5"]
