"""Carries one completion request to the worker and its answer back: queue, deadline, and clients that go away.

It reads no answer beyond where one event ends and the next begins, so that a token costs next to nothing here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from llm_service.errors import Refusal
from llm_service.metrics import Metrics, Outcome
from llm_service.prefix import Prefix
from llm_service.process import Worker
from llm_service.slot import ModelSlot
from llm_service.turns import Ticket, Turns
from llm_service.validation import LARGEST_BODY, Order, read_order
from llm_service.wire import NUMBERS, event

log = logging.getLogger(__name__)

_BODY_SECONDS = 30.0
_MOST_DRAINED = 16 * LARGEST_BODY
_OUTCOMES: dict[str, Outcome] = {"queue_full": "queue_full", "client_gone": "client_gone"}
_STREAM_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
}


@dataclass
class _Reply:
    """What has gone to the client."""

    send: Send
    accepted: float
    started: bool = False

    async def whole(self, response: Response) -> None:
        self.started = True
        await response({"type": "http"}, _nothing, self.send)

    async def part(self, data: bytes, more: bool = True) -> None:
        if not self.started:
            self.started = True
            headers = [(name.encode(), value.encode()) for name, value in _STREAM_HEADERS.items()]
            await self.send({"type": "http.response.start", "status": 200, "headers": headers})
        await self.send({"type": "http.response.body", "body": data, "more_body": more})

    async def refuse(self, refusal: Refusal) -> None:
        if self.started:
            await self.part(event(refusal.body()), more=False)
        else:
            await self.whole(error_response(refusal))


class Relay:
    def __init__(
        self, slot: ModelSlot, turns: Turns, prefix: Prefix, metrics: Metrics, deadline_seconds: float
    ) -> None:
        self._slot = slot
        self._turns = turns
        self._prefix = prefix
        self._metrics = metrics
        self._deadline_seconds = deadline_seconds
        self._background: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = _Reply(send, time.monotonic())
        try:
            seconds = self._seconds(scope)
            order = read_order(scope["path"], await read_body(scope, receive, LARGEST_BODY))
            ticket = self._turns.enter()
        except Refusal as refusal:
            self._metrics.ended(_OUTCOMES.get(refusal.code, "refused"))
            await reply.refuse(refusal)
            return
        work = asyncio.create_task(self._work(order, ticket, reply))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait(
                {work, gone},
                timeout=max(0.0, reply.accepted + seconds - time.monotonic()),
                return_when=asyncio.FIRST_COMPLETED,
            )
            self._metrics.ended(await self._end(work, gone, reply, seconds))
        finally:
            work.cancel()
            gone.cancel()

    async def _end(
        self, work: asyncio.Task[Outcome], gone: asyncio.Task[None], reply: _Reply, seconds: float
    ) -> Outcome:
        if not work.done():
            work.cancel()
            await asyncio.wait({work})
        if not work.cancelled():
            return work.result()
        if gone.done():
            return "client_gone"
        await reply.refuse(
            Refusal(f"the request was not finished within {seconds:g} seconds", status=504, code="deadline_exceeded")
        )
        return "deadline"

    async def _work(self, order: Order, ticket: Ticket, reply: _Reply) -> Outcome:
        worker: Worker | None = None
        broken = True
        try:
            await ticket.turn()
            self._metrics.queue_seconds.observe(time.monotonic() - reply.accepted)
            worker = await self._slot.worker()
            outcome = await self._forward(worker, order, reply)
            broken = False
        except httpx.HTTPError as error:
            log.warning("the worker was lost in the middle of a request: %r", error)
            assert worker is not None
            await self._slot.give_up(worker)
            broken = False
            await reply.refuse(_lost())
            return "failed"
        except Refusal as refusal:
            broken = False
            await reply.refuse(refusal)
            return "failed"
        finally:
            if broken and worker is not None:
                self._in_background(self._free(worker, ticket))
            else:
                ticket.leave()
        if outcome == "ok" and self._prefix.remember(order.prefix):
            self._in_background(asyncio.to_thread(self._prefix.save))
        return outcome

    async def _forward(self, worker: Worker, order: Order, reply: _Reply) -> Outcome:
        async with worker.http.stream("POST", order.path, json=order.body) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return await self._stream(answer, reply)
            data = await answer.aread()
        if answer.status_code == 200:
            self._count(json.loads(answer.headers[NUMBERS]), reply)
        await reply.whole(Response(data, answer.status_code, media_type="application/json"))
        return "ok" if answer.status_code == 200 else "refused" if answer.status_code < 500 else "failed"

    async def _stream(self, answer: httpx.Response, reply: _Reply) -> Outcome:
        """Whole events only: what a worker that dies leaves unfinished must not run into the event that says so."""
        rest = b""
        outcome: Outcome = "failed"
        async for data in answer.aiter_raw():
            *events, rest = (rest + data).split(b"\n\n")
            shown = [one for one in events if not one.startswith(b":")]
            if shown:
                if not reply.started:
                    self._metrics.first_token_seconds.observe(time.monotonic() - reply.accepted)
                await reply.part(b"\n\n".join(shown) + b"\n\n")
            for numbers in (one for one in events if one.startswith(b":")):
                self._count(json.loads(numbers[1:]), None)
                outcome = "ok"
        await reply.part(b"", more=False)
        return outcome

    def _count(self, numbers: dict[str, Any], reply: _Reply | None) -> None:
        self._metrics.written(**numbers)
        if reply is not None:
            whole = time.monotonic() - reply.accepted
            self._metrics.first_token_seconds.observe(max(0.0, whole - numbers["seconds"]))

    async def _free(self, worker: Worker, ticket: Ticket) -> None:
        """The turn goes on once the worker has really stopped: until then the next one would wait there, unseen."""
        try:
            await self._slot.free(worker)
        finally:
            ticket.leave()

    def _in_background(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _seconds(self, scope: Scope) -> float:
        given = _header(scope, b"x-deadline-seconds")
        if not given:
            return self._deadline_seconds
        try:
            seconds = float(given)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds < math.inf:
            raise Refusal(
                f"X-Deadline-Seconds is {given[:60]!r}; it must be a number above 0", param="X-Deadline-Seconds"
            )
        return min(seconds, self._deadline_seconds)


def error_response(refusal: Refusal) -> JSONResponse:
    seconds = refusal.retry_seconds
    return JSONResponse(refusal.body(), refusal.status, {"Retry-After": str(seconds)} if seconds else None)


async def read_body(scope: Scope, receive: Receive, most: int) -> bytes:
    """Raises Refusal for a body that is too large, or that takes too long to come."""
    body = bytearray()
    length = _header(scope, b"content-length")
    size = int(length) if length.isdigit() else 0
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            # Read to its end all the same where that is bearable: many clients listen only after they have sent.
            while size <= _MOST_DRAINED:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refusal("the client went away in the middle of its request", code="client_gone")
                part = message.get("body", b"")
                size = max(size, len(body) + len(part))
                if size <= most:
                    body += part
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise Refusal(f"the body did not come within {_BODY_SECONDS:.0f} seconds", status=408, code="timeout") from None
    if size > most:
        raise Refusal(f"the body is larger than {most:,} bytes", status=413, code="body_too_large")
    return bytes(body)


def _header(scope: Scope, name: bytes) -> str:
    found: str = dict(scope["headers"]).get(name, b"").decode("latin-1")
    return found


def _lost() -> Refusal:
    return Refusal(
        "the model's process ended in the middle of the request and is started again; send the request once more",
        status=503,
        code="worker_lost",
    )


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
