"""The page's files, read and compressed once at the start. What is in them is theirs."""

from __future__ import annotations

import gzip
import mimetypes
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

PAGE = Path(__file__).parent / "page"
FIRST = "app.js"
# address → the module that shows it, as in views.js
VIEWS = {
    "/": "overview.js",
    "/incidents/{name}": "incident.js",
    "/services/{name}": "releases.js",
    "/audit": "audit.js",
    "/try": "try.js",
}
# The version in a file's address is another when any of them is, so that a browser never mixes old and new modules.
FOR_EVER = "public, max-age=31536000, immutable"
ASK_ALWAYS = "no-cache"


@dataclass(frozen=True)
class File:
    plain: bytes
    zipped: bytes
    media_type: str
    digest: str


class Files:
    """All of them by name. The page itself leads to the others by an address that holds their version."""

    def __init__(self, folder: Path = PAGE) -> None:
        contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
        every = sha256(b"".join(name.encode() + b"\0" + sha256(body).digest() for name, body in contents.items()))
        self.version = every.hexdigest()[:16]
        self._files = {name: _file(name, body) for name, body in contents.items() if name != "index.html"}
        self._pages = {path: _file("index.html", _page(contents, self.version, view)) for path, view in VIEWS.items()}

    def routes(self) -> APIRouter:
        router = APIRouter()

        def leading(page: File) -> Callable[[Request], Response]:
            return lambda request: _answer(request, page, ASK_ALWAYS)

        for path, page in self._pages.items():
            router.add_route(path, leading(page), methods=["GET"])

        @router.get("/page/{version}/{name}")
        async def file(request: Request, version: str, name: str) -> Response:
            found = self._files.get(name)
            if version != self.version or found is None:
                raise HTTPException(404, "there is no such file of the page; load the page again")
            return _answer(request, found, FOR_EVER)

        return router


def _page(contents: Mapping[str, bytes], version: str, view: str) -> bytes:
    """The page itself. It asks for all modules of a view at once: else each would wait for the one that names it."""
    named = {FIRST, view}.union(_imported(contents, FIRST), _imported(contents, view))
    links = [f'<link rel="modulepreload" href="/page/{name}">' for name in sorted(named - {FIRST})]
    script = f'<script type="module" src="/page/{FIRST}">'
    text = contents["index.html"].decode().replace(script, "\n".join([*links, script]))
    return text.replace('"/page/', f'"/page/{version}/').encode()


def _imported(contents: Mapping[str, bytes], first: str) -> set[str]:
    """Names of the modules that one starts with, however far away."""
    found, waiting = {first}, [first]
    while waiting:
        named = set(
            re.findall(r'^(?:import|\}) .*?from "\./([\w.]+)";', contents[waiting.pop()].decode(), re.MULTILINE)
        )
        waiting += named - found
        found |= named
    return found


def _file(name: str, body: bytes) -> File:
    media_type = mimetypes.types_map.get(Path(name).suffix, "application/octet-stream")
    media_type = "text/javascript" if name.endswith(".js") else media_type
    return File(body, gzip.compress(body, 9, mtime=0), media_type, sha256(body).hexdigest()[:24])


def _answer(request: Request, file: File, keeping: str) -> Response:
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    tag = f'"{file.digest}{"-gzip" if zipped else ""}"'
    headers = {"etag": tag, "cache-control": keeping, "vary": "accept-encoding"}
    if tag in [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    if zipped:
        headers["content-encoding"] = "gzip"
    return Response(file.zipped if zipped else file.plain, headers=headers, media_type=file.media_type)
