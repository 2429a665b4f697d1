"""Which of the requests before the failing one build the state that it met. It reads requests and answers only.

Closest are those that speak of the same things: an identifier, or a value that the failing request sends or its answer
shows. Where none does, a plain read depends on everything, and anything else on what was done at the same place.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from healer.model import Exchange, Replay, Report, Request
from healer.stages.regression.identifiers import (
    collection,
    is_identifier,
    names_of,
    segments_of,
    singular,
    stem,
    walk,
)

MOST = 8
_READS = ("GET", "HEAD", "OPTIONS", "TRACE")
_TOKENS = ("access_token", "token", "id_token", "jwt")
_TELLING = 6  # characters from which a value with a digit identifies by itself
_SHORTEST = 3  # characters of a value that two requests share on purpose

Thing = tuple[str, str]  # kind ("cart") and identifier ("12"); kind "" for values that are telling by themselves


@dataclass(frozen=True)
class Asked:
    """A request of the replay with what the patched service answered."""

    number: int
    request: Request
    exchange: Exchange | None

    @property
    def changes_state(self) -> bool:
        status = self.exchange.status if self.exchange is not None else self.request.status
        return self.request.method.upper() not in _READS and (status or 200) < 400

    @property
    def answer(self) -> object:
        return answered(self.exchange)

    @property
    def token(self) -> str:
        """The key of a token in the answer."""
        answer = self.answer
        if not isinstance(answer, dict):
            return ""
        return next((key for key in _TOKENS if isinstance(answer.get(key), str)), "")

    @property
    def sets_cookie(self) -> bool:
        return self.exchange is not None and "set-cookie" in {name.lower() for name in self.exchange.headers}


def answered(exchange: Exchange | None) -> object:
    """The JSON of an answer; None where it has none."""
    try:
        return json.loads(exchange.body) if exchange is not None and exchange.body else None
    except (ValueError, RecursionError):
        return None


def asked_of(report: Report, after: Replay) -> list[Asked]:
    """In the order of the replay; the last one is the failing request."""
    requests = [*report.earlier_requests, *([report.request] if report.request is not None else [])]
    pairs = itertools.zip_longest(requests, after.exchanges[: len(requests)])
    return [Asked(number, request, exchange) for number, (request, exchange) in enumerate(pairs)]


def choices(asked: Sequence[Asked]) -> list[list[Asked]]:
    """Sets of requests to send before the last one, the likeliest first."""
    *earlier, failing = asked
    changes = [one for one in earlier if one.changes_state]
    attempts = ((True, True), (True, False), (False, True), (False, False))
    closures = (_closure(changes, failing, values, onward) for values, onward in attempts)
    close = next((found for found in closures if len(found) <= MOST), [])
    if close:
        return [close, changes]
    place = _place(failing.request.path)
    beside = [one for one in changes if _place(one.request.path) == place]
    status = failing.exchange.status if failing.exchange is not None else None
    is_read = failing.request.method.upper() in _READS and (status or 500) < 400
    return [changes, beside] if is_read else [beside, changes]


def _closure(changes: Sequence[Asked], failing: Asked, values_too: bool, onward: bool) -> list[Asked]:
    """Those that speak of the same things, and what these needed in turn; `onward`: also what was done with these."""
    wanted = _needs(failing.request)
    values = _values(failing.request) | _texts(failing.answer) if values_too else set()
    beside = dict(enumerate(segments_of(failing.request.path)))
    rest, found = list(reversed(changes)), set[int]()
    while True:
        related = [
            one
            for one in rest
            if (_needs(one.request) | _shows(one.request)) & wanted or _values(one.request, beside) & values
        ]
        if not related:
            return [one for one in changes if one.number in found]
        found |= {one.number for one in related}
        rest = [one for one in rest if one.number not in found]
        for one in related:
            wanted |= _needs(one.request) | (_shows(one.request) | _called(one.request) if onward else set())


def _values(request: Request, beside: dict[int, str] | None = None) -> set[str]:
    """Texts that it sends, but for words of the path that stand at the same place of another."""
    there = beside or {}
    found = {text.lower() for index, text in enumerate(segments_of(request.path)) if there.get(index) != text}
    found |= {value.lower() for _, value in parse_qsl(request.path.partition("?")[2])}
    found |= _texts(request.body) if request.body_kind in ("json", "form") else set()
    return {text for text in found if len(text) >= _SHORTEST}


def _texts(document: object) -> set[str]:
    texts = (value for _, _, value in walk(document) if isinstance(value, str))
    return {text.lower() for text in texts if len(text) >= _SHORTEST}


def _place(path: str) -> str:
    """The word that a path begins with, but for versions: "ticket" for /api/v1/tickets.csv."""
    words = [segment.partition(".")[0] for segment in segments_of(path)]
    return next((singular(word) for word in words if word != "api" and not word[1:].isdecimal()), "")


def _needs(request: Request) -> set[Thing]:
    segments = segments_of(request.path)
    home = collection(request.path)
    things: set[Thing] = set()
    for before, segment in itertools.pairwise(segments):
        things |= _thing(singular(before), segment)
    for key, value in parse_qsl(request.path.partition("?")[2]):
        things |= _thing(_kind(key, "", home), value)
    for key, owner, sent in walk(request.body) if request.body_kind in ("json", "form") else ():
        if is_identifier(key) and isinstance(sent, (int, str)) and not isinstance(sent, bool):
            things |= _thing(_kind(key, owner, home), str(sent))
    return things


def _shows(request: Request) -> set[Thing]:
    """What its recorded answer identifies."""
    return {
        thing
        for pointer, value in request.ids.items()
        for name in names_of(request.path, pointer)
        for thing in _thing(name, str(value))
    }


def _called(request: Request) -> set[Thing]:
    """By what texts of its body a later path may speak of what it made."""
    return {(collection(request.path), text) for text in _texts(request.body)}


def _kind(key: str, owner: str, home: str) -> str:
    return stem(key) or singular(owner) or (home if singular(key) == "id" else singular(key))


def _thing(kind: str, value: str) -> set[Thing]:
    telling = len(value) >= _TELLING and any(character.isdigit() for character in value)
    value = value.lower()
    return {(kind, value), ("", value)} if telling else {(kind, value)} if value else set()
