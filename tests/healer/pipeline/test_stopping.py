"""The switch that stops everything, and the caps of a service."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from healer.edges.store import Store
from healer.model import Proposal
from healer.pipeline import stopping
from healer.pipeline.parts import Parts

from tests.healer.samples import a_report


@pytest.fixture
def parts(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/healer.db")
    store.migrate()
    yield Parts(store, {}, "", 1)
    store.close()


def service(**caps: int) -> SimpleNamespace:
    return SimpleNamespace(**{"name": "shop", "heals_per_hour": 2, "open_proposals": 1, **caps})


def test_the_switch_is_kept_in_the_log_with_who_turned_it_and_why(parts):
    assert stopping.stopped(parts) == ""
    stopping.turn(parts, True, "ada", "the disk is full")
    stopping.turn(parts, True, "bob", "again")  # it is off already
    assert stopping.stopped(parts) == "All automation was stopped by ada: the disk is full"
    assert not stopping.turn(parts, False, "bob", "").stopped
    assert stopping.stopped(parts) == ""
    assert [event.type for event in parts.store.log.of_key("automation")] == [
        "automation.stopped",
        "automation.resumed",
    ]


def test_heals_of_an_hour_are_counted_once_for_each_attempt(parts):
    one, other = (parts.store.incidents.take(a_report(report_id=str(n)), f"f{n}") for n in (1, 2))
    stopping.note_start(parts, one)
    stopping.note_start(parts, one)
    assert stopping.held_back(parts, service()) == ""
    stopping.note_start(parts, other)
    assert stopping.held_back(parts, service()) == "2 heals began within the hour, as many as shop allows"
    assert stopping.held_back(parts, service(heals_per_hour=3)) == ""
    assert stopping.held_back(parts, service(name="other")) == ""


def test_proposals_that_wait_for_a_person_hold_further_heals_back(parts):
    incident = parts.store.incidents.take(a_report(), "f")
    proposal = Proposal(incident.id, 1, "shop", "healer/x-1", "main", "a" * 40, "t", "b", "u")
    parts.store.proposals.put(proposal, 1, "diff")
    said = "1 proposals are open or under way, as many as shop allows"
    assert stopping.held_back(parts, service()) == said
    assert stopping.held_back(parts, service(open_proposals=2)) == ""
    assert stopping.held_back(parts, service(open_proposals=2), under_way=1) != ""
    parts.store.proposals.close(proposal, "closed")
    assert stopping.held_back(parts, service()) == ""


def test_nothing_goes_on_while_all_is_stopped_and_nothing_is_lost(site):
    assert site.command("pause", "--reason", "a freeze").stdout == "automation is stopped\n"
    incident_id = site.report()
    site.kill_and_start()
    assert site.http.get("/api/v1/overview").json()["automation"]["reason"] == "a freeze"
    assert site.incident(incident_id)["state"] == "open"
    assert site.command("resume").stdout == "automation goes on\n"
    site.until(incident_id, "proposed")
