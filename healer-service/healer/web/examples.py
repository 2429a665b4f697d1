"""Requests that the operator may send to a service from the page, as its settings offer them. It heals nothing."""

from __future__ import annotations

import threading
import time
from typing import Any

from fastapi import APIRouter, Request

from healer.edges.deployment import playing, sending
from healer.model import Conflict, NotFound
from healer.web.needs import Web
from healer.web.recording import Recorder

LONGEST_BODY = 2000  # characters that are shown


def routes(web: Web) -> APIRouter:
    """To be included where the operator's routes are."""
    router = APIRouter()
    recorder = Recorder(web.parts)
    busy = {name: threading.Lock() for name in web.examples}

    @router.get("/examples")
    def offered() -> dict[str, Any]:
        services = [
            {"service": name, "examples": [{"name": one.name, "title": one.title} for one in examples]}
            for name, examples in web.examples.items()
        ]
        return {"services": services}

    @router.post("/services/{service}/examples/{name}")
    def play(service: str, name: str, request: Request) -> dict[str, Any]:
        who = web.access.require_operator(request)
        found = next((one for one in web.examples.get(service, ()) if one.name == name), None)
        if found is None:
            raise NotFound(f"{service!r} has no example {name!r}; GET /api/v1/examples lists them")
        if not busy[service].acquire(blocking=False):
            raise Conflict(f"an example of {service} is being sent already; wait for its answer")
        try:
            recorder.example(request, who, service, name)
            return _played(web.parts.service(service).address, [step.request for step in found.requests])
        finally:
            busy[service].release()

    return router


def _played(address: str, requests: list[dict[str, Any]]) -> dict[str, Any]:
    """`status` is null when the service did not answer; `problem` says why not all requests were sent."""
    started = time.monotonic()
    try:
        with playing.bounded_client(address) as client:
            played = playing.play(client, requests)
    except (*sending.UNREACHED, ValueError) as error:
        problem = f"The service at {address} did not answer: {error or type(error).__name__}"
        return _answer(playing.named(requests[-1]), None, "", started, problem)
    problem = f"{played.problem}; the requests after it were not sent." if played.problem else ""
    return _answer(playing.named(played.request), played.answer.status_code, played.answer.text, started, problem)


def _answer(request: str, status: int | None, body: str, started: float, problem: str) -> dict[str, Any]:
    return {
        "request": request,
        "status": status,
        "body": body[:LONGEST_BODY],
        "seconds": time.monotonic() - started,
        "problem": problem,
    }
