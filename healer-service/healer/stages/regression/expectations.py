"""What a test asserts of an answer: the status, and of a JSON body those parts that are the same in every run.

It writes no source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from healer.model import Exchange, Request
from healer.stages.regression.identifiers import Known, Made, collection, is_identifier, segments_of, snake, walk
from healer.stages.regression.literals import DEEPEST
from healer.stages.regression.relevance import answered
from healer.stages.regression.steps import Steps

_MOST_CHARACTERS = 240
_MOST_PARTS = 4
_LONGEST_TEXT = 80
_MOST_DIGITS = 6  # behind the point
_LARGEST = 20_000
_PASSING = re.compile(
    r"(?:^|_)(?:at|on|time|timestamp|date|created|updated|modified|expires?|elapsed|duration|took|uptime|version|token"
    r"|nonce|etag|trace|session|random|seed|host|now|today)(?:_|$)"
)
_MOMENT = re.compile(r"\d{4}-\d\d|\d\d:\d\d|\d{1,2} \w{3} \d{4}|\b\d{10,}\b")
_RANDOM = re.compile(r"(?=\w*\d)(?=\w*[a-zA-Z])[\w-]{12,}|[0-9a-f]{8,}")
_PLACE = re.compile(r" at 0x[0-9a-f]+|[\w.]+/[\w./]+\.py\b|\bline \d+")


@dataclass(frozen=True)
class Expectation:
    status: int
    whole: object = None  # the body, where all of it is expected
    has_whole: bool = False
    parts: tuple[tuple[str, object], ...] = ()  # keys of the body, each with what is expected there


@dataclass(frozen=True)
class _Eye:
    """Sees whether another run would give the same value."""

    known: Known  # identifiers by the replay's values
    used: frozenset[Made]  # those that the test has a variable for
    seen: frozenset[str]  # texts that the requests hold
    home: str = ""  # what the path is a collection of: a number under its name is one's own

    def steady(self, value: object, key: str = "", depth: int = 0) -> bool:
        if depth > DEEPEST:
            return False
        if isinstance(value, dict):
            return all(self.steady(item, str(name), depth + 1) for name, item in value.items())
        if isinstance(value, list):
            return all(self.steady(item, key, depth + 1) for item in value)
        if isinstance(value, Made):
            return value in self.used
        if value is None or isinstance(value, bool) or (isinstance(value, str) and value in self.seen):
            return True
        numbered = isinstance(value, int) and bool(key) and snake(key) == self.home
        if is_identifier(key) or _PASSING.search(key.lower()) or numbered:
            return False
        if isinstance(value, float):
            return len(repr(value).partition(".")[2]) <= _MOST_DIGITS
        return self._steady_text(value) if isinstance(value, str) else True

    def _steady_text(self, text: str) -> bool:
        if _PLACE.search(text) or not text.isprintable() or len(text) > _LONGEST_TEXT:
            return False
        if any(word in self.known for word in re.findall(r"[\w-]+", text)):
            return False
        doubtful = [found.group() for pattern in (_MOMENT, _RANDOM) for found in pattern.finditer(text)]
        return all(any(part in one for one in self.seen) for part in doubtful)


def is_steady(value: object) -> bool:
    return _Eye(Known(), frozenset(), frozenset()).steady(value)


def expected(exchange: Exchange, steps: Steps, requests: Iterable[Request]) -> Expectation:
    """`requests`: what they hold the answer may repeat."""
    assert exchange.status is not None
    status, body = exchange.status, answered(exchange)
    home = collection(steps.all[-1].request.path)
    eye = _Eye(steps.answers, frozenset(steps.used), frozenset(_sent_in(requests)), home)
    if body is None or status == 204 or len(exchange.body) > _LARGEST:
        return Expectation(status)
    if status >= 400:
        return _refusal(status, body, eye)
    marked = steps.answers.in_value(body)
    if eye.steady(marked) and _size(marked) <= _MOST_CHARACTERS:
        return Expectation(status, marked, has_whole=True)
    parts = [
        (str(key), value)
        for key, value in (marked.items() if isinstance(marked, dict) else ())
        if not isinstance(value, dict) and _size(value) <= _LONGEST_TEXT and eye.steady(value, str(key))
    ]
    return Expectation(status, parts=tuple(parts[:_MOST_PARTS]))


def _sent_in(requests: Iterable[Request]) -> Iterator[str]:
    for request in requests:
        yield request.path
        yield from segments_of(request.path)
        yield from (str(value) for _, _, value in walk(request.body))


def _refusal(status: int, body: object, eye: _Eye) -> Expectation:
    """Its words only where they are one short sentence without anything that another run could say otherwise."""
    words = next(iter(body.values())) if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(words, str) or not eye.steady(words):
        return Expectation(status)
    return Expectation(status, body, has_whole=True)


def _size(value: object) -> int:
    """Characters of its literal, about."""
    return sum(len(key) + len(str(item)) + 6 for key, _, item in walk(value))
