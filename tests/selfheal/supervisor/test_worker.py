"""What the worker makes of an app object, and what it tells clients when it parts."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest
from selfheal.supervisor.worker import Farewell, interface_of


async def asgi(scope: Any, receive: Any, send: Any) -> None: ...


def plain_asgi(scope: Any, receive: Any, send: Any) -> Any: ...


def wsgi(environ: Any, start_response: Any) -> Any: ...


def factory() -> Any: ...


class Asgi:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Wsgi:
    def __call__(self, environ: Any, start_response: Any) -> Any: ...


class Asgi2:
    def __init__(self, scope: Any) -> None: ...


@pytest.mark.parametrize(
    ("app", "interface"),
    [
        (asgi, "auto"),
        (Asgi(), "auto"),
        (plain_asgi, "asgi3"),
        (functools.partial(plain_asgi), "asgi3"),
        (wsgi, "wsgi"),
        (Wsgi(), "wsgi"),
        (Asgi2, "auto"),
        (factory, "auto"),
        ("no callable", "auto"),
    ],
)
def test_the_kind_of_app_is_told_by_what_it_takes(app: object, interface: str) -> None:
    assert interface_of(app) == interface


@pytest.mark.parametrize(
    ("scope", "parting", "sent"),
    [
        ({"type": "http", "http_version": "1.1"}, False, [(b"Connection", b"keep-alive"), (b"x", b"1")]),
        ({"type": "http", "http_version": "1.1"}, True, [(b"x", b"1"), (b"connection", b"close")]),
        ({"type": "http", "http_version": "2"}, True, [(b"Connection", b"keep-alive"), (b"x", b"1")]),
        ({"type": "websocket"}, True, [(b"Connection", b"keep-alive"), (b"x", b"1")]),
    ],
)
def test_only_a_parting_worker_says_goodbye(
    scope: dict[str, str], parting: bool, sent: list[tuple[bytes, bytes]]
) -> None:
    answers: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"Connection", b"keep-alive"), (b"x", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def send(message: Any) -> None:
        answers.append(message)

    async def receive() -> Any: ...

    farewell = Farewell(app)
    farewell.parting = parting
    asyncio.run(farewell(dict(scope), receive, send))
    assert answers[0]["headers"] == sent
