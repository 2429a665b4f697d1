"""Which requests a release is asked before its first user, which may be sent again, and which are waited for.

It sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from urllib.parse import unquote

from healer.model import Probe, Report, Request, Watch

MOST = 20  # of either kind; a supervisor takes 50
SAFE_METHODS = ("GET", "HEAD")
_REDACTED = "[redacted]"
_LONGEST_PATH = 2000
_ANY = "*"

_TARGET = re.compile(r"/[!-~]*")
_NAME = re.compile(r"[\w.~:!$+-]+", re.ASCII)  # other segments hold somebody's text: a title, an address
_IDENTIFIERS = (
    re.compile(r"[\d.:_-]*\d[\d.:_-]*"),  # numbers, dates
    re.compile(r"(?=.*\d)[0-9a-f-]{8,}", re.I),  # UUIDs, hashes
    re.compile(r"[a-z]+[_-]\d+", re.I),  # order-17
    re.compile(r"(?=.*[a-z])(?=.*\d.*\d)[\w~-]{12,}", re.I),  # tokens
)


def probes(reports: Sequence[Report], healed: Sequence[Request], safe: Sequence[str]) -> tuple[Probe, ...]:
    """Those to be healed where they may be sent again, then recorded good ones, as many routes as there is room for.

    `reports` newest first; `safe` as in `safe_to_repeat`.
    """
    wanted = [request for request in healed if safe_to_repeat(request, safe) and _is_whole(request)][:MOST]
    routes: dict[Watch, list[Request]] = {}
    seen = {(request.method, request.path) for request in wanted}
    for request in _recorded(reports):
        if (request.method, request.path) not in seen:
            seen.add((request.method, request.path))
            routes.setdefault(watch_for(request), []).append(request)
    by_turns = [one for one in chain.from_iterable(zip_longest(*routes.values())) if one is not None]
    return tuple(Probe(request) for request in (*wanted, *by_turns[:MOST]))


def safe_to_repeat(request: Request, safe: Sequence[str]) -> bool:
    """GET and HEAD are; others when one of `safe` matches, as "POST /reports/*", where `*` is any one segment."""
    if request.method in SAFE_METHODS:
        return True
    path = _segments(request)
    if any(unquote(segment) in (".", "..") or "/" in unquote(segment) for segment in path):
        return False  # the service may take it for another path
    for pattern in safe:
        method, _, allowed = pattern.partition(" ")
        if method == request.method and _match(allowed.split("/"), path):
            return True
    return False


def watch_for(request: Request) -> Watch:
    """Requests of the same kind: those that differ in the query or in what looks like an identifier."""
    path = "/".join(_ANY if _is_identifier(segment) else segment for segment in _segments(request))
    return Watch(request.method, path)


def _recorded(reports: Iterable[Report]) -> Iterator[Request]:
    """Good requests that may be sent again, the newest of each report first."""
    for report in reports:
        for request in reversed(report.earlier_requests):
            good = request.status is not None and request.status < 400
            if good and request.method in SAFE_METHODS and request.body_kind == "none" and _is_whole(request):
                yield request


def _is_whole(request: Request) -> bool:
    """Nothing of it was cut off or redacted, and its path is one that HTTP takes: a report is anyone's word."""
    if request.truncated or _REDACTED in unquote(request.path) or _REDACTED in str(request.body):
        return False
    return len(request.path) <= _LONGEST_PATH and _TARGET.fullmatch(request.path) is not None


def _segments(request: Request) -> list[str]:
    return request.path.partition("?")[0].split("/")


def _match(allowed: Sequence[str], path: Sequence[str]) -> bool:
    if len(allowed) != len(path):
        return False
    return all(want == segment or (want == _ANY and bool(segment)) for want, segment in zip(allowed, path, strict=True))


def _is_identifier(segment: str) -> bool:
    if not segment:
        return False
    plain = unquote(segment)
    return _NAME.fullmatch(plain) is None or any(known.fullmatch(plain) for known in _IDENTIFIERS)
