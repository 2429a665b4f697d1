"""Crashes that came back are looked at off the way in: one service's git keeps nobody waiting."""

from __future__ import annotations

import threading
import time
from itertools import count

from healer.edges.store import Incident, Store
from healer.edges.store.comebacks import KEPT_RELEASES
from healer.model import State
from healer.pipeline.returned import MOST, Returned

from tests.healer.samples import a_report


class Rollout:
    def __init__(self) -> None:
        self.free = threading.Event()
        self.looked: list[tuple[str, str]] = []

    def came_back(self, incident: Incident, release: str) -> None:
        if incident.service == "busy":
            assert self.free.wait(10)
        self.looked.append((incident.service, release))
        if release == "bad":
            raise ValueError(release)

    def until(self, number: int) -> None:
        end = time.monotonic() + 10
        while len(self.looked) < number and time.monotonic() < end:
            time.sleep(0.001)
        assert len(self.looked) >= number


def resolved(store: Store, service: str) -> Incident:
    incident = store.incidents.take(a_report(service=service), "f")
    store.incidents.move(incident.id, State.RESOLVED, expected=(State.OPEN,))
    return store.incidents.get(incident.id)


def test_a_service_waits_for_its_own_git_only_and_only_so_much_of_it_waits(store):
    rollout = Rollout()
    returned = Returned(store, rollout.came_back)
    busy, other = resolved(store, "busy"), resolved(store, "other")
    returned.put("busy", busy.id, "first")
    for number in range(3 * MOST):
        returned.put("busy", busy.id, f"r{number}")
    returned.put("other", other.id, "bad")
    returned.put("other", other.id, "good")
    rollout.until(2)
    assert rollout.looked == [("other", "bad"), ("other", "good")]
    rollout.free.set()
    rollout.until(2 + MOST)
    returned.put("busy", busy.id, "last")
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
    returned.put("shop", known.id, "a")
    returned.put("shop", "gone", "a")
    returned.put("other", resolved(store, "other").id, "b")
    rollout.until(1)
    assert rollout.looked == [("other", "b")]


def test_what_a_killed_process_had_not_looked_at_is_looked_at_by_the_next(store):
    rollout = Rollout()
    for service, live_at in (("before", "2026-01-01T00:00:00.000000Z"), ("after", "2027-01-01T00:00:00.000000Z")):
        incident = resolved(store, service)
        store.incidents.set(incident.id, release="fix")
        store.releases.want(service, "fix", "proposal")
        store.releases.set(service, "fix", "live", live_at=live_at)
        store.incidents.take(a_report(service=service, report_id="2" * 32, release="r"), "f")
    assert "2026-01-01" < store.incidents.list()[0].last_seen < "2027-01-01"
    Returned(store, rollout.came_back).recall()
    rollout.until(1)
    assert rollout.looked == [("before", "r")]


def test_every_release_that_reported_a_crash_is_looked_at_though_its_report_is_not_kept(store):
    """The workers of before still crash all the time when the new release does, once."""
    rollout = Rollout()
    returned = Returned(store, rollout.came_back)
    incident = resolved(store, "shop")
    store.incidents.set(incident.id, release="new")
    store.releases.want("shop", "new", "proposal")
    store.releases.set("shop", "new", "live", live_at="2026-01-02T00:00:00.000000Z")
    came = count(1)

    def report(*releases: str | None) -> None:
        batch = [
            (a_report(report_id=f"{number}", received_at=f"2026-01-02T04:00:00.{number:06}Z", release=release), "f")
            for release, number in zip(releases, came, strict=False)
        ]
        store.incidents.take_all(batch, {})

    report(*["old"] * 25, "new", *["old"] * 5, None)
    for _ in range(2):
        returned.recall()
    rollout.until(2)
    assert sorted(rollout.looked) == [("shop", "new"), ("shop", "old")]
    report("new")
    report("old", "new", "old")
    returned.recall()
    rollout.until(4)
    assert sorted(rollout.looked[2:]) == [("shop", "new"), ("shop", "old")]
    # Whoever names many releases does not fill the disk with them.
    report(*[f"r{number}" for number in range(25)])
    assert len(store.comebacks.between(0, store.comebacks.last())) == KEPT_RELEASES
    store.incidents.move(incident.id, State.REGRESSED, expected=(State.RESOLVED,))
    last = store.comebacks.last()
    report("new")
    assert store.comebacks.last() == last, "of those only whose fix may be with the users"
