"""Replays against real applications in a real sandbox: what is answered, what is raised, what went wrong before."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from tests.selfheal.running_sandbox import RunningSandbox

FASTAPI = """
from contextlib import asynccontextmanager
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from shop.orders import total

@asynccontextmanager
async def lifespan(app):
    app.state.ready = True
    yield {"rate": 3}

app = FastAPI(lifespan=lifespan)

class Unpaid(Exception):
    pass

class Order(BaseModel):
    prices: list[int]

@app.exception_handler(Unpaid)
def unpaid(request, error):
    return JSONResponse({"detail": "unpaid"}, 500)

@app.post("/orders")
def create(order: Order, request: Request):
    return {"total": total(order.prices), "ready": request.app.state.ready, "rate": request.state.rate}

@app.get("/unpaid")
async def get_unpaid():
    raise Unpaid("no money")

@app.get("/deliberate")
async def deliberate():
    raise HTTPException(500, "on purpose")

@app.get("/swallowed")
def swallowed():
    import logging
    try:
        return {}["missing"]
    except KeyError:
        logging.getLogger("shop").exception("it failed")
        return JSONResponse({"detail": "failed"}, 503)

@app.get("/deep")
def deep():
    def down(n):
        return down(n + 1)
    return down(0)

@app.get("/ends")
async def ends():
    raise SystemExit(3)

@app.get("/never")
async def never():
    import asyncio
    await asyncio.sleep(600)

@app.get("/group")
async def group():
    import anyio
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(get_unpaid)
"""
ORDERS = "def total(prices):\n    best = max(prices)\n    return sum(prices) - best\n"
SHOP = {"shop/__init__.py": "", "shop/main.py": FASTAPI, "shop/orders.py": ORDERS}
GOOD = {"method": "POST", "path": "/orders", "json": {"prices": [1, 2]}}
EMPTY = {"method": "POST", "path": "/orders", "json": {"prices": []}}
VALUE_ERROR = {
    "type": "ValueError",
    "module": "builtins",
    "message": "max() arg is an empty sequence",
    "bases": ["ValueError", "Exception", "BaseException", "object"],
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox() as running:
        yield running


def replay(sandbox: RunningSandbox, files: dict[str, str], *requests: dict[str, Any], **job: Any) -> dict[str, Any]:
    answer = sandbox.replay(files, *requests, **{"entry": "shop.main:app", **job})
    assert answer["status"] == "ok", answer
    result = answer["result"]
    assert isinstance(result, dict)
    return result


def get(path: str) -> dict[str, Any]:
    return {"method": "GET", "path": path, "headers": {}}


def test_a_crash_is_described_as_a_report_describes_it(sandbox: RunningSandbox) -> None:
    result = replay(sandbox, SHOP, GOOD, EMPTY)
    good, crash = result["exchanges"]
    assert result["problem"] == ""
    assert (good["status"], good["exception"], good["frames"]) == (200, None, [])
    assert good["body"] == '{"total":1,"ready":true,"rate":3}'
    assert good["headers"]["content-type"] == "application/json"
    assert (crash["status"], crash["exception"]) == (500, VALUE_ERROR)
    own = [frame for frame in crash["frames"] if frame["in_app"]]
    assert [(frame["file"], frame["line"], frame["function"]) for frame in own] == [
        ("shop/main.py", 27, "create"),
        ("shop/orders.py", 2, "total"),
    ]
    assert own[-1]["source"] == "best = max(prices)"
    assert own[-1]["context"] == {
        "1": "def total(prices):",
        "2": "    best = max(prices)",
        "3": "    return sum(prices) - best",
    }
    assert own[-1]["locals"] == {"prices": "[]"}
    foreign = [frame for frame in crash["frames"] if not frame["in_app"]]
    assert foreign
    assert all(frame["file"].startswith(("site-packages/", "lib/python")) for frame in foreign)


@pytest.mark.parametrize(
    ("path", "status", "raised", "function"),
    [
        ("/unpaid", 500, "Unpaid", "get_unpaid"),
        ("/swallowed", 503, "KeyError", "swallowed"),
        ("/deep", 500, "RecursionError", "down"),
        ("/group", 500, "Unpaid", "get_unpaid"),
        ("/deliberate", 500, None, None),
        ("/nothing-here", 404, None, None),
    ],
)
def test_what_made_a_500_is_found(
    sandbox: RunningSandbox, path: str, status: int, raised: str | None, function: str | None
) -> None:
    exchange = replay(sandbox, SHOP, get(path))["exchanges"][0]
    assert exchange["status"] == status
    assert (exchange["exception"] or {"type": None})["type"] == raised
    own = [frame["function"] for frame in exchange["frames"] if frame["in_app"]]
    assert own[-1:] == ([function] if function else [])
    assert len(exchange["frames"]) <= 60


@pytest.mark.parametrize(
    ("files", "entry", "requests", "problem"),
    [
        (SHOP, "shop.main:app", [get("/ends"), GOOD], "request 1: SystemExit: 3 (shop/main.py:54)"),
        (SHOP, "shop.main:app", [GOOD, get("/never"), GOOD], "request 2: no whole answer within"),
        (SHOP, "shop.main:nothing", [GOOD], "import: NoApplication: shop.main has no nothing"),
        (SHOP, "shop.missing:app", [GOOD], "import: ModuleNotFoundError: No module named 'shop.missing'"),
        (
            {"app.py": "import sys\nsys.exit('no settings')"},
            "app:app",
            [GOOD],
            "import: SystemExit: no settings (app.py:2)",
        ),
        ({"app.py": "def f(:\n  pass"}, "app:app", [GOOD], "import: SyntaxError: invalid syntax (app.py:1)"),
        (
            {"README": "nothing"},
            None,
            [GOOD],
            "import: NoApplication: no application found; name it as module:attribute",
        ),
        (
            {
                "app.py": "from fastapi import FastAPI\nasync def fail(app):\n  raise KeyError('url')\n  yield\n"
                "app = FastAPI(lifespan=fail)"
            },
            "app:app",
            [GOOD],
            "startup: StartupFailed: KeyError: 'url'",
        ),
        (
            {"app.py": "import asyncio\nasync def app(scope, receive, send):\n  await asyncio.sleep(600)"},
            "app:app",
            [GOOD],
            "startup: StartupFailed: it took longer than",
        ),
        (
            {"app.py": "async def app(scope, receive, send): pass"},
            "app:app",
            [GOOD],
            "request 1: the application returned",
        ),
    ],
)
def test_what_keeps_a_replay_from_its_end_is_told(
    sandbox: RunningSandbox, files: dict[str, str], entry: str | None, requests: list[dict[str, Any]], problem: str
) -> None:
    result = replay(sandbox, files, *requests, entry=entry, limits={"seconds": 3})
    assert result["problem"].startswith(problem)


APP = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef home(): return 'found'\n"


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        ({"app.py": APP}, None),
        ({"main.py": APP}, None),
        ({"src/shop/__init__.py": "", "src/shop/web.py": APP}, None),
        ({"shop/web.py": APP.replace("app", "service"), "tests/app.py": "1 / 0", "setup.py": "1 / 0"}, None),
        ({"shop/web.py": "def create_app():\n    " + APP.replace("\n", "\n    ") + "return app"}, None),
        ({"web.py": "def make():\n    " + APP.replace("\n", "\n    ") + "return app"}, "web:make"),
        (
            {"web.py": "def make(debug):\n    " + APP.replace("\n", "\n    ") + "return app\nclass held: pass"},
            "web:held.app",
        ),
    ],
)
def test_the_application_is_found(sandbox: RunningSandbox, files: dict[str, str], entry: str | None) -> None:
    if entry == "web:held.app":
        files = {"web.py": files["web.py"] + "\nheld.app = make(True)"}
    result = replay(sandbox, files, get("/"), entry=entry)
    assert result["exchanges"][0]["body"] == '"found"', result


ECHO = """
import json
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("no lifespan here")
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            break
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    query = scope["query_string"].decode()
    answer = {"path": scope["path"], "query": query, "headers": headers, "body": body.decode("latin-1")}
    sent = [(b"Set-Cookie", b"session=s%d; Path=/" % len(body)), (b"X-Two", b"1"), (b"X-Two", b"2")]
    await send({"type": "http.response.start", "status": 201, "headers": sent})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()[:9], "more_body": True})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()[9:]})
"""


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        (
            {"method": "POST", "path": "/a%20b/%C3%A9?q=1&r=%26", "json": {"a": [1]}, "headers": {"X-A": "1"}},
            {
                "path": "/a b/é",
                "query": "q=1&r=%26",
                "body": '{"a": [1]}',
                "x-a": "1",
                "content-type": "application/json",
                "content-length": "10",
            },
        ),
        (
            {"method": "POST", "path": "/", "form": {"a": "1 2", "b": ["x", "y"]}},
            {"body": "a=1+2&b=x&b=y", "content-type": "application/x-www-form-urlencoded", "content-length": "13"},
        ),
        (
            {
                "method": "PUT",
                "path": "/",
                "body_b64": "AP8=",
                "headers": {"Content-Type": "image/png", "Content-Length": "999"},
            },
            {"body": "\x00\xff", "content-type": "image/png", "content-length": "2"},
        ),
        ({"method": "POST", "path": "/", "body": "héllo"}, {"body": "hÃ©llo", "content-type": None}),
        (
            {"path": "/é", "headers": {"Transfer-Encoding": "chunked"}},
            {"path": "/é", "transfer-encoding": None, "host": "localhost"},
        ),
        (
            {"path": "/", "headers": {"X-Admin": "[redacted]", "X-Other": "[redacted]"}},
            {"x-admin": "for-replay", "x-other": None},
        ),
    ],
)
def test_a_request_arrives_as_it_was_recorded(
    sandbox: RunningSandbox, request_: dict[str, Any], wanted: dict[str, str | None]
) -> None:
    result = replay(sandbox, {"app.py": ECHO}, request_, entry="app:app", headers={"X-Admin": "for-replay"})
    exchange = result["exchanges"][0]
    assert (exchange["status"], exchange["headers"]["x-two"]) == (201, "1, 2")
    import json

    echoed = json.loads(exchange["body"])
    arrived = {**echoed["headers"], "path": echoed["path"], "query": echoed["query"], "body": echoed["body"]}
    assert {name: arrived.get(name) for name in wanted} == wanted


def test_a_plain_wsgi_application_is_replayed(sandbox: RunningSandbox) -> None:
    app = """
def app(environ, start_response):
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/late":
        start_response("200 OK", [])
        return (1 // 0 for _ in "x")
    start_response("202 Accepted", [("X-Length", environ.get("CONTENT_LENGTH", ""))])
    return [environ["REQUEST_METHOD"].encode(), b" ", environ["QUERY_STRING"].encode(), b" ", body[::-1]]
"""
    requests = ({"method": "POST", "path": "/?a=1", "body": "abc"}, get("/late"))
    first, late = replay(sandbox, {"app.py": app}, *requests, entry="app:app")["exchanges"]
    assert (first["status"], first["headers"], first["body"]) == (202, {"x-length": "3"}, "POST a=1 cba")
    assert (late["status"], late["exception"]["type"]) == (200, "ZeroDivisionError")


@pytest.mark.skipif(importlib.util.find_spec("flask") is None, reason="Flask is not installed")
@pytest.mark.parametrize(
    "catch_all", ["", "@app.errorhandler(Exception)\ndef all(error): return {'error': 'sorry'}, 500\n"]
)
def test_flask_is_replayed_with_and_without_a_handler_for_everything(sandbox: RunningSandbox, catch_all: str) -> None:
    app = (
        "from flask import Flask, abort, request\napp = Flask(__name__)\n"
        + catch_all
        + "@app.post('/half')\ndef half(): return {'half': 10 / request.json['n']}\n"
        + "@app.get('/abort')\ndef stop(): abort(500)\n"
    )
    requests = [{"method": "POST", "path": "/half", "json": {"n": n}} for n in (5, 0)]
    result = replay(sandbox, {"app.py": app}, *requests, get("/abort"), entry=None)
    good, crash, aborted = result["exchanges"]
    assert (good["status"], good["exception"]) == (200, None)
    assert (crash["status"], crash["exception"]["type"]) == (500, "ZeroDivisionError")
    assert [frame["function"] for frame in crash["frames"] if frame["in_app"]] == ["half"]
    assert not [frame for frame in crash["frames"] if "selfheal" in frame["file"]]
    assert (aborted["status"], aborted["exception"]) == (500, None)


def test_memory_is_short_only_while_the_last_request_runs(sandbox: RunningSandbox) -> None:
    app = (
        "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/load')\nasync def load():\n"
        "    return len(bytearray(60_000_000))\n"
    )
    first, last = replay(sandbox, {"app.py": app}, get("/load"), get("/load"), entry="app:app", limits={"as_mb": 20})[
        "exchanges"
    ]
    assert (first["status"], first["exception"]) == (200, None)
    assert (last["status"], last["exception"]["type"]) == (500, "MemoryError")


def test_identifiers_and_cookies_follow_what_the_replay_was_given(sandbox: RunningSandbox) -> None:
    app = """
from fastapi import FastAPI, Request, Response
app = FastAPI()
carts = {}
@app.post("/carts", status_code=201)
async def create(response: Response):
    response.set_cookie("session", "of-the-replay")
    carts[len(carts) + 1] = []
    return {"id": len(carts)}
@app.post("/carts/{number}/lines")
async def add(number: int, request: Request):
    line = await request.json()
    carts[number].append(line)
    return {"cart_id": number, "line": line, "session": request.cookies.get("session")}
"""
    requests: list[dict[str, Any]] = [
        {"method": "POST", "path": "/carts", "status": 201, "ids": {"/id": 57}},
        {
            "method": "POST",
            "path": "/carts/57/lines",
            "headers": {"cookie": "session=[redacted]; theme=dark"},
            "json": {"cart_id": 57, "quantity": 57},
        },
    ]
    last = replay(sandbox, {"app.py": app}, *requests, entry="app:app")["exchanges"][-1]
    assert last["body"] == '{"cart_id":1,"line":{"cart_id":1,"quantity":57},"session":"of-the-replay"}'


def test_a_long_result_keeps_its_last_exchange(sandbox: RunningSandbox) -> None:
    app = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\nasync def home(): return 'x' * 50_000\n"
    requests: list[dict[str, Any]] = [get("/") for _ in range(5)]
    result = replay(sandbox, {"app.py": app}, *requests, entry="app:app", limits={"output_bytes": 120_000})
    assert [len(exchange["body"]) for exchange in result["exchanges"]] == [200, 200, 200, 200, 50_002]
