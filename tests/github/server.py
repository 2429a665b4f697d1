"""The HTTP side of the fake: reads a request, lets it be answered, and carries out the faults.

What the answers are is for the API, GraphQL and git.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.github import api, door, graphql, smart_http
from tests.github.door import Heard
from tests.github.refusals import Refused, invalid
from tests.github.routing import Answer

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub

REST = "/api/v3"
GRAPHQL = "/api/graphql"
BROKEN = (
    (500, b'{"message": "Server Error"}', "application/json"),
    (502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html"),
    (503, b'{"message": "Service unavailable"}', "application/json"),
)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, hub: FakeGitHub) -> None:
        self.hub = hub
        super().__init__(("127.0.0.1", 0), Handler)
        self.socket.settimeout(1)  # a client that is gone before it is let in must not hold the next ones up for ever

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no matter; anything else is a fault of the fake."""
        if not isinstance(sys.exception(), ConnectionError):
            self.hub.violations.append(f"the fake failed: {traceback.format_exc()}")


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "github.com"
    sys_version = ""

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def _serve(self) -> None:
        hub = self.server.hub
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        heard = Heard(self.command, address.path, address.query, headers, self._body())
        if smart_http.fits(heard.path):
            self._serve_git(hub, heard)
            return
        serve, heard = self._meant(heard)
        with hub.lock:
            fate = hub.fate.of_request(hub.faults, heard.writes)
        if fate == "reset-before":
            self._reset(heard)
            return
        if fate == "slow":
            time.sleep(hub.faults.slow)
        with hub.lock:
            answer = self._broken(hub, heard, fate) or serve(hub, heard)
        if fate == "reset-after":
            self._reset(heard)
            return
        self._send(heard, answer)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _serve

    def _meant(self, heard: Heard) -> tuple[Callable[[FakeGitHub, Heard], Answer], Heard]:
        """Who answers it, and its path as the descriptions write it."""
        if heard.path == GRAPHQL:
            return graphql.answered, replace(heard, path="/graphql")
        if heard.path.startswith(REST + "/"):
            return api.answered, replace(heard, path=heard.path.removeprefix(REST))
        return _stray, heard

    def _broken(self, hub: FakeGitHub, heard: Heard, fate: str | None) -> Answer | None:
        if fate == "5xx":
            status, content, kind = BROKEN[len(hub.requests) % len(BROKEN)]
            return Answer(status, content, {"content-type": kind})
        if fate == "422" and heard.path != "/graphql":
            return door.refusal(invalid("PullRequest", "head", "invalid"))
        return door.imposed(hub, heard, fate) if fate in ("primary", "secondary") else None

    def _serve_git(self, hub: FakeGitHub, heard: Heard) -> None:
        with hub.lock:
            fate = hub.fate.of_git(hub.faults)
        if fate == "reset-before":
            self._reset(heard)
            return
        if fate == "5xx":
            self._send(heard, Answer(503, b"Service unavailable", {"content-type": "text/plain"}))
            return
        answer = smart_http.answered(hub, heard)
        if fate == "reset-after":
            self._reset(heard)
            return
        self._send(heard, answer)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, heard: Heard, answer: Answer) -> None:
        self.server.hub.requests.append((heard.method, heard.path, answer.status))
        content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        bodyless = answer.body is None or answer.status in (204, 304)
        self.send_response(answer.status)
        for name, value in {"content-type": "application/json; charset=utf-8", **answer.headers}.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("content-length", "0" if bodyless else str(len(content)))
        self.end_headers()
        if not bodyless and heard.method != "HEAD":
            self.wfile.write(content)

    def _reset(self, heard: Heard) -> None:
        self.server.hub.requests.append((heard.method, heard.path, 0))
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _stray(hub: FakeGitHub, heard: Heard) -> Answer:
    hub.violations.append(f"{heard}: neither the API nor git")
    return door.refusal(Refused(404, "Not Found"))
