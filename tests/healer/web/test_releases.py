"""Releases through the API: what is served, kept and taken back, and what a person has done about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from healer.model import Conflict, NotFound, Serving, State
from healer.pipeline import stopping

from tests.healer.samples import a_report
from tests.healer.web.release_desk import DIFF, FIRST, FIX, PUSH, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(Desk(tmp_path)) as made:
        yield made


def recorded(desk: Desk) -> list[tuple[str, str, dict]]:
    events = [event for event in desk.store.log.after(0) if event.type.startswith("operator.")]
    return [(event.type, event.key, dict(event.payload)) for event in events]


def test_releases_are_listed_with_what_is_served_and_kept(desk: Desk) -> None:
    found = desk.get("/services/shop/releases")
    serving = found["serving"]
    assert (serving["state"], serving["release"], serving["kept"]) == ("serving", FIX, [FIX, FIRST])
    assert serving["traffic"][FIX] == {
        **{"requests": 200, "failed": 3, "p50": 0.01, "p99": 0.2},
        **{"watched": 0, "watched_failed": 0},
    }
    told = {item["commit"]: (item["serving"], item["kept"], item["subject"]) for item in found["releases"]}
    assert told == {FIRST: (False, True, ""), FIX: (True, True, "Answer 409"), PUSH: (False, False, "")}
    push = next(item for item in found["releases"] if item["commit"] == PUSH)
    assert (push["origin"], push["previous"], push["revert"]["number"], push["revert"]["diff"]) == (
        "push",
        FIX,
        8,
        DIFF,
    )
    desk.store.reverts.set("shop", PUSH, state="merged", merge_sha="c" * 40)
    desk.store.releases.want("shop", "c" * 40, "revert")
    decided = {item["commit"]: item for item in desk.get("/services/shop/releases")["releases"]}
    assert (decided[PUSH]["revert"]["diff"], decided["c" * 40]["subject"]) == ("", "Revert a push")


def test_the_overview_tells_of_a_canary_and_of_what_went_back_by_itself(desk: Desk) -> None:
    desk.deployment.now = Serving(FIX, "serving", canary=PUSH, fell_back="Its workers ended.")
    shop, stock = desk.get("/overview")["services"]
    facts = ("state", "release", "canary", "fell_back")
    assert [shop[fact] for fact in facts] == ["serving", FIX, PUSH, "Its workers ended."]
    assert [stock[fact] for fact in facts] == ["no deployment", None, None, ""]


def test_the_overview_tells_which_reverts_wait_for_a_decision(desk: Desk) -> None:
    def waiting() -> list[Any]:
        return [
            [(one["commit"], one["title"]) for one in item["reverts"]] for item in desk.get("/overview")["services"]
        ]

    assert waiting() == [[(PUSH, "Revert a push")], []]
    desk.store.reverts.set("shop", PUSH, closing="not needed any more")
    assert waiting() == [[], []]
    desk.store.reverts.set("shop", PUSH, closing="", state="merged")
    assert waiting() == [[], []]


def test_what_is_merged_is_at_work_only_where_it_is_released(desk: Desk) -> None:
    other = desk.store.incidents.take(replace(a_report(report_id="2" * 32), service="stock"), "g").id
    for one in (desk.incident_id, other):
        desk.store.incidents.move(one, State.MERGED, expected=(State.OPEN,))
    found = desk.get("/overview")
    assert [(item["deploys"], item["incidents_open"]) for item in found["services"]] == [(True, 1), (False, 0)]
    assert [one["id"] for one in found["working"]["incidents"]] == [desk.incident_id]
    assert found["working"]["total"] == 1
    assert desk.get(f"/incidents/{other}")["deploys"] is False


def test_an_incident_tells_that_automation_is_stopped(desk: Desk) -> None:
    assert desk.get(f"/incidents/{desk.incident_id}")["automation"]["stopped"] is False
    stopping.turn(desk.parts, True, "ada", "too much")
    switch = desk.get(f"/incidents/{desk.incident_id}")["automation"]
    assert (switch["stopped"], switch["by"], switch["reason"]) == (True, "ada", "too much")


def test_a_deployment_that_is_away_or_not_there_says_so(desk: Desk) -> None:
    desk.deployment.away = "the supervisor does not answer"
    found = desk.get("/services/shop/releases")
    assert found["serving"]["state"] == "unreachable: the supervisor does not answer"
    assert (len(found["releases"]), any(item["serving"] or item["kept"] for item in found["releases"])) == (3, False)
    assert desk.get("/overview")["services"][0]["state"] == "unreachable: the supervisor does not answer"
    assert desk.get("/services/stock/releases")["serving"]["state"] == "no deployment"


def test_a_person_has_a_release_served_again_and_the_log_says_who_and_why(desk: Desk) -> None:
    answer = desk.http.post("/api/v1/services/shop/rollback", json={"to": " 1111 ", "reason": "slow"})
    assert (answer.status_code, answer.json()) == (202, {"service": "shop", "to": "1111"})
    assert desk.dispatch.orders == [("serve", "shop", "1111", "operator", "slow")]
    who = {"by": "operator", "way": "api", "from": "remote", "reason": "slow"}
    assert recorded(desk) == [("operator.rollback", "service/shop", {**who, "service": "shop", "to": "1111"})]

    desk.dispatch.refusal = Conflict("it is served now")
    assert desk.http.post("/api/v1/services/shop/rollback", json={"to": FIX}).status_code == 409
    assert recorded(desk)[-1] == (
        "operator.failed",
        "service/shop",
        {"action": "rollback", "reason": "it is served now"},
    )


def test_a_revert_is_decided_on_by_its_diff(desk: Desk) -> None:
    approved = desk.http.post(f"/api/v1/services/shop/reverts/{PUSH}/approve", json={"head_sha": "b" * 40})
    rejected = desk.http.post(f"/api/v1/services/shop/reverts/{PUSH}/reject", json={"reason": "keep it"})
    assert (approved.status_code, rejected.status_code) == (202, 202)
    assert rejected.json() == {"service": "shop", "commit": PUSH, "state": "open"}
    assert desk.dispatch.orders == [
        ("approve", "shop", PUSH, "operator"),
        ("reject", "shop", PUSH, "operator", "keep it"),
    ]
    which = {"service": "shop", "commit": PUSH, "number": 8, "head_sha": "b" * 40}
    digest = hashlib.sha256(DIFF.encode()).hexdigest()
    for (type_, key, payload), name in zip(recorded(desk), ("approve_revert", "reject_revert"), strict=True):
        assert (type_, key) == (f"operator.{name}", "service/shop")
        assert payload.items() >= {**which, "diff_sha256": digest}.items()


def test_a_revert_that_has_moved_on_since_it_was_looked_at_is_not_merged(desk: Desk) -> None:
    answer = desk.http.post(f"/api/v1/services/shop/reverts/{PUSH}/approve", json={"head_sha": "d" * 40})
    assert (answer.status_code, "look again" in answer.json()["detail"]) == (409, True)
    assert ([type_ for type_, _, _ in recorded(desk)], desk.dispatch.orders) == (
        ["operator.approve_revert", "operator.failed"],
        [],
    )


def test_a_revert_of_a_fix_stands_in_its_incident_too(desk: Desk) -> None:
    assert desk.get(f"/incidents/{desk.incident_id}")["revert"] is None
    desk.store.reverts.set("shop", PUSH, incident_id=desk.incident_id)
    assert desk.get(f"/incidents/{desk.incident_id}")["revert"]["title"] == "Revert a push"
    desk.http.post(f"/api/v1/services/shop/reverts/{PUSH}/approve")
    assert [key for _, key, _ in recorded(desk)] == [desk.incident_id]


def test_what_is_unknown_or_unreadable_is_told_and_leaves_no_trace(desk: Desk) -> None:
    desk.dispatch.refusal = NotFound("not reached")
    for path, body, status, words in (
        ("/services/nope/rollback", {"to": "1111"}, 404, "'nope'"),
        (f"/services/nope/reverts/{PUSH}/approve", {}, 404, "'nope'"),
        (f"/services/shop/reverts/{FIX}/reject", {}, 404, "`healer releases`"),
        ("/services/shop/rollback", {}, 400, "body.to"),
        ("/services/shop/rollback", {"to": "../../etc"}, 400, "body.to"),
        ("/services/shop/rollback", {"to": "11"}, 400, "body.to"),
        ("/services/shop/rollback", {"to": "1111", "reason": "x" * 1001}, 400, "body.reason"),
        (f"/services/shop/reverts/{PUSH}/reject", {"reason": 1}, 400, "body.reason"),
    ):
        answer = desk.http.post(f"/api/v1{path}", json=body)
        assert (answer.status_code, words in answer.json()["detail"]) == (status, True), (path, answer.text)
    assert desk.http.get("/api/v1/services/nope/releases").status_code == 404
    assert (recorded(desk), desk.dispatch.orders) == ([], [])
    del desk.http.headers["authorization"]
    for path in ("/services/shop/rollback", f"/services/shop/reverts/{PUSH}/approve"):
        assert desk.http.post(f"/api/v1{path}", json={"to": FIRST}).status_code == 401
    assert desk.http.get("/api/v1/services/shop/releases").status_code == 401


def test_an_incident_names_the_release_that_carried_its_fix_and_can_go_back_once_users_have_it(desk: Desk) -> None:
    incidents = desk.store.incidents
    incidents.move(desk.incident_id, State.RELEASING, expected=(State.OPEN,))
    assert desk.get(f"/incidents/{desk.incident_id}")["actions"] == []
    incidents.set(desk.incident_id, release=PUSH)
    for state, before in ((State.SOAKING, State.RELEASING), (State.RESOLVED, State.SOAKING)):
        shown = desk.get(f"/incidents/{desk.incident_id}")
        assert (shown["actions"], [one["commit"] for one in shown["releases"]]) == (["rollback"], [FIX, PUSH])
        incidents.move(desk.incident_id, state, expected=(before,))
    assert desk.get(f"/incidents/{desk.incident_id}")["actions"] == ["rollback", "retry"]
