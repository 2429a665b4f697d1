"""What tending makes of how a proposal stands; the life on a real forge is tested beside."""

from __future__ import annotations

from dataclasses import replace

import pytest
from healer.edges.forge import Standing
from healer.model import ForgeError, Outcome, State
from healer.pipeline.tending import Tending

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


def test_commits_that_are_taken_back_leave_the_proposal_as_it_was(desk):
    desk.store.proposals.set(desk.proposal.branch, amended=True, head_sha="d" * 40)
    stands(desk)
    assert (desk.filed().amended, desk.filed().proposal.head_sha) == (False, desk.head)


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
