"""Which releases reported again what was to be healed: all of them, in order, and not too many."""

import pytest
from healer.edges.store.comebacks import KEPT_RELEASES
from healer.model import State

from tests.healer.samples import a_report


@pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)
def test_each_release_is_found_once_and_again_when_it_reports_again(store):
    incident = store.incidents.take(a_report(release="a"), "f")
    assert store.comebacks.last() == 0, "its fix is not with the users yet"
    store.incidents.move(incident.id, State.SOAKING, expected=State, release="fix")
    store.releases.want("shop", "fix", "proposal")
    store.releases.set("shop", "fix", "live", live_at="2026-01-03T00:00:00.000000Z")
    number = iter(range(100))

    def report(release, day="2026-01-04"):
        one = next(number)
        at = f"{day}T00:00:00.{one:06}Z"
        store.incidents.take(a_report(report_id=f"{one}", received_at=at, release=release), "f")

    def came(after):
        return [one.release for one in store.comebacks.between(after, store.comebacks.last())]

    report("a", "2026-01-02")  # before the fix went live
    report(None)
    assert came(0) == []
    report("a")
    report("b")
    assert came(0) == ["a", "b"]
    before = store.comebacks.last()
    report("a")
    assert came(before) == ["a"] and came(0) == ["b", "a"]
    for one in range(KEPT_RELEASES):
        report(f"r{one}")
    assert came(0) == [f"r{one}" for one in range(KEPT_RELEASES)]
