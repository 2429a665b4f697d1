"""ASGI middleware: reports exceptions that no handler took, and lets them go on unchanged.

It does not buffer, answer or change anything: what passes is only looked at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from selfheal.client import active, report
from selfheal.exchange import Exchange, current, target_of
from selfheal.hooks.beside import attach
from selfheal.quiet import quietly

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_MARK = "selfheal.watched"


class SelfhealMiddleware:
    """`app.add_middleware(SelfhealMiddleware)`, or around any ASGI application: `app = SelfhealMiddleware(app)`.

    Starlette keeps its own ServerErrorMiddleware outside of added ones, so this sees the raw exception and the
    client still gets the 500 of the framework.
    """

    def __init__(self, app: Application) -> None:
        self.app = app
        attach()  # the framework may have been imported after init()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        client, starting = active(), scope.get("type") == "lifespan"
        watched = client is not None and not starting and _MARK not in scope
        exchange: Exchange | None = quietly(_exchange_of, scope) if watched else None
        if client is None or not (watched or starting):
            await self.app(scope, receive, send)
            return
        heard = False

        async def receive_and_note() -> Message:
            nonlocal heard
            message = await receive()
            heard = True
            quietly(_note, exchange, message)
            return message

        async def note_and_send(message: Message) -> None:
            quietly(_note, exchange, message)
            await send(message)

        token = current.set(exchange)
        try:
            await self.app(scope, receive_and_note, note_and_send)
        except Exception as error:
            if exchange:
                exchange.application = scope.get("app")
            if heard or not starting:  # an application that knows no lifespan says so at once, as it should
                report(error, "asgi", exchange=exchange)
            raise
        finally:
            quietly(current.reset, token)
        if exchange:
            quietly(client.remember, exchange)


def _exchange_of(scope: MutableMapping[str, Any]) -> Exchange:
    method = "WEBSOCKET" if scope["type"] == "websocket" else scope["method"]
    exchange = Exchange(method, target_of(scope), scope.get("headers", ()))
    exchange.application = scope.get("app")
    scope[_MARK] = True  # for a second one of these further in
    return exchange


def _note(exchange: Exchange, message: Message) -> None:
    kind = message["type"]
    if kind == "http.request":
        exchange.feed(bytes(message.get("body") or b""), bool(message.get("more_body")))
    elif kind == "http.response.start":
        exchange.begin_answer(message.get("status") or 0, message.get("headers"))
    elif kind == "http.response.body":
        exchange.feed_answer(bytes(message.get("body") or b""))
