"""Remembers recent requests within a fixed bound, and chooses those that a replay of a crash needs.

It keeps them raw, so healthy traffic costs no parsing; nothing is written or sent from here.

Which ones: a replay must rebuild the state that the failing request met, so requests that changed state (not GET,
answered below 400) come first, ordered by how closely they belong to it. Closest are those that speak of the same
things: an identifier in their path, body or answer that the failing request has in its path, query or body. What
those needed in turn belongs too, and so on. An identifier goes with the kind of thing it names (`/carts/12` and
`"cart_id": 12`, but not `"quantity": 12`); long values match by themselves. Then come the other changes, newest first.
Places are kept for up to ten reads, which show that good traffic still gets its answers, and for up to six refusals
(4xx), which show that what was refused still is: one of each route before a second of any, related ones first. All are
given in the order they were answered.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, unquote

from selfheal.exchange import Exchange, earlier_json, is_identifier, walk
from selfheal.patterns import REDACTED
from selfheal.quiet import quietly
from selfheal.scrub import Scrubber

_CHANGES, _READS, _REFUSALS = "changes", "reads", "refusals"
_ROOM = {_CHANGES: 1_350_000, _READS: 450_000, _REFUSALS: 270_000}  # bytes
_LEAST = 9_000  # that a request counts, so that the room bounds their number, too
_SENT, _SENT_BYTES = 40, 256 * 1024
_SENT_OF = {_READS: 10, _REFUSALS: 6}
_OF_THE_MOMENT = (408, 425, 429)  # refused for lack of time or quota, which says nothing about the request
_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
_OF_CREDENTIALS = (401, 403, 407)
_NAMES_ONE = re.compile(r"/[^/0-9]*[0-9][^/]*")  # a part of a path with a digit names one thing among many

_ENDING = re.compile(r"(?<![_-])[_-]*(?:ids|id|uuid|number|code|ref|reference|slug|key|sku)\Z")

Thing = tuple[str, str]  # kind ("cart") and identifier ("12"); kind "" for values that are telling by themselves


class Ring:
    """The last requests: changes of state, the latest read of each path, and the latest refusal of each path, each
    with room of their own, so that polling for health never pushes out what a replay needs.

    Where the room is used up, the fullest route loses its oldest request: of those routes whose siblings take the
    most together, so that neither a thousand identifiers nor a thousand names push out the other routes.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Starts anew; in the child of a fork, where another thread of the parent may have been in the midst of it."""
        self._lock = threading.RLock()  # re-entrant: a signal handler may report while its thread is in here
        self._count = 0
        self._kept: dict[int, Exchange] = {}  # by number, and so in the order they were answered
        self._groups = {kind: _Group("") for kind in _ROOM}

    def add(self, exchange: Exchange) -> None:
        if not 0 < exchange.status < 500 or exchange.status in _OF_THE_MOMENT:
            return
        kind, cost = _kind(exchange), max(_LEAST, exchange.size)
        path, route = exchange.target.partition("?")[0], _route(exchange)
        if cost > _ROOM[kind] // 4:
            return
        with self._lock:
            self._count += 1
            everything = self._groups[kind]
            requests = everything.part(route.rpartition("/")[0]).part(route)
            self._kept.pop(requests.put(self._count if kind == _CHANGES else path[:300], self._count, cost), None)
            self._kept[self._count] = exchange
            while everything.cost > _ROOM[kind]:
                del self._kept[everything.fullest().fullest().drop_oldest()]

    def snapshot(self) -> list[Exchange]:
        """Everything remembered, in the order it was answered."""
        with self._lock:
            return list(self._kept.values())


class _Group:
    """All requests of a kind by parent of their routes; those of one parent by route; those of a route."""

    __slots__ = ("_name", "_within", "cost", "parts")

    def __init__(self, name: str, within: _Group | None = None) -> None:
        self._name, self._within = name, within
        self.parts: dict[Any, Any] = {}
        self.cost = 0

    def part(self, name: str) -> _Group:
        found: _Group | None = self.parts.get(name)
        if found is None:
            found = self.parts[name] = _Group(name, self)
        return found

    def fullest(self) -> _Group:
        found: _Group = max(self.parts.values(), key=lambda part: part.cost)
        return found

    def put(self, key: object, number: int, cost: int) -> Any:
        """The number of the request whose place it takes; 0 for none."""
        replaced, before = self.parts.pop(key, (0, 0))
        self.parts[key] = (number, cost)
        if cost != before:
            self._spend(cost - before)
        return replaced

    def drop_oldest(self) -> Any:
        number, cost = self.parts.pop(next(iter(self.parts)))
        self._spend(-cost)
        return number

    def _spend(self, cost: int) -> None:
        self.cost += cost
        if self._within is not None:
            if not self.parts:
                del self._within.parts[self._name]
            self._within._spend(cost)


def earlier_requests(recent: list[Exchange], failing: Exchange, scrub: Scrubber) -> list[dict[str, Any]]:
    """The choice described above as JSON, oldest first, within 40 requests and 256 KB."""
    chosen: dict[int, dict[str, Any]] = {}
    order = _by_relevance(recent, failing)
    there = Counter(_kind(recent[number]) for number in order)
    left = {kind: min(most, there[kind]) for kind, most in _SENT_OF.items()}
    left[_CHANGES] = _SENT - sum(left.values())
    room = _SENT_BYTES
    for number in order:
        kind = _kind(recent[number])
        if left[kind] <= 0:
            continue
        shown = quietly(earlier_json, recent[number], scrub)
        size = len(json.dumps(shown))
        if shown is None or size > room or (kind == _REFUSALS and not _is_telling(shown)):
            continue
        room -= size
        left[kind] -= 1
        chosen[number] = shown
    return [chosen[number] for number in sorted(chosen)]


def _kind(exchange: Exchange) -> str:
    return _REFUSALS if exchange.status >= 400 else _READS if exchange.method in _SAFE else _CHANGES


def _route(exchange: Exchange) -> str:
    return f"{exchange.method} {_NAMES_ONE.sub('/*', exchange.target.partition('?')[0][:300])}"


def _is_telling(refusal: dict[str, Any]) -> bool:
    """Whether it is refused when it is sent again: what was cut or hidden may have been the reason."""
    parts = refusal if refusal["status"] in _OF_CREDENTIALS else {**refusal, "headers": {}}
    return "truncated" not in refusal and REDACTED not in json.dumps(parts)


def _by_relevance(recent: list[Exchange], failing: Exchange) -> list[int]:
    usable = [number for number, exchange in enumerate(recent) if exchange is not failing and 0 < exchange.status < 500]
    usable.reverse()
    needs: dict[int, set[Thing]] = {number: quietly(_things_of_request, recent[number]) or set() for number in usable}
    speaks = {number: needs[number] | (quietly(_things_of_answer, recent[number]) or set()) for number in usable}
    wanted: set[Thing] = quietly(_things_of_request, failing) or set()
    order: list[int] = []
    rest = [number for number in usable if _kind(recent[number]) == _CHANGES]
    while related := [number for number in rest if speaks[number] & wanted]:
        order += related
        rest = [number for number in rest if not speaks[number] & wanted]
        wanted = wanted.union(*(needs[number] for number in related))
    others = [number for number in usable if _kind(recent[number]) != _CHANGES]
    others.sort(key=lambda number: not speaks[number] & wanted)  # stable: newest first among equals
    return order + rest + _one_of_each_route_first(others, recent)


def _one_of_each_route_first(numbers: list[int], recent: list[Exchange]) -> list[int]:
    """One of each route, then the second ones: a few should speak for as many routes as they can."""
    taken: Counter[str] = Counter()

    def turn(number: int) -> int:
        route = f"{_kind(recent[number])} {_route(recent[number])}"
        taken[route] += 1
        return taken[route]

    return sorted(numbers, key=turn)


def _things_of_request(exchange: Exchange) -> set[Thing]:
    path, _, query = exchange.target.partition("?")
    home = _collection(path)
    named = [(key, str(value)) for _, key, value in islice(walk(exchange.json_body()), 300)]
    if "urlencoded" in exchange.header(b"content-type"):
        named += parse_qsl(exchange.body()[:20_000].decode("latin-1"))[:100]
    named = [pair for pair in named if is_identifier(pair[0])] + parse_qsl(query)[:50]
    things = {thing for name, value in named for thing in _named_thing(name, value, home)}
    segments = [unquote(segment) for segment in path.split("/") if segment]
    for before, segment in zip(segments, segments[1:]):
        things |= _thing(_singular(before), segment)
    return things


def _things_of_answer(exchange: Exchange) -> set[Thing]:
    things: set[Thing] = set()
    home = _collection(exchange.target.partition("?")[0])
    for pointer, key, value in islice(walk(exchange.answer()), 300):
        if is_identifier(key):
            parents = [part for part in pointer.split("/")[1:-1] if not part.isdigit()]
            things |= _named_thing(key, str(value), _singular(parents[-1]) if parents else home)
    return things


def _thing(kind: str, value: str) -> set[Thing]:
    if not value or len(value) > 200:
        return set()
    is_telling = len(value) >= 6 and any(character.isdigit() for character in value)
    return {(kind, value), ("" if is_telling else kind, value)}


def _named_thing(key: str, value: str, home: str) -> set[Thing]:
    """A key names a thing of a kind: "cart_id" and "cartId" a cart, a bare "id" one of what the address is a
    collection of, a bare "code" or "sku" either that or the same code elsewhere."""
    bare = key[:-2] if key.endswith("Id") else key.lower()
    stem = _ENDING.sub("", bare)
    if stem:
        return _thing(_singular(stem), value)
    return _thing(home, value) | (set() if bare in ("id", "ids") else _thing(bare, value))


def _collection(path: str) -> str:
    names = [name for name in _NAMES_ONE.sub("", path).split("/") if name]
    return _singular(names[-1]) if names else ""


def _singular(noun: str) -> str:
    noun = noun.lower()
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") else noun
