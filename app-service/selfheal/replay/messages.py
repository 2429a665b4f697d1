"""One request as it goes into an application, and what came back: for ASGI and WSGI alike.

It knows no server and no network.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_BODY_CHARACTERS = 64 << 10
_DECODED_BYTES = 8 << 20


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # percent-encoded, without the query
    query: str
    headers: tuple[tuple[str, str], ...]  # lower-case names
    body: bytes

    def as_json(self) -> dict[str, object]:
        return {**vars(self), "body": base64.b64encode(self.body).decode()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Request:
        headers = tuple((name, text) for name, text in value["headers"])
        return cls(**{**value, "headers": headers, "body": base64.b64decode(value["body"])})


@dataclass
class Answer:
    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)  # lower-case names
    body: bytes = b""
    exception: BaseException | None = None

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def decoded(self) -> bytes:
        """The body without a content encoding."""
        encoding = self.header("content-encoding").lower()
        try:
            if encoding == "gzip":
                with gzip.GzipFile(fileobj=io.BytesIO(self.body)) as file:
                    return file.read(_DECODED_BYTES)
            if encoding == "deflate":
                return zlib.decompressobj().decompress(self.body, _DECODED_BYTES)
        except (OSError, EOFError, zlib.error):
            pass
        return self.body

    def text(self) -> str:
        return self.decoded()[: 4 * _BODY_CHARACTERS].decode("utf-8", "replace")[:_BODY_CHARACTERS]

    def json(self) -> object:
        """None where the body is no JSON."""
        try:
            parsed: object = json.loads(self.decoded())
        except (ValueError, RecursionError):
            return None
        return parsed


class NoAnswer(Exception):
    """The application gave none in time, or broke the protocol; the text says which."""
