"""The event log as an audit trail over HTTP: searched, exported, and asked whether it is whole. It changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from healer.edges.store import Audit
from healer.edges.store.trail import EventFilter, moment
from healer.model import BadInput
from healer.stages.exporting import FORMATS
from healer.web.needs import Web

MOST_AT_ONCE = 500
LINES_AT_ONCE = 500  # of an export, on their way to the browser
SEARCHES_AT_ONCE = EXPORTS_AT_ONCE = 2  # reports need the database as well
PATIENCE = 5.0  # seconds that a search waits for its turn
_TEXT = Query(max_length=200, pattern=r"^[^\x00]*$")
_MEDIA = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8; header=present"}


def routes(web: Web) -> APIRouter:
    router = APIRouter(prefix="/api/v1/audit", dependencies=[Depends(web.access.require_reader)])
    verification = Verification(web)
    searches, exports = Turns(SEARCHES_AT_ONCE), Turns(EXPORTS_AT_ONCE)

    @router.get("/events")
    async def events(
        wanted: Annotated[EventFilter, Depends(_wanted)],
        before: Annotated[int | None, Query(ge=-(2**62), le=2**62)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = 100,
    ) -> dict[str, Any]:
        trail = web.store.auditor.trail
        async with searches.turn(PATIENCE):
            page = await run_in_threadpool(trail.page, wanted, before, limit)
            return {**asdict(page), "types": await run_in_threadpool(trail.types)}

    @router.get("/export")
    async def export(
        wanted: Annotated[EventFilter, Depends(_wanted)],
        form: Annotated[Literal["jsonl", "csv"], Query(alias="format")] = "jsonl",
    ) -> StreamingResponse:
        events = web.store.auditor.trail.all(wanted)
        async with exports.turn(PATIENCE):
            # A database that cannot be read is told of before anything is sent.
            first = await run_in_threadpool(lambda: list(islice(events, 1)))
        name = f"healer-audit-{datetime.now(UTC):%Y-%m-%d}.{form}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        parts = _parts(FORMATS[form](chain(first, events)), exports)
        return StreamingResponse(parts, media_type=_MEDIA[form], headers=headers)

    @router.get("/state")
    def state() -> dict[str, Any]:
        return web.store.auditor.look_at_the_end().as_json()

    @router.post("/verify")
    async def verify() -> dict[str, Any]:
        return await verification.answer()

    return router


class Turns:
    """So many at a time read the log; who waits holds neither a thread nor a connection."""

    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)

    @asynccontextmanager
    async def turn(self, patience: float | None = None) -> AsyncIterator[None]:
        """Raises HTTPException after so many seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._free.acquire()
        except TimeoutError:
            detail = "others search the log; try again in a second"
            raise HTTPException(429, detail, {"Retry-After": "1"}) from None
        try:
            yield
        finally:
            self._free.release()


class Verification:
    """One walk over the log at a time: who asks meanwhile waits for its answer, and holds no thread while waiting."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._walk: asyncio.Task[Audit] | None = None

    async def answer(self) -> dict[str, Any]:
        if self._walk is None or self._walk.done():
            self._walk = asyncio.create_task(run_in_threadpool(self._web.store.auditor.verify))
        found = await asyncio.shield(self._walk)  # who goes away must not end it for the others
        return found.as_json()


def _wanted(
    type: Annotated[str, _TEXT] = "",
    key: Annotated[str, _TEXT] = "",
    by: Annotated[str, _TEXT] = "",
    since: Annotated[str, _TEXT] = "",
    until: Annotated[str, _TEXT] = "",
    q: Annotated[str, _TEXT] = "",
) -> EventFilter:
    types = tuple(name.strip() for name in type.split(",") if name.strip())
    times = {field: moment(given, field) for field, given in (("since", since), ("until", until))}
    if times["since"] and times["until"] and times["since"] >= times["until"]:
        raise BadInput(f"until: {until!r} is not after since, which is {since!r}; leave one out or swap them")
    return EventFilter(types, key.strip(), by.strip(), times["since"], times["until"], q.strip())


async def _parts(lines: Iterator[str], turns: Turns) -> AsyncIterator[str]:
    """Many lines at once: each part goes from a thread to the event loop."""
    part = " "
    while part:
        async with turns.turn():
            part = await run_in_threadpool(lambda: "".join(islice(lines, LINES_AT_ONCE)))
        yield part
