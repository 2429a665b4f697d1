"""The requests that a test repeats, and which identifiers go from an answer to the requests after it.

It writes no source.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from healer.model import Replay, Report, Request
from healer.stages.regression.identifiers import Known, Made, chosen_by_client, made_in, names_of, resolve, walk
from healer.stages.regression.literals import Unwritable
from healer.stages.regression.relevance import MOST, Asked, asked_of, choices

REDACTED = "[redacted]"


@dataclass(frozen=True)
class Step:
    """A request to repeat, with Made in the places of identifiers from earlier answers."""

    number: int  # among the requests of the replay
    request: Request
    path: tuple[str | Made, ...]
    body: object


@dataclass(frozen=True)
class Steps:
    """What the test sends, in order; the last one is the failing request."""

    all: tuple[Step, ...]
    used: tuple[Made, ...]  # identifiers that a later step names
    answers: Known  # the same identifiers by the values of the replay
    token: Made | None = None  # where the service handed out the token for a redacted Authorization
    signs_in: bool = False  # a step is answered with a cookie


def alternatives(report: Report, after: Replay, *, needs_token: bool, needs_cookie: bool) -> list[Steps]:
    """The likeliest first. `needs_…`: the failing request signs in by what was redacted."""
    asked = asked_of(report, after)
    *earlier, failing = asked
    access = [one for one in earlier if (needs_token and one.token) or (needs_cookie and one.sets_cookie)][-1:]
    found: dict[frozenset[int], Steps] = {}
    for chosen in choices(asked):
        wanted = frozenset(_with_shown(earlier, failing, {one.number for one in [*chosen, *access]}))
        if len(wanted) > MOST or wanted in found:
            continue
        with contextlib.suppress(Unwritable):
            found[wanted] = _steps([one for one in earlier if one.number in wanted], failing, access)
    return list(found.values())


def _with_shown(earlier: Sequence[Asked], failing: Asked, chosen: set[int]) -> set[int]:
    """With the reads whose answers alone showed an identifier that changes from run to run."""
    wanted = set(chosen)
    while True:
        known, _ = _learnt([one for one in earlier if one.number in wanted or one.request.method == "GET"])
        sent = [one.request for one in [*earlier, failing] if one.number in wanted or one is failing]
        named = {made.step for request in sent for made in _named(known, request)}
        if named <= wanted:
            return wanted
        wanted |= named


def _named(known: Known, request: Request) -> list[Made]:
    body = known.in_value(request.body) if request.body_kind in ("json", "form") else None
    return [*(part for part in known.in_path(request.path) if isinstance(part, Made)), *made_in(body)]


def _learnt(asked: Sequence[Asked]) -> tuple[Known, Known]:
    """Identifiers by recorded value and by the replay's; of reads only those that changed."""
    recorded, replayed = Known(), Known()
    for one in asked:
        for pointer, old in one.request.ids.items():
            new = resolve(one.answer, pointer)
            if new is None or isinstance(new, (dict, list)):
                continue
            moved = str(new) != str(old)
            if not moved and (not one.changes_state or chosen_by_client(one.request, pointer, old)):
                continue
            made = Made(one.number, pointer, names_of(one.request.path, pointer), moved)
            recorded.learn(old, made)
            replayed.learn(new, made)
    return recorded, replayed


def _steps(setup: Sequence[Asked], failing: Asked, access: Sequence[Asked]) -> Steps:
    """Raises Unwritable when a request cannot be repeated in a test."""
    found: list[Step] = []
    used: dict[Made, None] = {}
    for one in [*setup, failing]:
        request = one.request
        _refuse_unrepeatable(request)
        known, _ = _learnt([other for other in setup if other.number < one.number])
        body = known.in_value(request.body) if request.body_kind in ("json", "form") else request.body
        path = tuple(known.in_path(request.path))
        found.append(Step(one.number, request, path, body))
        used.update(dict.fromkeys([*(part for part in path if isinstance(part, Made)), *made_in(body)]))
    tokens = [Made(one.number, f"/{one.token}", frozenset({"token"}), moved=True) for one in access if one.token]
    used.update(dict.fromkeys(tokens))
    signs_in = any(one.sets_cookie for one in access)
    return Steps(tuple(found), tuple(used), _learnt(setup)[1], tokens[0] if tokens else None, signs_in)


def _refuse_unrepeatable(request: Request) -> None:
    if request.truncated:
        raise Unwritable("a request is not whole")
    if request.body_kind == "base64":
        raise Unwritable("a body is no text")
    texts = [unquote(request.path), *(f"{key} {value}" for key, _, value in walk(request.body))]
    if any(REDACTED in text for text in texts):
        raise Unwritable("a request holds what was redacted")


def variables(used: Sequence[Made], taken: frozenset[str]) -> Mapping[Made, str]:
    """A name for each that nothing else in the test has."""
    names: dict[Made, str] = {}
    for made in used:
        number, name = 1, made.variable
        while name in taken or name in names.values():
            number += 1
            name = f"{made.variable}_{number}"
        names[made] = name
    return names
