"""Stands before llama_cpp.server's completion routes: one request at a time, stopped when its client goes.

It also sets right what those routes leave: errors come as OpenAI's clients read them, before an answer has begun as a
status and afterwards as an event, and each answer ends with its numbers. It generates nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from llama_cpp.llama_grammar import JSON_GBNF, json_schema_to_gbnf
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_service.errors import Refusal
from llm_service.model import Model, Turn
from llm_service.wire import NUMBERS, event

log = logging.getLogger(__name__)

_DONE = b"data: [DONE]"
_MOST_REPETITIONS = 1000
_LARGEST_SCHEMA_GRAMMAR = 1 << 18


class Guard:
    def __init__(self, application: ASGIApp, model: Model) -> None:
        self._application = application
        self._model = model
        self._turn = asyncio.Lock()
        self._running: asyncio.Event | None = None

    async def idle(self) -> None:
        """Returns when no request runs or waits."""
        async with self._turn:
            pass

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        data = await _read_body(receive)
        if data is None:
            return
        body = json.loads(data)
        gone = asyncio.Event()
        watching = asyncio.create_task(self._watch(receive, gone))
        try:
            async with self._turn:
                self._running = gone
                self._model.switch.reset()
                if not gone.is_set():
                    await self._answer(scope, body, gone, send)
        finally:
            watching.cancel()

    async def _watch(self, receive: Receive, gone: asyncio.Event) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()
        # The switch is one for all: a client that goes while it waits must not end another's answer.
        if self._running is gone:
            self._model.switch.abort()

    async def _answer(self, scope: Scope, body: dict[str, Any], gone: asyncio.Event, send: Send) -> None:
        turn = self._model.turn = Turn()
        answer = _Answer(turn, send, usage=body.pop("include_usage", False), chat="messages" in body)
        try:
            _set_grammar(body)
            await self._application(scope, _replay(json.dumps(body).encode(), gone), answer.take)
            await answer.finish()
        except Exception as error:
            # The routes are foreign code: whatever comes out of them, the request must end and the next one begin.
            if not self._model.switch:
                await answer.fail(error)


class _Answer:
    """Passes on what the routes send, once it is known to be an answer."""

    def __init__(self, turn: Turn, send: Send, *, usage: bool, chat: bool) -> None:
        self._turn = turn
        self._send = send
        self._usage = usage
        self._chat = chat
        self._start: Message = {}
        self._started = False
        self._whole = bytearray()

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif not self._streams:
            self._whole += message.get("body", b"")
        elif (body := message.get("body", b"")) and not body.startswith(b":"):  # a comment keeps a connection alive
            await self._part(body)

    async def finish(self) -> None:
        if self._turn.refusal:
            raise self._turn.refusal
        if self._streams:
            await self._send({"type": "http.response.body", "body": b": " + self._numbers() + b"\n\n"})
            return
        document = json.loads(bytes(self._whole))
        status = self._start["status"]
        if status == 200:
            document["usage"] = self._turn.usage  # the route's own form of it has no room for the cached tokens
            headers = {NUMBERS: self._numbers().decode()}
            await self._respond(JSONResponse(document, headers=headers))
        elif "error" in document:
            await self._respond(JSONResponse(document, status))
        else:
            raise Refusal(f"llama_cpp.server refuses the body: {document.get('detail')}"[:500])

    async def fail(self, error: Exception) -> None:
        refusal = self._turn.refusal or error
        if not isinstance(refusal, Refusal):
            log.error("the request failed", exc_info=error)
            refusal = Refusal(f"the model failed: {error}"[:300], status=500, code="model_failed")
        if self._started:
            await self._send({"type": "http.response.body", "body": event(refusal.body())})
        else:
            await self._respond(JSONResponse(refusal.body(), refusal.status))

    @property
    def _streams(self) -> bool:
        headers = dict(self._start.get("headers", ()))
        return bool(headers.get(b"content-type", b"").startswith(b"text/event-stream"))

    async def _part(self, body: bytes) -> None:
        if not self._started:
            self._started = True
            await self._send(self._start)
        if self._usage and body.startswith(_DONE):
            body = event(self._usage_chunk()) + body
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    def _usage_chunk(self) -> dict[str, Any]:
        return {
            "id": ("chat" if self._chat else "") + self._turn.name,
            "object": "chat.completion.chunk" if self._chat else "text_completion",
            "created": self._turn.created,
            "model": self._turn.model,
            "choices": [],
            "usage": self._turn.usage,
        }

    def _numbers(self) -> bytes:
        """For the one in front, which counts."""
        turn = self._turn
        numbers = {
            "prompt": turn.prompt_tokens,
            "cached": turn.cached_tokens,
            "completion": turn.completion_tokens,
            "seconds": round(turn.seconds, 4),
        }
        return json.dumps(numbers).encode()

    async def _respond(self, response: JSONResponse) -> None:
        await response({"type": "http"}, _nothing, self._send)


async def _read_body(receive: Receive) -> bytes | None:
    """None when the one in front hung up before it had sent all."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _replay(body: bytes, gone: asyncio.Event) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await gone.wait()
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body}

    return receive


def _set_grammar(body: dict[str, Any]) -> None:
    """Writes response_format as the grammar it stands for. llama_cpp takes any JSON where it cannot read a schema."""
    asked = body.pop("response_format", {"type": "text"})
    if asked["type"] == "text":
        return
    body["grammar"] = JSON_GBNF if "schema" not in asked else _grammar_of(asked["schema"])


def _grammar_of(schema: dict[str, Any]) -> str:
    _bound_repetitions(schema)
    try:
        grammar = str(json_schema_to_gbnf(json.dumps(schema)))
    except Exception as error:
        # The converter takes schemas for granted and fails in every way on what it does not know.
        raise _bad_schema(str(error) or repr(error)) from None
    if len(grammar) > _LARGEST_SCHEMA_GRAMMAR:
        raise _bad_schema("its grammar is too large")
    return grammar


def _bound_repetitions(schema: object) -> None:
    """The converter writes a repetition out: a bound of a million makes a grammar of 20 MB."""
    if isinstance(schema, list):
        for part in schema:
            _bound_repetitions(part)
    elif isinstance(schema, dict):
        for name, value in schema.items():
            if name in ("minItems", "maxItems", "minLength", "maxLength"):
                if isinstance(value, int) and value > _MOST_REPETITIONS:
                    raise _bad_schema(f"{name} is {value}; at most {_MOST_REPETITIONS} can be kept to")
            _bound_repetitions(value)


def _bad_schema(reason: str) -> Refusal:
    return Refusal(f"the schema cannot be kept to: {reason}"[:500], code="invalid_schema", param="response_format")
