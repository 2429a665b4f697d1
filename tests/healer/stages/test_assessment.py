from dataclasses import replace

import pytest
from healer.model import Answer, Candidate, Change, Difference, Evidence, Site, Verdict
from healer.stages import assessment
from healer.syntax.project import Project

from tests.healer.samples import FULL_EVIDENCE, a_candidate, a_diagnosis, a_replay, answered, crashed

SOURCE = """\
def rate(table, key):
    return table[key]


def refund(table, key, amount):
    table["paid"] = rate(table, key) * amount
    return rate(table, "x") + rate(table, "y")
"""
PROJECT = Project({"app/money.py": SOURCE})
CHANGE = Change("app/money.py", SOURCE, SOURCE.replace("return table[key]", "return table.get(key, 0)"))
CANDIDATE = a_candidate(changes=(CHANGE,), answer=Answer.REFUSE)
ALONE = Evidence(a_replay(crashed()), a_replay(answered(404)), not_run=())


def assess(
    evidence: Evidence,
    candidate: Candidate = CANDIDATE,
    grounds: float = 0.9,
    record: float = 0.0,
    approximate: str = "",
) -> assessment.Assessment:
    how = {"grounds": grounds, "record": record}
    return assessment.assess(candidate, evidence, a_diagnosis(), PROJECT, approximate=approximate, **how)


MODELS = replace(CANDIDATE, engine="llm", origin="a-model")


@pytest.mark.parametrize(
    ("evidence", "candidate", "level"),
    [
        (FULL_EVIDENCE, CANDIDATE, "proposal"),
        (FULL_EVIDENCE, MODELS, "proposal"),
        (replace(FULL_EVIDENCE, regression=None), MODELS, "proposal"),
        (replace(ALONE, regression=FULL_EVIDENCE.regression), CANDIDATE, "proposal"),
        (ALONE, CANDIDATE, "draft"),  # nothing but one replay that passes
        (ALONE, MODELS, "draft"),
        (replace(FULL_EVIDENCE, shown_by="call"), CANDIDATE, "draft"),  # no request shows it
        (replace(ALONE, shown_by="call"), CANDIDATE, "diagnosis"),
        (replace(ALONE, unsteady=("the crash shows in one of two replays",)), CANDIDATE, "diagnosis"),
    ],
)
def test_how_far_the_evidence_carries(evidence: Evidence, candidate: Candidate, level: str) -> None:
    assert assessment.level(assess(evidence, candidate).confidence) == level


def test_scores_are_the_sums_of_their_parts() -> None:
    found = assess(FULL_EVIDENCE, grounds=1.0, record=1.0)
    assert found.confidence == pytest.approx(1.0)
    assert found.confidence == pytest.approx(sum(part.points for part in found.confidence_parts), abs=0.01)
    assert found.risk == pytest.approx(sum(part.points for part in found.risk_parts), abs=0.01)
    assert all(part.why for part in (*found.confidence_parts, *found.risk_parts))


def test_an_approximate_replay_carries_less_and_says_why() -> None:
    found = assess(FULL_EVIDENCE, approximate="reported by another client")
    assert found.confidence == pytest.approx(assess(FULL_EVIDENCE).confidence - 0.05)
    assert found.confidence_parts[-1].why == "reported by another client"


@pytest.mark.parametrize(
    "weaker",
    [
        replace(FULL_EVIDENCE, tests_after=None),
        replace(FULL_EVIDENCE, regression=None),
        replace(FULL_EVIDENCE, differences=(Difference("GET /a", "body: /n is 2 where it was 1", matters=False),)),
        replace(FULL_EVIDENCE, not_run=None),
        replace(FULL_EVIDENCE, not_run=(Site("app/money.py", 2, "rate"),)),
        replace(FULL_EVIDENCE, before=a_replay(crashed())),
        replace(FULL_EVIDENCE, unsteady=("a test came out differently",)),
    ],
)
def test_each_kind_of_evidence_counts(weaker: Evidence) -> None:
    assert assess(weaker).confidence < assess(FULL_EVIDENCE).confidence


def test_grounds_the_wanted_answer_and_the_record_count() -> None:
    usual = assess(FULL_EVIDENCE).confidence
    assert assess(FULL_EVIDENCE, grounds=0.5).confidence < usual
    assert assess(FULL_EVIDENCE, replace(CANDIDATE, answer=Answer.CORRECT)).confidence < usual
    assert assess(FULL_EVIDENCE, record=-1.0).confidence < usual < assess(FULL_EVIDENCE, record=1.0).confidence


def test_risk_tells_what_the_patch_touches() -> None:
    helper = {part.name: part for part in assess(FULL_EVIDENCE).risk_parts}
    assert helper["a helper with several callers"].why == "rate in app/money.py"
    refund = replace(CHANGE, after=SOURCE.replace('table, "x")', 'table, "z")'))
    parts = {part.name for part in assess(FULL_EVIDENCE, replace(CANDIDATE, changes=(refund,))).risk_parts}
    assert {"money", "data is written"} <= parts
    assert "a helper with several callers" not in parts
    idle = replace(FULL_EVIDENCE, not_run=(Site("app/money.py", 2, "rate"),))
    assert assess(idle).risk > assess(FULL_EVIDENCE).risk


def test_what_is_too_little_says_what_there_is() -> None:
    weak = replace(ALONE, shown_by="call")
    verdict = Verdict(CANDIDATE, True, "", evidence=weak, assessment=assess(weak))
    reason = assessment.too_little(verdict)
    assert "0.66 is needed" in reason
    assert "reproduced 0.15" in reason
    assert assessment.too_little(replace(verdict, assessment=assess(ALONE))) == ""
    assert assessment.is_draft(replace(verdict, assessment=assess(ALONE)))
    assert not assessment.is_draft(replace(verdict, assessment=assess(FULL_EVIDENCE)))
