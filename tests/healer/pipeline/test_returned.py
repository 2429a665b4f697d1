"""Crashes that came back are looked at off the way in: one service's git keeps nobody waiting."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from healer.edges.store import Incident, Store
from healer.model import Report, State
from healer.pipeline.returned import MOST, Returned

from tests.healer.samples import a_report


class Rollout:
    def __init__(self) -> None:
        self.free = threading.Event()
        self.looked: list[tuple[str, str | None]] = []

    def came_back(self, incident: Incident, report: Report) -> None:
        if incident.service == "busy":
            assert self.free.wait(10)
        self.looked.append((incident.service, report.release))
        if report.release == "bad":
            raise ValueError(report.release)

    def until(self, number: int) -> None:
        end = time.monotonic() + 10
        while len(self.looked) < number and time.monotonic() < end:
            time.sleep(0.001)
        assert len(self.looked) >= number


@pytest.fixture
def store(tmp_path):
    made = Store(f"sqlite:///{tmp_path}/healer.db")
    made.migrate()
    yield made
    made.close()


def resolved(store: Store, service: str) -> Incident:
    incident = store.incidents.take(a_report(service=service), "f")
    store.incidents.move(incident.id, State.RESOLVED, expected=(State.OPEN,))
    return store.incidents.get(incident.id)


def test_a_service_waits_for_its_own_git_only_and_only_so_much_of_it_waits(store):
    rollout = Rollout()
    returned = Returned(store, rollout.came_back)
    busy, other = resolved(store, "busy"), resolved(store, "other")
    returned.put(busy, a_report(release="first"))
    for number in range(3 * MOST):
        returned.put(busy, a_report(release=f"r{number}"))
    returned.put(other, a_report(release="bad"))
    returned.put(other, a_report(release="good"))
    rollout.until(2)
    assert rollout.looked == [("other", "bad"), ("other", "good")]
    rollout.free.set()
    rollout.until(2 + MOST)
    returned.put(busy, a_report(release="last"))
    end = time.monotonic() + 10
    while ("busy", "last") not in rollout.looked and time.monotonic() < end:
        time.sleep(0.001)
    assert rollout.looked[-1] == ("busy", "last")
    assert len(rollout.looked) <= 2 + 1 + MOST + 1


def test_what_is_no_longer_with_the_users_is_left_alone(store):
    rollout = Rollout()
    returned = Returned(store, rollout.came_back)
    known = resolved(store, "shop")
    store.incidents.move(known.id, State.REGRESSED, expected=(State.RESOLVED,))
    returned.put(known, a_report(release="a"))
    returned.put(replace(known, id="gone"), a_report(release="a"))
    returned.put(resolved(store, "other"), a_report(release="b"))
    rollout.until(1)
    assert rollout.looked == [("other", "b")]


def test_what_a_killed_process_had_not_looked_at_is_looked_at_by_the_next(store):
    rollout = Rollout()
    for service, live_at in (("before", "2026-01-01T00:00:00.000000Z"), ("after", "2027-01-01T00:00:00.000000Z")):
        incident = resolved(store, service)
        store.incidents.set(incident.id, release="fix")
        store.releases.want(service, "fix", "proposal")
        store.releases.set(service, "fix", "live", live_at=live_at)
    assert "2026-01-01" < store.incidents.list()[0].last_seen < "2027-01-01"
    Returned(store, rollout.came_back).recall()
    rollout.until(1)
    assert [service for service, _ in rollout.looked] == ["before"]
