"""Whose heals begin next when there is not room for all."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from healer.edges.store import Incident, Store
from healer.model import Proposal, State
from healer.pipeline import stopping
from healer.pipeline.parts import Parts
from healer.pipeline.turns import Turns, heal_id

from tests.healer.samples import LIBRARY, a_report


class Desk:
    """Three services over a real store; what is due begins, and ends when it is told to."""

    def __init__(self, store: Store, at_once: int, **caps: int) -> None:
        self.store = store
        self.started: set[str] = set()
        self.judged: set[str] = set()
        services = {
            name: SimpleNamespace(name=name, **{"heals_per_hour": 100, "open_proposals": 100, **caps})
            for name in ("flooding", "quiet", "other")
        }
        self.parts = Parts(store, services, "", at_once)  # type: ignore[arg-type]
        self.turns = Turns(self.parts, self.started, lambda incident: incident.id in self.judged)
        self._number = 0

    def crash(self, service: str, **changes: object) -> Incident:
        self._number += 1
        stamp = f"2026-01-02T03:04:05.{self._number:06d}Z"
        report = a_report(report_id=f"{self._number:032d}", service=service, received_at=stamp, **changes)
        return self.store.incidents.take(report, f"f{self._number}")

    def begin(self) -> list[str]:
        """The services whose heals begin now, in order."""
        due = [one for one in self.turns.due() if heal_id(one) not in self.started]
        self.started |= {heal_id(one) for one in due}
        for one in due:
            self.store.incidents.move(one.id, State.DIAGNOSING, expected=(State.OPEN,))
        return [one.service for one in due]

    def end(self) -> None:
        for one in self.store.incidents.list((State.DIAGNOSING,)):
            self.store.incidents.move(one.id, State.DECLINED, expected=(State.DIAGNOSING,))


@pytest.fixture
def store(tmp_path):
    made = Store(f"sqlite:///{tmp_path}/healer.db")
    made.migrate()
    yield made
    made.close()


def test_services_take_turns_however_many_wait_before(store):
    desk = Desk(store, at_once=2)
    for _ in range(60):
        desk.crash("flooding")
    assert desk.begin() == ["flooding", "flooding"]
    assert desk.begin() == []  # there is no room
    desk.crash("quiet")
    desk.crash("other")
    desk.crash("quiet")
    desk.end()
    assert sorted(desk.begin()) == ["other", "quiet"]
    desk.end()
    assert sorted(desk.begin()) == ["flooding", "quiet"]
    desk.end()
    assert desk.begin() == ["flooding", "flooding"]


def test_the_service_with_nothing_at_work_goes_first(store):
    desk = Desk(store, at_once=2)
    desk.crash("flooding")
    desk.begin()
    for name in ("flooding", "quiet"):
        desk.crash(name)
    assert desk.begin() == ["quiet"]


def test_what_has_no_line_of_the_services_own_code_waits_for_what_has_but_not_for_other_services(store):
    desk = Desk(store, at_once=1)
    foreign = desk.crash("quiet", frames=(LIBRARY,))
    for name in ("flooding", "flooding", "quiet"):
        desk.crash(name)
    begun = []
    for _ in range(4):
        begun += desk.begin()
        desk.end()
        assert (foreign.id in {one.id for one in store.incidents.list((State.OPEN,))}) is (len(begun) < 4)
    assert sorted(begun[:2]) == sorted(begun[2:]) == ["flooding", "quiet"]


def test_a_service_that_is_held_back_says_so_once_and_leaves_its_room_to_others(store):
    desk = Desk(store, at_once=9, heals_per_hour=1)
    first, second = desk.crash("flooding"), desk.crash("flooding")
    desk.crash("quiet")
    assert sorted(desk.begin()) == ["flooding", "quiet"]
    assert desk.begin() == []
    told = [event.payload["reason"] for event in store.log.of_key(second.id) if event.type == "heal.waits"]
    assert told == ["1 heals began within the hour, as many as flooding allows"]
    assert "heal.waits" not in [event.type for event in store.log.of_key(first.id)]


def test_a_heal_that_was_begun_a_moment_ago_keeps_its_room_and_counts_once(store):
    desk = Desk(store, at_once=1, heals_per_hour=1)
    incident = desk.crash("flooding")
    desk.crash("quiet")
    for _ in range(2):
        assert [one.id for one in desk.turns.due()] == [incident.id]
        desk.started.add(heal_id(incident))
    assert stopping.held_back(desk.parts, desk.parts.service("flooding")) != ""
    assert stopping.held_back(desk.parts, desk.parts.service("quiet")) == ""


def test_another_round_of_a_proposal_goes_first_and_under_no_cap(store):
    desk = Desk(store, at_once=1, open_proposals=1)
    desk.crash("quiet")
    asked = desk.crash("flooding")
    store.proposals.put(Proposal(asked.id, 1, "flooding", "healer/a-1", "main", "a" * 40, "t", "b", "u"), 1, "diff")
    assert desk.begin() == ["flooding"]


def test_what_is_judged_first_and_services_that_are_set_up_no_more_wait(store):
    desk = Desk(store, at_once=5)
    desk.judged.add(desk.crash("quiet").id)
    desk.crash("gone")
    assert desk.begin() == []
    desk.judged.clear()
    assert desk.begin() == ["quiet"]
