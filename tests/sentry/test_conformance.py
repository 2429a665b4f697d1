"""Stock SDKs in real processes report to the healer's own DSN: what they send is taken, read back and shown.

What is healed of it is test_healing's matter; here nothing runs behind the API.
"""

from __future__ import annotations

import ast
import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
import uvicorn
from healer.edges.bus import Bus
from healer.edges.store import Store
from healer.model import Frame, Report
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts
from healer.web.access import Access
from healer.web.application import Web, create_app
from starlette.types import Receive, Scope, Send

from tests.sentry.running import HERE, NODE, PYTHON, STOCK, App, Stock

pytestmark = pytest.mark.xdist_group("sentry-taking")

OPERATOR = {"authorization": "Bearer operator"}
SAMPLES = HERE / "samples"
POSTED = "posted"  # the service of what is posted by hand


class Taking:
    """The healer's API over a real store, on a real port."""

    def __init__(self, store: Store, services: list[str]) -> None:
        store.migrate()
        self.store = store
        self._keys = {name: store.service_key(name) for name in services}
        parts = Parts(store, {}, "", 0)
        access = Access("operator", {key: name for name, (_, key) in self._keys.items()})
        self._web = Web(parts, Dispatch(parts, None), Bus(), access, "", lambda: "")  # type: ignore[arg-type]
        self._app = create_app(self._web, None)  # type: ignore[arg-type]
        self.encodings: set[tuple[str, str]] = set()  # user agent and content encoding of what was posted
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._server = uvicorn.Server(uvicorn.Config(self._noting, interface="asgi3", log_level="error"))
        self._thread = threading.Thread(target=self._server.run, args=([self._listening],))
        self._thread.start()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=OPERATOR, trust_env=False)

    async def _noting(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            self.encodings.add((headers["user-agent"], headers.get("content-encoding", "")))
        await self._app(scope, receive, send)

    def close(self) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join()
        self._listening.close()
        self._web.intake.stop()
        self.store.close()

    def dsn(self, service: str, key: str | None = None) -> str:
        number, own = self._keys[service]
        return f"http://{key or own}@127.0.0.1:{self.port}/{number}"

    def incidents(self, service: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/api/v1/incidents").json()["incidents"]
        return [one for one in found if one["service"] == service]

    def count(self, service: str) -> int:
        return sum(one["count"] for one in self.incidents(service))

    def wait_for(self, service: str, count: int) -> None:
        deadline = time.monotonic() + 20
        while self.count(service) < count:
            assert time.monotonic() < deadline, f"{service} reported {self.count(service)} of {count} crashes"
            time.sleep(0.05)

    def post(self, body: bytes, kind: str = "envelope", encoding: str = "") -> httpx.Response:
        number, key = self._keys[POSTED]
        headers = {"x-sentry-auth": f"Sentry sentry_key={key}, sentry_version=7"}
        if encoding:
            headers["content-encoding"] = encoding
        return self.http.post(f"/api/{number}/{kind}/", content=body, headers=headers)


@dataclass(frozen=True)
class Seen:
    """What the healer has to know of a crash."""

    type: str
    message: str
    function: str
    source: str  # of the line that crashed
    file: str = "ferry/sailings.py"
    request: tuple[str, str, str, Any] = ("GET", "/", "none", None)  # method, path, kind of body, body
    values: dict[str, Any] = field(default_factory=dict)  # locals that read back as these
    mechanism: str = ""  # "": the framework's
    chain: tuple[tuple[str, str], ...] = ()  # relation and type
    times: int = 1
    truncated: bool = False


def seen_of(stock: Stock, case: str) -> Seen:
    booking = {"sailing": "F99", "passengers": ["Ann", "Bo"]}
    bad = "invalid literal for int() with base 10"
    lines = ["4", "four", "5", "five"]
    return {
        "none": Seen(
            "AttributeError",
            "'NoneType' object has no attribute 'price'",
            "book",
            "sailing.price * len(",
            f"ferry/by_{stock.framework}.py",
            ("POST", "/bookings", "json", booking),
            {"sailing": None} if stock.framework == "fastapi" else {"sailing": None, "booking": booking},
            times=2,
        ),
        "key": Seen(
            "KeyError",
            "'west'",
            "fare",
            "table = FARES[line]",
            request=("GET", "/fares?line=west&kind=adult", "none", None),
            values={"line": "west", "kind": "adult"},
        ),
        "chain": Seen(
            "NoTimetable",
            "no timetable for sunday",
            "timetable",
            "raise NoTimetable(",
            request=("GET", "/timetable/sunday", "none", None),
            values={"day": "sunday"},
            chain=(("cause", "KeyError"),),
        ),
        "group": Seen(
            "ValueError",
            f"{bad}: 'four'",
            "read_manifest",
            "read.append(int(line))",
            request=("POST", "/manifests", "json", lines),
            values={"lines": lines, "read": [4, 5]},
            chain=(("group", "ExceptionGroup"), ("member", "ValueError")),
        ),
        "form": Seen(
            "ValueError",
            "could not convert string to float: 'long'",
            "weigh",
            "* float(metres)",
            request=("POST", "/vehicles", "form", {"kind": "bus", "metres": "long"}),
            values={"vehicle": "bus", "metres": "long"},
        ),
        "thread": Seen(
            "KeyError",
            "'dover'",
            "send",
            "numbers[harbour].upper()",
            request=("POST", "/warnings/dover", "none", None),
            values={"numbers": {}, "harbour": "dover"},
            mechanism="threading",
        ),
        "logged": Seen(
            "ZeroDivisionError",
            "division by zero",
            "weather",
            "sum(readings) / len(readings)",
            request=("GET", "/weather/calais", "none", None),
            values={"harbour": "calais", "readings": []},
            mechanism="logging",
        ),
        "trimmed": Seen(
            "KeyError",
            "'cook'",
            "first_rank",
            "RANKS[crew[0]]",
            request=("POST", "/crews", "none", None),
            truncated=True,
        ),
    }[case]


@pytest.fixture(scope="module")
def healer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taking]:
    folder = tmp_path_factory.mktemp("taking")
    made = Taking(Store(f"sqlite:///{folder}/healer.db"), [*(stock.name for stock in STOCK), POSTED])
    try:
        with ExitStack() as running:
            apps = []
            for stock in (one for one in STOCK if not one.lack):
                app = App(stock, made.dsn(stock.name), folder / f"{stock.name}.log")
                running.callback(app.close)
                apps.append(app)
            for app in apps:
                app.wait()
                for case in (*app.stock.crashes, "none"):
                    app.crash(case)
            for app in apps:
                made.wait_for(app.stock.name, len(app.stock.crashes) + 1)
        yield made
    finally:
        made.close()


def report_of(healer: Taking, stock: Stock, type_: str, function: str) -> tuple[dict[str, Any], Report]:
    found = [
        incident
        for incident in healer.incidents(stock.name)
        if incident["exception"]["type"] == type_ and incident["fault"]["function"] == function
    ]
    assert len(found) == 1, healer.incidents(stock.name)
    return found[0], healer.store.incidents.latest_report(found[0]["id"])


def line_of(source: str, file: Path) -> int:
    [line] = [number for number, line in enumerate(file.read_text().splitlines(), 1) if source in line]
    return line


def read_back(frame: Frame, names: dict[str, Any]) -> dict[str, Any]:
    return {name: ast.literal_eval(frame.locals[name]) for name in names}


@pytest.mark.parametrize("case", PYTHON[0].crashes)
@pytest.mark.parametrize("stock", PYTHON, ids=lambda stock: stock.name)
def test_a_crash_is_taken_and_read_back(healer: Taking, stock: Stock, case: str) -> None:
    if stock.lack:
        pytest.skip(stock.lack)
    seen = seen_of(stock, case)
    incident, report = report_of(healer, stock, seen.type, seen.function)
    assert incident["count"] == seen.times
    assert incident["fault"] == {
        "file": seen.file,
        "line": line_of(seen.source, HERE / "apps" / seen.file),
        "function": seen.function,
    }
    assert report.exception.message == seen.message
    assert (report.platform, report.approximate) == ("python", True)
    assert report.client == f"sentry.python.{stock.framework}/{stock.version}"
    fault = report.app_frames[-1]
    assert seen.source in fault.source
    assert fault.path == str(HERE / "apps" / seen.file)
    assert read_back(fault, seen.values) == seen.values
    assert report.mechanism == (seen.mechanism or {"fastapi": "starlette", "flask": "flask"}[stock.framework])
    assert report.handled == (seen.mechanism == "logging")
    assert [(one.relation, one.exception.type) for one in report.chain] == list(seen.chain)
    assert all(one.frames for one in report.chain)
    assert report.request is not None
    request = report.request
    assert (request.method, request.path, request.body_kind, request.body) == seen.request
    assert request.truncated == seen.truncated


@pytest.mark.parametrize(
    ("case", "type_", "function", "source", "chain"),
    [
        ("none", "TypeError", "price", "return sailing.price * booking", ()),
        ("chain", "NoTimetable", "timetable", "throw new NoTimetable(", (("cause", "SyntaxError"),)),
        ("rejection", "TypeError", "notify", "numbers[harbour].toUpperCase()", ()),
    ],
)
def test_a_crash_of_node_is_taken(
    healer: Taking, case: str, type_: str, function: str, source: str, chain: tuple[tuple[str, str], ...]
) -> None:
    incident, report = report_of(healer, NODE, type_, function)
    assert incident["count"] == (2 if case == "none" else 1)
    server = HERE / "apps" / "node" / "server.js"
    assert incident["fault"]["line"] == line_of(source, server)
    assert incident["fault"]["file"].endswith("node/server.js")
    assert (report.platform, report.approximate) == ("node", True)
    assert report.client == f"sentry.javascript.node/{NODE.version}"
    assert report.handled == (case != "rejection")
    assert [(one.relation, one.exception.type) for one in report.chain] == list(chain)
    assert report.request is not None
    assert report.request.path == NODE.crashes[case].path
    assert report.request.truncated == (case == "none")  # the SDK keeps no body


def test_the_sdks_compress_in_different_ways(healer: Taking) -> None:
    """What the crashes above were sent with; brotli where it is installed."""
    used = {
        *((f"sentry.python/{stock.version}", "gzip") for stock in PYTHON if not stock.lack),
        (f"sentry.python/{PYTHON[-1].version}", "br"),
        (f"sentry.javascript.node/{NODE.version}", ""),
    }
    assert used <= healer.encodings


ENCODINGS = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_content_encoding_is_read(healer: Taking, encoding: str) -> None:
    before = healer.count(POSTED)
    lines = (SAMPLES / "oldest-flask-form.envelope").read_bytes().split(b"\n")
    event = json.loads(lines[2]) | {"event_id": f"{list(ENCODINGS).index(encoding):032x}"}
    envelope = b"\n".join((b"{}", b'{"type":"event"}', json.dumps(event).encode()))
    answer = healer.post(ENCODINGS[encoding](envelope), encoding=encoding)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"id": event["event_id"]}
    assert healer.count(POSTED) == before + 1


def test_an_event_alone_is_taken_where_older_sdks_send_it(healer: Taking) -> None:
    event = json.loads((SAMPLES / "newest-flask-group.envelope").read_bytes().split(b"\n")[2])
    answer = healer.post(json.dumps(event).encode(), "store")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"id": event["event_id"]}
    assert any(one["fault"]["function"] == "read_manifest" for one in healer.incidents(POSTED))


def test_what_comes_twice_counts_once(healer: Taking) -> None:
    envelope = (SAMPLES / "newest-fastapi-thread.envelope").read_bytes()
    assert healer.post(envelope).status_code == 200
    before = healer.count(POSTED)
    assert healer.post(envelope).status_code == 200
    assert healer.count(POSTED) == before


def test_an_app_with_a_wrong_key_goes_on(healer: Taking, tmp_path: Path) -> None:
    before = len(healer.http.get("/api/v1/incidents").json()["incidents"])
    stock = next(one for one in PYTHON if one.name == "newest-flask")
    app = App(stock, healer.dsn(POSTED, key="0" * 32), tmp_path / "stranger.log")
    try:
        app.wait()
        app.crash("key")
        deadline = time.monotonic() + 10
        while "status code: 403" not in app.log.read_text():
            assert time.monotonic() < deadline, app.log.read_text()
            time.sleep(0.05)
        assert app.serves()
    finally:
        app.close()
    assert len(healer.http.get("/api/v1/incidents").json()["incidents"]) == before
