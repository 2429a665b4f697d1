"""Requests as no SDK sends them, made from real envelopes: other bytes, other JSON, another frame, another encoding."""

from __future__ import annotations

import copy
import gzip
import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import brotli

from tests.healer.web.sentry.entrance import AUTH, KEY

SAMPLES = sorted((Path(__file__).parents[3] / "sentry" / "samples").iterdir())
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, 1),
    "deflate": lambda body: zlib.compress(body, 1),
    "br": lambda body: brotli.compress(body, quality=1),
    "identity": lambda body: body,
}


@dataclass(frozen=True)
class Sent:
    """`lines`: of the envelope, or the one of a single event."""

    path: str
    lines: tuple[bytes, ...]
    headers: tuple[tuple[str, str], ...] = (AUTH,)
    body: bytes | None = None  # what is sent in place of the lines

    @property
    def raw(self) -> bytes:
        return b"\n".join(self.lines) if self.body is None else self.body


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = {"a": [value]}
    return value


ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**63, 10**400, 1.5, float("nan"), float("inf"), 1e308),
    *("", " ", "1", "\0", "\ud800", "\x1b[2J", "é" * 300, "x" * 120_000, "../..", "[Filtered]", "...", "<", "’\u2028"),
    *([], {}, [[]], [None], [{}], {"": 1}, {"": {"rem": 1}}, {"a": {"": 1}}, [["a", "b"]], ["x"] * 600, nested(60)),
    *({"values": 7}, {"frames": [None, 7, {}]}, {"values": [{"type": "E", "mechanism": 7, "stacktrace": []}]}),
)


def seeds() -> list[Sent]:
    found = []
    for file in SAMPLES:
        content = file.read_bytes()
        if file.suffix == ".json":
            found.append(Sent("/api/1/store/", (content,)))
        elif len(content) < 20_000:  # the others only take longer
            found.append(Sent("/api/1/envelope/", tuple(content.split(b"\n"))))
    return found


def mutated(draw: random.Random, sent: Sent) -> Sent:
    for _ in range(draw.choice((1, 1, 2, 3))):
        sent = draw.choice(_MUTATIONS)(draw, sent)
    encoding = draw.choice(("", "", *ENCODERS))
    if encoding:
        body = ENCODERS[encoding](sent.raw)
        if draw.random() < 0.2:
            body = draw.choice((_flipped, _cut, _inserted))(draw, body)
        claimed = draw.choice(tuple(ENCODERS)) if draw.random() < 0.1 else encoding
        sent = replace(sent, body=body, headers=(*sent.headers, ("content-encoding", claimed)))
    return sent


def _flipped(draw: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(draw.choice((1, 1, 2, 30)) if body else 0):
        changed[draw.randrange(len(body))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _cut(draw: random.Random, body: bytes) -> bytes:
    return body[: draw.randrange(len(body) + 1)]


def _inserted(draw: random.Random, body: bytes) -> bytes:
    at = draw.randrange(len(body) + 1)
    odd = draw.choice((b"\n", b"\r\n", b"\0", b"\xff\xfe", b"{}", b"\n{}\n", b"x" * 70_000, b"[" * 3000))
    return body[:at] + odd + body[at:]


def _in_the_bytes(change: Callable[[random.Random, bytes], bytes]) -> Callable[[random.Random, Sent], Sent]:
    return lambda draw, sent: replace(sent, lines=tuple(change(draw, sent.raw).split(b"\n")))


def _lines(draw: random.Random, sent: Sent) -> Sent:
    """Some of them twice, away, or in another order."""
    lines = list(sent.lines)
    at = draw.randrange(len(lines))
    change = draw.randrange(4)
    if change == 0:
        lines[at:at] = lines[at : at + draw.randint(1, 2)] * draw.choice((1, 1, 5))
    elif change == 1:
        del lines[at]
    elif change == 2:
        draw.shuffle(lines)
    else:
        lines = [line + b"\r" for line in lines]
    return replace(sent, lines=tuple(lines) or (b"",))


def _length(draw: random.Random, sent: Sent) -> Sent:
    """An item that says another length than it has."""
    lines = list(sent.lines)
    says: Any = draw.choice((0, 1, -1, 2**20 + 1, 10**30, "7", None, True, 1.0, len(lines[-1]), draw.randrange(9000)))
    if len(lines) > 1:
        lines[1] = json.dumps({"type": draw.choice(("event", "event", "log")), "length": says}).encode()
    return replace(sent, lines=tuple(lines))


def _json(draw: random.Random, sent: Sent) -> Sent:
    """A part of some line's JSON put in another's place, away, or made of another type."""
    lines = list(sent.lines)
    at = draw.choice([draw.randrange(len(lines)), max(range(len(lines)), key=lambda line: len(lines[line]))])
    try:
        value = json.loads(lines[at])
    except (ValueError, RecursionError):
        return sent
    for _ in range(draw.choice((1, 1, 3, 10))):
        value = _altered(draw, value)
    lines[at] = json.dumps(value).encode()
    if at == 2 and draw.random() < 0.9:
        lines[1] = json.dumps({"type": "event", "length": len(lines[at])}).encode()
    return replace(sent, lines=tuple(lines))


def _altered(draw: random.Random, value: Any, depth: int = 0) -> Any:
    deeper = depth < 2 or draw.random() < 0.75
    if isinstance(value, dict) and value and deeper:
        key = draw.choice(list(value))
        if draw.random() < 0.1:
            return {name: part for name, part in value.items() if name != key}
        if draw.random() < 0.05:
            return {**value, draw.choice(("", "\ud800", "x" * 3000, "values", "1")): value[key]}
        return {**value, key: _altered(draw, value[key], depth + 1)}
    if isinstance(value, list) and value and deeper:
        at = draw.randrange(len(value))
        return [*value[:at], _altered(draw, value[at], depth + 1), *value[at + 1 :]]
    return copy.deepcopy(draw.choice((draw.choice(ODD), [value], {"values": value}, [value] * 30)))


def _addressed(draw: random.Random, sent: Sent) -> Sent:
    """Another key, in another place, to another path."""
    said = draw.choice(("", "Sentry", "Sentry sentry_key=", f"Sentry sentry_key={KEY}", "Sentry sentry_key=\xff", KEY))
    name = draw.choice(("x-sentry-auth", "authorization", "content-length", "content-type", "content-encoding"))
    path = draw.choice(("/api/1/envelope", "/a/api/1/store/", "/api/99999999999999999999/envelope/"))
    query = draw.choice(("", f"?sentry_key={KEY}", "?sentry_key=%ff", "?sentry_key", "?" + "a=&" * 500))
    return replace(sent, path=draw.choice((sent.path, path)) + query, headers=((name, said), *sent.headers))


_MUTATIONS = (
    *(_in_the_bytes(_flipped), _in_the_bytes(_cut), _in_the_bytes(_inserted), _lines, _length, _addressed),
    *[_json] * 6,  # what gets past the frame
)
