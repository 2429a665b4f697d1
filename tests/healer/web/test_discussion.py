"""A proposal's discussion and its forge as the API has them: real store, real routes; the forge itself is not asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from healer.edges.bus import Bus
from healer.edges.forge import Limits
from healer.edges.store import Recheck, Store
from healer.model import ForgeError, Proposal, Remark, State, Verdict
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts
from healer.web.access import Access
from healer.web.application import Web, create_app

from tests.healer.samples import a_candidate, a_report

BRANCH = "healer/a-1"
HEAD = "a" * 40


class Desk:
    """The API over one proposed incident; nothing runs behind it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        forge = SimpleNamespace(kind="github", limits=lambda: Limits(4812, 5000, "2026-01-02T04:00:00Z"))
        settings = {"deployment": None, "autonomy": "propose", "address": ""}
        self.parts = Parts(store, {"shop": SimpleNamespace(name="shop", forge=forge, **settings)}, "", 0)
        web = Web(self.parts, Dispatch(self.parts, None), Bus(), Access("operator", {}), "", lambda: "")
        self.http = TestClient(create_app(web, None))
        self.http.headers["authorization"] = "Bearer operator"
        incident = store.incidents.take(a_report(), "f")
        self.id = incident.id
        store.incidents.put_verdict(self.id, 1, 0, Verdict(a_candidate(), True, "fits"), chosen=True)
        store.incidents.move(self.id, State.PROPOSED, expected=(State.OPEN,))
        proposal = Proposal(self.id, 7, "shop", BRANCH, "main", HEAD, "Fix", "body", "https://forge/7")
        store.proposals.put(proposal, 1, "+x\n")

    def act(self, action: str, body: object = None):
        return self.http.post(f"/api/v1/incidents/{self.id}/{action}", json=body)

    def shown(self) -> dict:
        return self.http.get(f"/api/v1/incidents/{self.id}").json()

    def asked(self) -> list[tuple[str, str, object]]:
        """What the log says people did: type, reason, head of the proposal."""
        events = [event for event in self.store.log.after(0) if event.type.startswith("operator.")]
        return [(event.type, event.payload["reason"], event.payload.get("head_sha")) for event in events]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(Store(f"sqlite:///{tmp_path}/healer.db")) as store:
        store.migrate()
        yield Desk(store)


def test_what_is_said_here_stands_in_the_discussion_and_in_the_log(desk: Desk) -> None:
    read = Remark("review-1", "approval", "ada", "Good", "2026-01-02T03:04:05Z")
    desk.store.remarks.put("shop", BRANCH, read)
    assert desk.act("comment", {"text": " /heal\x1b explain\n"}).status_code == 202
    assert desk.act("request-changes", {"text": "answer 422"}).json() == {"incident_id": desk.id, "state": "proposed"}
    said = [(one["kind"], one["by"], one["text"]) for one in desk.shown()["proposal"]["discussion"]]
    assert said == [
        ("approval", "ada", "Good"),
        ("comment", "operator", "/heal\N{REPLACEMENT CHARACTER} explain"),
        ("changes", "operator", "answer 422"),
    ]
    assert desk.asked() == [
        ("operator.comment", "/heal\N{REPLACEMENT CHARACTER} explain", HEAD),
        ("operator.request_changes", "answer 422", HEAD),
    ]


def test_what_cannot_be_taken_is_refused_by_its_field(desk: Desk) -> None:
    for action, body, field in (
        ("comment", {}, "text"),
        ("comment", {"text": " \n"}, "text"),
        ("request-changes", {"text": "x" * 1001}, "text"),
        ("retry", {"hint": "x" * 1001}, "hint"),
        ("approve", {"head_sha": "x" * 65}, "head_sha"),
    ):
        answer = desk.act(action, body)
        assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (400, f"body.{field}"), action
    assert (desk.asked(), desk.store.remarks.of_proposal(BRANCH)) == ([], ())


@pytest.mark.parametrize("action", ["approve", "reject", "request-changes"])
def test_a_decision_on_what_has_moved_on_changes_nothing(desk: Desk, action: str) -> None:
    answer = desk.act(action, {"head_sha": "b" * 40, "reason": "no", "text": "no"})
    assert (answer.status_code, "look again" in answer.json()["detail"]) == (409, True)
    assert [what for what, _, _ in desk.asked()] == [f"operator.{action.replace('-', '_')}", "operator.failed"]
    assert (desk.store.incidents.get(desk.id).state, desk.store.remarks.of_proposal(BRANCH)) == (State.PROPOSED, ())


def test_the_next_attempt_gets_the_hint(desk: Desk) -> None:
    desk.store.incidents.move(desk.id, State.DECLINED, "no", expected=(State.PROPOSED,))
    assert desk.act("retry", {"hint": " look at the caller "}).json()["state"] == "open"
    assert desk.store.incidents.get(desk.id).feedback == "look at the caller"
    assert desk.asked()[0][:2] == ("operator.retry", "look at the caller")


def test_a_round_that_found_nothing_leaves_the_proposal_with_its_evidence(desk: Desk) -> None:
    desk.store.incidents.move(desk.id, State.REPAIRING, expected=(State.PROPOSED,), attempt=2)
    desk.store.incidents.put_verdict(desk.id, 2, 0, Verdict(a_candidate(), False, "no better"), chosen=False)
    assert [verdict["reason"] for verdict in desk.shown()["verdicts"]] == ["no better"]
    desk.store.incidents.move(desk.id, State.PROPOSED, expected=(State.REPAIRING,))
    assert [verdict["reason"] for verdict in desk.shown()["verdicts"]] == ["fits"]
    desk.act("comment", {"text": "hm"})
    assert desk.asked() == [("operator.comment", "hm", HEAD)]


def test_another_round_is_offered_while_there_may_be_one(desk: Desk) -> None:
    amended = {"amended": True, "recheck": Recheck(1, "ada", HEAD, True)}
    for facts, another in (({"rounds": 2}, True), ({"rounds": 3}, False), ({"rounds": 0, **amended}, False)):
        desk.store.proposals.set(BRANCH, **facts)
        shown = desk.shown()
        assert shown["actions"] == ["approve", *(["request-changes"] if another else []), "reject", "comment"]
        assert shown["proposal"]["rounds"] == facts["rounds"]
    assert shown["proposal"]["recheck"] == asdict(amended["recheck"])


def test_a_proposal_tells_its_life_there(desk: Desk) -> None:
    desk.store.proposals.set(BRANCH, reviewer="@ada", forge_draft=True)
    shown = desk.shown()["proposal"]
    assert (shown["reviewer"], shown["draft_there"], shown["most_rounds"]) == ("@ada", True, 3)
    desk.store.proposals.set(BRANCH, reviewer="-")
    desk.parts.services.clear()
    shown = desk.shown()["proposal"]
    assert (shown["reviewer"], shown["forge"]) == ("", None)


def test_the_forge_is_shown_with_its_limit_or_its_trouble(desk: Desk) -> None:
    assert 'healer_forge_requests_remaining{service="shop"} 4812.0' in desk.http.get("/metrics").text
    desk.parts.forges.failed("shop", ForgeError("the token has expired"))
    forge = {
        "kind": "github",
        "problem": "the token has expired",
        "remaining": 4812,
        "limit": 5000,
        "resets_at": "2026-01-02T04:00:00Z",
    }
    assert desk.http.get("/api/v1/overview").json()["services"][0]["forge"] == forge
    assert desk.shown()["proposal"]["forge"] == forge
