"""Bounds what is sent by whom nobody knows yet: FastAPI reads a body before it asks who sent it. Plain ASGI.

It reads the body itself, so that nothing has begun to answer when it turns out too large.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from healer.web.problems import problem

LARGEST_BODY = 64 * 2**10  # bytes; a person's words are the largest part of one
# Reports, also those of Sentry's clients, and deliveries of a forge may be larger; their routes bound them.
_BOUND_BY_ROUTE = re.compile(r"/api/v1/reports|/webhooks/.*|/.*api/[^/]+/(envelope|store)/?", re.DOTALL)


class BoundBodies:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _BOUND_BY_ROUTE.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        read = None if _says_more(scope) else await _read(receive)
        if read is None:
            refusal = problem(413, f"what is sent here has at most {LARGEST_BODY} bytes; say it in fewer words")
            await refusal(scope, receive, send)
            return
        waiting = [read]

        async def again() -> Message:
            return waiting.pop() if waiting else await receive()

        await self._app(scope, again, send)


def _says_more(scope: Scope) -> bool:
    said = dict(scope["headers"]).get(b"content-length", b"")
    return said.isdigit() and (len(said) > 9 or int(said) > LARGEST_BODY)


async def _read(receive: Receive) -> Message | None:
    """The whole body as one message, or that whoever sent it is gone; None when it is too large."""
    body = bytearray()
    while len(body) <= LARGEST_BODY:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return {**message, "body": bytes(body)} if len(body) <= LARGEST_BODY else None
    return None
