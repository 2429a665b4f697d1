"""A crash report as the page and the CLI see it: plain JSON, with what caught it said in words."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from healer.edges.sandbox import request_json
from healer.model import Report, Request
from healer.stages import announcement

# What is told of a mechanism, by the last part of its name: the client's own, and those of Sentry's SDKs.
_ENDED = {
    "excepthook": "it ended the process",
    "onuncaughtexception": "it ended the process",
    "thread": "it ended a thread",
    "threading": "it ended a thread",
    "asyncio": "it ended a task of the event loop",
    "onunhandledrejection": "nobody awaited the promise that it rejected",
    "job": "it ended a job",
    "unraisable": "Python could raise it nowhere",
}
_WENT_ON = {
    "logging": "logged by the service, which went on",
    "capture_exception": "reported by the service's own code, which went on",
}


def report(item: Report) -> dict[str, Any]:
    return {
        "report_id": item.report_id,
        "timestamp": item.received_at,
        "release": item.release,
        "framework": item.framework,
        "platform": item.platform,
        "client": item.client,
        "versions": dict(item.versions),
        "mechanism": item.mechanism,
        "handled": item.handled,
        "caught": _caught(item),
        "approximate": announcement.approximation(item),
        "exception": asdict(item.exception),
        "frames": [asdict(frame) for frame in item.frames],
        "chain": [asdict(linked) for linked in item.chain],
        "request": {**_request(item.request), "truncated": item.request.truncated} if item.request else None,
        "earlier_requests": [_request(request) for request in item.earlier_requests],
    }


def _request(item: Request) -> dict[str, Any]:
    told = request_json(item)
    if "json" in told:
        # A browser reads long numbers as others, and 1.0 as 1: there it is sent again from this text.
        text = json.dumps(told["json"], ensure_ascii=False, separators=(",", ":"))
        told["json_text"] = text.encode(errors="backslashreplace").decode()  # half a sign as JSON writes it
    return told


def _caught(item: Report) -> str:
    """ "" for a reporter that does not say."""
    name = item.mechanism.rpartition(".")[2]
    if not name:
        return ""
    if item.handled:
        return _WENT_ON.get(name, f"handled by the service, which went on ({item.mechanism})")
    return f"not handled: {_ENDED.get(name, f'it left the application ({item.mechanism})')}"
