"""What people decide on GitHub comes through, also when the healer was down, slow or killed in the middle of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from healer.model import ForgeError, Outcome
from healer.pipeline import rechecking

from tests.github import Faults
from tests.healer.pipeline.desk import Clock, Contented, Desk, Entrance, Killed, make_template

MOST_WRITES = 30


@pytest.fixture(scope="module")
def entrance() -> Iterator[Entrance]:
    made = Entrance()
    yield made
    made.close()


class Case(Desk):
    """One incident; `look` lets time pass and the healer look at everything."""

    clock: Clock
    incident_id: str

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            self.clock.ahead += 100
            self.hub.settle()
            self.turn()

    def look_killed(self, write: int) -> bool:
        """Whether there were so many writes that it was killed at one; it is started again."""
        self.mortality.aim(write, writes=True)
        killed = False
        try:
            self.look()
        except Killed:
            killed = True
        self.kill()
        self.start()
        return killed

    @property
    def fate(self) -> tuple[str, str, Outcome | None]:
        filed = self.store.proposals.of_incident(self.incident_id)
        assert filed is not None
        return self.store.incidents.get(self.incident_id).state, filed.proposal.state, filed.outcome

    @property
    def reason(self) -> str:
        return self.store.incidents.get(self.incident_id).reason


@pytest.fixture
def fresh(tmp_path, entrance, monkeypatch) -> Iterator[Case]:
    clock = Clock()
    clock.put_into(monkeypatch)
    monkeypatch.setattr(rechecking, "Trial", Contented)
    made = Case(tmp_path, 1, entrance, make_template(tmp_path / "template.db"), lambda *_: True)
    made.clock = clock
    made.incident_id = made.crash(0)
    yield made
    made.close()
    assert not made.hub.violations


@pytest.fixture
def case(fresh) -> Case:
    fresh.look(2)
    assert fresh.fate == ("proposed", "open", None)
    return fresh


def test_one_that_was_closed_then_reopened_and_merged_between_two_looks_is_merged(case):
    case.repo.close(1, by="ada")
    case.look()
    assert case.fate == ("rejected", "closed", Outcome.REJECTED)
    case.repo.reopen(1, by="ada")
    case.repo.ready(1, by="ada")
    merged = case.repo.merge(1, by="ada")
    case.look(2)
    assert case.fate == ("merged", "merged", Outcome.MERGED)
    assert case.releases == [merged]


def closing(case: Case) -> None:
    case.repo.close(1, by="ada")


def reopening(case: Case) -> None:
    case.repo.reopen(1, by="ada")


@pytest.mark.parametrize(
    ("do", "undo", "end"),
    [(closing, reopening, ("rejected", "closed")), (reopening, closing, ("proposed", "open"))],
)
def test_a_decision_comes_through_a_kill_at_any_write(case, do: Callable[[Case], None], undo, end):
    if do is reopening:
        closing(case)
        case.look()
    for write in range(1, MOST_WRITES):
        do(case)
        killed = case.look_killed(write)
        case.look()
        assert case.fate[:2] == end, write
        if not killed:
            break
        undo(case)
        case.look()
    assert 4 < write < MOST_WRITES - 1


def test_one_that_is_reopened_while_the_healer_is_down_from_learning_that_it_was_closed_is_open(case):
    for write in range(1, MOST_WRITES):
        closing(case)
        killed = case.look_killed(write)
        reopening(case)
        case.look(2)
        assert case.fate[:2] == ("proposed", "open"), write
        if not killed:
            break
    assert 4 < write < MOST_WRITES - 1


def test_what_was_ignored_and_killed_is_closed_and_not_again_once_it_is_reopened(case):
    case.repo.push(case.repo.pull(1).head, {"more.md": "More\n"}, by="ada")  # or its branch would go with it
    case.look(2)
    for write in range(1, MOST_WRITES):
        case.repo.comment(1, by="ada", text="/heal ignore")
        killed = case.look_killed(write)
        case.look()
        assert case.fate[:2] == ("rejected", "closed"), write
        assert case.reason.startswith("ignored by ada")
        assert case.repo.pull(1).state == "closed"
        case.repo.reopen(1, by="ada")
        case.look(2)
        assert case.fate[:2] == ("proposed", "open"), write
        if not killed:
            break
    assert 4 < write < MOST_WRITES - 1


def test_a_branch_with_a_persons_commits_stays_when_the_proposal_is_rejected_here(case):
    branch = case.repo.pull(1).head
    added = case.repo.push(branch, {"more.md": "More\n"}, by="ada")
    case.look(2)
    case.dispatch.reject(case.incident_id, "operator", "not this way")
    case.look()
    assert case.repo.pull(1).state == "closed"
    assert case.repo.tip(branch) == added


def test_a_person_may_add_to_one_of_which_the_healer_does_not_know_yet_that_it_is_open(fresh):
    fresh.look()
    fresh.repo.close(1, by="ada")
    fresh.repo.reopen(1, by="ada")
    branch = fresh.repo.pull(1).head
    fresh.store.proposals.set(branch, state="prepared", number=None)  # as when the answer to opening it got lost
    added = fresh.repo.push(branch, {"more.md": "More\n"}, by="ada")
    fresh.look(2)
    assert fresh.fate == ("proposed", "open", None)
    assert fresh.repo.tip(branch) == added
    assert len(fresh.repo.pulls) == 1


def test_what_a_round_brings_is_pushed_although_the_forge_was_away_when_it_came(case):
    """The draft waits for the checks of a commit that is not there before it is pushed."""
    case.store.proposals.set(case.repo.pull(1).head, readied=False)
    case.repo.draft(1, by="ada")
    case.repo.check(case.repo.pull(1).head_sha, "build", None)
    case.repo.review(1, by="ada", state="CHANGES_REQUESTED", text="Not so.")
    case.look()
    case.parts.forges.failed("stock", ForgeError("no further request", wait=60))
    case.turn()
    case.look(3)
    filed = case.store.proposals.of_incident(case.incident_id)
    assert filed is not None
    assert case.fate == ("proposed", "open", None)
    assert case.repo.pull(1).head_sha == filed.proposal.head_sha == filed.pushed_sha
    assert (filed.attempt, filed.rounds) == (2, 1)


def test_who_only_spoke_is_not_named_as_who_closed_it(case):
    case.hub.faults = Faults(1.0, ("lost",))
    case.repo.close(1, by="ada")
    case.hub.faults = Faults()
    case.repo.comment(1, by="bob", text="Why?")
    case.look()
    assert case.reason == "closed unmerged"
