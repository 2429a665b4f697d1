"""The service's HTTP surface: health, models, metrics, and the way through to the worker. Generates nothing itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from llm_service import __version__
from llm_service.engine import Engine
from llm_service.errors import RETRY_SECONDS, Refusal
from llm_service.metrics import Metrics
from llm_service.prefix import Prefix
from llm_service.relay import Relay, error_response, read_body
from llm_service.settings import Settings
from llm_service.slot import Condition, ModelSlot, Phase
from llm_service.turns import Turns
from llm_service.validation import CHAT, PLAIN

_ASIDE = frozenset(
    ("/extras/tokenize", "/extras/tokenize/count", "/extras/detokenize", "/extras/chat/count", "/tokenize")
)
_LARGEST_ASIDE = 1 << 18  # the tokenizer takes seconds for the worst text of this size
_ASIDE_SECONDS = 15.0


def create_app(settings: Settings, engine: Engine, poll_seconds: float = 1.0) -> FastAPI:
    metrics = Metrics()
    turns = Turns(settings.queue)
    prefix = Prefix(settings.state)
    slot = ModelSlot(settings, engine, turns, prefix, metrics, poll_seconds)
    relay = Relay(slot, turns, prefix, metrics, settings.deadline_seconds)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        keeping = asyncio.create_task(slot.keep())
        yield
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping

    app = FastAPI(title="llm-service", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live", "model": slot.condition.phase}

    @app.get("/health/ready")
    async def ready() -> JSONResponse:
        if slot.condition.phase is not Phase.READY:
            return _unready(slot.condition)
        return JSONResponse(
            {
                "status": "ready",
                "model": settings.model_name,
                "sha256": slot.sha256,
                "context": settings.context,
                "detail": slot.condition.detail,
            }
        )

    @app.get("/v1/models")
    async def models() -> JSONResponse:
        if slot.condition.phase is not Phase.READY:
            return _unready(slot.condition)
        entry = {
            "id": settings.model_name,
            "object": "model",
            "created": slot.loaded_at,
            "owned_by": "llm-service",
            "sha256": slot.sha256,
            "context": settings.context,
        }
        return JSONResponse({"object": "list", "data": [entry]})

    @app.get("/metrics")
    async def numbers() -> Response:
        metrics.waiting.set(turns.waiting)
        metrics.running.set(turns.running)
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    app.mount("/", _Gate(slot, relay, metrics))
    return app


def _unready(condition: Condition) -> JSONResponse:
    """Problem details, and the same once more as OpenAI's clients read it."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": "The model is not ready",
        "status": 503,
        "detail": condition.detail,
        "state": condition.phase,
        **Refusal(condition.detail, status=503, code="model_not_ready").body(),
    }
    if condition.command:
        body["command"] = condition.command
    return JSONResponse(body, 503, {"Retry-After": str(RETRY_SECONDS)}, "application/problem+json")


class _Gate:
    """Lets a request through to the worker once there is one."""

    def __init__(self, slot: ModelSlot, relay: Relay, metrics: Metrics) -> None:
        self._slot = slot
        self._relay = relay
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        completion = scope["path"] in (CHAT, PLAIN)
        if not completion and scope["path"] not in _ASIDE:
            await _problem(404, "Not Found")(scope, receive, send)
        elif scope["method"] != "POST":
            await _problem(405, "Method Not Allowed", {"Allow": "POST"})(scope, receive, send)
        elif not self._slot.expected:
            if completion:
                self._metrics.ended("failed")
            await _unready(self._slot.condition)(scope, receive, send)
        elif completion:
            await self._relay(scope, receive, send)
        else:
            await (await self._ask(scope, receive))(scope, receive, send)

    async def _ask(self, scope: Scope, receive: Receive) -> Response:
        """What concerns the vocabulary alone waits for no turn."""
        try:
            body = await read_body(scope, receive, _LARGEST_ASIDE)
            async with asyncio.timeout(_ASIDE_SECONDS):
                worker = await self._slot.worker()
                answer = await worker.http.post(scope["path"], content=body)
        except Refusal as refusal:
            return error_response(refusal)
        except (httpx.HTTPError, TimeoutError):
            return error_response(Refusal("the worker did not answer; ask again", status=503, code="worker_lost"))
        return Response(answer.content, answer.status_code, media_type="application/json")


def _problem(status: int, title: str, headers: dict[str, str] | None = None) -> JSONResponse:
    body = {"type": "about:blank", "title": title, "status": status}
    return JSONResponse(body, status, headers, "application/problem+json")
