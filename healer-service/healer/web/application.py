"""Puts the routes together. What they answer with is made in the modules beside; what they start is the dispatch's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pydantic import BaseModel, Field

from healer.edges.store import Delivery, Store
from healer.model import BadInput, Unauthorised
from healer.pipeline.parts import Parts
from healer.stages import webhook
from healer.web import operator, problems, sentry
from healer.web.access import COOKIE
from healer.web.headers import SecurityHeaders
from healer.web.needs import Web
from healer.web.reports import LARGEST_REPORT, parse_report

PAGE = Path(__file__).parent / "page"
LARGEST_WEBHOOK = 25 * 2**20  # GitHub's own cap


class SignIn(BaseModel):
    token: str = Field(max_length=200)


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
    app.include_router(_webhooks(web))
    app.include_router(_health(web))
    app.include_router(_page(web))
    app.mount("/page", StaticFiles(directory=PAGE), name="page")

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


class _Incidents(Collector):
    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[GaugeMetricFamily]:
        gauge = GaugeMetricFamily("healer_incidents", "Incidents by state.", labels=["state"])
        for state, count in sorted(self._store.incidents.count_by_state().items()):
            gauge.add_metric([state], count)
        yield gauge


class _Forges(Collector):
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        says = "Requests that a service's forge still allows in the running hour."
        gauge = GaugeMetricFamily("healer_forge_requests_remaining", says, labels=["service"])
        for name, service in self._parts.services.items():
            remaining = service.forge.limits().remaining
            if remaining is not None:
                gauge.add_metric([name], remaining)
        yield gauge


def _health(web: Web) -> APIRouter:
    router = APIRouter()
    registry = CollectorRegistry()
    registry.register(_Incidents(web.store))
    registry.register(_Forges(web.parts))

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/health/ready")
    def ready() -> Response:
        reason = web.ready()
        return problems.problem(503, reason) if reason else JSONResponse({"status": "ready"})

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


def _page(web: Web) -> APIRouter:
    router = APIRouter()

    def signed_in(response: Response) -> Response:
        response.set_cookie(COOKIE, web.access.session, httponly=True, samesite="strict", max_age=30 * 86400, path="/")
        return response

    @router.get("/")
    @router.get("/incidents/{incident_id}")
    @router.get("/services/{name}")
    async def page(incident_id: str = "", name: str = "") -> FileResponse:
        return FileResponse(PAGE / "index.html")

    @router.get("/signin")
    async def sign_in_by_link(token: str) -> Response:
        if not web.access.is_operator_token(token):
            raise Unauthorised("this sign-in link is not valid (any more); `healer link` prints the right one")
        return signed_in(RedirectResponse("/", 303))

    @router.post("/signin", status_code=204)
    async def sign_in(body: SignIn) -> Response:
        if not web.access.is_operator_token(body.token):
            raise Unauthorised("the token is not right; `healer link` prints it")
        return signed_in(Response(status_code=204))

    @router.post("/signout", status_code=204)
    async def sign_out() -> Response:
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, path="/")
        return response

    return router


__all__ = ["Web", "create_app"]
