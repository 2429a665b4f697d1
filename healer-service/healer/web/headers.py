"""Security headers on every answer. Plain ASGI, so that event streams pass through untouched."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
# What is behind the session, or holds its token, is kept by no browser and no proxy. Of the rest a browser asks whether
# it is still so, but for what says something else itself.
NOT_KEPT = ("/api/", "/signin", "/signout")


class SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store" if scope["path"].startswith(NOT_KEPT) else "no-cache")
            await send(message)

        await self._app(scope, receive, secured if scope["type"] == "http" else send)
