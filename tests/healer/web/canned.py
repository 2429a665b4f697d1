"""Canned answers of the healer's API for tests of the page, served for real. It heals nothing."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from healer.web.files import Files

from tests.healer.web import canned_audit, canned_overview

AT = "2026-11-20T12:00:00Z"
DIFF = """\
--- a/shop/returns.py
+++ b/shop/returns.py
@@ -37,2 +37,4 @@ def open_return():
     item = line.item
-    days = item.policy.days
+    if item.policy is None:
+        raise HTTPException(409, "no return policy")
+    days = item.policy.days
"""


def a_body(value: Any) -> dict[str, Any]:
    return {"json": value, "json_text": json.dumps(value, ensure_ascii=False, separators=(",", ":"))}


SITE = {"file": "shop/returns.py", "line": 38, "function": "open_return"}
EXCEPTION = {"type": "AttributeError", "module": "builtins", "message": "'NoneType' has no 'days'", "bases": []}
REPORT = {
    "release": "4be1c8f2d0",
    "platform": "python",
    "client": "sentry.python.fastapi/2.75.0",
    "versions": {"python": "3.11.7", "fastapi": "0.115.0"},
    "caught": "logged by the service, which went on",
    "approximate": "reported by sentry.python.fastapi/2.75.0: cookies are missing",
    "chain": [],
    "exception": EXCEPTION,
    "frames": [
        {"file": "site-packages/fastapi/routing.py", "line": 1, "function": "app", "in_app": False, "source": "run()"},
        {**SITE, "in_app": True, "source": "days = item.policy.days", "locals": {"item": "<Item policy=None>"}},
    ],
    "request": {"method": "POST", "path": "/returns", "headers": {}, **a_body({"line_id": 12})},
    "earlier_requests": [],
}
EVIDENCE = {
    "before": {"status": 500, "body": "", "exception": EXCEPTION},
    "after": {"status": 409, "body": "no return policy", "exception": None},
    "tests": {"before": {"passed": 41, "failed": 0}, "after": {"passed": 41, "failed": 0}},
    "shown_by": "request",
    "earlier_requests": 4,
    "differences": [{"request": "GET /orders", "what": "body: /total is 6 where it was 5", "matters": False}],
    "regression": {"file": "tests/test_returns.py", "test": "t::x", "before": "failed", "after": "passed", "diff": ""},
    "not_run": [{**SITE, "line": 41, "why": "nothing ran this line"}],
    "unsteady": ["the test t::y passes and fails on the unpatched code"],
    "isolation": ["limits", "network"],
}
ASSESSMENT = {
    "confidence": 0.72,
    "confidence_parts": [
        {"name": "reproduced", "points": 0.25, "why": "the failing request crashes"},
        {"name": "unsteady", "points": -0.1, "why": "a test came out differently"},
    ],
    "risk": 0.2,
    "risk_parts": [{"name": "money", "points": 0.15, "why": "refund in shop/returns.py"}],
}
JUDGED: dict[str, Any] = {"findings": [], "seconds": 0.4, "evidence": EVIDENCE, "diff": DIFF}
JUDGED |= {"assessment": ASSESSMENT}
VERDICTS = [
    {**JUDGED, "origin": "none-guard", "summary": "Refuse it", "accepted": True, "reason": "409", "chosen": True},
    {**JUDGED, "origin": "zero", "summary": "Use 0", "accepted": False, "reason": "still answers 201", "chosen": False},
]
PROPOSAL = {
    "number": 3,
    "title": "Refuse a return without a policy",
    "body": "## What broke",
    "branch": "heal/1",
    "base": "main",
    "head_sha": "9c1d22e7b4",
    "state": "open",
    "merge_sha": None,
    "draft": True,
    "diff": DIFF,
    "url": "javascript:window.owned=1",
    "created_at": AT,
    "discussion": [],
    "rounds": 0,
    "most_rounds": 3,
    "amended": False,
    "reviewer": "",
    "draft_there": False,
    "forge": {"kind": "local", "problem": "", "remaining": None, "limit": None, "resets_at": ""},
}
GITHUB = {"kind": "github", "problem": "", "remaining": 4812, "limit": 5000, "resets_at": "2026-11-20T13:00:00Z"}
DISCUSSION = [
    {"id": "comment-1", "kind": "comment", "by": "bob", "text": "Why 409?", "at": AT},
    {
        "id": "review-2",
        "kind": "changes",
        "by": "ada",
        "text": "Please answer 422:\nshop/returns.py:39: here",
        "at": AT,
    },
    {
        "id": "reply-3",
        "kind": "reply",
        "by": "healer",
        "text": "The other refusals of this module answer 409.",
        "at": AT,
    },
    {"id": "review-4", "kind": "approval", "by": "eve", "text": "", "at": AT},
]
ON_GITHUB = PROPOSAL | {
    "number": 12,
    "url": "https://github.com/acme/shop/pull/12",
    "discussion": DISCUSSION,
    "rounds": 1,
    "reviewer": "@ada",
    "draft_there": True,
    "forge": GITHUB,
}

RUNNING, BEFORE = "4be1c8f2d0", "71aa03c55e"


def release(commit: str, state: str = "live", **changes: Any) -> dict[str, Any]:
    return {
        "service": "shop",
        "commit": commit,
        "incident_id": None,
        "origin": "push",
        "state": state,
        "previous": None,
        "reason": "",
        "at": AT,
        "tries": 0,
        "next_try": 0.0,
        "live_at": AT,
        "until": None,
        "before": None,
        "target": None,
        "left_by": "",
        "subject": "",
        "kept": True,
        "serving": commit == RUNNING,
        "revert": None,
        **changes,
    }


def traffic(requests: int, failed: int = 0, p50: float = 0.004, p99: float = 0.031) -> dict[str, Any]:
    return {"requests": requests, "failed": failed, "p50": p50, "p99": p99, "watched": 0, "watched_failed": 0}


REVERT = {
    "service": "shop",
    "commit": "c0ffee1234",
    "incident_id": "i1",
    "branch": "healer/revert-c0ffee1234",
    "base": "main",
    "head_sha": "5e1ec7ed00",
    "number": 7,
    "title": "Revert: Refuse a return without a policy",
    "body": "## What was seen",
    "diff": DIFF,
    "url": "javascript:window.owned=1",
    "state": "open",
    "merge_sha": None,
    "by": "",
    "closing": "",
    "created_at": AT,
}
RELEASES = {
    "service": "shop",
    "serving": {
        "state": "serving",
        "release": RUNNING,
        "canary": None,
        "fell_back": "",
        "traffic": {RUNNING: traffic(12480, 3), BEFORE: traffic(90210, 12, p99=0.029)},
        "kept": [RUNNING, REVERT["commit"], BEFORE],
    },
    "releases": [
        release(
            RUNNING,
            "soaking",
            origin="proposal",
            incident_id="i1",
            subject="Refuse a return without a policy",
            previous=BEFORE,
            until=1795176000.0,
        ),
        release("c0ffee1234", "rolled_back", reason="It breaks something new: KeyError in GET /orders.", revert=REVERT),
        release(BEFORE, origin="first"),
        release(
            "0dd0000000", "failed", kept=False, reason="The new release did not come up: SyntaxError", live_at=None
        ),
    ],
}


def incident(**changes: Any) -> dict[str, Any]:
    return {
        "id": "i1",
        "service": "shop",
        "state": "proposed",
        "reason": "",
        "exception": EXCEPTION,
        "fault": SITE,
        "route": "POST /returns",
        "count": 3,
        "first_seen": AT,
        "last_seen": AT,
        "title": "",
        "origin": "none-guard",
        "category": "none-dereference",
        "opened_at": AT,
        "proposed_at": AT,
        "healed_at": "",
        "seconds_to_proposal": 41.2,
        "seconds_to_healed": None,
        "sparkline": [*[0] * 23, 3],
        "proposal": PROPOSAL,
        "report": REPORT,
        "diagnosis": {
            "category": "none-dereference",
            "cause": "An item without a return policy is returned.",
            "fault": SITE,
            "fix_sites": [{**SITE, "why": "read here"}],
            "answer": "refuse",
            "confidence": 0.86,
            "risk": 0.2,
            "expression": "item.policy.days",
            "culprit": "item.policy",
            "decline_reason": "",
            "siblings": [{**SITE, "line": 90, "function": "exchange", "why": "the same policy is read here"}],
            "suspect": {"commit": "7d31c5a900", "author": "Ada", "date": AT, "summary": "Take returns by line"},
        },
        "verdicts": VERDICTS,
        "releases": [],
        "revert": None,
        "stages": [],
        "events": [],
        "actions": ["approve", "request-changes", "reject", "comment"],
        **changes,
    }


FILES = Files()


class CannedHealer:
    """The API as the page sees it: answers what the test put in, remembers what the page sent."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.streams: set[asyncio.Queue[dict[str, Any] | None]] = set()
        self.reset()

    def reset(self) -> None:
        self.incident = incident()
        self.listed = True
        self.others: list[dict[str, Any]] = []  # incidents that are listed beside it
        self.statistics: dict[str, Any] | None = canned_overview.NO_STATISTICS  # None: they cannot be counted
        self.role = "operator"
        self.posts: list[tuple[str, Any]] = []
        self.refusal = ""  # detail of the problem that actions are answered with
        self.may_answer = threading.Event()  # actions wait for it
        self.may_answer.set()
        self.resumed_from: list[str | None] = []  # Last-Event-ID, or `after`, of each stream asked for
        self.refused_streams = 0  # how many streams still to refuse
        self.log: list[dict[str, Any]] = []
        self.forge = PROPOSAL["forge"]
        self.automation = {"stopped": False, "by": "", "reason": "", "at": ""}
        self.releases = RELEASES
        self.service: dict[str, Any] = {"canary": None, "fell_back": ""}
        self.services: list[dict[str, Any]] = []  # beside the shop: what differs from it
        self.audit: dict[str, Any] = {}  # what the log's state differs in
        self.examples: list[dict[str, Any]] = []
        self.played: dict[str, Any] = {}  # what a request of theirs is answered with
        self.files = FILES.version  # of the healer that runs now
        self.gone: set[str] = set()  # files of the page that it has not
        self.now = AT  # when events happen

    def emit(self, type_: str, key: str = "i1", **payload: Any) -> None:
        self.tell(self.note(type_, key, **payload))

    def note(self, type_: str, key: str = "i1", **payload: Any) -> dict[str, Any]:
        """The log has it, and the streams do not tell it yet."""
        event = {"id": len(self.log) + 1, "type": type_, "key": key, "timestamp": self.now}
        event["trace_id"] = key if key == "i1" else ""
        event |= {"payload": payload, "ui_hint": "execution"}
        self.log.append(event)
        return event

    def break_streams(self) -> None:
        self.tell(None)

    def keep_alive(self) -> None:
        self.tell({})

    def tell(self, event: dict[str, Any] | None) -> None:
        assert self.loop is not None
        for queue in list(self.streams):
            self.loop.call_soon_threadsafe(queue.put_nowait, event)

    async def stream(self, last: int) -> AsyncIterator[str]:
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.streams.add(queue)
        yield "retry: 20\n\n"
        try:
            for event in self.log[last:]:
                yield f"id: {event['id']}\ndata: {json.dumps(event)}\n\n"
            while (one := await queue.get()) is not None:
                yield f"id: {one['id']}\ndata: {json.dumps(one)}\n\n" if one else "event: alive\ndata:\n\n"
        finally:
            self.streams.discard(queue)

    def _services(self) -> set[str]:
        return {"shop", *(one["name"] for one in self.services)}

    def _incidents(self) -> list[dict[str, Any]]:
        return [self.incident] * self.listed + self.others

    def _add_switch(self, app: FastAPI) -> None:
        @app.post("/api/v1/automation")
        def automation(body: dict[str, Any]) -> Any:
            self.automation = {"by": "operator", "at": AT, **body}
            return self.automation

    def _add_overview(self, app: FastAPI) -> None:
        @app.get("/api/v1/overview")
        def overview() -> Any:
            service = {"name": "shop", "release": "4be1c8f2d0", "state": "serving", "incidents_open": 1, "reverts": []}
            service |= self.service | {"autonomy": "propose", "address": "127.0.0.1:8000", "forge": self.forge}
            services = [service, *(service | other for other in self.services)]
            over = [] if self.service.get("deploys", True) else ["merged"]
            attention = canned_overview.attention([one for one in self._incidents() if one["state"] not in over])
            return {"services": services, "version": "0.1.0", "automation": self.automation, **attention}

        @app.get("/api/v1/incidents")
        def incidents(request: Request) -> Any:
            for name in filter(None, request.query_params.get("state", "").split(",")):
                if name not in canned_overview.STATES:
                    return problem(400, f"state: '{name}' is none")
            return canned_overview.answer(self._incidents(), request.query_params)

        @app.get("/api/v1/statistics")
        def statistics() -> Any:
            return problem(503, "The database is busy.") if self.statistics is None else self.statistics

    def _add_audit(self, app: FastAPI) -> None:
        @app.get("/api/v1/audit/events")
        def audited(request: Request) -> Any:
            return canned_audit.answer(self.log, request.query_params)

        @app.get("/api/v1/audit/state")
        def state() -> Any:
            return canned_audit.state(self.log, **self.audit)

        @app.post("/api/v1/audit/verify")
        def verify() -> Any:
            assert self.may_answer.wait(10)
            return canned_audit.state(self.log, checked="all", **self.audit)

    def _add_examples(self, app: FastAPI) -> None:
        @app.get("/api/v1/examples")
        def examples() -> Any:
            return {"services": self.examples}

        @app.post("/api/v1/services/{name}/examples/{example}")
        def play(name: str, example: str, body: dict[str, str]) -> Any:
            self.posts.append((f"{name}/examples/{example}", body))
            assert self.may_answer.wait(10)
            return problem(409, self.refusal) if self.refusal else self.played

    def _add_releases(self, app: FastAPI) -> None:
        @app.get("/api/v1/services/{name}/releases")
        def releases(name: str) -> Any:
            return self.releases if name in self._services() else problem(404, f"there is no service {name}")

        @app.post("/api/v1/services/{name}/{action:path}")
        def act(name: str, action: str, body: dict[str, str]) -> Response:
            if name not in self._services():
                return problem(404, f"there is no service {name}")
            self.posts.append((f"{name}/{action}", body))
            if self.refusal:
                return problem(409, self.refusal)
            return JSONResponse({"service": name}, 202)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def guard(request: Request, follow: Callable[[Request], Awaitable[Response]]) -> Response:
            self.loop = asyncio.get_running_loop()
            api = request.url.path.startswith("/api/")
            if request.url.path.rpartition("/")[2] in self.gone:
                return problem(404, "there is no such file of the page; load the page again")
            if api and request.cookies.get("session") != "yes":
                return problem(401, "Sign in first.")
            response = await follow(request)
            response.headers["content-security-policy"] = "default-src 'self'"
            return response

        app.include_router(FILES.routes())

        @app.post("/signin")
        def sign_in(body: dict[str, str]) -> Response:
            if body["token"] != "right":
                return problem(401, "Wrong token.")
            response = Response(status_code=204)
            response.set_cookie("session", "yes", httponly=True, samesite="strict")
            return response

        @app.post("/signout")
        def sign_out() -> Response:
            response = Response(status_code=204)
            response.delete_cookie("session")
            return response

        @app.get("/api/v1/session")
        def session() -> Any:
            return {"role": self.role, "version": "0.1.0", "examples": bool(self.examples), "page": self.files}

        self._add_overview(app)
        self._add_switch(app)
        self._add_audit(app)
        self._add_examples(app)
        self._add_releases(app)

        @app.get("/api/v1/incidents/{id_}")
        def one(id_: str) -> Any:
            found = next((one for one in [self.incident, *self.others] if one["id"] == id_), None)
            return problem(404, f"there is no incident {id_}") if found is None else found | {"events": self.log}

        @app.post("/api/v1/incidents/{id_}/{action}")
        def act(id_: str, action: str, body: dict[str, str]) -> Response:
            if id_ != self.incident["id"]:
                return problem(404, f"there is no incident {id_}")
            self.posts.append((action, body))
            assert self.may_answer.wait(10)
            if self.refusal:
                return problem(409, self.refusal)
            return JSONResponse({"incident_id": "i1", "state": "proposed"}, 202)

        @app.get("/api/v1/events")
        def events(request: Request, after: str | None = None) -> Response:
            last = request.headers.get("last-event-id") or after
            self.resumed_from.append(last)
            if self.refused_streams:
                self.refused_streams -= 1
                return problem(503, "Starting.")
            return StreamingResponse(self.stream(int(last or len(self.log))), media_type="text/event-stream")

        return app


def problem(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"title": "Problem", "status": status, "detail": detail}, status)
