"""What tending makes of how a proposal stands; the life on a real forge is tested beside."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from healer.edges.forge import Standing
from healer.model import Candidate, Conflict, EdgeError, ForgeError, Outcome, State, Verdict
from healer.pipeline import rechecking, tending
from healer.pipeline.tending import Tending
from healer.web import views

from tests.healer.pipeline.one_proposal import OneProposal

MERGE = "c" * 40


@pytest.fixture
def desk(tmp_path):
    made = OneProposal(tmp_path)
    made.store.proposals.set(made.proposal.branch, base_sha=made.base, told=made.filed().text_digest)
    yield made
    made.store.close()


def state(desk: OneProposal) -> State:
    return desk.store.incidents.get(desk.incident_id).state


def stands(desk: OneProposal, **changes: object) -> None:
    desk.forge.stands = replace(Standing("open", desk.head, "main"), **changes)
    desk.dispatch.tending.turn()


def move_base(desk: OneProposal, text: str) -> str:
    """A person's commit on the base branch, by a checkout of their own."""
    moved = desk.checkout.commit(desk.checkout.fetch(), {"b.py": text}, "m\n", "2026-01-02T03:04:05Z")
    desk.checkout.push(moved, "main", desk.checkout.tip("main"))
    return moved


def test_a_merge_into_another_branch_is_no_merge(desk):
    stands(desk, state="merged", base="develop", merge_sha=MERGE)
    assert state(desk) == State.REJECTED
    assert "develop, from where nothing is released" in desk.store.incidents.get(desk.incident_id).reason


def test_a_merge_in_the_middle_of_a_round_is_a_merge(desk):
    desk.dispatch.request_changes(desk.incident_id, "otherwise", "ada")
    stands(desk)
    assert state(desk) == State.OPEN
    stands(desk, state="merged", merge_sha=MERGE)
    assert state(desk) == State.MERGED
    assert desk.outcome() is Outcome.MERGED


def test_an_older_proposal_that_is_opened_again_and_merged_is_what_is_released(desk):
    stands(desk, state="closed")
    assert state(desk) == State.REJECTED
    desk.dispatch.retry(desk.incident_id)
    newer = replace(desk.proposal, number=2, branch="healer/a-2")
    desk.store.proposals.put(newer, 2, desk.diff)
    desk.store.incidents.move(desk.incident_id, State.PROPOSED, expected=(State.OPEN,))
    older = desk.filed()
    standing = Standing("merged", desk.head, "main", MERGE)
    desk.forge.standing = lambda one: standing if one.number == 1 else Standing("open", desk.head, "main")
    desk.dispatch.tending.turn()
    assert state(desk) == State.MERGED
    merged = desk.store.proposals.merged_of(desk.incident_id)
    assert (merged.proposal.branch, merged.proposal.merge_sha) == (older.proposal.branch, MERGE)
    desk.dispatch.tending.turn()
    assert desk.store.proposals.by_branch("healer/a-2").outcome is Outcome.OBSOLETE
    assert desk.store.proposals.by_branch("healer/a-2").proposal.state == "closed"


@pytest.fixture
def begun(monkeypatch) -> list[str]:
    """Ids of the workflows that were to begin: a known one is not begun again."""
    found: list[str] = []
    monkeypatch.setattr(tending, "begin", lambda workflow_id, *_: found.append(workflow_id))
    return found


@pytest.fixture
def amended(desk, begun) -> OneProposal:
    """Somebody pushed one commit on top, and the healer has seen it."""
    desk.dispatch.tending = Tending(desk.parts, SimpleNamespace(recheck=None), poll_seconds=0)
    desk.checkout.push(desk.head, desk.proposal.branch)
    push(desk, {"a.py": "x = 3\n"})
    return desk


def push(desk: OneProposal, files: dict[str, str]) -> str:
    theirs = desk.commit(files)
    desk.checkout.push(theirs, desk.proposal.branch, desk.checkout.tip(desk.proposal.branch))
    stands(desk, head_sha=theirs)
    return theirs


def prove(desk: OneProposal, monkeypatch, reason: str = "") -> str:
    trial = SimpleNamespace(prove=lambda candidate: Verdict(candidate, not reason, reason))
    monkeypatch.setattr(rechecking, "Trial", lambda *_: trial)
    return rechecking.prove_again(desk.parts, None, desk.incident_id)


def may_approve(desk: OneProposal) -> bool:
    filed = desk.filed()
    return "approve" in views.actions(desk.store.incidents.get(desk.incident_id), filed)


def test_what_others_added_is_not_merged_before_it_is_proved_and_shown(amended, begun, monkeypatch):
    theirs = amended.filed().proposal.head_sha
    for looked_at in (theirs, ""):
        with pytest.raises(Conflict, match=f"{theirs[:10]} is still being proved"):
            amended.dispatch.approve(amended.incident_id, "ada", looked_at)
    assert amended.filed().checking
    assert not may_approve(amended)
    assert prove(amended, monkeypatch) == ""
    filed = amended.filed()
    assert (filed.checking, filed.recheck.accepted, "+x = 3" in filed.diff) == (False, True, True)
    assert may_approve(amended)
    stands(amended, head_sha=theirs)
    assert len(set(begun)) == 1
    amended.dispatch.approve(amended.incident_id, "ada", theirs)
    assert amended.checkout.sources(amended.checkout.fetch())["a.py"] == "x = 3\n"


def test_a_proof_that_was_never_begun_is_begun_at_the_next_look(amended, begun):
    stands(amended, head_sha=amended.filed().proposal.head_sha)
    assert begun == [rechecking.id_of(amended.filed())] * 2


def test_what_does_not_stand_says_why_and_is_for_people_to_decide(amended, monkeypatch):
    assert prove(amended, monkeypatch, "the crash is still there") == "the crash is still there"
    recheck = amended.filed().recheck
    assert (recheck.accepted, recheck.reason) == (False, "the crash is still there")
    assert may_approve(amended)


def test_what_no_diff_shows_is_not_proved_in_silence(amended, monkeypatch):
    push(amended, {"a.py": "x = 3\n", "data.bin": "\0"})
    assert "data.bin (not text, or too large)" in prove(amended, monkeypatch)
    assert amended.filed().recheck.accepted is False


def test_commits_of_during_a_proof_are_proved_on_their_own(amended, begun, monkeypatch):
    first = amended.filed().proposal.head_sha

    def more(candidate: Candidate) -> Verdict:
        push(amended, {"a.py": "x = 4\n"})
        return Verdict(candidate, True, "")

    monkeypatch.setattr(rechecking, "Trial", lambda *_: SimpleNamespace(prove=more))
    rechecking.prove_again(amended.parts, None, amended.incident_id)
    assert amended.filed().checking
    assert not may_approve(amended)
    amended.checkout.push(first, amended.proposal.branch, amended.checkout.tip(amended.proposal.branch))
    stands(amended, head_sha=first)  # pushed a second time
    assert [name.rpartition(":")[2] for name in begun] == ["1", "2", "3"]


def test_without_an_outcome_people_decide_on_what_is_shown_and_on_nothing_else(amended, monkeypatch):
    rechecking.end(amended.parts, amended.incident_id, "recheck: git does not answer")
    assert not may_approve(amended)
    with pytest.raises(Conflict, match="cannot be shown here: recheck: git does not answer"):
        amended.dispatch.approve(amended.incident_id, "ada")
    push(amended, {"a.py": "x = 4\n"})

    def fail(_: Candidate) -> Verdict:
        raise EdgeError("no sandbox")

    monkeypatch.setattr(rechecking, "Trial", lambda *_: SimpleNamespace(prove=fail))
    with pytest.raises(EdgeError):
        rechecking.prove_again(amended.parts, None, amended.incident_id)
    rechecking.end(amended.parts, amended.incident_id, "recheck: no sandbox")
    filed = amended.filed()
    assert ("+x = 4" in filed.diff, filed.recheck.accepted, filed.recheck.reason) == (
        True,
        False,
        "recheck: no sandbox",
    )
    assert may_approve(amended)


def test_a_proof_waits_for_the_round_that_began_before_it(amended, begun, monkeypatch):
    amended.store.incidents.move(amended.incident_id, State.OPEN, expected=(State.PROPOSED,))
    prove(amended, monkeypatch)
    assert amended.filed().checking
    stands(amended, head_sha=amended.filed().proposal.head_sha)
    assert len(begun) == 1
    amended.store.incidents.move(amended.incident_id, State.PROPOSED, expected=(State.OPEN,))
    stands(amended, head_sha=amended.filed().proposal.head_sha)
    assert len(set(begun)) == 2


def test_commits_that_go_and_come_again_between_two_looks_are_proved(amended, begun, monkeypatch):
    theirs = amended.filed().proposal.head_sha
    amended.checkout.push(amended.head, amended.proposal.branch, theirs)
    prove(amended, monkeypatch)
    amended.checkout.push(theirs, amended.proposal.branch, amended.head)
    stands(amended, head_sha=theirs)
    assert len(set(begun)) == 2


def test_commits_that_are_taken_back_leave_the_proposal_as_it_was(amended, monkeypatch):
    prove(amended, monkeypatch)
    stands(amended)
    filed = amended.filed()
    assert (filed.amended, filed.proposal.head_sha, filed.diff) == (False, amended.head, amended.diff)
    assert "added commits" not in filed.proposal.body
    assert may_approve(amended)


def test_the_base_is_followed_once_it_has_come_to_rest(desk):
    move_base(desk, "y = 2\n")
    stands(desk)
    assert state(desk) == State.PROPOSED
    desk.dispatch.tending = Tending(desk.parts, None, poll_seconds=0, rest_seconds=0)
    stands(desk)
    incident = desk.store.incidents.get(desk.incident_id)
    assert (incident.state, incident.attempt, incident.feedback) == (State.OPEN, 2, None)


def test_a_conflict_is_not_waited_with_and_what_failed_on_a_base_is_not_tried_there_again(desk):
    tip = move_base(desk, "y = 2\n")
    stands(desk, conflicting=True)
    assert state(desk) == State.OPEN
    desk.store.incidents.move(desk.incident_id, State.PROPOSED, expected=(State.OPEN,), base=tip)
    stands(desk, conflicting=True)
    assert state(desk) == State.PROPOSED
    move_base(desk, "y = 3\n")
    stands(desk, conflicting=True)
    assert state(desk) == State.OPEN


def test_while_all_automation_is_stopped_nobody_is_obeyed_and_afterwards_everybody(desk):
    desk.dispatch.turn(True, "operator", "a freeze")
    desk.dispatch.request_changes(desk.incident_id, "otherwise", "ada")
    stands(desk)
    assert state(desk) == State.PROPOSED
    desk.dispatch.turn(False, "operator", "")
    stands(desk)
    assert state(desk) == State.OPEN


def test_a_forge_that_asks_to_wait_is_left_alone_and_the_reason_is_shown(desk):
    asked = 0

    def refuse(_proposal: object) -> Standing:
        nonlocal asked
        asked += 1
        raise ForgeError("GitHub allows no further request until 14:05 UTC", wait=600)

    desk.forge.standing = refuse
    for _ in range(3):
        desk.dispatch.tending.turn()
    assert asked == 1
    assert desk.parts.forges.problem("shop") == "GitHub allows no further request until 14:05 UTC"
    assert [event.type for event in desk.store.log.of_key("service/shop")] == ["forge.waits"]


def test_a_proposal_that_its_forge_does_not_take_can_be_turned_down(desk):
    desk.store.proposals.set(desk.proposal.branch, state="prepared", number=None)
    desk.store.incidents.move(desk.incident_id, State.REPAIRING, expected=(State.PROPOSED,))
    desk.dispatch.reject(desk.incident_id, "operator", "not needed")
    assert state(desk) == State.REJECTED
    assert desk.filed().proposal.state == "closed"
