"""The smoke against a server on loopback that answers as it is told, and what an order may ask."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selfheal.supervisor import smoke

_OK = b"HTTP/1.1 200 OK\r\n\r\n"


def _refusal(answers: dict[str, bytes | None], *requests: dict[str, Any], pause: float = 0.0) -> tuple[str, list[str]]:
    """What the smoke says of a worker with these answers by path (None: silence), and what the worker was sent."""
    sent: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next((int(line[16:]) for line in head.split("\r\n") if line.startswith("content-length: ")), 0)
        sent.append(head + (await reader.readexactly(length)).decode())
        answer = answers.get(head.split(" ")[1], _OK)
        await asyncio.sleep(pause if answer is not None else 1)
        writer.write(answer or b"")
        writer.close()

    async def ask() -> str:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            asked, _ = smoke.checked({"smoke": list(requests)})
            return await smoke.refusal(server.sockets[0].getsockname()[1], asked)

    return asyncio.run(ask()), sent


@pytest.mark.parametrize(
    ("answer", "below", "said"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", 500, ""),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", 500, ""),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", 404, "GET /orders answered 404, before any user asked"),
        (b"HTTP/1.1 500 Oh\r\n\r\n", 500, "GET /orders answered 500, before any user asked"),
        (b"220 mail\r\n", 500, "GET /orders was not answered in HTTP, before any user asked"),
        (b"", 500, "GET /orders was not answered (the connection was closed), before any user asked"),
    ],
)
def test_an_answer_may_speak_against_a_release(answer: bytes, below: int, said: str) -> None:
    assert _refusal({"/orders": answer}, {"method": "get", "path": "/orders", "below": below})[0] == said


def test_silence_speaks_against_a_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "EACH_SECONDS", 0.1)
    said, _ = _refusal({"/orders": None}, {"method": "GET", "path": "/orders"})
    assert said == "GET /orders was not answered within 0.1 s, before any user asked"


def test_a_worker_that_is_gone_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    asked, _ = smoke.checked({"smoke": [{"method": "GET", "path": "/"}]})
    assert asyncio.run(smoke.refusal(port, asked)).startswith("GET / was not answered (")


def test_the_first_bad_answer_ends_it() -> None:
    requests = ({"method": "GET", "path": path} for path in ("/a", "/b", "/c"))
    said, sent = _refusal({"/b": b"HTTP/1.1 503 No\r\n\r\n"}, *requests)
    assert said.startswith("GET /b answered 503")
    assert len(sent) == 2


def test_requests_without_a_turn_in_time_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "EACH_SECONDS", 1.0)
    monkeypatch.setattr(smoke, "TOGETHER_SECONDS", 1.1)
    said, sent = _refusal({}, *({"method": "GET", "path": "/"} for _ in range(5)), pause=0.04)
    assert said == ""
    assert 1 <= len(sent) < 5


def test_a_request_is_sent_as_it_was_recorded_on_a_connection_of_its_own() -> None:
    recorded = {
        "method": "POST",
        "path": "/carts/7%20b/\r\nX: 1?sizes[0]=ü",
        "headers": {
            "Host": "shop.example",
            "X-Name": "Ján",
            "Content-Length": "999",
            "Connection": "keep-alive, X-Hop",
            "x-hop": "1",
            "Expect": "100-continue",
            "Transfer-Encoding": "chunked",
        },
        "body": "größe=1\r\n",
    }
    _, (sent,) = _refusal({}, recorded)
    head, _, body = sent.partition("\r\n\r\n")
    assert body == "größe=1\r\n"
    assert head.split("\r\n") == [
        "POST /carts/7%20b/%0D%0AX:%201?sizes[0]=%C3%BC HTTP/1.1",
        "host: shop.example",
        "user-agent: selfheal-supervisor",
        "x-name: Ján",
        "content-length: 11",
        "connection: close",
    ]


def test_a_request_without_a_body_says_so_where_one_is_usual() -> None:
    _, sent = _refusal({}, {"method": "GET", "path": "/"}, {"method": "POST", "path": "/"})
    assert ["content-length" in one for one in sent] == [False, True]


def test_an_order_without_smoke_and_watch_has_none() -> None:
    assert smoke.checked({"op": "change", "release": "a", "smoke": None}) == ([], [])


def test_a_watch_keeps_method_and_path() -> None:
    order = {"watch": [{"method": "post", "path": "/carts/*/checkout", "more": 1}]}
    assert smoke.checked(order) == ([], [{"method": "POST", "path": "/carts/*/checkout"}])


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"smoke": {}}, "smoke is {}: it must be a list"),
        ({"smoke": ["/"]}, "smoke is ['/']: it must be a list"),
        ({"smoke": [{"method": "GET", "path": "/"}] * 51}, "smoke has 51 entries: send at most 50"),
        ({"smoke": [{"path": "/"}]}, "smoke[0].method is None: it must be a method"),
        ({"smoke": [{"method": "GET /\r\n", "path": "/"}]}, "smoke[0].method is 'GET /\\r\\n': it must be a method"),
        ({"watch": [{"method": "GET", "path": "orders"}]}, "watch[0].path is 'orders': it must be text that begins"),
        ({"watch": [{"method": "GET", "path": "/?a=1"}]}, "watch[0].path is '/?a=1': leave out the query"),
        ({"watch": [{"method": "GET", "path": "/" * 1001}]}, f"watch[0].path is '{'/' * 37}"),
        ({"watch": [{"method": "G" * 41, "path": "/"}]}, "watch[0].method is '"),
        ({"headers": []}, "smoke[0].headers is []: it must be an object"),
        ({"headers": {"a b": "1"}}, "smoke[0].headers is 'a b': this is no name of a header"),
        ({"headers": {"a": "1\r\nb: 2"}}, "smoke[0].headers.a is '1\\r\\nb: 2': it must be text without control"),
        ({"body": {}}, "smoke[0].body is {}: it must be text"),
        ({"below": True}, "smoke[0].below is True: it must be a whole number"),
        ({"below": 601}, "smoke[0].below is 601: it must be a whole number"),
    ],
)
def test_what_an_order_may_not_ask_is_named(order: dict[str, Any], said: str) -> None:
    whole = order if order.keys() & {"smoke", "watch"} else {"smoke": [{"method": "GET", "path": "/", **order}]}
    with pytest.raises(ValueError) as problem:
        smoke.checked(whole)
    assert str(problem.value).startswith(said)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_asked = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["GET", "Post"]) | _json,
        "path": st.text().map(lambda text: "/" + text) | _json,
        "headers": st.dictionaries(st.text(), st.text(), max_size=2) | _json,
        "body": st.text() | _json,
        "below": st.integers(100, 600) | _json,
    },
)
_orders = st.fixed_dictionaries(
    {}, optional={name: st.lists(_asked, max_size=3) | _json for name in ("smoke", "watch")}
)


@settings(max_examples=50)
@given(_orders)
def test_any_order_is_refused_or_can_be_sent(order: dict[str, Any]) -> None:
    try:
        asked, _ = smoke.checked(order)
    except ValueError:
        return
    for request in asked:
        head = smoke._octets(request).partition(b"\r\n\r\n")[0]
        lines = head.split(b"\r\n")
        assert lines[0].count(b" ") == 2
        assert not any(b"\r" in line or b"\n" in line or b": " not in line for line in lines[1:])
