"""Calls an ASGI application as a server does: its lifespan once, then one request after another, on one event loop.

What the application lets through is the answer's exception; what it caught is found out by notes.py.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from .messages import Answer, NoAnswer, Request

Message = MutableMapping[str, Any]

_ASGI = {"version": "3.0", "spec_version": "2.3"}


class StartupFailed(Exception):
    """The application said that it cannot start."""


class AsgiClient:
    """One event loop for all requests, as in a server. The lifespan is not ended: the process is thrown away."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._state: dict[str, Any] = {}
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)

    def begin(self, seconds: float) -> None:
        """Raises StartupFailed. An application that does not know lifespans has none."""
        self._loop.run_until_complete(self._begin(seconds))

    async def _begin(self, seconds: float) -> None:
        started: asyncio.Future[None] = self._loop.create_future()
        self._lifespan = asyncio.ensure_future(_run_lifespan(self._app, self._state, started))
        await asyncio.wait({started, self._lifespan}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if started.done():
            started.result()
        elif not self._lifespan.done():
            raise StartupFailed(f"it took longer than {seconds:.0f} s")

    def send(self, request: Request, seconds: float) -> Answer:
        """Raises NoAnswer when there is no whole answer in time."""
        answer = Answer()
        try:
            self._loop.run_until_complete(self._send(request, seconds, answer))
        except (SystemExit, KeyboardInterrupt) as error:  # out of a task the application started
            answer.exception = error
        if answer.exception is None and answer.status is None:
            raise NoAnswer("the application returned without an answer")
        return answer

    async def _send(self, request: Request, seconds: float, answer: Answer) -> None:
        task = asyncio.ensure_future(_exchange(self._app, request, self._state, answer))
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            task.cancel()
            raise NoAnswer(f"no whole answer within {seconds:.1f} s")


async def _run_lifespan(app: Any, state: dict[str, Any], started: asyncio.Future[None]) -> None:
    messages = [{"type": "lifespan.startup"}]

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()  # the shutdown that never comes
        return messages.pop()

    async def send(message: Message) -> None:
        if started.done():
            return
        if message["type"] == "lifespan.startup.complete":
            started.set_result(None)
        elif message["type"] == "lifespan.startup.failed":
            started.set_exception(StartupFailed(_last_line(str(message.get("message", "")))))

    # It has said startup.failed, or it knows no lifespan: a server goes on then, too.
    with contextlib.suppress(Exception):
        await app({"type": "lifespan", "asgi": _ASGI, "state": state}, receive, send)


def _last_line(text: str) -> str:
    """Starlette sends the whole traceback."""
    return (text.strip().splitlines() or ["it gave no reason"])[-1][:500]


def _scope(request: Request, state: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(request.path),
        "raw_path": request.path.encode("latin-1"),
        "query_string": request.query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("utf-8")) for name, value in request.headers],
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
        "state": dict(state),
    }


async def _exchange(app: Any, request: Request, state: dict[str, Any], answer: Answer) -> None:
    finished = asyncio.Event()
    body = [request.body]

    async def receive() -> Message:
        if body:
            return {"type": "http.request", "body": body.pop(), "more_body": False}
        await finished.wait()  # the client stays until it has its answer
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = int(message["status"])
            answer.headers = [
                (bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1"))
                for name, value in message.get("headers", ())
            ]
        elif message["type"] == "http.response.body":
            answer.body += bytes(message.get("body", b""))
            if not message.get("more_body", False):
                finished.set()

    call: Callable[..., Awaitable[None]] = app
    try:
        await call(_scope(request, state), receive, send)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # a server answers 500; SystemExit must not end the event loop before it is told
        answer.exception = error
        if answer.status is None:
            answer.status = 500
