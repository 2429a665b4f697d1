"""What a forge delivers. Nothing is read of what cannot be signed, and only so much is held of what is not yet known to
be. What a delivery leads to is the dispatch's business.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from healer.edges.store import Delivery
from healer.model import BadInput, Unauthorised
from healer.stages import webhook
from healer.web.bodies import READING_SECONDS
from healer.web.needs import Web
from healer.web.reading import pieces

LARGEST_WEBHOOK = 25 * 2**20  # bytes; GitHub's own cap
MOST_UNCHECKED = 64 * 2**20  # bytes, of all that is being read
LEAST_UNCHECKED = 64 * 2**10  # bytes that each counts for: so much the server reads ahead
RETRY_SECONDS = 5


def routes(web: Web) -> APIRouter:
    router = APIRouter()
    unchecked = Unchecked()

    @router.post("/webhooks/github", status_code=202)
    async def github(request: Request) -> Response:
        check = webhook.checking(request.headers.get("x-hub-signature-256"), web.webhook_secret)
        if check is None:
            raise _not_signed()
        delivery_id, event = request.headers.get("x-github-delivery", ""), request.headers.get("x-github-event", "")
        if not delivery_id or not event or len(delivery_id) > 64:
            raise _malformed()
        body = await _read(request, check, unchecked)
        if not check.fits():
            raise _not_signed()
        new = await run_in_threadpool(lambda: web.dispatch.deliver(Delivery(delivery_id, event[:64], _payload(body))))
        return JSONResponse({"delivery": delivery_id, "new": new}, 202)

    return router


class Unchecked:
    """How much is held of bodies whose signature cannot be checked yet. Of one event loop."""

    def __init__(self) -> None:
        self._held = 0

    @contextmanager
    def body(self) -> Iterator[Callable[[int], None]]:
        """To be told how many bytes the body has by now. Raises HTTPException when all together have too many."""
        counted = 0

        def hold(size: int) -> None:
            nonlocal counted
            more = max(size, LEAST_UNCHECKED) - counted
            if self._held + more > MOST_UNCHECKED:
                detail = "too many deliveries come in at once; send this one again later"
                raise HTTPException(503, detail, {"Retry-After": str(RETRY_SECONDS)})
            self._held += more
            counted += more

        try:
            hold(0)
            yield hold
        finally:
            self._held -= counted


async def _read(request: Request, check: webhook.Check, unchecked: Unchecked) -> bytearray:
    body = bytearray()
    with unchecked.body() as hold:
        try:
            async with asyncio.timeout(READING_SECONDS):
                async for piece in pieces(request, LARGEST_WEBHOOK, "a webhook"):
                    hold(len(body) + len(piece))
                    body += piece
                    check.feed(piece)
        except TimeoutError:
            raise HTTPException(408, f"a webhook has to come within {READING_SECONDS:.0f} seconds") from None
    return body


def _payload(body: bytearray) -> dict[str, Any]:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise _malformed()
    return payload


def _not_signed() -> Unauthorised:
    return Unauthorised("X-Hub-Signature-256 does not fit; set the same secret on both sides")


def _malformed() -> BadInput:
    return BadInput("a webhook is a JSON object with X-GitHub-Event and X-GitHub-Delivery")
