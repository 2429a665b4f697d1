"""A stand-in for the Hugging Face hub and its CDN, on two ports. Answers what a download asks, nothing else.

What it says is what the hub says: https://huggingface.co/docs/hub/api and the headers that huggingface_hub reads.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_PIECE = 16384


@dataclass(frozen=True)
class File:
    content: bytes
    sent: bytes | None = None  # what the CDN sends instead
    size: int | None = None  # what the hub says instead
    etag: str | None = None  # as above

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    range: str | None
    authorization: str | None
    agent: str


@dataclass
class FakeHub:
    url: str = ""
    cdn: str = ""
    repositories: dict[str, dict[str, File]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    token: str = ""  # the one that opens gated repositories; any other is refused
    cuts: list[int] = field(default_factory=list)  # bytes after which the CDN's next answers end
    failures: list[int] = field(default_factory=list)  # statuses of the hub's next answers to a GET
    pause: float = 0.0  # seconds before each piece of an answer
    ranges: bool = True
    requests: list[Request] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    sent: int = 0  # bytes of files, by the CDN

    def ranges_asked(self) -> list[str | None]:
        return [request.range for request in self.requests if request.path.startswith("/blob/")]


@contextmanager
def serving(host: str = "127.0.0.1", name: str = "127.0.0.1") -> Iterator[FakeHub]:
    """`host` is what it listens on, `name` what it is reached by."""
    hub = FakeHub()
    servers = []
    for handler, attribute in ((_HubHandler, "url"), (_CdnHandler, "cdn")):
        server = ThreadingHTTPServer((host, 0), type(handler.__name__, (handler,), {"hub": hub}))
        server.socket.settimeout(1)  # a client killed before it was accepted would otherwise hold up the end for ever
        setattr(hub, attribute, f"http://{name}:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
    try:
        yield hub
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments: Any) -> None:
        """The requests are in the list."""

    def do_HEAD(self) -> None:
        self._take()

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def _take(self) -> None:
        headers = self.headers
        request = Request(
            self.command, self.path, headers["Range"], headers["Authorization"], headers["User-Agent"] or ""
        )
        self.hub.requests.append(request)
        self._respond(request)

    def _respond(self, request: Request) -> None:
        raise NotImplementedError

    def _unexpected(self, request: Request) -> None:
        self.hub.unexpected.append(f"{request.method} {request.path}")
        self._send(501, b"not declared")

    def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _HubHandler(_Handler):
    def _respond(self, request: Request) -> None:
        path = unquote(urlsplit(request.path).path)
        resolve = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        tree = re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)", path)
        if resolve and request.method in ("HEAD", "GET"):
            if self._open(request, resolve[1], resolve[2]):
                self._resolve(request, resolve[1], resolve[3])
        elif tree and request.method == "GET":
            if self._open(request, tree[1], tree[2]):
                self._list(tree[1])
        else:
            self._unexpected(request)

    def _open(self, request: Request, repository: str, revision: str) -> bool:
        """Whether the repository may be read; answers otherwise."""
        authorized = request.authorization == f"Bearer {self.hub.token}"
        if request.authorization and not authorized:
            message = "Invalid credentials in Authorization header"
            self._send(401, json.dumps({"error": message}).encode(), X_Error_Message=message)
        elif repository not in self.hub.repositories:
            # The hub does not tell a stranger whether there is a private repository.
            self._send(404 if authorized else 401, X_Error_Code="RepoNotFound", X_Error_Message="Repository not found")
        elif repository in self.hub.gated and not authorized:
            self._send(401, X_Error_Code="GatedRepo", X_Error_Message="Access to it is restricted.")
        elif revision not in ("main", COMMIT):
            self._send(404, X_Error_Code="RevisionNotFound", X_Error_Message="Invalid rev id")
        else:
            return True
        return False

    def _resolve(self, request: Request, repository: str, name: str) -> None:
        file = self.hub.repositories[repository].get(name)
        if file is None:
            self._send(404, X_Error_Code="EntryNotFound", X_Error_Message="Entry not found")
        elif request.method == "GET" and self.hub.failures:
            self._send(self.hub.failures.pop(0))
        else:
            self._send(
                302,
                Location=f"{self.hub.cdn}/blob/{repository}/{name}",
                X_Repo_Commit=COMMIT,
                X_Linked_Etag=f'"{file.etag or file.sha256}"',
                X_Linked_Size=str(len(file.content) if file.size is None else file.size),
                ETag='"of the redirect"',
            )

    def _list(self, repository: str) -> None:
        files = self.hub.repositories[repository].items()
        rows = [{"type": "file", "path": name, "size": len(file.content), "oid": COMMIT} for name, file in files]
        self._send(200, json.dumps(rows).encode(), Content_Type="application/json")


class _CdnHandler(_Handler):
    def _respond(self, request: Request) -> None:
        found = re.fullmatch(r"/blob/([^/]+/[^/]+)/(.+)", unquote(request.path))
        file = self.hub.repositories.get(found[1], {}).get(found[2]) if found else None
        if file is None or request.method != "GET" or request.authorization:
            self._unexpected(request)  # a token must not reach the CDN
            return
        content = file.content if file.sent is None else file.sent
        start = int(re.fullmatch(r"bytes=(\d+)-", request.range)[1]) if request.range and self.hub.ranges else 0
        if start >= len(content) > 0:
            self._send(416, Content_Range=f"bytes */{len(content)}")
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        end = min(len(content), start + self.hub.cuts.pop(0)) if self.hub.cuts else len(content)
        self._write(content, start, end)
        self.close_connection = True

    def _write(self, content: bytes, start: int, end: int) -> None:
        for begin in range(start, end, _PIECE):
            time.sleep(self.hub.pause)
            piece = content[begin : min(begin + _PIECE, end)]
            try:
                self.wfile.write(piece)
            except OSError:
                return  # the other side has gone
            self.hub.sent += len(piece)
