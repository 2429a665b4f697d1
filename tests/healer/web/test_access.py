"""Who gets in, as what, and what that lets them do: sessions, roles, other sites, other ports, guessing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from healer.cli import app as cli
from healer.edges.bus import Bus
from healer.edges.store import Store, ago
from healer.edges.store.database import Transaction
from healer.model import BadInput
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts
from healer.settings import load_settings
from healer.web.access import Access
from healer.web.application import Web, create_app
from healer.web.bodies import LARGEST_BODY
from healer.web.throttle import MOST_OF_ALL, MOST_OF_ONE, Refusals, Throttle, Throttled
from httpx import Response
from sqlalchemy import text
from typer.testing import CliRunner

OPERATOR, VIEWER = "the operator's token", "a viewer's token"
HOST = "http://healer.test:8001"
OWN_PAGE = {"x-requested-with": "healer", "origin": HOST, "sec-fetch-site": "same-origin"}
# What needs neither token nor session: services report with a key, forges sign, the page's files hold nothing.
PUBLIC = {
    ("POST", "/api/v1/reports"),
    ("POST", "/webhooks/github"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/health/work"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/signin"),
    ("POST", "/signin"),
    ("POST", "/signout"),
}
SENTRY = re.compile(r"(/\{before:path\})?/api/\{project\}/(envelope|store)/?")  # with the service's key, too
# What a viewer may post beside signing in and out: it reads.
HARMLESS = {("POST", "/api/v1/audit/verify")}


class Door:
    """The API over a real store, and a browser before it; nothing runs behind it."""

    def __init__(self, store: Store, operator: str = OPERATOR, url: str = "", client: str = "203.0.113.7") -> None:
        self.store = store
        self.access = Access(operator, {}, VIEWER, store, url)
        self.parts = Parts(store, {}, "", 0)
        self.app: FastAPI = create_app(self.web_with(self.access), None)  # type: ignore[arg-type]
        self.http = self.browser(client, url or HOST)

    def web_with(self, access: Access) -> Web:
        return Web(self.parts, Dispatch(self.parts, None), Bus(), access, "", lambda: "")  # type: ignore[arg-type]

    def browser(self, client: str, url: str = HOST) -> TestClient:
        made = TestClient(self.app, base_url=url, client=(client, 50_000), follow_redirects=False)
        made.headers["user-agent"] = "a browser"
        return made

    def sign_in(self, token: str = OPERATOR) -> dict[str, str]:
        """The headers that the page sends with what it does."""
        answer = self.http.get("/signin", params={"token": token})
        assert answer.status_code == 303, answer.text
        return OWN_PAGE | {"x-healer-page": answer.headers["location"].removeprefix("/#page=")}

    def role(self) -> str | None:
        return self.http.get("/api/v1/session").json().get("role")

    def events(self) -> list[tuple[str, dict]]:
        return [(event.type.removeprefix("operator."), dict(event.payload)) for event in self.store.log.after(0)]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "healer.db"
    with closing(Store(f"sqlite:///{file}")) as made:
        made.migrate()
    return file


@pytest.fixture
def store(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    with closing(Store(f"sqlite:///{shutil.copy(migrated, tmp_path)}")) as made:
        yield made


@pytest.fixture
def door(store: Store) -> Iterator[Door]:
    made = Door(store)
    yield made
    made.access.stop()


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def act(door: Door, headers: dict[str, str]) -> Response:
    return door.http.post("/api/v1/incidents/x/retry", json={}, headers=headers)


def test_every_route_needs_a_session_and_none_lets_a_viewer_act(door: Door) -> None:
    found = {one for one in routes(door.app) if not SENTRY.fullmatch(one[1])}
    assert found >= PUBLIC | HARMLESS | {("GET", "/api/v1/events"), ("POST", "/api/v1/incidents/{incident_id}/approve")}
    guarded = {(method, path) for method, path in found - PUBLIC if path.startswith("/api/")}
    assert {path for method, path in found - guarded - PUBLIC if method != "GET"} == set()
    assert len(guarded) > 20
    for method, path in sorted(guarded):
        url = re.sub(r"\{\w+(:\w+)?\}", "x", path)
        assert door.http.request(method, url, json={}).status_code == 401, (method, path)
        if method != "GET" and (method, path) not in HARMLESS:
            answer = door.http.request(method, url, json={}, headers=bearer(VIEWER))
            assert (answer.status_code, "only look" in answer.json()["detail"]) == (403, True), (method, path)


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    for one in app.routes:
        contexts = one.effective_route_contexts() if hasattr(one, "effective_route_contexts") else (one,)
        for context in contexts:
            route = context if context.path else context.starlette_route
            for method in route.methods - {"HEAD", "OPTIONS"}:
                yield method, route.path


def test_a_session_is_a_random_cookie_that_scripts_other_sites_and_the_database_do_not_see(door: Door) -> None:
    first, second = (door.http.get("/signin", params={"token": OPERATOR}) for _ in range(2))
    cookie = first.headers["set-cookie"]
    name, _, value = cookie.partition(";")[0].partition("=")
    assert (name, len(value)) == ("healer_session", 43)
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", "samesite=strict", "path=/", f"max-age={30 * 86400}"}
    assert cookie.partition(";")[0] != second.headers["set-cookie"].partition(";")[0]
    assert OPERATOR not in first.headers["location"]
    with door.store._database.reading() as transaction:
        rows = [dict(row) for row in transaction.all(text("select * from sessions"))]
    assert len(rows) == 1, "a second sign-in ends the session that the browser had"
    assert value not in str(rows)
    assert OPERATOR not in str(rows)


def test_over_https_the_cookie_cannot_be_set_by_another_service_nor_sent_in_the_open(store: Store) -> None:
    door = Door(store, url="https://healer.test")
    for answer in (door.http.get("/signin", params={"token": OPERATOR}), door.http.post("/signout", headers=OWN_PAGE)):
        said = answer.headers.get("set-cookie", "")
        if answer.status_code == 403:  # the page of another origin
            continue
        assert said.startswith("__Host-healer_session=")
        assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in said.split(";")}
        assert "Domain" not in said
    assert door.role() == "operator"


def test_a_session_outlives_a_restart_and_ends_with_the_token_the_time_or_the_sign_out(door: Door) -> None:
    own = door.sign_in()
    again = Door(door.store)
    again.http.cookies = door.http.cookies
    assert again.role() == "operator"
    assert act(again, own).status_code == 404, "the page goes on, too"
    renewed = Door(door.store, operator="another token")
    renewed.http.cookies = door.http.cookies
    assert renewed.role() is None
    kept = dict(door.http.cookies)
    assert door.http.post("/signout", headers=own).status_code == 204
    assert not door.http.cookies
    again.http.cookies.update(kept)
    assert again.role() is None, "a copy of the cookie is of no use"
    door.sign_in()
    with door.store._database.writing() as transaction:
        transaction.run(text("update sessions set expires_at = :then"), {"then": ago(timedelta(seconds=1))})
    assert door.role() is None
    door.sign_in(VIEWER)
    with door.store._database.reading() as transaction:
        assert len(transaction.all(text("select id from sessions"))) == 1, "what is over goes at the next sign-in"


def test_who_is_not_known_cannot_send_much(door: Door) -> None:
    json = {"content-type": "application/json"}
    for path in ("/signin", "/signout", "/api/v1/automation", "/api/v1/incidents/x/reject", "/nothing"):
        answer = door.http.post(path, content=b" " * (LARGEST_BODY + 1), headers=json)
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json"), path
        assert "at most 65536 bytes" in answer.json()["detail"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert door.http.post("/signin", content=b" " * LARGEST_BODY, headers=json).status_code == 400
    assert door.http.post("/api/v1/reports", content=b" " * (LARGEST_BODY + 1)).status_code == 401
    assert door.http.post("/webhooks/github", content=b" " * (LARGEST_BODY + 1)).status_code == 401
    assert door.http.post("/path/api/1/envelope/", content=b" " * (LARGEST_BODY + 1)).status_code not in (404, 413)


def test_a_viewer_sees_and_does_nothing(door: Door) -> None:
    own = door.sign_in(VIEWER)
    assert door.http.get("/api/v1/session").json().keys() == {"role", "version", "examples", "page"}
    assert door.role() == "viewer"
    assert door.http.get("/api/v1/incidents").status_code == 200
    answer = act(door, own)
    assert answer.status_code == 403
    assert "healer link" in answer.json()["detail"]
    assert door.http.post("/api/v1/audit/verify", json={}, headers=own).json()["checked"] == "all"


CROSS_SITE = {"sec-fetch-site": "cross-site"}
OTHER_PORT = {"sec-fetch-site": "same-site", "origin": "http://healer.test:8000"}


# changed headers -> status, and a word of why
CASES: list[tuple[dict[str, str | None], int, str]] = [
    ({}, 404, "'x'"),
    ({"origin": None, "sec-fetch-site": None}, 404, "'x'"),
    ({"origin": None, "sec-fetch-site": "none"}, 404, "'x'"),
    ({"x-requested-with": None}, 401, "X-Requested-With"),
    ({"x-healer-page": None}, 401, "X-Healer-Page"),
    ({"x-healer-page": "0" * 64}, 401, "X-Healer-Page"),
    (CROSS_SITE, 403, "Sec-Fetch-Site"),
    (OTHER_PORT, 403, "Sec-Fetch-Site"),
    ({"sec-fetch-site": None, "origin": "http://healer.test:8000"}, 403, "Origin"),
    ({"sec-fetch-site": None, "origin": "https://healer.test:8001"}, 404, "'x'"),  # a proxy that speaks TLS
    ({"sec-fetch-site": None, "origin": "null"}, 403, "Origin"),
    ({"sec-fetch-site": None, "origin": "http://["}, 403, "Origin"),
    ({"sec-fetch-site": None, "origin": "http://evil.test"}, 403, "Origin"),
]


def test_only_the_healers_own_page_acts_with_the_cookie(door: Door) -> None:
    for changed, status, word in CASES:
        headers = {name: value for name, value in (door.sign_in() | changed).items() if value is not None}
        answer = act(door, headers)
        assert (answer.status_code, word in answer.json()["detail"]) == (status, True), (changed, answer.text)
        signs_out = door.http.post("/signout", headers=headers).status_code
        assert signs_out == (204 if status == 404 else status), changed


def test_another_services_page_reads_nothing_with_the_cookie_and_signs_nobody_in(door: Door) -> None:
    door.sign_in()
    for headers in (CROSS_SITE, OTHER_PORT):
        assert door.http.get("/api/v1/incidents", headers=headers).status_code == 403
        assert door.http.post("/signin", json={"token": VIEWER}, headers=headers).status_code == 403
    assert door.role() == "operator"
    assert act(door, bearer(OPERATOR) | OTHER_PORT).status_code == 404, "a token is nobody's but its sender's"


def test_behind_a_proxy_that_changes_the_host_the_address_people_open_counts(store: Store) -> None:
    door = Door(store, url="https://healer.example.org")
    page_key = door.sign_in()["x-healer-page"]
    for origin, status in (("https://healer.example.org", 404), ("https://example.org", 403)):
        headers = {"x-requested-with": "x", "x-healer-page": page_key, "origin": origin, "host": "127.0.0.1:8001"}
        assert act(door, headers).status_code == status


def test_a_link_that_nobody_opened_signs_nobody_in(door: Door) -> None:
    for headers in (
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"sec-fetch-dest": "image"},
        {"sec-fetch-dest": "iframe"},
    ):
        answer = door.http.get("/signin", params={"token": OPERATOR}, headers=headers)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False), headers
    for site in ("cross-site", "same-site"):  # from a mail or a chat, or from whoever wants another session to be had
        opened = {"sec-fetch-dest": "document", "sec-fetch-site": site}
        answer = door.http.get("/signin", params={"token": "a b&c"}, headers=opened)
        assert (answer.status_code, answer.headers["location"]) == (303, "/#token=a%20b%26c")
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("way", ["link", "form", "Bearer"])
def test_guessing_is_slowed_down_on_every_way_and_for_the_guesser_only(door: Door, way: str) -> None:
    def attempt(http: TestClient, token: str) -> Response:
        if way == "link":
            return http.get("/signin", params={"token": token})
        if way == "form":
            return http.post("/signin", json={"token": token})
        return http.get("/api/v1/session", headers=bearer(token))

    signed_in = door.sign_in()
    guesser, other = door.browser("198.51.100.1"), door.browser("198.51.100.2")
    assert [attempt(guesser, f"guess {n}").status_code for n in range(MOST_OF_ONE + 2)] == [401] * MOST_OF_ONE + [
        429
    ] * 2
    assert 1 <= int(attempt(guesser, "guess").headers["retry-after"]) <= 60
    assert attempt(other, "guess").status_code == 401
    for http in (guesser, other):
        assert attempt(http, OPERATOR).status_code in (200, 303), "a stranger with the same address keeps nobody out"
    assert act(door, signed_in).status_code == 404


def test_a_link_that_is_not_right_leads_a_browser_to_the_page_that_says_so(door: Door) -> None:
    opened = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "sec-fetch-dest": "document"}
    for path in ("/signin?token=of+last+year", "/signin?token=", "/signin"):
        answer = door.http.get(path, headers=opened)
        assert (answer.status_code, answer.headers["location"]) == (303, "/#signin=invalid"), path
        assert "set-cookie" not in answer.headers
    for _ in range(MOST_OF_ONE - 3):
        assert door.http.get("/signin?token=no").status_code == 401, "a program is told in its own words"
    answer = door.http.get("/signin?token=no", headers=opened)
    assert (answer.status_code, answer.headers["location"]) == (303, "/#signin=later")
    assert door.http.get("/signin?token=no").status_code == 429


def test_all_guessers_together_are_slowed_down_and_nothing_is_kept_of_those_held_up() -> None:
    now = [1000.0]
    throttle = Throttle(lambda: now[0])
    for number in range(MOST_OF_ALL):
        throttle.note(f"guesser {number}")
    now[0] += 20
    for number in range(1000):
        with pytest.raises(Throttled) as held_up:
            throttle.note(f"another {number}")
        assert held_up.value.seconds == 40
    assert len(throttle._failures) == MOST_OF_ALL
    now[0] += 40
    throttle.note("another")


def test_one_ipv6_network_is_one_guesser(door: Door) -> None:
    statuses = [
        door.browser(f"2001:db8::{n:x}").get("/signin", params={"token": "no"}).status_code
        for n in range(MOST_OF_ONE + 1)
    ]
    assert statuses[-1] == 429
    assert door.browser("2001:db8:0:1::1").get("/signin", params={"token": "no"}).status_code == 401


def test_coming_and_going_is_in_the_log_and_guesses_are_counted_there(door: Door) -> None:
    own = door.sign_in()
    door.http.post("/signout", headers=own)
    door.http.post("/signin", json={"token": VIEWER})
    for _ in range(3):
        door.http.get("/signin", params={"token": "wrong"})
    door.browser("127.0.0.1").get("/signin", params={"token": "wrong"})
    who = {"by": "operator", "from": "remote", "role": "operator"}
    events = door.events()
    assert events == [
        ("signed_in", {**who, "way": "link"}),
        ("signed_out", {**who, "way": "page"}),
        ("signed_in", {"by": "viewer", "from": "remote", "role": "viewer", "way": "form"}),
        ("refused", {"count": 1, "remote": 1}),
    ]
    door.access.stop()
    assert door.events()[4:] == [("refused", {"count": 3, "remote": 2})]
    assert "wrong" not in str(door.events())
    assert "203.0.113" not in str(door.events())


def test_nobody_comes_or_goes_without_an_event(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    own = door.sign_in()
    kept = door.events()

    def fails(*_: object, **__: object) -> None:
        raise BadInput("the log cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "append", fails)
        assert door.http.get("/signin", params={"token": OPERATOR}).status_code == 400
        assert door.http.post("/signout", headers=own).status_code == 400
    assert (door.role(), door.events()) == ("operator", kept)
    with door.store._database.reading() as transaction:
        assert len(transaction.all(text("select id from sessions"))) == 1


def test_reasons_are_kept_as_any_database_takes_them_and_no_terminal_obeys(door: Door) -> None:
    body = b'{"stopped": true, "reason": "a\\u0000b\\u001b[31m\\ud800"}'
    headers = bearer(OPERATOR) | {"content-type": "application/json"}
    assert door.http.post("/api/v1/automation", content=body, headers=headers).status_code == 200
    assert {payload["reason"] for _, payload in door.events()} == {"a\ufffdb\ufffd[31m?"}
    for path in ("incidents/x/reject", "services/x/rollback"):
        large = {"to": "a" * 40, "reason": "x" * 1001}
        assert door.http.post(f"/api/v1/{path}", json=large, headers=bearer(OPERATOR)).status_code == 400


def test_refusals_are_told_of_again_when_a_minute_is_over() -> None:
    told: list[tuple[int, int]] = []
    refusals = Refusals(lambda *counts: told.append(counts), every=60)
    for _ in range(5):
        refusals.note(remote=False)
    assert told == [(1, 0)]
    refusals._minute_over()
    assert told == [(1, 0), (4, 0)]
    refusals._minute_over()
    refusals.note(remote=True)
    assert told[2:] == [(1, 1)]
    refusals.stop()
    assert len(told) == 3


def test_refusals_that_cannot_be_told_are_told_later_and_stop_nobody() -> None:
    told: list[tuple[int, int]] = []
    away = [True]

    def tell(count: int, remote: int) -> None:
        if away[0]:
            raise OSError("the database is away")
        told.append((count, remote))

    refusals = Refusals(tell, every=60)
    refusals.note(remote=True)
    refusals.note(remote=False)
    refusals._minute_over()
    away[0] = False
    refusals._minute_over()
    refusals.stop()
    assert told == [(2, 1)]


def test_no_token_is_nobodys_token(store: Store) -> None:
    access = Access("", {"": "shop"}, "", store)
    http = TestClient(create_app(Door(store).web_with(access), None))  # type: ignore[arg-type]
    assert http.get("/signin?token=").status_code == 401
    assert http.post("/signin", json={"token": ""}).status_code == 401
    assert http.post("/api/v1/reports", headers={"x-selfheal-key": ""}).status_code == 401


def test_the_viewers_token_is_made_at_the_first_start_and_never_the_operators(tmp_path: Path) -> None:
    settings = load_settings({"HEALER_HOME": str(tmp_path)})
    token = (tmp_path / "viewer-token").read_text().strip()
    assert (tmp_path / "viewer-token").stat().st_mode & 0o777 == 0o600
    assert settings.viewer_link == f"http://127.0.0.1:8001/signin?token={token}"
    assert settings.sign_in_link != settings.viewer_link
    assert (
        CliRunner().invoke(cli, ["link", "--viewer"], env={"HEALER_HOME": str(tmp_path)}).stdout.strip().endswith(token)
    )
    with pytest.raises(BadInput, match="HEALER_VIEWER_TOKEN"):
        load_settings({"HEALER_HOME": str(tmp_path), "HEALER_OPERATOR_TOKEN": token})


def test_what_is_behind_a_session_is_kept_by_no_browser(door: Door) -> None:
    for path in ("/signin?token=wrong", f"/signin?token={OPERATOR}", "/api/v1/incidents", "/api/v1/audit/export"):
        headers = door.http.get(path).headers
        assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer"), path
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_a_stream_is_valid_as_long_as_its_session(door: Door) -> None:
    seen = []

    @door.app.get("/probe")
    def probe(request: Request) -> None:
        seen.append((door.access.require_reader(request), door.access.still_valid(request)))
        door.store.sessions.end(door.access.secret(request), {})
        seen.append(door.access.still_valid(request))

    own = door.sign_in()
    door.http.get("/probe", headers=own)
    door.http.get("/probe", headers=bearer(VIEWER))
    assert seen == [("operator", True), False, ("viewer", True), True]
