"""Plays written requests against a running service: what an answer gives is put into the requests after it.

A request is JSON: method, path, json | form | body | body_b64, headers, save. It judges no answer.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from healer.edges.deployment.sending import beginning_of, client_for

SECONDS = 10.0  # of silence, and for one answer's body
ALL_SECONDS = 30.0  # for a whole play

_WHOLE = re.compile(r"^\{(\w+)\}$")
_PART = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Answer:
    """Of the body only the beginning."""

    status_code: int
    text: str

    @property
    def is_error(self) -> bool:
        return self.status_code >= 400

    def json(self) -> Any:
        """Raises ValueError for a body that is no JSON."""
        return json.loads(self.text)


@dataclass(frozen=True)
class Played:
    """The last request that was sent, with its placeholders filled in, and its answer."""

    request: dict[str, Any]
    answer: Answer
    saved: dict[str, Any]
    problem: str = ""  # why the requests after it were not sent


@contextmanager
def bounded_client(address: str) -> Iterator[httpx.Client]:
    """A client whose requests end, all together, within ALL_SECONDS: httpx's own timeouts begin anew with every byte.

    Raises httpx.TimeoutException when the time is over.
    """
    deadline = _Deadline(ALL_SECONDS)
    try:
        with client_for(SECONDS) as client:
            client.base_url = httpx.URL(address)
            client.event_hooks = {"request": [deadline.watch]}
            yield client
    except httpx.TransportError:
        deadline.check()
        raise
    finally:
        deadline.stop()


class _Deadline:
    """Shuts the connections down when the time is over, whatever their threads are waiting for."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._shut_down)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, request: httpx.Request) -> None:
        """Before each request. Raises httpx.TimeoutException."""
        self.check()
        left = max(self._until - time.monotonic(), 0.0)
        request.extensions |= {"trace": self._trace, "timeout": httpx.Timeout(min(SECONDS, left)).as_dict()}

    def check(self) -> None:
        """Raises httpx.TimeoutException."""
        if time.monotonic() >= self._until:
            raise httpx.TimeoutException(f"not all was answered within {self._seconds:g} seconds")

    def stop(self) -> None:
        self._timer.cancel()
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """A duplicate is kept: TLS, which begins later, takes the socket itself away."""
        if event == "connection.connect_tcp.complete":
            with self._lock:
                self._connections.append(info["return_value"].get_extra_info("socket").dup())
            if time.monotonic() >= self._until:
                self._shut_down()

    def _shut_down(self) -> None:
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):  # it ended by itself
                    connection.shutdown(socket.SHUT_RDWR)


def play(client: httpx.Client, requests: Sequence[Mapping[str, Any]]) -> Played:
    """All but the last set the scene; one of these that does not work out ends the play. Raises httpx's errors."""
    saved: dict[str, Any] = {}
    *earlier, last = requests
    for step in earlier:
        request = filled(dict(step), saved)
        answer = send(client, request)
        if answer.is_error:
            return Played(request, answer, saved, f"{named(request)} was answered {answer.status_code}")
        try:
            saved |= {name: _at(answer.json(), pointer) for name, pointer in step.get("save", {}).items()}
        except (ValueError, LookupError, TypeError):
            return Played(request, answer, saved, f"the answer of {named(request)} lacks what {step['save']} names")
    request = filled(dict(last), saved)
    return Played(request, send(client, request), saved)


def send(client: httpx.Client, request: Mapping[str, Any]) -> Answer:
    """Follows no redirect, and takes no longer than SECONDS once the answer has begun. Raises httpx's errors."""
    content: dict[str, Any] = {}
    if "json" in request:
        content["json"] = request["json"]
    elif "form" in request:
        content["data"] = request["form"]
    elif "body_b64" in request:
        content["content"] = base64.b64decode(request["body_b64"])
    elif "body" in request:
        content["content"] = str(request["body"]).encode()
    headers = {name: str(value) for name, value in request.get("headers", {}).items()}  # what was saved may be a number
    with client.stream(request["method"], request["path"], headers=headers, **content) as answer:
        return Answer(answer.status_code, beginning_of(answer, time.monotonic() + SECONDS))


def filled(value: Any, saved: Mapping[str, Any]) -> Any:
    """Put saved values in place of {name}; a string that is nothing but {name} takes the value's own type."""
    if isinstance(value, dict):
        return {key: filled(item, saved) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, saved) for item in value]
    if not isinstance(value, str):
        return value
    if (whole := _WHOLE.match(value)) and whole[1] in saved:
        return saved[whole[1]]
    return _PART.sub(lambda match: str(saved.get(match[1], match[0])), value)


def named(request: Mapping[str, Any]) -> str:
    return f"{request['method']} {request['path']}"


def _at(document: Any, pointer: str) -> Any:
    for part in pointer.strip("/").split("/"):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document
