"""The service's HTTP surface: health, models, and the way through to the engine. Generates nothing itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from llm_service import __version__
from llm_service.engine import Engine
from llm_service.settings import Settings
from llm_service.slot import Condition, ModelSlot, Phase

# Loading takes seconds, a download minutes: asking again is cheap, so the short time serves both.
_RETRY_SECONDS = 5


def create_app(settings: Settings, engine: Engine, poll_seconds: float = 1.0) -> FastAPI:
    slot = ModelSlot(settings, engine, poll_seconds)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        filling = asyncio.create_task(slot.fill())
        yield
        filling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await filling

    app = FastAPI(title="llm-service", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live", "model": slot.condition.phase}

    @app.get("/health/ready")
    async def ready() -> JSONResponse:
        if slot.condition.phase is not Phase.READY:
            return _unready(slot.condition)
        return JSONResponse({"status": "ready", "model": settings.model_name, "detail": slot.condition.detail})

    @app.get("/v1/models")
    async def models() -> JSONResponse:
        """Answered here: the engine's own answer waits for the model's lock, so for the end of a running completion."""
        if slot.condition.phase is not Phase.READY:
            return _unready(slot.condition)
        entry = {"id": settings.model_name, "object": "model", "created": 0, "owned_by": "llm-service"}
        return JSONResponse({"object": "list", "data": [entry]})

    app.mount("/", _Gate(slot))
    return app


def _unready(condition: Condition) -> JSONResponse:
    body: dict[str, object] = {
        "type": "about:blank",
        "title": "The model is not ready",
        "status": 503,
        "detail": condition.detail,
        "state": condition.phase,
    }
    if condition.command:
        body["command"] = condition.command
    return JSONResponse(body, 503, {"Retry-After": str(_RETRY_SECONDS)}, "application/problem+json")


class _Gate:
    """Lets a request through to the engine's application once there is one."""

    def __init__(self, slot: ModelSlot) -> None:
        self._slot = slot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp
        if self._slot.application is not None:
            answer = self._slot.application
        elif scope["type"] == "http" and scope["path"].startswith(("/v1/", "/extras/")):
            answer = _unready(self._slot.condition)
        else:
            body = {"type": "about:blank", "title": "Not Found", "status": 404}
            answer = JSONResponse(body, 404, media_type="application/problem+json")
        await answer(scope, receive, send)
