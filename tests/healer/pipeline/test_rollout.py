"""What becomes of releases: tried, watched, taken back; and the same end wherever the healer is killed on the way."""

from __future__ import annotations

import os
import shutil
from functools import partial

import pytest
from healer.edges.store import now
from healer.model import Conflict, NotFound, Outcome, Outcomes, Request, State, Traffic

from tests.healer.pipeline.desk import Killed, Mortality, make_template
from tests.healer.pipeline.release_desk import CRASHES, GOOD, ReleaseDesk
from tests.healer.samples import REQUEST, a_report

# Of the steps at which the healer may be killed; 1: every one, which takes minutes.
STRIDE = int(os.environ.get("HEALER_TEST_STRIDE", "9"))
BUY = Request("POST", "/carts/17/checkout")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make_template(tmp_path_factory.mktemp("template") / "healer.db")


@pytest.fixture
def make(tmp_path, template):
    made = []

    def one(**settings: object) -> ReleaseDesk:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(ReleaseDesk(folder, shutil.copy(template, folder / "healer.db"), **settings))
        return made[-1]

    yield one
    for desk in made:
        desk.store.close()


@pytest.fixture
def desk(make):
    return make()


def test_a_merge_is_served_watched_and_stays(desk):
    incident, merged = desk.merge()
    desk.turn()
    assert (desk.shelf.served, desk.shelf.pointed) == (merged, merged)
    assert (desk.state(incident), desk.release(merged).state) == (State.SOAKING, "soaking")
    assert desk.release(merged).previous == desk.first
    desk.soaked(merged)
    desk.turn()
    assert (desk.state(incident), desk.release(merged).state) == (State.RESOLVED, "live")


def test_the_request_that_crashed_is_asked_before_its_users_and_again_after(desk):
    asked = []
    desk.shelf.answers = lambda request: asked.append(request) or 404
    incident, _ = desk.merge()
    desk.turn()
    assert [probe.request for probe in desk.shelf.asked[0]] == [REQUEST]
    assert asked == [REQUEST]
    assert [event["by"] for event in desk.events("incident.healed")] == ["replay"]
    assert desk.state(incident) == State.SOAKING


def test_what_cannot_be_sent_again_is_waited_for(desk):
    incident, merged = desk.merge(request=BUY)
    desk.turn()
    assert [(watch.method, watch.path) for watch in desk.shelf.watched[0]] == [("POST", "/carts/*/checkout")]
    desk.shelf.traffic = {merged: Traffic(requests=9)}
    desk.turn()
    assert desk.events("incident.healed") == []
    desk.shelf.traffic = {merged: Traffic(requests=10, watched=1)}
    desk.turn()
    assert [event["by"] for event in desk.events("incident.healed")] == ["request"]
    assert desk.state(incident) == State.SOAKING


def test_where_nobody_asks_the_sandboxs_proof_stands(desk):
    incident, merged = desk.merge(request=BUY)
    desk.turn()
    desk.soaked(merged)
    desk.turn()
    assert desk.state(incident) == State.RESOLVED
    assert [event["by"] for event in desk.events("incident.healed")] == ["sandbox"]


def test_merged_code_that_does_not_heal_is_never_served(desk):
    incident, merged = desk.merge(text=CRASHES)
    desk.turn()
    assert desk.shelf.changes == []
    assert desk.release(merged).state == "failed"
    assert (desk.state(incident), desk.shelf.served) == (State.ROLLED_BACK, desk.first)
    assert "does not heal the request in the sandbox" in desk.store.incidents.get(incident).reason


def test_a_release_that_does_not_come_up_says_nothing_about_the_fix(desk):
    incident, merged = desk.merge()
    desk.shelf.refuses[merged] = "it exited with status 1"
    desk.turn(2)
    assert desk.shelf.changes == [(merged, 0)]
    assert (desk.release(merged).state, desk.state(incident)) == ("failed", State.ROLLED_BACK)
    assert "did not come up: it exited with status 1" in desk.store.incidents.get(incident).reason
    assert desk.store.proposals.outcomes("shop", "c") == {"missing-key (refuse)": Outcomes(merged=1)}
    (revert,) = desk.store.reverts.of_service("shop")
    assert "status 1" in revert.body


def test_packages_that_cannot_be_had_end_a_release(desk):
    incident, merged = desk.merge()
    desk.shelf.cannot_have[merged] = "No matching distribution found for tea==9"
    desk.turn()
    assert (desk.shelf.changes, desk.state(incident)) == ([], State.ROLLED_BACK)
    assert "tea==9" in desk.release(merged).reason


def test_the_crash_coming_back_takes_the_release_back_and_is_a_lesson(desk):
    incident, merged = desk.merge()
    desk.turn()
    desk.report(1, merged)
    desk.turn()
    assert (desk.shelf.served, desk.shelf.pointed) == (desk.first, desk.first)
    assert (desk.state(incident), desk.release(merged).state) == (State.ROLLED_BACK, "rolled_back")
    assert "reported by the release that was to heal it" in desk.store.incidents.get(incident).reason
    assert desk.store.proposals.outcomes("shop", "c") == {"missing-key (refuse)": Outcomes(rolled_back=1)}
    (revert,) = desk.store.reverts.of_service("shop")
    assert (revert.commit, revert.incident_id) == (merged, incident)
    desk.turn(2)
    assert len(desk.events("release.rolled_back")) == 1


def test_a_report_from_an_older_release_changes_nothing(desk):
    incident, merged = desk.merge()
    desk.turn()
    desk.report(1, desk.first)
    desk.turn()
    assert (desk.shelf.served, desk.state(incident)) == (merged, State.SOAKING)


def test_a_new_crash_of_the_release_takes_it_back(desk):
    incident, merged = desk.merge(text="x = 'good, broken'\n")
    desk.turn()
    other = desk.report(2, merged, request=Request("GET", "/new"))
    desk.turn(2)
    assert desk.shelf.served == desk.first
    assert desk.state(incident) == State.ROLLED_BACK
    assert "breaks something new" in desk.release(merged).reason
    assert [event["blamed"] for event in desk.events("release.suspected")] == [True]
    assert desk.state(other) == State.OPEN


def test_an_old_bug_that_somebody_meets_by_chance_sends_nothing_back(make):
    desk = make(seed="x = 'crashes, broken'\n")
    incident, merged = desk.merge(text="x = 'good, broken'\n")
    desk.turn()
    desk.report(2, merged, request=Request("GET", "/new"))
    desk.turn(2)
    assert (desk.shelf.served, desk.state(incident)) == (merged, State.SOAKING)
    assert [event["blamed"] for event in desk.events("release.suspected")] == [False]


def test_what_a_release_is_suspected_of_is_judged_before_it_is_healed(make):
    desk = make(seed="x = 'crashes, broken'\n")
    _, merged = desk.merge(text="x = 'good, broken'\n")
    desk.turn()
    found = desk.store.incidents.get(desk.report(2, merged, request=Request("GET", "/new")))
    assert desk.rollout.judges(found)
    desk.turn()
    assert not desk.rollout.judges(found)


def test_more_failures_than_before_take_it_back_but_not_those_that_were_known(desk):
    desk.shelf.traffic = {desk.first: Traffic(1000, 2, 0.01, 0.05)}
    _, merged = desk.merge()
    known = desk.store.incidents.take(a_report(report_id="9" * 32), "f9").id
    desk.turn()
    for _ in range(40):
        desk.report(9, merged)
    desk.shelf.traffic[merged] = Traffic(400, 40, 0.01, 0.05)
    desk.turn()
    assert desk.shelf.served == merged, desk.release(merged).reason
    desk.shelf.traffic[merged] = Traffic(800, 200, 0.01, 0.05)
    desk.turn(2)
    assert desk.shelf.served == desk.first
    assert desk.store.incidents.get(known).count == 41


def test_failures_that_a_client_has_still_to_count_are_waited_for(desk):
    desk.shelf.traffic = {desk.first: Traffic(1000, 2, 0.01, 0.05)}
    _, merged = desk.merge()
    desk.turn()
    desk.report(9, merged, received_at=now())
    desk.shelf.traffic[merged] = Traffic(400, 40, 0.01, 0.05)
    desk.turn(2)
    assert desk.shelf.served == merged


def test_slow_answers_take_it_back(desk):
    desk.shelf.traffic = {desk.first: Traffic(1000, 0, 0.01, 0.05)}
    _, merged = desk.merge()
    desk.turn()
    desk.shelf.traffic[merged] = Traffic(1000, 0, 0.5, 2.0)
    desk.turn(2)
    assert (desk.shelf.served, desk.release(merged).state) == (desk.first, "rolled_back")


def test_what_the_deployment_left_by_itself_is_taken_back(desk):
    incident, merged = desk.merge()
    desk.turn()
    desk.shelf.served, desk.shelf.fell_back = desk.first, "Its workers ended twice within 30 s."
    desk.turn(2)
    assert (desk.shelf.pointed, desk.state(incident)) == (desk.first, State.ROLLED_BACK)
    assert "ended twice" in desk.release(merged).reason


def test_a_release_is_watched_as_long_as_its_supervisor_may_leave_it(make):
    desk = make(soak_seconds=0)
    incident, merged = desk.merge()
    desk.turn(2)
    assert (desk.state(incident), desk.release(merged).state) == (State.RESOLVED, "soaking")
    desk.shelf.served, desk.shelf.fell_back = desk.first, "One hung for 6 s."
    desk.turn(2)
    assert (desk.state(incident), desk.release(merged).state) == (State.ROLLED_BACK, "rolled_back")


def test_a_canary_has_its_share_first(make):
    desk = make(canary_workers=1, canary_seconds=30)
    incident, merged = desk.merge()
    desk.turn()
    assert (desk.shelf.served, desk.shelf.canary, desk.shelf.pointed) == (desk.first, merged, desk.first)
    assert (desk.release(merged).state, desk.state(incident)) == ("canary", State.RELEASING)
    desk.turn()
    assert desk.shelf.changes == [(merged, 1)]
    desk.soaked(merged)
    desk.turn()
    assert (desk.shelf.served, desk.shelf.canary, desk.shelf.pointed) == (merged, None, merged)
    assert (desk.release(merged).state, desk.state(incident)) == ("soaking", State.SOAKING)


def test_a_canary_that_a_person_wants_served_goes_to_all_at_once(make):
    desk = make(canary_workers=1, canary_seconds=30)
    incident, merged = desk.merge()
    desk.turn()
    desk.rollout.serve(desk.service, merged, "ada", "it looks good")
    desk.turn()
    assert (desk.shelf.served, desk.shelf.canary, desk.shelf.pointed) == (merged, None, merged)
    assert (desk.release(merged).state, desk.state(incident)) == ("soaking", State.SOAKING)


def test_a_canary_that_crashes_again_loses_its_share(make):
    desk = make(canary_workers=1)
    incident, merged = desk.merge()
    desk.turn()
    desk.report(1, merged)
    desk.turn()
    assert (desk.shelf.served, desk.shelf.canary) == (desk.first, None)
    assert desk.state(incident) == State.ROLLED_BACK


def test_two_merges_are_one_release_and_a_later_one_carries_the_earlier(desk):
    (one, _), (two, later) = desk.merge(1), desk.merge(2)
    desk.turn()
    assert desk.shelf.changes == [(later, 0)]
    assert (desk.state(one), desk.state(two)) == (State.SOAKING, State.SOAKING)
    three, latest = desk.merge(3)
    desk.turn()
    assert desk.shelf.served == latest
    # What is wrong with the first two takes the third back as well: it holds them.
    desk.report(1, latest)
    desk.turn()
    assert desk.shelf.served == desk.first
    assert {desk.state(incident) for incident in (one, two, three)} == {State.ROLLED_BACK}
    assert desk.release(latest).state == "rolled_back"


def test_only_the_later_one_goes_back_when_it_is_at_fault(desk):
    (one, earlier) = desk.merge(1)
    desk.turn()
    two, later = desk.merge(2)
    desk.turn()
    desk.report(2, later)
    desk.turn()
    assert desk.shelf.served == earlier
    assert (desk.state(one), desk.state(two)) == (State.SOAKING, State.ROLLED_BACK)


def test_a_resolved_crash_that_comes_back_is_regressed(desk):
    incident, merged = desk.merge()
    desk.turn()
    desk.soaked(merged)
    desk.turn()
    desk.report(1, merged)
    assert desk.state(incident) == State.REGRESSED
    filed = desk.store.proposals.merged_of(incident)
    assert filed is not None
    assert filed.outcome is Outcome.ROLLED_BACK


def test_a_deployment_that_is_away_is_waited_for_and_the_reason_told_once(desk):
    incident, merged = desk.merge()
    desk.shelf.away = "the supervisor does not answer"
    desk.turn(3)
    assert (desk.state(incident), desk.release(merged).state) == (State.MERGED, "waiting")
    assert "does not answer" in desk.release(merged).reason
    assert len(desk.events("release.waits")) == 1
    desk.shelf.away = ""
    desk.turn()
    assert (desk.shelf.served, desk.state(incident)) == (merged, State.SOAKING)


def test_a_way_back_that_is_barred_is_tried_until_it_opens(desk):
    incident, merged = desk.merge()
    desk.turn()
    desk.report(1, merged)
    desk.shelf.away = "no space left on device"
    desk.turn(3)
    assert (desk.release(merged).state, desk.shelf.served) == ("leaving", merged)
    desk.shelf.away = ""
    desk.turn()
    assert (desk.state(incident), desk.shelf.served) == (State.ROLLED_BACK, desk.first)


def test_a_release_before_that_starts_no_more_gives_way_to_the_next_older_one(desk):
    _, second = desk.merge(1)
    desk.turn()
    three, third = desk.merge(2)
    desk.turn()
    desk.shelf.refuses[second] = "its database is gone"
    desk.report(2, third)
    desk.turn()
    assert desk.shelf.served == desk.first
    assert "its database is gone" in desk.store.incidents.get(three).reason


def test_where_nothing_else_comes_up_it_serves_on_and_says_so(desk):
    incident, merged = desk.merge()
    desk.turn()
    desk.shelf.refuses[desk.first] = "its database is gone"
    desk.report(1, merged)
    desk.turn()
    assert (desk.shelf.served, desk.state(incident)) == (merged, State.REGRESSED)
    assert len(desk.events("release.stuck")) == 1


def test_others_pushes_are_released_by_setting_only(make):
    left_alone, watched = make(), make(release_pushes=True)
    for desk in (left_alone, watched):
        pushed = desk.commit({"b.py": "y = 1\n"})
        desk.rollout.pushed("shop")
        desk.turn()
        assert desk.shelf.served == (pushed if desk is watched else desk.first)
    assert watched.release(pushed).origin == "push"
    watched.rollout.pushed("shop")
    watched.turn()
    assert len(watched.shelf.changes) == 1


def test_a_push_that_was_taken_back_is_proposed_to_be_reverted_and_not_released_again(make):
    desk = make(release_pushes=True)
    pushed = desk.commit({"a.py": "x = 'broken'\n"})
    desk.rollout.pushed("shop")
    desk.turn()
    desk.report(5, pushed, request=Request("GET", "/new"))
    desk.turn(2)
    assert desk.shelf.served == desk.first
    (revert,) = desk.store.reverts.of_service("shop")
    assert "+x = 'crashes'" in revert.diff
    desk.rollout.pushed("shop")
    desk.turn()
    assert desk.shelf.served == desk.first


def test_a_person_goes_back_to_any_kept_release_and_forward_again(desk):
    one, second = desk.merge(1)
    desk.turn()
    two, third = desk.merge(2)
    desk.turn()
    with pytest.raises(NotFound, match="none of the kept releases"):
        desk.rollout.serve(desk.service, "f" * 10, "ada", "")
    with pytest.raises(Conflict, match="serves now"):
        desk.rollout.serve(desk.service, third[:12], "ada", "")
    desk.rollout.serve(desk.service, desk.first[:12], "ada", "too many complaints")
    desk.turn()
    assert desk.shelf.served == desk.first
    assert {desk.state(incident) for incident in (one, two)} == {State.ROLLED_BACK}
    assert desk.store.incidents.get(one).reason == "Rolled back by ada: too many complaints"
    assert desk.store.reverts.of_service("shop") == ()
    desk.rollout.serve(desk.service, second, "ada", "")
    desk.turn()
    assert (desk.shelf.served, desk.release(second).state) == (second, "soaking")


def test_a_person_takes_one_fix_back(desk):
    incident, _ = desk.merge()
    desk.turn()
    desk.dispatch.roll_back(incident, "ada", "too slow")
    desk.turn()
    assert (desk.shelf.served, desk.state(incident)) == (desk.first, State.ROLLED_BACK)
    with pytest.raises(Conflict, match="needs a released fix"):
        desk.dispatch.roll_back(incident, "ada", "")


def test_while_automation_is_stopped_nothing_is_released_and_what_is_bad_goes_back(desk):
    _, merged = desk.merge(1)
    desk.turn()
    desk.dispatch.turn(True, "ada", "holidays")
    desk.merge(2)
    desk.report(1, merged)
    desk.turn(2)
    assert desk.shelf.served == desk.first
    desk.dispatch.turn(False, "ada", "")
    desk.turn()
    assert desk.shelf.served != desk.first


def meanwhile(monkeypatch, thing, name, act, *given):
    """Somebody does something right before the first call of this method (with these arguments)."""
    method, done = getattr(thing, name), []

    def call(*arguments, **named):
        if not done and (not given or arguments == given):
            done.append(True)
            act()
        return method(*arguments, **named)

    monkeypatch.setattr(thing, name, call)


def test_who_goes_back_while_the_soak_ends_is_obeyed(desk, monkeypatch):
    incident, merged = desk.merge()
    desk.turn()
    desk.soaked(merged)
    meanwhile(monkeypatch, desk.shelf, "serving", partial(desk.dispatch.roll_back, incident, "ada", ""))
    desk.turn()
    assert desk.release(merged).state == "leaving"
    desk.turn()
    assert (desk.shelf.served, desk.state(incident)) == (desk.first, State.ROLLED_BACK)


def test_who_goes_back_while_an_older_release_ends_its_soak_is_obeyed(desk, monkeypatch):
    one, second = desk.merge(1)
    desk.turn()
    two, third = desk.merge(2)
    back = partial(desk.dispatch.roll_back, one, "ada", "")
    meanwhile(monkeypatch, desk.checkout, "is_ancestor", back, second, third)
    desk.turn()
    assert (desk.release(second).state, desk.shelf.served) == ("leaving", third)
    desk.turn()
    assert desk.shelf.served == desk.first
    assert {desk.state(incident) for incident in (one, two)} == {State.ROLLED_BACK}


def test_who_goes_back_before_a_merge_that_waits_is_obeyed(desk, monkeypatch):
    desk.merge(1)
    desk.turn()
    (two, earlier), _ = desk.merge(2), desk.merge(3)
    back = partial(desk.rollout.serve, desk.service, desk.first, "ada", "")
    meanwhile(monkeypatch, desk.checkout, "is_ancestor", back)
    desk.turn()
    assert desk.release(earlier).state == "leaving"
    desk.turn(2)
    assert (desk.shelf.served, desk.state(two)) == (desk.first, State.ROLLED_BACK)


def test_who_goes_back_before_a_merge_that_is_served_already_is_obeyed(desk, monkeypatch):
    incident, merged = desk.merge()
    pushed = desk.commit({"b.py": "y = 1\n"})
    desk.shelf.prepared.insert(0, pushed)
    desk.shelf.served = pushed
    back = partial(desk.rollout.serve, desk.service, desk.first, "ada", "")
    meanwhile(monkeypatch, desk.shelf, "serving", back)
    desk.turn()
    assert desk.release(merged).state == "leaving"
    desk.turn()
    assert (desk.shelf.served, desk.state(incident)) == (desk.first, State.ROLLED_BACK)


def test_who_wants_a_release_again_while_it_is_taken_back_is_obeyed(desk, monkeypatch):
    _, merged = desk.merge()
    desk.turn()
    desk.report(1, merged)
    again = partial(desk.rollout.serve, desk.service, merged, "ada", "")
    meanwhile(monkeypatch, desk.shelf, "point", again)
    desk.turn()
    assert (desk.shelf.served, desk.release(merged).state) == (desk.first, "waiting")
    desk.turn()
    assert (desk.shelf.served, desk.release(merged).state) == (merged, "soaking")


def ends(desk: ReleaseDesk, merged: str, incident: str) -> tuple[object, ...]:
    return desk.shelf.served, desk.shelf.pointed, desk.release(merged).state, desk.state(incident)


@pytest.mark.parametrize("story", ["good", "bad", "canary", "refused", "unhealed"])
def test_wherever_the_healer_is_killed_the_end_is_the_same(make, story):
    """The steps are the calls of git and of the deployment and the ends of transactions, each in a run of its own."""
    settings = {"canary_workers": 1} if story == "canary" else {}
    steps = 1 + len(story) % STRIDE  # not the same ones in each story
    while True:
        desk = make(**settings)
        incident, merged = desk.merge(text=CRASHES if story == "unhealed" else GOOD)
        if story == "refused":
            desk.shelf.refuses[merged] = "it exited with status 1"
        mortality = Mortality()
        mortality.of_writes(desk.store)
        desk.start(mortality.of_calls(desk.shelf), mortality.of_calls(desk.checkout))
        mortality.aim(steps)
        killed = False
        for act in acts(desk, story, merged):
            try:
                act()
            except Killed:
                killed = True
                desk.start(mortality.of_calls(desk.shelf), mortality.of_calls(desk.checkout))
                act()
        wanted = {
            "good": (merged, merged, "live", State.RESOLVED),
            "bad": (desk.first, desk.first, "rolled_back", State.ROLLED_BACK),
            "canary": (merged, merged, "live", State.RESOLVED),
            "refused": (desk.first, desk.first, "failed", State.ROLLED_BACK),
            "unhealed": (desk.first, desk.first, "failed", State.ROLLED_BACK),
        }[story]
        assert ends(desk, merged, incident) == wanted, f"killed at step {steps}"
        assert len(desk.events("incident.healed")) == (wanted[3] == State.RESOLVED)
        assert len(desk.store.reverts.of_service("shop")) == (story in ("bad", "refused", "unhealed"))
        desk.store.close()
        if not killed:
            break
        steps += STRIDE
    assert steps > 20


def acts(desk: ReleaseDesk, story: str, merged: str):
    yield desk.turn
    if story == "canary":
        yield lambda: desk.soaked(merged)
        yield desk.turn
    if story == "bad":
        yield lambda: desk.report(1, merged)
        yield desk.turn
    if story in ("good", "canary"):
        yield lambda: desk.soaked(merged)
    yield desk.turn
    yield desk.turn
