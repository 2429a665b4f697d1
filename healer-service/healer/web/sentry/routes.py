"""The two places where an SDK's DSN leads to. They read no more of a body than it takes to refuse it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from healer.web import problems
from healer.web.needs import Web
from healer.web.reading import TooLarge, pieces
from healer.web.sentry.envelope import LARGEST_EVENT, Envelope
from healer.web.sentry.event import NoCrash, id_of, read_event
from healer.web.sentry.expanding import PIECE, expander_of
from healer.web.sentry.shapes import text

LARGEST_ENVELOPE = 20 * 2**20  # bytes, as sent and expanded

_KEY_IN_DSN = re.compile(r"://([^:@/\s]+)(?::[^@/\s]*)?@")
_KEY_IN_HEADER = re.compile(r"\bsentry_key\s*=\s*([^\s,]+)")

log = structlog.get_logger()


class _UnknownKey(Exception):
    pass


Take = Callable[[Web, Request], Awaitable[str]]


def routes(web: Web) -> APIRouter:
    def answering(take: Take) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                event_id = await take(web, request)
            except _UnknownKey:
                detail = "the key of the DSN is missing or belongs to no service; take the DSN that the healer wrote"
                return problems.problem(403, detail)
            except TooLarge as error:
                return problems.problem(413, f"{error}; lower the SDK's bounds")
            return JSONResponse({"id": event_id} if event_id else {})

        return endpoint

    router = APIRouter()
    for name, take in (("envelope", _take_envelope), ("store", _take_single)):
        for end in ("/", ""):
            for before in ("", "/{before:path}"):  # a DSN may have a path before its number
                router.add_route(f"{before}/api/{{project}}/{name}{end}", answering(take), methods=["POST"])
    return router


async def _take_envelope(web: Web, request: Request) -> str:
    """The event's id, "" where there is neither an event nor an id."""
    envelope, service = Envelope(), ""
    async for piece in _expanded(request, LARGEST_ENVELOPE, "an envelope"):
        envelope.feed(piece)
        if not service and envelope.headers is not None:
            service = _service(web, request, envelope.headers)
    envelope.close()
    headers = envelope.headers or {}
    service = service or _service(web, request, headers)
    event_id = id_of(headers)
    return event_id if envelope.event is None else await _take(web, service, envelope.event, event_id)


async def _take_single(web: Web, request: Request) -> str:
    service, event = _service(web, request, {}), bytearray()
    async for piece in _expanded(request, LARGEST_EVENT, "an event"):
        event += piece
    return await _take(web, service, bytes(event), "")


async def _take(web: Web, service: str, event: bytes, event_id: str) -> str:
    try:
        taken = await web.intake.take(service, event, partial(read_event, event_id=event_id))
    except NoCrash as nothing:
        log.debug("dropped", service=service, event_id=event_id, reason=str(nothing))
        return event_id
    return taken.report_id


async def _expanded(request: Request, largest: int, what: str) -> AsyncIterator[bytes]:
    """Raises TooLarge as soon as it is known."""
    expander = expander_of(request.headers.get("content-encoding", ""))
    expanded = 0
    async for chunk in pieces(request, largest, what):
        for piece in expander.pieces(chunk):
            expanded += len(piece)
            if expanded > largest:
                raise TooLarge(f"{what} has at most {largest} bytes when expanded")
            yield piece
            if len(piece) >= PIECE:
                await asyncio.sleep(0)  # so that nobody waits for the whole of a large one
    expander.close()


def _service(web: Web, request: Request, headers: Mapping[str, object]) -> str:
    """Raises _UnknownKey. `headers`: of the envelope."""
    service = web.access.service_with(_key(request, headers))
    if service is None:
        raise _UnknownKey
    return service


def _key(request: Request, headers: Mapping[str, object]) -> str | None:
    if found := _KEY_IN_DSN.search(text(headers.get("dsn"))):
        return found[1]
    if key := request.query_params.get("sentry_key"):
        return key
    said = request.headers.get("x-sentry-auth") or request.headers.get("authorization", "")
    found = _KEY_IN_HEADER.search(said) if said.lower().startswith("sentry ") else None
    return found[1] if found else None
