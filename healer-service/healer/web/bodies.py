"""Bounds what is sent by whom nobody knows yet: FastAPI reads a body before it asks who sent it. Plain ASGI.

It reads the body itself, so that nothing has begun to answer when it turns out too large.
"""

from __future__ import annotations

import asyncio
import re

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from healer.web.problems import problem
from healer.web.reading import TooLarge, whole

LARGEST_BODY = 64 * 2**10  # bytes; a person's words are the largest part of one
READING_SECONDS = 30.0  # that anybody has to send a body, before it is known who that is
# Reports, also those of Sentry's clients, and deliveries of a forge may be larger; their routes bound them.
_BOUND_BY_ROUTE = re.compile(r"/api/v1/reports|/webhooks/.*|(?!/api/v1/)(/.*)?/api/[^/]+/(envelope|store)/?", re.DOTALL)


class BoundBodies:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _BOUND_BY_ROUTE.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(READING_SECONDS):
                body = await whole(Request(scope, receive), LARGEST_BODY, "what is sent here")
            waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        except TooLarge as error:
            await problem(413, f"{error}; say it in fewer words")(scope, receive, send)
            return
        except TimeoutError:
            await problem(408, f"what is sent here has to come within {READING_SECONDS:.0f} seconds")(
                scope, receive, send
            )
            return
        except ClientDisconnect:
            waiting = [{"type": "http.disconnect"}]

        async def again() -> Message:
            return waiting.pop() if waiting else await receive()

        await self._app(scope, again, send)
