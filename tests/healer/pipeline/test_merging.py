"""A proposal that is merged without a person, and everything that leaves it to people or makes it wait.

Store and repository are real, and so is the local forge but for what a test says it answers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from healer.edges.forge import Standing
from healer.edges.forge.local import LocalForge
from healer.edges.store import Filed
from healer.model import Assessment, Conflict, ForgeError, Proposal, Remark, State
from healer.pipeline import merging, stopping, tending
from healer.pipeline.merging import BY, try_merge
from healer.pipeline.tending import Tending

from tests.healer.pipeline.desk import Clock, Entrance, make_template
from tests.healer.pipeline.desk import Desk as GitHubDesk
from tests.healer.pipeline.one_proposal import OneProposal
from tests.healer.samples import FULL_VERDICT, a_diagnosis, a_report

LONG_AGO = (datetime.now(UTC) - timedelta(hours=25)).isoformat()


class Forge(LocalForge):
    """Checks and merges as the test says."""

    kind = "github"
    found = "passed"

    def __init__(self, desk: OneProposal) -> None:
        super().__init__(desk.checkout, "", "", "")
        self.merged: list[Proposal] = []
        self.meanwhile: Callable[[], object] = lambda: None  # what happens while it is asked for the checks
        self.refusal: Exception | None = None

    def checks(self, proposal: Proposal) -> str:
        self.meanwhile()
        return self.found

    def merge(self, proposal: Proposal, by: str) -> str:
        self.merged.append(proposal)
        if self.refusal is not None:
            raise self.refusal
        return "c" * 40


class Case:
    """A proposal of its own service, which nothing speaks against."""

    def __init__(self, desk: OneProposal, number: int) -> None:
        self.desk = desk
        self.store = desk.store
        self.tip = desk.base
        self.forge = Forge(desk)
        shop = desk.parts.service("shop")
        self.service = SimpleNamespace(
            **{**vars(shop), "name": f"shop{number}", "autonomy": "autonomous", "forge": self.forge},
            min_confidence=0.9,
            max_risk=0.25,
            merges_per_day=10,
        )
        self.parts = replace(desk.parts, services={self.service.name: self.service})
        report = a_report(service=self.service.name, report_id=f"{number:032d}")
        self.incident_id = self.store.incidents.take(report, "f").id
        self.store.incidents.set(self.incident_id, diagnosis=a_diagnosis())
        self.store.incidents.move(self.incident_id, State.PROPOSED, expected=(State.OPEN,))
        self.judged()
        self.branch = f"healer/{self.incident_id}-1"
        head = f"{number:040x}"
        proposal = Proposal(self.incident_id, number, self.service.name, self.branch, "main", head, "t", "b", "u")
        self.store.proposals.put(proposal, 1, "diff", base_sha=self.tip)
        self.set(pushed_sha=head, readied=True, pushed_at=LONG_AGO)

    @property
    def filed(self) -> Filed:
        filed = self.store.proposals.by_branch(self.branch)
        assert filed is not None
        return filed

    def set(self, **values: Any) -> None:
        self.store.proposals.set(self.branch, **values)

    def judged(self, **changes: Any) -> None:
        self.store.incidents.forget_candidates(self.incident_id, 1)
        self.store.incidents.put_verdict(self.incident_id, 1, 0, replace(FULL_VERDICT, **changes), chosen=True)

    def said(self, kind: str, text: str) -> None:
        remark = Remark(f"{self.branch}-{kind}{text}"[:80], kind, "ada", text, "2026-01-02T03:04:05Z")
        self.store.remarks.put(self.service.name, self.branch, remark)

    def look(self, **standing: Any) -> bool:
        """Whether the forge was told to merge, and said nothing against it."""
        stands = replace(Standing("open", self.filed.proposal.head_sha, "main"), **standing)
        return try_merge(self.parts, self.service, self.filed, stands, self.tip)

    def events(self, type: str, key: str = "") -> list[dict[str, Any]]:
        return [dict(one.payload) for one in self.store.log.of_key(key or self.incident_id) if one.type == type]

    @property
    def left(self) -> list[str]:
        return [str(payload["reason"]) for payload in self.events("autonomy.left_to_people")]

    def push(self, text: str) -> None:
        """Somebody's commit on the base."""
        self.desk.base = self.desk.checkout.commit(self.tip, {"b.py": text}, "m\n", "2026-01-02T03:04:05Z")
        self.desk.checkout.push(self.desk.base, "main", self.tip)

    def ended(self, commit: str, state: str, at: str) -> None:
        """A release of the service that came to such an end."""
        self.store.releases.want(self.service.name, commit, "push")
        self.store.releases.set(self.service.name, commit, state, reason="It hangs.")
        self.store.releases.set(self.service.name, commit, at=at)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    made = OneProposal(tmp_path_factory.mktemp("merging"))
    yield made
    made.store.close()


numbers = itertools.count(10)


@pytest.fixture
def case(desk):
    return Case(desk, next(numbers))


def test_a_full_verdict_is_merged_released_and_told_like_anybodys_merge(tmp_path):
    desk = OneProposal(tmp_path)
    service = desk.parts.service("shop")
    vars(service).update(autonomy="autonomous", min_confidence=0.9, max_risk=0.25, merges_per_day=10)
    desk.store.incidents.forget_candidates(desk.incident_id, 1)
    desk.store.incidents.put_verdict(desk.incident_id, 1, 0, FULL_VERDICT, chosen=True)
    desk.checkout.push(desk.head, desk.proposal.branch)
    desk.store.proposals.set(desk.proposal.branch, base_sha=desk.base, told=desk.filed().text_digest)
    desk.forge.standing = lambda proposal: LocalForge.standing(desk.forge, proposal)
    tending = Tending(desk.parts, None, poll_seconds=3600)
    tending.turn()
    assert desk.checkout.merged_as(desk.head) is not None
    tending.turn()  # the poll is an hour away
    assert desk.store.incidents.get(desk.incident_id).state == State.MERGED
    told = {one.type: one.payload for one in desk.store.log.of_key(desk.incident_id)}
    decided = {"number": 1, "head_sha": desk.head, "diff_sha256": desk.filed().decided_on["diff_sha256"]}
    scores = {"confidence": 0.9, "min_confidence": 0.9, "risk": 0.25, "max_risk": 0.25}
    assert told["proposal.merging"] == {"by": BY, **scores, **decided}
    assert told["proposal.merged"]["by"] == BY
    desk.store.close()


@pytest.mark.parametrize("autonomy", ["observe", "propose"])
def test_elsewhere_people_merge_and_nothing_is_said(case, autonomy):
    case.service.autonomy = autonomy
    assert not case.look()
    assert (case.forge.merged, case.left) == ([], [])


@pytest.mark.parametrize(
    ("prepare", "standing", "reason"),
    [
        (lambda case: case.set(amended=True), {}, "Others added commits to it."),
        (lambda case: case.said("comment", "why?"), {}, "ada said something about it."),
        (lambda case: case.said("changes", "otherwise"), {}, "ada said something about it."),
        (lambda case: case.said("approval", "but rename it"), {}, "ada said something about it."),
        (lambda case: case.set(base="develop"), {}, "It is to be merged into develop, from where nothing is released."),
        (lambda case: case.set(draft=True), {}, "Its evidence carries a draft and no more."),
        (
            lambda case: case.judged(assessment=Assessment(0.77, 0.1, (), ())),
            {},
            "Its evidence carries a draft and no more.",
        ),
        (
            lambda case: case.judged(assessment=Assessment(0.89, 0.1, (), ())),
            {},
            "The confidence is 0.89, and 0.90 is set as the least.",
        ),
        (lambda case: None, {"draft": True}, "Somebody made it a draft again."),
        (lambda case: setattr(case.forge, "found", "failed"), {}, "Its checks are failed."),
        (lambda case: setattr(case.forge, "found", "unknown"), {}, "Its checks are unknown."),
    ],
)
def test_what_is_left_to_people_is_said_once(case, prepare, standing, reason):
    prepare(case)
    assert not case.look(**standing)
    assert not case.look(**standing)
    assert case.left == [reason]
    assert case.forge.merged == []
    assert case.events("proposal.merging") == []


@pytest.mark.parametrize(
    ("prepare", "standing"),
    [
        (lambda case: case.set(readied=False), {}),
        (lambda case: case.set(base_sha="d" * 40), {}),  # it is laid on the new base first
        (lambda case: case.set(pushed_sha="d" * 40), {}),
        (lambda case: case.set(closing="not needed"), {}),
        (lambda case: None, {"conflicting": True}),
        (lambda case: None, {"head_sha": "d" * 40}),
        (lambda case: setattr(case.forge, "found", "pending"), {}),
        (lambda case: (setattr(case.forge, "found", "none"), case.set(pushed_at=datetime.now(UTC).isoformat())), {}),
        (lambda case: case.store.incidents.move(case.incident_id, State.OPEN, expected=(State.PROPOSED,)), {}),
    ],
)
def test_what_is_under_way_is_waited_for_in_silence(case, prepare, standing):
    prepare(case)
    assert not case.look(**standing)
    assert (case.forge.merged, case.left) == ([], [])


def test_a_draft_that_was_made_ready_in_this_look_is_nobodys(case):
    before = replace(case.filed, readied=False)
    assert not try_merge(case.parts, case.service, before, Standing("open", draft=True), case.tip)
    assert case.left == []


@pytest.mark.parametrize("found", ["passed", "none"])
def test_green_checks_and_none_at_all_let_it_through_and_so_does_consent(case, found):
    case.forge.found = found
    case.said("approval", " ")
    case.said("reply", "the healer's own words")
    assert case.look()


def test_while_all_automation_is_stopped_nothing_is_merged(case):
    stopping.turn(case.parts, True, "operator", "a freeze")
    assert not case.look()
    stopping.turn(case.parts, False, "operator", "")
    assert case.look()


@pytest.mark.parametrize("state", ["failed", "leaving", "rolled_back"])
def test_after_a_release_went_wrong_people_decide_for_a_day(case, state):
    case.ended("d" * 40, state, datetime.now(UTC).isoformat())
    what = "failed" if state == "failed" else "was rolled back"
    reason = f"Release dddddddddd {what} within 24 hours, so people decide: It hangs."
    assert not case.look()
    assert not case.look()
    held = {"service": case.service.name, "commit": "d" * 40, "reason": reason}
    assert case.events("autonomy.held", f"service/{case.service.name}") == [held]
    assert case.left == [reason]
    case.ended("d" * 40, state, LONG_AGO)
    assert case.look()


def test_no_more_than_so_many_a_day(case, monkeypatch):
    case.service.merges_per_day = 1
    case.store.log.append(
        "autonomy.merge", f"merges/{case.service.name}", {"head_sha": "d" * 40}, trace_id="", ui_hint="control"
    )
    assert not case.look()
    assert case.left == ["merges_per_day is 1, and as many were merged without a person within 24 hours."]
    case.service.merges_per_day = 2
    assert case.look()
    case.service.merges_per_day = 0
    case.set(head_sha="e" * 40, pushed_sha="e" * 40)
    assert not case.look()


def test_what_the_forge_refuses_is_not_asked_again_for_the_same_head(case):
    case.forge.refusal = Conflict("GitHub does not merge pull request #3: an approval is required")
    assert not case.look()
    assert not case.look()
    assert case.left == ["GitHub does not merge pull request #3: an approval is required"]
    assert len(case.forge.merged) == 1
    case.set(head_sha="e" * 40, pushed_sha="e" * 40)
    case.forge.refusal = None
    assert case.look()


def test_what_the_forge_could_not_be_asked_is_asked_again_and_told_once(case):
    case.service.merges_per_day = 1
    case.forge.refusal = ForgeError("no network")
    with pytest.raises(ForgeError):
        case.look()
    case.forge.refusal = None
    assert case.look()
    assert len(case.events("proposal.merging")) == 1


@pytest.mark.parametrize(
    "happens",
    [
        lambda case: case.said("comment", "wait!"),
        lambda case: case.set(closing="rejected by operator"),
        lambda case: case.store.incidents.move(case.incident_id, State.OPEN, expected=(State.PROPOSED,)),
        lambda case: case.judged(assessment=None),
        lambda case: case.push("y = 2\n"),
    ],
)
def test_what_happens_while_the_forge_is_asked_counts(case, happens):
    case.forge.meanwhile = lambda: happens(case)
    assert not case.look()
    assert case.forge.merged == []


def test_on_github_it_is_made_ready_first_and_merged_once_its_checks_had_their_time(tmp_path, monkeypatch):
    clock = Clock()
    clock.put_into(monkeypatch)
    monkeypatch.setattr(merging, "datetime", tending.datetime)
    template = make_template(tmp_path / "template.db")
    with closing(Entrance()) as entrance, closing(GitHubDesk(tmp_path, 1, entrance, template, lambda *_: True)) as desk:
        incident_id = desk.crash(0)
        desk.turn()
        found, _ = desk.store.incidents.verdicts(incident_id, 1)[0]
        desk.store.incidents.forget_candidates(incident_id, 1)
        desk.store.incidents.put_verdict(
            incident_id, 1, 0, replace(FULL_VERDICT, candidate=found.candidate), chosen=True
        )
        service = replace(desk.parts.service("stock"), autonomy="autonomous")
        desk.dispatch.tending._parts = replace(desk.parts, services={"stock": service})
        seen = []
        for _ in range(4):
            clock.sleep(31)
            desk.turn()
            pull = desk.repo.pulls[0]
            seen.append((pull.draft, pull.merged))
        assert seen == [(True, False), (False, False), (False, True), (False, True)]
        told = [one.type for one in desk.store.log.of_key(incident_id)]
        assert told[-3:] == ["proposal.merging", "proposal.merged", "incident.state"]
