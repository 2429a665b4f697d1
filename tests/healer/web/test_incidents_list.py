"""What the routes that list and sum up take, and what they refuse: with the field, the value and what to do instead."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.testclient import TestClient
from healer.edges.store import Store, Wanted
from healer.model import Proposal, State
from healer.web import listing, problems
from healer.web.views import MOST_MESSAGE

from tests.benchmarks.page import CRASHES, SERVICES, seed
from tests.healer.samples import a_diagnosis, a_report

NUMBER = 130


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('store')}/healer.db")
    store.migrate()
    seed(store, NUMBER)
    app = FastAPI(default_response_class=problems.Escaped)
    problems.install(app)
    services = {name: SimpleNamespace(name=name, deployment=store) for name in ("shop", SERVICES[0])}
    parts = SimpleNamespace(store=store, services=services)
    app.include_router(listing.routes(SimpleNamespace(store=store, parts=parts)))
    with TestClient(app, raise_server_exceptions=False) as client:
        client.store = store
        yield client
    store.close()


def asked(api, **words: str) -> dict:
    answer = api.get("/incidents", params=words)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_list_comes_in_pages_of_fifty(api):
    first = asked(api)
    second = asked(api, cursor=first["next"])
    third = asked(api, cursor=second["next"], limit="200")
    assert [len(page["incidents"]) for page in (first, second, third)] == [50, 50, NUMBER - 100]
    assert (first["total"], sum(first["states"].values()), third["next"]) == (NUMBER, NUMBER, None)
    seen = [one["last_seen"] for page in (first, second, third) for one in page["incidents"]]
    assert seen == sorted(seen, reverse=True)
    assert len({one["id"] for page in (first, second, third) for one in page["incidents"]}) == NUMBER


def test_all_filters_hold_together(api):
    wanted = {"state": "resolved,declined", "service": SERVICES[1], "category": "missing-key", "order": "count"}
    page = asked(api, **wanted)
    assert page["incidents"]
    for one in page["incidents"]:
        assert one["state"] in ("resolved", "declined")
        assert (one["service"], one["category"]) == (SERVICES[1], "missing-key")
    assert page["total"] == len(page["incidents"]) <= sum(page["states"].values())
    nobody = dict.fromkeys(("state", "service", "origin", "category", "q", "order", "cursor", "id"), "")
    assert asked(api, **nobody)["total"] == NUMBER
    assert asked(api, id="00000000000")["total"] == 16


def test_a_summary_tells_the_times_and_what_a_list_has_room_for(tmp_path, api):
    store = api.store
    report = a_report(exception=a_report().exception.__class__("Huge", "x" * 90_000), service="shop")
    incident = store.incidents.take(report, "huge").id
    store.incidents.set(incident, diagnosis=a_diagnosis(), origin="missing-key")
    store.incidents.move(incident, State.REPAIRING, expected=(State.OPEN,))
    store.proposals.put(Proposal(incident, 9, "shop", "b", "main", "a", "Look first", "body", "u"), 1, "diff")
    store.incidents.move(incident, State.PROPOSED, expected=(State.REPAIRING,))
    (one,) = asked(api, q="huge")["incidents"]
    assert (one["category"], one["origin"], one["proposal"]["title"]) == ("missing-key", "missing-key", "Look first")
    assert one["opened_at"] == one["first_seen"] == report.received_at
    assert (one["proposed_at"], one["healed_at"], one["seconds_to_healed"]) == (
        store.incidents.get(incident).proposed_at,
        None,
        None,
    )
    assert one["seconds_to_proposal"] > 0
    assert one["sparkline"] == [0] * 24
    assert len(one["exception"]["message"]) == MOST_MESSAGE


def test_few_are_those_seen_last_of_how_many_there_are(api):
    few = listing.few(api.store, Wanted(frozenset({State.PROPOSED})))
    whole = asked(api, state="proposed")
    assert few == {"incidents": whole["incidents"][:5], "total": whole["total"]}
    assert few["total"] > len(few["incidents"]) == 5


def forged(*said: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("state", "broken", "use one of open, diagnosing"),
        ("state", "open,OPEN", "'OPEN'"),
        ("service", "nobody", f"the services are: {SERVICES[0]}, shop"),
        ("order", "name", "use one of last_seen, first_seen, count"),
        ("limit", "0", "from 1 to 200"),
        ("limit", "201", "from 1 to 200"),
        ("limit", "٣", "from 1 to 200"),
        ("limit", "9" * 5000, "from 1 to 200"),
        ("q", "q" * 10_240, "has 10240 characters; use at most 200"),
        ("q", "a\0b", "'a\\x00b' has control characters"),
        ("id", "a\0b", "control characters"),
        ("origin", "o" * 201, "at most 200"),
        ("category", "\x1b[31m", "control characters"),
        ("cursor", "nonsense", "leave it out"),
        ("cursor", "=", "leave it out"),
        ("cursor", "ä", "leave it out"),
        ("cursor", forged("last_seen", "x"), "leave it out"),
        ("cursor", forged("last_seen", 7, "x"), "leave it out"),
        ("cursor", forged("last_seen", "a\0", "x"), "leave it out"),
        ("cursor", forged("last_seen", "a", "x\0"), "leave it out"),
        ("cursor", forged("last_seen", "\ud800", "x"), "leave it out"),
        ("cursor", forged("last_seen", "a", "x" * 300), "leave it out"),
        ("cursor", forged("count", 2**64, "x"), "leave it out"),
        ("cursor", forged("first_seen", "2026", "x"), "with the same order"),
        ("cursor", "[" * 9000, "leave it out"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(api, field, value, remedy):
    order = {"order": "count"} if value == forged("count", 2**64, "x") else {}
    answer = api.get("/incidents", params={field: value, **order})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    detail = answer.json()["detail"]
    assert detail.startswith(f"{field}: ")
    assert remedy in detail
    assert len(detail) < 500


def test_no_cursor_and_no_words_break_it(api):
    chance = random.Random(5)
    for _ in range(40):
        raw = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 60)))
        cursor = base64.urlsafe_b64encode(raw).decode() if chance.random() < 0.5 else raw.decode("latin-1")
        assert api.get("/incidents", params={"cursor": cursor}).status_code == 400
        words = {chance.choice(("q", "id", "category", "origin")): raw.decode("latin-1")}
        assert api.get("/incidents", params=words).status_code in (200, 400)


def test_signs_that_mean_something_to_a_database_mean_nothing_here(api):
    for field, value in (("q", "re%d"), ("q", "re_d"), ("q", "\\"), ("q", "x'OR'1'='1"), ("id", "%"), ("id", "0_0")):
        assert asked(api, **{field: value})["total"] == 0, (field, value)
    for field in ("service", "origin", "category"):
        answer = api.get("/incidents", params={field: "x' OR 1=1 --"})
        assert answer.status_code == 400 or answer.json()["total"] == 0


def test_statistics_are_those_of_the_days_that_are_asked_for(api):
    sums = api.get("/statistics", params={"days": "7"}).json()
    assert len(sums["days"]) == 7
    assert sums["days"][-1]["opened"] >= NUMBER  # by the log, which the seed wrote just now
    assert 0 < sums["healed_share"] < 1
    assert {one["name"] for one in sums["by_category"]} <= set(CRASHES)
    assert {one["name"] for one in sums["by_origin"]} >= {"qwen2.5-coder-7b"}
    assert len(api.get("/statistics").json()["days"]) == 30


@pytest.mark.parametrize("days", ["0", "366", "-1", "1.5", "", "many"])
def test_days_are_bounded(api, days):
    answer = api.get("/statistics", params={"days": days})
    assert (answer.status_code, "use a whole number from 1 to 365" in answer.json()["detail"]) == (400, True)


def test_who_waits_for_sums_holds_no_thread_and_each_is_made_once(api):
    made, may_end = [], threading.Event()
    found = api.store.statistics.of_days(60, frozenset())

    def of_days(number, ends_at_merge):
        made.append(number)
        may_end.wait(10)
        return replace(found, days=found.days[:number])

    async def ask():
        sums = listing.Sums(SimpleNamespace(of_days=of_days), ())
        asking = [asyncio.create_task(sums.of_days(number)) for number in (*range(1, 61), *range(1, 61))]
        await asyncio.sleep(0)
        await asyncio.wait_for(run_in_threadpool(may_end.set), 5)  # the threads are free for others
        return await asyncio.gather(*asking)

    answers = asyncio.run(ask())
    assert [len(one["days"]) for one in answers] == [*range(1, 61), *range(1, 61)]
    assert made == [*range(1, 61)]


def test_sums_that_are_quickly_made_are_soon_made_again(monkeypatch, api):
    monkeypatch.setattr(listing, "KEPT_LEAST", 0.0)
    moments = iter([10.0, 10.5, 20.0, 20.6, 20.7, 22.6, 23.0, 23.1])  # it takes half a second, then a tenth
    monkeypatch.setattr(listing, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    made = []

    def of_days(number, ends_at_merge):
        made.append(number)
        return api.store.statistics.of_days(number, ends_at_merge)

    async def ask():
        sums = listing.Sums(SimpleNamespace(of_days=of_days), ())
        return [(await sums.of_days(7), len(made))[1] for _ in range(5)]

    assert asyncio.run(ask()) == [1, 1, 2, 2, 3]
