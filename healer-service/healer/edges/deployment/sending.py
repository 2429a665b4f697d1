"""Sends recorded requests to a running service, and asks it the probes of a release. It judges no other answer."""

from __future__ import annotations

import base64
import functools
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import httpx

from healer.model import Exchange, Probe, Request

SECONDS = 10.0
PROBE_SECONDS = 5.0
ALL_PROBES_SECONDS = 15.0  # what does not get its turn in that time is not asked
LARGEST_BODY = 1 << 16
REDACTED = "[redacted]"
UNREACHED = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)  # the last for names that no name service could know
_OF_THE_CONNECTION = frozenset(
    (
        "host",
        "content-length",
        "connection",
        "accept-encoding",
        "transfer-encoding",
        "upgrade",
        "expect",
        "te",
        "trailer",
    )
)
_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


def client_for(seconds: float) -> httpx.Client:
    """A new one each time, as a connection that is kept may lead to a process that is about to end."""
    return httpx.Client(timeout=seconds, verify=_trusted(), trust_env=False)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Read once: making it takes longer than most requests."""
    return httpx.create_ssl_context(trust_env=False)


def send(url: str, request: Request, headers: Mapping[str, str], seconds: float = SECONDS) -> Exchange | None:
    """None when no address is known, nothing answers, or it cannot be sent as it is. No redirect is followed."""
    if not url or request.truncated:
        return None
    started = time.monotonic()
    given = {name: value for name, value in request.headers.items() if name not in _OF_THE_CONNECTION}
    given = {name: value for name, value in given.items() if REDACTED not in value}
    if kind := _TYPES.get(request.body_kind):
        given.setdefault("content-type", kind)
    given |= headers
    try:
        content = body_of(request)
        with (
            client_for(seconds) as client,
            client.stream(request.method, url + request.path, headers=given, content=content) as answer,
        ):
            began = time.monotonic()
            return Exchange(
                answer.status_code,
                dict(answer.headers),
                beginning_of(answer, started + seconds),
                seconds=began - started,
            )
    except (*UNREACHED, ValueError):  # ValueError: what no header or body can be made of
        return None


def body_of(request: Request) -> bytes | None:
    """Raises ValueError for what is not of its kind."""
    if request.body_kind == "none" or (request.body is None and request.body_kind != "json"):
        return None
    if request.body_kind == "json":
        return json.dumps(request.body).encode()
    if request.body_kind == "form":
        return urlencode(dict(request.body), doseq=True).encode()
    if request.body_kind == "base64":
        return base64.b64decode(str(request.body), validate=True)
    return str(request.body).encode()


def refusal(url: str, probes: Sequence[Probe]) -> str:
    """What speaks against a release that serves already, by its answers to the probes; "" when nothing does."""
    until = time.monotonic() + ALL_PROBES_SECONDS
    for probe in probes if url else ():
        left = until - time.monotonic()
        if left <= 0:
            return ""
        answer = send(url, probe.request, {}, min(PROBE_SECONDS, left))
        if answer is None:
            return f"{probe.request.route} got no answer"
        if answer.status is not None and answer.status >= probe.below:
            return f"{probe.request.route} answered {answer.status}"
    return ""


def beginning_of(answer: httpx.Response, until: float) -> str:
    """Of the body. It may be a stream without an end, which is an answer all the same."""
    body = b""
    try:
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) >= LARGEST_BODY or time.monotonic() > until:
                break
    except httpx.TransportError:
        pass
    return body[:LARGEST_BODY].decode(answer.encoding or "utf-8", "replace")
