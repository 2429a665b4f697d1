"""How recorded requests reach an application, ASGI and WSGI, and what is kept from one to the next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.selfheal.running_sandbox import RunningSandbox, get, replay


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox() as running:
        yield running


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
