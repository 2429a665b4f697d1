"""Puts the routes together. What they answer with is made in the modules beside; what they start is the dispatch's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pydantic import BaseModel, Field

from healer.edges.bus import Bus
from healer.edges.store import Delivery, Incident, Store
from healer.model import BadInput, Unauthorised
from healer.pipeline import stopping
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts
from healer.stages import webhook
from healer.web import problems, views
from healer.web.access import COOKIE, Access
from healer.web.headers import SecurityHeaders
from healer.web.recording import Recorder
from healer.web.reports import LARGEST_REPORT, parse_report

PAGE = Path(__file__).parent / "page"
LARGEST_WEBHOOK = 25 * 2**20  # GitHub's own cap
KEEP_ALIVE_SECONDS = 15.0


@dataclass(frozen=True)
class Web:
    """What the routes need."""

    parts: Parts
    dispatch: Dispatch
    bus: Bus
    access: Access
    webhook_secret: str
    ready: Callable[[], str]  # "" or why not

    @property
    def store(self) -> Store:
        return self.parts.store


class Action(BaseModel):
    reason: str = Field(default="", max_length=1000)


class Turn(BaseModel):
    stopped: bool
    reason: str = Field(default="", max_length=1000)


class SignIn(BaseModel):
    token: str = Field(max_length=200)


class Escaped(JSONResponse):
    """JSON in ASCII: a report may hold half a surrogate pair, which no encoding takes."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(web: Web, lifespan: Lifespan) -> FastAPI:
    app = FastAPI(
        title="healer",
        version=version("healer"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        default_response_class=Escaped,
    )
    problems.install(app)
    app.include_router(_reports(web))
    app.include_router(_operator(web))
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

        def take() -> tuple[str, Incident]:
            parsed = replace(parse_report(body, service), env={})  # whoever holds a key may not set up the sandbox
            return parsed.report_id, web.dispatch.take(parsed)

        report_id, incident = await run_in_threadpool(take)
        return JSONResponse({"report_id": report_id, "incident_id": incident.id}, 202)

    # Starlette's own route: the body is bounded and validated above, and FastAPI's part would cost half a millisecond.
    router.add_route("/api/v1/reports", report, methods=["POST"])
    return router


def _operator(web: Web) -> APIRouter:
    who = web.access.require_operator
    recorder = Recorder(web.parts)
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(who)])

    @router.get("/overview")
    def overview() -> dict[str, Any]:
        incidents = web.store.incidents.list()
        services = [_service(web, name, incidents) for name in web.parts.services]
        automation = asdict(stopping.switch(web.parts))
        return {"services": services, "version": version("healer"), "automation": automation}

    @router.post("/automation")
    def automation(turn: Turn, request: Request) -> dict[str, Any]:
        recorder.switch(request, who(request), "stop" if turn.stopped else "resume", turn.reason)
        return asdict(web.dispatch.turn(turn.stopped, who(request), turn.reason))

    @router.get("/incidents")
    def incidents() -> dict[str, Any]:
        found = web.store.incidents.list()
        filed = web.store.proposals.newest([item.id for item in found])
        return {"incidents": [views.summary(item, filed.get(item.id)) for item in found]}

    @router.get("/incidents/{incident_id}")
    def incident(incident_id: str) -> dict[str, Any]:
        return views.whole(web.store, web.store.incidents.get(incident_id))

    def acted(done: Incident) -> dict[str, Any]:
        return {"incident_id": done.id, "state": done.state}

    @router.post("/incidents/{incident_id}/approve", status_code=202)
    def approve(incident_id: str, request: Request) -> dict[str, Any]:
        with recorder.action(request, who(request), incident_id, "approve"):
            return acted(web.dispatch.approve(incident_id, who(request)))

    @router.post("/incidents/{incident_id}/reject", status_code=202)
    def reject(incident_id: str, action: Action, request: Request) -> dict[str, Any]:
        with recorder.action(request, who(request), incident_id, "reject", action.reason):
            return acted(web.dispatch.reject(incident_id, who(request), action.reason))

    @router.post("/incidents/{incident_id}/retry", status_code=202)
    def retry(incident_id: str, request: Request) -> dict[str, Any]:
        with recorder.action(request, who(request), incident_id, "retry"):
            return acted(web.dispatch.retry(incident_id))

    @router.post("/incidents/{incident_id}/rollback", status_code=202)
    def rollback(incident_id: str, action: Action, request: Request) -> dict[str, Any]:
        reason = f"Rolled back by {who(request)}" + (f": {action.reason}" if action.reason else ".")
        with recorder.action(request, who(request), incident_id, "rollback", action.reason):
            return acted(web.dispatch.roll_back(incident_id, reason))

    @router.get("/events")
    async def events(request: Request, after: int | None = None) -> StreamingResponse:
        last = request.headers.get("last-event-id", "")
        start = int(last) if last.isascii() and last.isdigit() else after
        if start is None:
            start = await run_in_threadpool(web.store.log.last_id)
        stream = _stream(web, start)
        return StreamingResponse(stream, media_type="text/event-stream")

    return router


def _service(web: Web, name: str, incidents: tuple[Incident, ...]) -> dict[str, Any]:
    service = web.parts.services[name]
    release, state = None, "no supervisor"
    if service.deployment is not None:
        try:
            status: Mapping[str, Any] = service.deployment.status()
            release, state = status.get("release"), str(status.get("state"))
        except Exception as error:
            state = f"unreachable: {error}"
    ended = ("resolved", "declined", "rejected", "rolled_back", "regressed")
    count = sum(item.service == name and item.state not in ended for item in incidents)
    return {
        "name": name,
        "release": release,
        "state": state,
        "incidents_open": count,
        "autonomy": service.autonomy,
        "address": service.address,
    }


async def _stream(web: Web, after: int) -> AsyncIterator[str]:
    """Server-Sent Events from the log; whoever was away gets what was missed."""
    yield "retry: 1000\n\n"
    with web.bus.subscribe() as news:
        while True:
            news.clear()
            for event in await run_in_threadpool(web.store.log.after, after):
                after = event.id
                yield f"id: {event.id}\ndata: {json.dumps(asdict(event))}\n\n"
            try:
                await asyncio.wait_for(news.wait(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"


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


def _health(web: Web) -> APIRouter:
    router = APIRouter()
    registry = CollectorRegistry()
    registry.register(_Incidents(web.store))

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
    async def page(incident_id: str = "") -> FileResponse:
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
