"""E-mail addresses of people put in other words before a request becomes part of a repository.

Addresses that the repository holds already, and those of reserved domains, stay. It knows no names or postal addresses.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from healer.model import Call, Exchange, Replay, Report, Request

_ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}(?P<at>@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_RESERVED = re.compile(r"(?:@|%40|\.)(?:example(?:\.(?:com|org|net))?|test|invalid|localhost)$", re.I)


class Discretion:
    """Gives each address another, the same wherever it stands."""

    def __init__(self, there: Collection[str]) -> None:
        """`there`: texts of the repository."""
        self._there = there
        self._given: dict[str, str] = {}

    def report(self, report: Report) -> Report:
        request = self._request(report.request) if report.request is not None else None
        earlier = tuple(self._request(one) for one in report.earlier_requests)
        return replace(report, request=request, earlier_requests=earlier)

    def replay(self, replay: Replay) -> Replay:
        return replace(replay, exchanges=tuple(self._exchange(one) for one in replay.exchanges))

    def call(self, call: Call) -> Call:
        return replace(call, arguments={name: self._text(value) for name, value in call.arguments.items()})

    def _request(self, request: Request) -> Request:
        headers = {name: self._text(value) for name, value in request.headers.items()}
        ids = {pointer: self._value(value) for pointer, value in request.ids.items()}
        return replace(request, path=self._text(request.path), headers=headers, body=self._value(request.body), ids=ids)

    def _exchange(self, exchange: Exchange) -> Exchange:
        value = self._text(exchange.value) if exchange.value is not None else None
        return replace(exchange, body=self._text(exchange.body), value=value)

    def _value(self, value: object, depth: int = 0) -> object:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict) and depth < 20:
            return {key: self._value(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list) and depth < 20:
            return [self._value(item, depth + 1) for item in value]
        return value

    def _text(self, text: str) -> str:
        return _ADDRESS.sub(self._other, text) if "@" in text or "%40" in text else text

    def _other(self, found: re.Match[str]) -> str:
        address = found.group().replace("%40", "@")
        if _RESERVED.search(address) or any(address in text for text in self._there):
            return found.group()
        number = len(self._given) + 1
        other = self._given.setdefault(address.lower(), f"someone{number if number > 1 else ''}@example.com")
        return other.replace("@", found.group("at"))
