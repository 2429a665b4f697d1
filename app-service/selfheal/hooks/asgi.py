"""ASGI middleware: reports exceptions that no handler took, and lets them go on unchanged.

It does not buffer, answer or change anything: what passes is only looked at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import selfheal
from selfheal.client import Client
from selfheal.exchange import Exchange, current, target_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_MARK = "selfheal.watched"
_LEFT = ("ClientDisconnect", "WebSocketDisconnect")  # the client went away: no crash of the service


class SelfhealMiddleware:
    """`app.add_middleware(SelfhealMiddleware)`, or around any ASGI application: `app = SelfhealMiddleware(app)`.

    Starlette keeps its own ServerErrorMiddleware outside of added ones, so this sees the raw exception and the
    client still gets the 500 of the framework.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        client = selfheal.active()
        if client is None or scope["type"] not in ("http", "websocket") or _MARK in scope:
            await self.app(scope, receive, send)
            return
        method = scope["method"] if scope["type"] == "http" else "WEBSOCKET"
        scope[_MARK] = True  # for a second one of these further in
        exchange = Exchange(method, target_of(scope), scope.get("headers", ()))
        token = current.set(exchange)
        try:
            if scope["type"] == "http":
                await self._watch(exchange, scope, receive, send)
            else:
                await self.app(scope, receive, send)
        except Exception as error:
            exchange.application = scope.get("app")
            if type(error).__name__ not in _LEFT:
                client.capture(error, exchange)
            raise
        finally:
            current.reset(token)
        _remember(client, exchange)

    async def _watch(self, exchange: Exchange, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        async def receive_and_note() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                exchange.feed(bytes(message.get("body") or b""), bool(message.get("more_body")))
            return message

        async def note_and_send(message: Message) -> None:
            kind = message["type"]
            if kind == "http.response.start":
                exchange.begin_answer(message.get("status") or 0, message.get("headers"))
            elif kind == "http.response.body":
                exchange.feed_answer(bytes(message.get("body") or b""))
            await send(message)

        await self.app(scope, receive_and_note, note_and_send)


def _remember(client: Client, exchange: Exchange) -> None:
    if client.ring is not None and 0 < exchange.status < 500:
        client.ring.add(exchange)
