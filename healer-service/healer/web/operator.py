"""People's routes: what there is, what happens, what the operator decides. All need a token or the cookie."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from healer.edges.store import Incident, Wanted
from healer.model import ENDS, State
from healer.pipeline import publishing, stopping
from healer.web import examples, feed, listing, releases, views
from healer.web.needs import Web
from healer.web.problems import Escaped
from healer.web.recording import Recorder
from healer.web.reports import clean
from healer.web.standings import Standings

LONGEST = 1000  # characters of what a person says
WAITING = frozenset({State.PROPOSED})  # for a person
WORKING = frozenset(State) - ENDS - WAITING
Reason = Annotated[str, StringConstraints(max_length=LONGEST), BeforeValidator(clean)]


class Action(BaseModel):
    reason: Reason = ""


class Seen(BaseModel):
    head_sha: str = Field(default="", max_length=64)  # the commit that was looked at; "" takes what is there


class Rejection(Action, Seen):
    pass


class Said(BaseModel):
    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST), BeforeValidator(clean)
    ]


class Changes(Said, Seen):
    pass


class Again(BaseModel):
    hint: Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST), BeforeValidator(clean)] = ""


class Back(BaseModel):
    to: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[0-9a-fA-F]{4,64}$")]
    reason: Reason = ""


class Turn(BaseModel):
    stopped: bool
    reason: Reason = ""


def routes(web: Web) -> APIRouter:
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(web.access.require)])
    _add_views(web, router)
    _add_actions(web, router)
    _add_releases(web, router)
    router.include_router(listing.routes(web))
    router.include_router(examples.routes(web))
    return router


def _add_views(web: Web, router: APIRouter) -> None:
    standings = Standings()

    @router.get("/overview")
    def overview() -> Escaped:
        deploying = frozenset(name for name, item in web.parts.services.items() if item.deployment is not None)
        open_ones = web.store.finding.open_by_service(deploying)
        said = standings.of(web.parts.services)
        services = [views.service(web.parts, name, open_ones.get(name, 0), said[name]) for name in said]
        answer = {
            "services": services,
            "version": version("healer"),
            "automation": asdict(stopping.switch(web.parts)),
            "waiting": listing.few(web.store, Wanted(WAITING)),
            "working": listing.few(web.store, Wanted(WORKING, deploying=deploying)),
        }
        return Escaped(answer)

    @router.get("/incidents/{incident_id}")
    def incident(incident_id: str, request: Request) -> dict[str, Any]:
        role = web.access.require_reader(request)
        return views.whole(web.parts, web.store.incidents.get(incident_id), role)

    @router.get("/events")
    async def events(request: Request, after: Annotated[int | None, Query(ge=0)] = None) -> StreamingResponse:
        start = await web.feed.start_of(feed.first_id(request.headers, after))
        stream = web.feed.stream(start, lambda: web.access.still_valid(request))
        return StreamingResponse(stream, media_type="text/event-stream", headers=feed.HEADERS)


def _add_actions(web: Web, router: APIRouter) -> None:
    who = web.access.require_operator
    recorder = Recorder(web.parts)

    def acted(done: Incident) -> dict[str, Any]:
        return {"incident_id": done.id, "state": done.state}

    def require_looked_at(incident_id: str, head_sha: str) -> None:
        filed = web.store.proposals.of_incident(incident_id)
        if filed is not None:
            publishing.require_looked_at("proposal", filed.proposal.head_sha, head_sha)

    @router.post("/automation")
    def automation(turn: Turn, request: Request) -> dict[str, Any]:
        recorder.switch(request, who(request), "stop" if turn.stopped else "resume", turn.reason)
        return asdict(web.dispatch.turn(turn.stopped, who(request), turn.reason))

    @router.post("/incidents/{incident_id}/approve", status_code=202)
    def approve(incident_id: str, request: Request, approval: Seen | None = None) -> dict[str, Any]:
        head = approval.head_sha if approval else ""
        with recorder.action(request, who(request), incident_id, "approve"):
            return acted(web.dispatch.approve(incident_id, who(request), head))

    @router.post("/incidents/{incident_id}/reject", status_code=202)
    def reject(incident_id: str, rejection: Rejection, request: Request) -> dict[str, Any]:
        with recorder.action(request, who(request), incident_id, "reject", rejection.reason):
            require_looked_at(incident_id, rejection.head_sha)
            return acted(web.dispatch.reject(incident_id, who(request), rejection.reason))

    @router.post("/incidents/{incident_id}/comment", status_code=202)
    def comment(incident_id: str, said: Said, request: Request) -> dict[str, Any]:
        with recorder.action(request, who(request), incident_id, "comment", said.text):
            return acted(web.dispatch.comment(incident_id, said.text, who(request)))

    @router.post("/incidents/{incident_id}/request-changes", status_code=202)
    def request_changes(incident_id: str, said: Changes, request: Request) -> dict[str, Any]:
        with recorder.action(request, who(request), incident_id, "request_changes", said.text):
            require_looked_at(incident_id, said.head_sha)
            return acted(web.dispatch.request_changes(incident_id, said.text, who(request)))

    @router.post("/incidents/{incident_id}/retry", status_code=202)
    def retry(incident_id: str, request: Request, again: Again | None = None) -> dict[str, Any]:
        hint = again.hint if again else ""
        with recorder.action(request, who(request), incident_id, "retry", hint):
            return acted(web.dispatch.retry(incident_id, hint))

    @router.post("/incidents/{incident_id}/rollback", status_code=202)
    def rollback(incident_id: str, action: Action, request: Request) -> dict[str, Any]:
        with recorder.action(request, who(request), incident_id, "rollback", action.reason):
            return acted(web.dispatch.roll_back(incident_id, who(request), action.reason))


def _add_releases(web: Web, router: APIRouter) -> None:
    who = web.access.require_operator
    recorder = Recorder(web.parts)

    def decided(name: str, commit: str) -> dict[str, Any]:
        return {"service": name, "commit": commit, "state": releases.found(web.parts, name, commit).state}

    @router.get("/services/{name}/releases")
    def of_service(name: str) -> dict[str, Any]:
        return releases.of_service(web.parts, name)

    @router.post("/services/{name}/rollback", status_code=202)
    def roll_back(name: str, back: Back, request: Request) -> dict[str, Any]:
        with recorder.rollback(request, who(request), name, back.to, back.reason):
            web.dispatch.serve(name, back.to, who(request), back.reason)
        return {"service": name, "to": back.to}

    @router.post("/services/{name}/reverts/{commit}/approve", status_code=202)
    def approve_revert(name: str, commit: str, request: Request, approval: Seen | None = None) -> dict[str, Any]:
        found = releases.found(web.parts, name, commit)
        with recorder.revert(request, who(request), found, "approve_revert"):
            releases.require_looked_at(found, approval.head_sha if approval else "")
            web.dispatch.approve_revert(name, commit, who(request))
        return decided(name, commit)

    @router.post("/services/{name}/reverts/{commit}/reject", status_code=202)
    def reject_revert(name: str, commit: str, action: Action, request: Request) -> dict[str, Any]:
        found = releases.found(web.parts, name, commit)
        with recorder.revert(request, who(request), found, "reject_revert", action.reason):
            web.dispatch.reject_revert(name, commit, who(request), action.reason)
        return decided(name, commit)
