"""One request and its answer as they passed the hook: kept raw while traffic flows, made redacted JSON for a report.

It does not buffer what the application streams: it keeps a copy of the beginning, up to a bound.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl, quote

from selfheal.patterns import REDACTED, is_secret_name
from selfheal.scrub import Scrubber

PATH_SAFE = "/:@!$&'()*+,;=~"
MAX_BODY = 256 * 1024
MAX_ANSWER = 64 * 1024
_SHOWN_OF_CUT = 16 * 1024  # a body that was cut cannot be sent again; its beginning is for people
_MAX_IDS = 40
_LONGEST_KEY = 200
_MAX_TARGET = 8000
_IDENTIFIER = re.compile(
    r"(?:^|_)(?:ids?|uuids?|guid|number|no|codes?|reference|ref|slug|sku|key|handle|isbn|ean|barcode)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# A body of several parts is taken apart step by step: one pattern for a whole part is slow over hostile ones.
_BOUNDARY = re.compile(r"(\r?\n--)")
_HEAD_END = re.compile(r"\r?\n\r?\n")
_FIELD = re.compile(r'\bname="([^"]*)"')
_LONGEST_HEAD = 5000
_METHOD = re.compile(r"[A-Z]{1,20}")

current: ContextVar[Exchange | None] = ContextVar("selfheal_exchange", default=None)


class Exchange:
    """Filled by a hook through `target`, `feed`, `begin_answer` and `feed_answer`; all cheap, none raises on odd
    input."""

    def __init__(self, method: str, target: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.method = method
        self.target = target[:_MAX_TARGET]
        self.headers = list(headers)
        self.token = os.urandom(8).hex()  # tells it from any other, also in another process
        self.status = 0
        self.complete = False  # the whole body was seen
        self.application: object = None
        self._body = bytearray()
        self._answer: bytearray | None = None

    def feed(self, chunk: bytes, more: bool) -> None:
        """A chunk of the request's body, as the application receives it."""
        self._body += chunk[: MAX_BODY + 1 - len(self._body)]
        self.complete = not more

    def begin_answer(self, status: int, headers: object) -> None:
        self.status = status
        # an iterator can be read only once, by the server
        for name, value in headers if isinstance(headers, (list, tuple)) else ():
            if name.lower() == b"content-type" and b"json" in value:
                self._answer = bytearray()

    def feed_answer(self, chunk: bytes) -> None:
        if self._answer is not None:
            self._answer += chunk[: MAX_ANSWER + 1 - len(self._answer)]
            self._answer = self._answer if len(self._answer) <= MAX_ANSWER else None

    @property
    def size(self) -> int:
        """Bytes it keeps in memory, about."""
        headers = sum(len(name) + len(value) + 120 for name, value in self.headers)
        return 1000 + len(self.target) + headers + len(self._body) + len(self._answer or b"")

    def header(self, wanted: bytes) -> str:
        return next((value.decode("latin-1") for name, value in self.headers if name.lower() == wanted), "")

    def body(self) -> bytes:
        return bytes(self._body)

    def json_body(self) -> Any:
        return _parsed(self.body()) if "json" in self.header(b"content-type") else None

    def answer(self) -> Any:
        return _parsed(bytes(self._answer)) if self._answer else None


def target_of(scope: Mapping[str, Any]) -> str:
    """Path and query string of an ASGI scope, as they were sent."""
    raw = scope.get("raw_path") or quote(str(scope.get("path", "/")), safe=PATH_SAFE).encode()
    path, query = bytes(raw).partition(b"?")[0], bytes(scope.get("query_string") or b"")
    return (path + b"?" + query if query else path).decode("latin-1")


def request_json(exchange: Exchange, scrub: Scrubber) -> dict[str, Any]:
    """`truncated` is there, and true, when the body was cut or the application had not read all of it."""
    request: dict[str, Any] = {
        "method": exchange.method if _METHOD.fullmatch(exchange.method) else "OTHER",
        "path": scrub.target(exchange.target if exchange.target.startswith("/") else f"/{exchange.target}"),
        "headers": scrub.headers(exchange.headers),
    }
    body = exchange.body()
    sent = exchange.header(b"content-length") not in ("", "0") or bool(exchange.header(b"transfer-encoding"))
    cut = len(body) > MAX_BODY or (sent and not exchange.complete)
    if body and exchange.header(b"content-encoding"):
        body = _expanded(body, exchange.header(b"content-encoding"))
        request["headers"].pop("content-encoding", None)
    if cut or len(body) > MAX_BODY:
        request["truncated"] = True
        body = body[:_SHOWN_OF_CUT]
    if body:
        kind = exchange.header(b"content-type").partition(";")[0].strip().lower()
        request.update(_body_json(body, kind, scrub, whole="truncated" not in request))
    return request


def earlier_json(exchange: Exchange, scrub: Scrubber) -> dict[str, Any]:
    return {**request_json(exchange, scrub), "status": exchange.status, "ids": identifiers(exchange.answer(), scrub)}


def identifiers(answer: Any, scrub: Scrubber) -> dict[str, Any]:
    """Scalars of a JSON answer under keys that look like identifiers, by JSON pointer (RFC 6901)."""
    found: dict[str, Any] = {}
    for pointer, key, value in walk(answer):
        if len(found) >= _MAX_IDS:
            break
        short = isinstance(value, int) or (isinstance(value, str) and 0 < len(value) <= 200)
        if short and is_identifier(key) and not scrub.hides(key, value) and scrub.data(value) == value:
            found.update({pointer: value} if scrub.text(pointer) == pointer else {})
    return found


def is_identifier(key: str) -> bool:
    spelling = _CAMEL.sub("_", key[: _LONGEST_KEY + 1]).replace("-", "_").lower()
    return len(key) <= _LONGEST_KEY and bool(_IDENTIFIER.search(spelling)) and not is_secret_name(key)


def walk(value: Any, pointer: str = "", key: str = "", depth: int = 0) -> Iterator[tuple[str, str, Any]]:
    """(pointer, nearest key, scalar) of everything in a JSON value, to a depth of 8; flags and null are no scalars
    here."""
    if depth > 8:
        return
    if isinstance(value, dict):
        for name, part in value.items():
            yield from walk(part, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", name, depth + 1)
    elif isinstance(value, list):
        for number, part in enumerate(value[:100]):
            yield from walk(part, f"{pointer}/{number}", key, depth + 1)
    elif value is not None and not isinstance(value, bool):
        yield pointer, key, value


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _expanded(body: bytes, encoding: str) -> bytes:
    """A compressed body could carry a secret past the redaction, so it travels expanded or not at all."""
    kinds = {"gzip": 31, "x-gzip": 31, "deflate": 15}
    try:
        return zlib.decompressobj(kinds[encoding.strip().lower()]).decompress(body, MAX_BODY + 1)
    except (KeyError, zlib.error):
        return REDACTED.encode()


def _body_json(body: bytes, kind: str, scrub: Scrubber, *, whole: bool) -> dict[str, Any]:
    if whole and (kind == "application/json" or kind.endswith("+json")):
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(body)
            json.dumps(value, allow_nan=False)  # NaN and 1e999 are not JSON: such a body travels as text
            return {"json": scrub.data(value)}
    if whole and kind == "application/x-www-form-urlencoded":
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        if pairs:
            return {"form": scrub.fields(pairs)}
    if kind.startswith("multipart/"):
        parts = _BOUNDARY.split(body.decode("latin-1"))
        body = "".join(_part(part, scrub) for part in parts).encode("latin-1", "replace")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        if not whole and kind != "application/octet-stream":
            return {"body": scrub.text(body.decode("utf-8", "replace"))}
        return {"body_b64": base64.b64encode(scrub.octets(body)).decode("ascii")}
    return {"body": scrub.text(text)}


def _part(part: str, scrub: Scrubber) -> str:
    blank = _HEAD_END.search(part)
    field = _FIELD.search(part, 0, min(blank.start(), _LONGEST_HEAD)) if blank else None
    if blank is None or field is None:
        return part
    head, content = part[: blank.end()], part[blank.end() :]
    if not scrub.hides(field[1], content):
        return head + scrub.octets(content.encode("latin-1")).decode("latin-1")
    scrub.remember(content)
    return f"{head}{REDACTED}"
