"""Puts the routes together. What they answer with is made in the modules beside; what they start is the dispatch's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from healer.web import audit, operator, problems, sentry, signin, webhooks
from healer.web.bodies import BoundBodies
from healer.web.headers import SecurityHeaders
from healer.web.metrics import Metrics
from healer.web.needs import Web
from healer.web.reading import TooLarge, whole
from healer.web.reports import LARGEST_REPORT, parse_report

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
    app.include_router(operator.routes(web))
    app.include_router(audit.routes(web))
    app.include_router(webhooks.routes(web))
    app.include_router(_health(web))
    app.include_router(signin.routes(web))
    app.include_router(web.files.routes())
    app.include_router(sentry.routes(web))  # after all others: a DSN may have any path before its number

    app.add_middleware(BoundBodies)
    app.add_middleware(SecurityHeaders)
    return app


def _reports(web: Web) -> APIRouter:
    router = APIRouter()

    async def report(request: Request) -> Response:
        service = web.access.service_of(request.headers.get("x-selfheal-key"))
        try:
            body = await whole(request, LARGEST_REPORT, "a report")
        except TooLarge as error:
            return problems.problem(413, f"{error}; lower the client's bounds")

        taken = await web.intake.take(service, body, parse_report)
        return JSONResponse({"report_id": taken.report_id, "incident_id": taken.incident_id}, 202)

    # Starlette's own route: the body is bounded and validated above, and FastAPI's part would cost half a millisecond.
    router.add_route("/api/v1/reports", report, methods=["POST"])
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
