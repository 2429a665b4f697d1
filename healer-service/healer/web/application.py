"""Puts the routes together. What they answer with is made in the modules beside; what they start is the dispatch's."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from healer.edges.store import Delivery
from healer.model import BadInput, Unauthorised
from healer.stages import webhook
from healer.web import audit, operator, problems, sentry, signin
from healer.web.bodies import BoundBodies
from healer.web.headers import SecurityHeaders
from healer.web.metrics import Metrics
from healer.web.needs import Web
from healer.web.reports import LARGEST_REPORT, parse_report

LARGEST_WEBHOOK = 25 * 2**20  # GitHub's own cap


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(web: Web, lifespan: Lifespan) -> FastAPI:
    app = FastAPI(
        title="healer",
        version=version("healer"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        default_response_class=problems.Escaped,
    )
    problems.install(app)
    app.include_router(_reports(web))
    app.include_router(sentry.routes(web))
    app.include_router(operator.routes(web))
    app.include_router(audit.routes(web))
    app.include_router(_webhooks(web))
    app.include_router(_health(web))
    app.include_router(signin.routes(web))
    app.include_router(web.files.routes())

    app.add_middleware(BoundBodies)
    app.add_middleware(SecurityHeaders)
    return app


async def _body(request: Request, largest: int) -> bytes | None:
    """The body, or None as soon as it is known to be too large."""
    if int(request.headers.get("content-length") or 0) > largest:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            return None
    return bytes(body)


def _reports(web: Web) -> APIRouter:
    router = APIRouter()

    async def report(request: Request) -> Response:
        service = web.access.service_of(request.headers.get("x-selfheal-key"))
        body = await _body(request, LARGEST_REPORT)
        if body is None:
            return problems.problem(413, f"a report has at most {LARGEST_REPORT} bytes; lower the client's bounds")

        taken = await web.intake.take(service, body, parse_report)
        return JSONResponse({"report_id": taken.report_id, "incident_id": taken.incident_id}, 202)

    # Starlette's own route: the body is bounded and validated above, and FastAPI's part would cost half a millisecond.
    router.add_route("/api/v1/reports", report, methods=["POST"])
    return router


def _webhooks(web: Web) -> APIRouter:
    router = APIRouter()

    @router.post("/webhooks/github", status_code=202)
    async def github(request: Request) -> Response:
        body = await _body(request, LARGEST_WEBHOOK)
        if body is None:
            return problems.problem(413, "a webhook has at most 25 MiB")
        if not webhook.signed(body, request.headers.get("x-hub-signature-256"), web.webhook_secret):
            raise Unauthorised("X-Hub-Signature-256 does not fit; set the same secret on both sides")
        delivery_id, event = request.headers.get("x-github-delivery"), request.headers.get("x-github-event")
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            payload = None
        if not delivery_id or not event or not isinstance(payload, dict) or len(delivery_id) > 64:
            raise BadInput("a webhook is a JSON object with X-GitHub-Event and X-GitHub-Delivery")
        new = await run_in_threadpool(web.dispatch.deliver, Delivery(delivery_id, event[:64], payload))
        return JSONResponse({"delivery": delivery_id, "new": new}, 202)

    return router


def _health(web: Web) -> APIRouter:
    router = APIRouter()
    measured = Metrics(web)

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/health/ready")
    def ready() -> Response:
        reason = web.ready()
        return problems.problem(503, reason) if reason else JSONResponse({"status": "ready"})

    @router.get("/health/work")
    def work() -> Response:
        at_work = web.dispatch.at_work
        return JSONResponse({"status": "at work"}) if at_work else problems.problem(503, "this healer stands by")

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(measured.text(), media_type=CONTENT_TYPE_LATEST)

    return router


__all__ = ["Web", "create_app"]
