"""The audit trail over HTTP: searched, exported and checked, over a real store that may have been tampered with."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from healer.edges.bus import Bus
from healer.edges.store import Store
from healer.edges.store import trail as trail_module
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts
from healer.web import audit
from healer.web.access import Access
from healer.web.application import Web, create_app
from healer.web.audit import Verification
from healer.web.metrics import Metrics
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import create_engine, make_url

from tests.healer.web.test_access import bearer
from tests.postgres import Postgres

EVENTS = [
    ("incident.opened", "aaaa00000001", {"service": "shop", "message": '50% of it\'s "gone"'}),
    ("operator.approve", "aaaa00000001", {"by": "operator", "reason": "Schön"}),
    ("operator.approve", "aabb00000002", {"by": "Ada", "reason": 'said "by": "operator"'}),
    ("operator.stop", "operator", {"by": "operator", "reason": "=1+1"}),
    ("log", "service/shop", {"text": "back\\slash and under_score"}),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("audit") / "healer.db"
    with closing(opened(file)) as store:
        store.migrate()
        fill(store)
    return file


def fill(store: Store) -> None:
    for type_, key, payload in EVENTS:
        store.log.append(type_, key, payload, trace_id="t", ui_hint="control")


def opened(database: Path) -> Store:
    return Store(f"sqlite:///{database}", audit_key="key", audit_head=database.with_name("audit-head"))


class Desk:
    def __init__(self, store: Store) -> None:
        self.store = store
        parts = Parts(store, {}, "", 0)
        access = Access("operator", {}, "viewer", store)
        self.web = Web(parts, Dispatch(parts, None), Bus(), access, "", lambda: "")  # type: ignore[arg-type]
        self.http = TestClient(create_app(self.web, None), headers=bearer("viewer"))  # type: ignore[arg-type]

    def page(self, **filters: Any) -> dict[str, Any]:
        answer = self.http.get("/api/v1/audit/events", params=filters)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ids(self, **filters: Any) -> list[int]:
        return [event["id"] for event in self.page(**filters)["events"]]

    def problem(self, path: str = "events", **filters: Any) -> str:
        answer = self.http.get(f"/api/v1/audit/{path}", params=filters)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        return str(answer.json()["detail"])

    def export(self, form: str, **filters: Any) -> str:
        answer = self.http.get("/api/v1/audit/export", params={"format": form, **filters})
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture(scope="module")
def desk(database: Path) -> Iterator[Desk]:
    with closing(opened(database)) as store:
        yield Desk(store)


@pytest.fixture
def tampered(database: Path, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    made = []

    def make(*statements: str) -> Desk:
        copy = tmp_path / "healer.db"
        copy.write_bytes(database.read_bytes())
        copy.with_name("audit-head").write_bytes(database.with_name("audit-head").read_bytes())
        with closing(sqlite3.connect(copy, isolation_level=None)) as raw:
            raw.execute("drop trigger events_unchanged")
            for statement in statements:
                raw.execute(statement)
        made.append(Desk(opened(copy)))
        return made[-1]

    yield make
    for one in made:
        one.store.close()


def test_events_come_newest_first_in_pages_with_their_digests_and_all_types(desk: Desk) -> None:
    first = desk.page(limit=2)
    second = desk.page(limit=2, before=first["next"])
    last = desk.page(limit=2, before=second["next"])
    assert [[event["id"] for event in page["events"]] for page in (first, second, last)] == [[5, 4], [3, 2], [1]]
    assert [page["next"] for page in (first, second, last)] == [4, 2, None]
    assert first["types"] == sorted({type_ for type_, _, _ in EVENTS})
    event = last["events"][0]
    assert (event["type"], event["key"], event["payload"], len(event["digest"])) == (*EVENTS[0], 64)
    assert desk.ids(limit=5) == [5, 4, 3, 2, 1]
    assert desk.page(limit=5)["next"] is None


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({"type": "log"}, [5]),
    ({"type": "log, operator.stop"}, [5, 4]),
    ({"type": "operator"}, []),
    ({"key": "aaaa00000001"}, [2, 1]),
    ({"key": "aa"}, [3, 2, 1]),
    ({"key": "a%"}, []),
    ({"by": "operator"}, [4, 2]),  # and not what only says so in a text
    ({"by": "ada"}, [3]),
    ({"by": "oper"}, []),
    ({"by": '"'}, []),
    ({"q": "GONE"}, [1]),
    ({"q": '"gone"'}, [1]),
    ({"q": "it's"}, [1]),
    ({"q": "50%"}, [1]),
    ({"q": "5%g"}, []),
    ({"q": "Schön"}, [2]),
    ({"q": "back\\slash"}, [5]),
    ({"q": "under_score"}, [5]),
    ({"q": "under.score"}, []),
    ({"q": "service/"}, [5]),
    ({"type": "operator.approve", "key": "aaaa", "by": "operator", "q": "reason"}, [2]),
    ({"since": "2999-01-01"}, []),
    ({"until": "2999-01-01T00:00:00+09:00"}, [5, 4, 3, 2, 1]),
    ({"before": 0}, []),
    ({"before": -(2**62)}, []),
    ({"before": 2**62}, [5, 4, 3, 2, 1]),
]


def test_filters_find_exactly_what_they_say(desk: Desk) -> None:
    for filters, found in FILTERS:
        assert desk.ids(**filters) == found, filters
        if "before" not in filters:
            lines = desk.export("jsonl", **filters).splitlines()
            assert [json.loads(line)["id"] for line in lines] == found[::-1], filters


def test_postgres_finds_the_same_and_knows_sessions(postgres: Postgres) -> None:
    with closing(Store(postgres.database(), audit_key="key")) as store:
        store.migrate()
        fill(store)
        desk = Desk(store)
        for filters, found in FILTERS:
            assert desk.ids(**filters) == found, filters
        assert desk.page(limit=2, before=5)["next"] == 3
        assert desk.page()["types"] == sorted({type_ for type_, _, _ in EVENTS})
        assert len(desk.export("csv").splitlines()) == 6
        assert desk.http.post("/api/v1/audit/verify").json()["whole"]
        secret = store.sessions.begin("viewer", "token", {})
        session = store.sessions.of(secret)
        assert session is not None
        assert (session.role, session.came_from("token"), session.came_from("another")) == ("viewer", True, False)
        store.sessions.end(secret, {})
        assert store.sessions.of(secret) is None


def test_a_database_that_is_busy_says_nothing_about_the_log(postgres: Postgres) -> None:
    address = postgres.database()
    with closing(Store(address, audit_key="key")) as store:
        store.migrate()
        fill(store)
        desk = Desk(store)
        name = make_url(address).database
        postgres.run(f"ALTER DATABASE {name} SET lock_timeout = '50ms'")
        store._database.engine.dispose()  # else its connections would wait for ever
        measured = Metrics(desk.web)
        with closing(create_engine(address).connect()) as other:
            other.exec_driver_sql("SET lock_timeout = 0; LOCK TABLE chain, events")
            for method, path in (("GET", "state"), ("GET", "events"), ("GET", "export"), ("POST", "verify")):
                answer = desk.http.request(method, f"/api/v1/audit/{path}")
                assert (answer.status_code, "cannot be read" in answer.json()["detail"]) == (503, True), path
            other.rollback()
            other.exec_driver_sql("LOCK TABLE chain")
            assert b"\nhealer_audit_chain_ok" not in measured.text()
        assert b"\nhealer_audit_chain_ok 1.0" in measured.text()


def test_times_are_from_then_on_and_before_then(desk: Desk) -> None:
    stamps = [event["timestamp"] for event in desk.page()["events"]][::-1]
    assert desk.ids(since=stamps[3]) == [5, 4]
    assert desk.ids(until=stamps[3]) == [3, 2, 1]
    assert desk.ids(since=stamps[1].replace("Z", "+00:00"), until=stamps[3]) == [3, 2]


def test_a_search_goes_on_where_its_time_was_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    stamps = [event["timestamp"] for event in desk.page()["events"]][::-1]
    monkeypatch.setattr(trail_module, "IDS_AT_ONCE", 2)
    monkeypatch.setattr(trail_module, "SECONDS", -1.0)
    answers = [desk.page(q="gone")]
    while before := answers[-1]["next"]:
        answers.append(desk.page(q="gone", before=before))
    told = [([event["id"] for event in one["events"]], one["next"], one["reached"]) for one in answers]
    assert told == [([], 4, stamps[2]), ([], 2, stamps[0]), ([1], None, None)]
    assert len(desk.export("jsonl", since=stamps[1], until=stamps[4]).splitlines()) == 3


def test_ids_that_somebody_changed_are_found_across_the_gaps(tampered: Callable[..., Desk]) -> None:
    desk = tampered("update events set id = -7 where id = 1", f"update events set id = {2**60} where id = 5")
    assert desk.ids() == [2**60, 4, 3, 2, -7]
    assert len(desk.export("jsonl").splitlines()) == 5


def test_few_search_at_once_and_the_others_are_told_when_to_try_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    page = desk.store.auditor.trail.page

    def slow(*wanted: Any) -> Any:
        assert go_on.wait(10)
        return page(*wanted)

    monkeypatch.setattr(desk.store.auditor.trail, "page", slow)
    monkeypatch.setattr(audit, "PATIENCE", 0.05)

    async def ask() -> list[Response]:
        transport = ASGITransport(Desk(desk.store).http.app)
        async with AsyncClient(transport=transport, base_url="http://x", headers=bearer("viewer")) as http:
            asked = [asyncio.create_task(http.get("/api/v1/audit/events")) for _ in range(5)]
            done: set[asyncio.Task[Response]] = set()
            while len(done) < 3:
                done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED, timeout=0.1)
            go_on.set()
            return await asyncio.gather(*asked)

    answers = asyncio.run(ask())
    assert sorted(one.status_code for one in answers) == [200, 200, 429, 429, 429]
    refused = next(one for one in answers if one.status_code == 429)
    assert (refused.headers["retry-after"], "try again" in refused.json()["detail"]) == ("1", True)


def test_what_cannot_be_meant_is_said_with_field_value_and_remedy(desk: Desk) -> None:
    for filters, words in (
        ({"since": "yesterday"}, ("since", "'yesterday'", "2026-01-31")),
        ({"until": "0001-01-01T00:00+09:00"}, ("until", "no time")),
        ({"since": "2026-02-01", "until": "2026-01-01"}, ("until", "2026-01-01", "after since")),
        ({"limit": 0}, ("limit",)),
        ({"limit": 501}, ("limit", "500")),
        ({"before": "x"}, ("before",)),
        ({"q": "x" * 201}, ("q", "200")),
        ({"q": "\0"}, ("q",)),
    ):
        detail = desk.problem(**filters)
        for word in words:
            assert word in detail
    assert "format" in desk.problem("export", format="xml")


def test_an_export_is_a_download_of_lines_that_no_spreadsheet_runs(desk: Desk) -> None:
    answer = desk.http.get("/api/v1/audit/export", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith('attachment; filename="healer-audit-20')
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    lines = [json.loads(line) for line in desk.export("jsonl").splitlines()]
    assert [(line["type"], line["key"], line["payload"]) for line in lines] == EVENTS
    assert desk.export("csv", type="none such").splitlines() == [answer.text.splitlines()[0]]


def test_an_export_is_read_in_parts_between_which_others_write(
    tampered: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail_module, "ROWS_AT_ONCE", 2)
    store = tampered().store
    found = store.auditor.trail.all()
    ids = [next(found)["id"]]
    store.log.append("log", "x", {}, trace_id="", ui_hint="control")
    assert ids + [event["id"] for event in found] == [1, 2, 3, 4, 5], "as far as the log went when it was asked for"


def test_rows_that_the_healer_did_not_write_are_shown_as_they_are(tampered: Callable[..., Desk]) -> None:
    payloads = ("'no json'", "'NaN'", "'[1e999]'", "x'ff00'", "cast(x'fffe' as text)")
    changes = [f"update events set payload = {one} where id = {number}" for number, one in enumerate(payloads, 1)]
    desk = tampered(*changes, "update events set type = x'ff', trace_id = 7 where id = 2")
    assert desk.ids() == [5, 4, 3, 2, 1]
    assert [event["payload"] for event in desk.page()["events"]][2:] == ["[1e999]", "NaN", "no json"]
    assert desk.ids(by="operator") == []
    assert desk.ids(q="no json") == [1]
    assert len(desk.export("csv").splitlines()) == len(desk.export("jsonl").splitlines()) + 1 == 6
    verified = desk.http.post("/api/v1/audit/verify").json()
    assert (verified["whole"], verified["flaw"]["kind"], verified["flaw"]["event"]) == (False, "changed", 1)


def test_the_state_is_a_look_at_the_end_and_verifying_a_walk_over_everything(
    desk: Desk, tampered: Callable[..., Desk]
) -> None:
    state = desk.http.get("/api/v1/audit/state").json()
    newest = desk.page(limit=1)["events"][0]
    common = {"whole": True, "events": 5, "last_id": 5, "digest": newest["digest"], "flaw": None, "notes": []}
    assert state == {**common, "checked": "end"}
    assert desk.http.post("/api/v1/audit/verify").json() == {**common, "checked": "all"}
    cut = tampered("drop trigger events_kept", "delete from events where id = 5")
    assert cut.http.get("/api/v1/audit/state").json()["flaw"]["kind"] == "cut off"


def test_where_there_is_no_log_the_export_says_so_before_it_begins(tampered: Callable[..., Desk]) -> None:
    desk = tampered("drop table chain")
    for form in ("csv", "jsonl"):
        assert "no audit chain" in desk.problem("export", format=form)


def test_one_walk_at_a_time_answers_all_who_ask_and_holds_up_nothing_else() -> None:
    walks, go_on = [], threading.Event()

    def verify() -> Any:
        walks.append(threading.current_thread().name)
        assert go_on.wait(10)
        return SimpleNamespace(as_json=lambda: {"walk": len(walks)})

    web = SimpleNamespace(store=SimpleNamespace(auditor=SimpleNamespace(verify=verify)))

    async def ask() -> list[Any]:
        verification = Verification(web)  # type: ignore[arg-type]
        asked = [asyncio.create_task(verification.answer()) for _ in range(100)]
        while not walks:  # which would never end if the loop waited for the walk
            await asyncio.sleep(0)
        asked[0].cancel()  # a browser that goes away
        await asyncio.sleep(0)
        go_on.set()
        found = await asyncio.gather(*asked[1:])
        return [*found, await verification.answer()]

    *first, again = asyncio.run(ask())
    assert first == [{"walk": 1}] * 99
    assert again == {"walk": 2}
