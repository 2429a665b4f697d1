"""Remembers recent requests within a fixed bound, and chooses those that a replay of a crash needs.

It keeps them raw, so healthy traffic costs no parsing; nothing is written or sent from here.

Which ones: a replay must rebuild the state that the failing request met, so requests that changed state (not GET,
answered below 400) come first, ordered by how closely they belong to it. Closest are those that speak of the same
things: an identifier in their path, body or answer that the failing request has in its path, query or body. What
those needed in turn belongs too, and so on. An identifier goes with the kind of thing it names (`/carts/12` and
`"cart_id": 12`, but not `"quantity": 12`); long values match by themselves. Where room is left come the other
changes, newest first, then up to ten reads answered below 400, one of each route before a second of any and related
ones first, which show that good traffic still gets its answers. All are given in the order they were answered.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict, deque
from typing import Any
from urllib.parse import parse_qsl, unquote

from selfheal.exchange import Exchange, earlier_json, is_identifier, walk
from selfheal.scrub import Scrubber

_MAX_CHANGES, _CHANGE_BYTES = 150, 1_500_000
_MAX_READS, _READ_BYTES = 50, 500_000
_SENT, _SENT_READS, _SENT_BYTES = 40, 10, 256 * 1024

Thing = tuple[str, str]  # kind ("cart") and identifier ("12"); kind "" for values that are telling by themselves


class Ring:
    """The last requests: changes of state in one part, the latest read of each path in another, so that polling for
    health never pushes out what a replay needs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes: deque[tuple[int, int, Exchange]] = deque()
        self._reads: OrderedDict[str, tuple[int, int, Exchange]] = OrderedDict()
        self._change_bytes = self._read_bytes = self._count = 0

    def add(self, exchange: Exchange) -> None:
        size = exchange.size
        with self._lock:
            self._count += 1
            if exchange.changes_state:
                self._changes.append((self._count, size, exchange))
                self._change_bytes += size
                while len(self._changes) > _MAX_CHANGES or self._change_bytes > _CHANGE_BYTES:
                    self._change_bytes -= self._changes.popleft()[1]
                return
            route = f"{exchange.method} {exchange.target.partition('?')[0]}"
            before = self._reads.pop(route, None)
            self._reads[route] = (self._count, size, exchange)
            self._read_bytes += size - (before[1] if before else 0)
            while len(self._reads) > _MAX_READS or self._read_bytes > _READ_BYTES:
                self._read_bytes -= self._reads.popitem(last=False)[1][1]

    def snapshot(self) -> list[Exchange]:
        """Everything remembered, in the order it was answered."""
        with self._lock:
            entries = [*self._changes, *self._reads.values()]
        return [exchange for _, _, exchange in sorted(entries, key=lambda entry: entry[0])]

    def reset_lock(self) -> None:
        """After a fork: another thread of the parent may have held it."""
        self._lock = threading.Lock()


def earlier_requests(recent: list[Exchange], failing: Exchange, scrub: Scrubber) -> list[dict[str, Any]]:
    """The choice described above as JSON, oldest first, within 40 requests and 256 KB."""
    chosen: dict[int, dict[str, Any]] = {}
    room, reads = _SENT_BYTES, _SENT_READS
    for number in _by_relevance(recent, failing):
        exchange = recent[number]
        if len(chosen) >= _SENT or (not exchange.changes_state and reads <= 0):
            continue
        shown = earlier_json(exchange, scrub)
        size = len(json.dumps(shown))
        if size > room:
            continue
        room -= size
        reads -= not exchange.changes_state
        chosen[number] = shown
    return [chosen[number] for number in sorted(chosen)]


def _by_relevance(recent: list[Exchange], failing: Exchange) -> list[int]:
    usable = [number for number, exchange in enumerate(recent) if exchange is not failing and 0 < exchange.status < 400]
    needs = {number: _things_of_request(recent[number]) for number in usable}
    speaks = {number: needs[number] | _things_of_answer(recent[number]) for number in usable}
    wanted = _things_of_request(failing)
    order: list[int] = []
    rest = [number for number in reversed(usable) if recent[number].changes_state]
    while True:
        related = [number for number in rest if speaks[number] & wanted]
        if not related:
            break
        order += related
        rest = [number for number in rest if number not in set(related)]
        for number in related:
            wanted |= needs[number]
    reads = [number for number in reversed(usable) if not recent[number].changes_state]
    reads.sort(key=lambda number: not speaks[number] & wanted)  # stable: newest first among equals
    return order + rest + _one_of_each_route_first(reads, recent)


def _one_of_each_route_first(reads: list[int], recent: list[Exchange]) -> list[int]:
    """One of each route, then the second ones: ten reads should speak for as many routes as they can."""
    taken: dict[str, int] = {}
    turns = []
    for number in reads:
        route = _route(recent[number])
        turns.append((taken.get(route, 0), number))
        taken[route] = taken.get(route, 0) + 1
    return [number for _, number in sorted(turns, key=lambda turn: turn[0])]


def _route(exchange: Exchange) -> str:
    """The path with a star for each part that has a digit, and so names one thing among many."""
    path = exchange.target.partition("?")[0]
    return "/".join("*" if any(character.isdigit() for character in part) else part for part in path.split("/"))


def _things_of_request(exchange: Exchange) -> set[Thing]:
    path, _, query = exchange.target.partition("?")
    things, home = _things_of_path(path), _collection(path)
    for name, value in parse_qsl(query)[:50]:
        things |= _named_thing(name, value, home)
    for _, key, value in _first(exchange.json_body()):
        if is_identifier(key):
            things |= _named_thing(key, str(value), home)
    if "urlencoded" in exchange.header(b"content-type"):
        for name, value in parse_qsl(exchange.body()[:20_000].decode("latin-1"))[:100]:
            if is_identifier(name):
                things |= _named_thing(name, value, home)
    return things


def _things_of_answer(exchange: Exchange) -> set[Thing]:
    things: set[Thing] = set()
    home = _collection(exchange.target.partition("?")[0])
    for pointer, key, value in _first(exchange.answer()):
        if is_identifier(key):
            parents = [part for part in pointer.split("/")[1:-1] if not part.isdigit()]
            things |= _named_thing(key, str(value), _singular(parents[-1]) if parents else home)
    return things


def _first(value: Any) -> list[tuple[str, str, Any]]:
    found = []
    for entry in walk(value):
        found.append(entry)
        if len(found) >= 300:
            break
    return found


def _things_of_path(path: str) -> set[Thing]:
    things: set[Thing] = set()
    segments = [unquote(segment) for segment in path.split("/") if segment]
    for before, segment in zip(segments, segments[1:]):
        things |= _thing(_singular(before), segment)
    return things


def _thing(kind: str, value: str) -> set[Thing]:
    if not value or len(value) > 200:
        return set()
    telling = len(value) >= 6 and any(character.isdigit() for character in value)
    return {(kind, value), ("", value)} if telling else {(kind, value)}


def _named_thing(key: str, value: str, home: str) -> set[Thing]:
    """A key names a thing of a kind: "cart_id" and "cartId" a cart, a bare "id" one of what the address is a
    collection of, a bare "code" or "sku" either that or the same code elsewhere."""
    stem = key[:-2] if key.endswith("Id") else key.lower()
    bare = stem
    for ending in ("ids", "id", "uuid", "number", "code", "ref", "reference", "slug", "key", "sku"):
        if stem.endswith(ending):
            stem = stem[: -len(ending)].rstrip("_-")
            break
    if stem:
        return _thing(_singular(stem), value)
    return _thing(home, value) | (set() if bare in ("id", "ids") else _thing(bare, value))


def _collection(path: str) -> str:
    names = [
        segment for segment in path.split("/") if segment and not any(character.isdigit() for character in segment)
    ]
    return _singular(names[-1]) if names else ""


def _singular(noun: str) -> str:
    noun = noun.lower()
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") else noun
