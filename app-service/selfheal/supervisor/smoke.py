"""The smoke: requests that a new worker is asked on its private port before it may answer a user.

It does not decide what becomes of the worker, and reads no more of an answer than its status.
"""

from __future__ import annotations

import asyncio
import re
import reprlib
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

MOST_REQUESTS = 50  # of smoke, and of watch
EACH_SECONDS, TOGETHER_SECONDS = 5.0, 15.0
LONGEST_METHOD = 40
LONGEST_WATCH = 1000  # characters of a path; all together must fit into one order to the worker
BELOW = 500  # unless a request says otherwise

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# Of the connection that the request was recorded on, or of the body as it was sent there.
_NOT_PASSED_ON = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"),
    *("transfer-encoding", "upgrade", "expect", "content-length"),
}
_SENT_AS_IT_IS = "/?%:@!$&'()*+,;=~[]"
_SHOWN = reprlib.Repr()
_SHOWN.maxstring = _SHOWN.maxother = 80


async def refusal(port: int, requests: Sequence[Mapping[str, Any]]) -> str:
    """Why users must not get this worker, for a person; empty when no answer speaks against it.

    The requests are as `checked` returns them. They are asked one after the other; those that would begin too late to
    have their full time within TOGETHER_SECONDS are left out.
    """
    last_turn = time.monotonic() + TOGETHER_SECONDS - EACH_SECONDS
    for request in requests:
        if time.monotonic() > last_turn:
            break
        problem = await _problem(port, request)
        if problem:
            return f"{request['method']} {_target(request)[:200]} {problem}, before any user asked"
    return ""


async def _problem(port: int, request: Mapping[str, Any]) -> str:
    try:
        status = await asyncio.wait_for(status_of(port, request), EACH_SECONDS)
    except asyncio.TimeoutError:
        return f"was not answered within {EACH_SECONDS:g} s"
    except OSError as broken:
        return f"was not answered ({broken})"
    except ValueError:
        return "was not answered in HTTP"
    return f"answered {status}" if status >= request["below"] else ""


async def status_of(port: int, request: Mapping[str, Any]) -> int:
    """What 127.0.0.1 answers to one request. Raises OSError, or ValueError for an answer that is not HTTP."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(_octets(request))
        line = await reader.readline()
        if not line:
            raise ConnectionError("the connection was closed")
        words = line.split(None, 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
            raise ValueError("the answer is not HTTP")
        return int(words[1])
    finally:
        writer.close()


def _octets(request: Mapping[str, Any]) -> bytes:
    """The request as it is sent. A line break in the path is quoted; in a header `checked` has allowed none."""
    method, body = request["method"], request["body"]
    given = {name.lower(): value for name, value in request["headers"].items()}
    named = {name.strip().lower() for name in given.get("connection", "").split(",")}
    headers = {"host": "localhost", "user-agent": "selfheal-supervisor"}
    headers.update((name, value) for name, value in given.items() if name not in _NOT_PASSED_ON | named)
    content = (body or "").encode("utf-8", "replace")
    if body is not None or method in ("POST", "PUT", "PATCH"):
        headers["content-length"] = str(len(content))
    headers["connection"] = "close"
    lines = [f"{method} {_target(request)} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + content


def _target(request: Mapping[str, Any]) -> str:
    return quote(request["path"], safe=_SENT_AS_IT_IS, errors="replace")


def checked(order: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The `smoke` and the `watch` of a change order, empty where it has none; raises ValueError."""
    smoke = [_probe(f"smoke[{place}]", one) for place, one in enumerate(_listed(order, "smoke"))]
    watch = [_watch(f"watch[{place}]", one) for place, one in enumerate(_listed(order, "watch"))]
    return smoke, watch


def _listed(order: Mapping[str, Any], name: str) -> list[dict[str, object]]:
    value = order.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise _wrong(name, value, 'it must be a list of objects like {"method":"GET","path":"/orders"}')
    if len(value) > MOST_REQUESTS:
        raise ValueError(f"{name} has {len(value)} entries: send at most {MOST_REQUESTS}")
    return value


def _kind(where: str, one: Mapping[str, object]) -> dict[str, Any]:
    method, path = one.get("method"), one.get("path")
    if not isinstance(method, str) or not _TOKEN.fullmatch(method) or len(method) > LONGEST_METHOD:
        raise _wrong(f"{where}.method", method, 'it must be a method like "GET"')
    if not isinstance(path, str) or not path.startswith("/"):
        raise _wrong(f"{where}.path", path, 'it must be text that begins with "/"')
    return {"method": method.upper(), "path": path}


def _watch(where: str, one: Mapping[str, object]) -> dict[str, Any]:
    kind = _kind(where, one)
    if "?" in kind["path"]:
        raise _wrong(f"{where}.path", kind["path"], "leave out the query, requests are told by their path alone")
    if len(kind["path"]) > LONGEST_WATCH:
        raise _wrong(f"{where}.path", kind["path"], f"it may have at most {LONGEST_WATCH} characters")
    return kind


def _probe(where: str, one: Mapping[str, object]) -> dict[str, Any]:
    headers, body, below = one.get("headers"), one.get("body"), one.get("below", BELOW)
    if headers is not None and not isinstance(headers, dict):
        raise _wrong(f"{where}.headers", headers, 'it must be an object like {"accept":"*/*"}')
    for name, value in (headers or {}).items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise _wrong(f"{where}.headers", name, "this is no name of a header; leave it out")
        if not isinstance(value, str) or _CONTROL.search(value):
            raise _wrong(f"{where}.headers.{name[:80]}", value, "it must be text without control characters")
    if body is not None and not isinstance(body, str):
        raise _wrong(f"{where}.body", body, "it must be text, or null for none")
    if type(below) is not int or not 100 <= below <= 600:
        raise _wrong(f"{where}.below", below, "it must be a whole number from 100 to 600")
    return {**_kind(where, one), "headers": headers or {}, "body": body, "below": below}


def _wrong(field: str, value: object, remedy: str) -> ValueError:
    return ValueError(f"{field} is {_SHOWN.repr(value)}: {remedy}")
