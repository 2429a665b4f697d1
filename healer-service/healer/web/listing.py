"""The routes that list incidents and sum them up. What a person asks for is checked here; the store finds it."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from healer.edges.store import Place, Store, Wanted
from healer.edges.store.finding import ORDERS, Page
from healer.edges.store.statistics import Statistics
from healer.model import BadInput, State
from healer.pipeline.parts import Service
from healer.web import views
from healer.web.needs import Web
from healer.web.problems import Escaped

LONGEST = 200  # characters of a filter
MOST_LISTED = 200
FEW = 5  # that the overview tells of what waits and of what is at work, see attention.js
MOST_DAYS = 365
# How long sums are given again, which every open page asks for: so that a processor has a twentieth of them at most.
KEPT_TIMES = 20  # as long as making them took
KEPT_LEAST, KEPT_MOST = 1.0, 60.0  # seconds
LARGEST = 2**63 - 1  # that a database counts to

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")  # or half of a sign
_BAD_CURSOR = "take it as `next` gave it, with the same order, or leave it out to begin at the front"


class Sums:
    """Made once for all who ask within a while, and one at a time: who waits holds no thread."""

    def __init__(self, statistics: Statistics, services: Collection[Service]) -> None:
        self._statistics = statistics
        self._ends_at_merge = frozenset(one.name for one in services if one.deployment is None)
        self._deploys = any(one.deployment is not None for one in services)
        self._making = asyncio.Lock()
        self._made: dict[int, tuple[float, dict[str, Any]]] = {}  # days → until when they are kept, and the sums

    async def of_days(self, number: int) -> dict[str, Any]:
        async with self._making:
            began = time.monotonic()
            self._made = {days: one for days, one in self._made.items() if one[0] > began}
            if number not in self._made:
                found = await run_in_threadpool(self._statistics.of_days, number, self._ends_at_merge)
                now = time.monotonic()
                until = now + min(max(KEPT_TIMES * (now - began), KEPT_LEAST), KEPT_MOST)
                self._made[number] = until, {**asdict(found), "deploys": self._deploys}
            return self._made[number][1]


def routes(web: Web) -> APIRouter:
    router = APIRouter()
    sums = Sums(web.store.statistics, web.parts.services.values())

    @router.get("/incidents")
    def incidents(
        state: str = "",
        service: str = "",
        origin: str = "",
        category: str = "",
        q: str = "",
        order: str = ORDERS[0],
        cursor: str = "",
        limit: str = "50",
        id: str = "",
    ) -> Escaped:
        wanted = Wanted(
            states=_states(state),
            service=_service(web, service),
            origin=_text("origin", origin),
            category=_text("category", category),
            text=_text("q", q),
            begins=_text("id", id),
        )
        by = _one_of("order", order or ORDERS[0], ORDERS)
        page = web.store.finding.page(wanted, by, _number("limit", limit, MOST_LISTED), _place(cursor, by))
        answer = {**_listed(web.store, page), "next": _cursor(by, page.next), "states": page.states}
        return Escaped(answer)  # as it is: looking for what is no JSON takes FastAPI longer than all the rest

    @router.get("/statistics")
    async def statistics(days: str = "30") -> Escaped:
        return Escaped(await sums.of_days(_number("days", days, MOST_DAYS)))

    return router


def few(store: Store, wanted: Wanted) -> dict[str, Any]:
    """Those that were seen last, and how many there are."""
    return _listed(store, store.finding.page(wanted, ORDERS[0], FEW))


def _listed(store: Store, page: Page) -> dict[str, Any]:
    filed = store.proposals.newest([one.id for one in page.incidents])
    listed = [views.summary(one, filed.get(one.id), page.sparklines[one.id]) for one in page.incidents]
    return {"incidents": listed, "total": page.total}


def _states(value: str) -> frozenset[State]:
    known = [state.value for state in State]
    return frozenset(State(_one_of("state", name, known)) for name in value.split(",") if name)


def _service(web: Web, value: str) -> str:
    """One that is set up no more is known as long as it has incidents."""
    name = _text("service", value)
    if name and name not in web.parts.services and not web.store.incidents.list(service=name, limit=1):
        known = ", ".join(sorted(web.parts.services)) or "none is set up"
        raise BadInput(f"service: {_shown(name)} is no service; the services are: {known}")
    return name


def _one_of(field: str, value: str, known: Collection[str]) -> str:
    if value not in known:
        raise BadInput(f"{field}: {_shown(value)} is none; use one of {', '.join(known)}")
    return value


def _text(field: str, value: str) -> str:
    if len(value) > LONGEST:
        raise BadInput(f"{field}: {_shown(value)} has {len(value)} characters; use at most {LONGEST}")
    if _UNPRINTABLE.search(value):
        raise BadInput(f"{field}: {_shown(value)} has control characters; leave them out")
    return value.strip()


def _number(field: str, value: str, most: int) -> int:
    number = int(value) if re.fullmatch(r"[0-9]{1,9}", value) else 0
    if not 1 <= number <= most:
        raise BadInput(f"{field}: {_shown(value)} is not possible; use a whole number from 1 to {most}")
    return number


def _shown(value: str) -> str:
    return ascii(value if len(value) <= 60 else value[:60] + "…")


def _cursor(order: str, place: Place | None) -> str | None:
    if place is None:
        return None
    said = json.dumps([order, place.value, place.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _place(cursor: str, order: str) -> Place | None:
    """Raises BadInput for what is no cursor of this order."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        said = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        of, value, incident_id = said
    except (ValueError, TypeError, RecursionError):
        raise BadInput(f"cursor: {_shown(cursor)} is no cursor; {_BAD_CURSOR}") from None
    if of != order or not _fits(order, value) or not _is_plain(incident_id):
        raise BadInput(f"cursor: {_shown(cursor)} is none of this list; {_BAD_CURSOR}")
    return Place(value, incident_id)


def _fits(order: str, value: object) -> bool:
    if order == "count":
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return _is_plain(value)


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and not _UNPRINTABLE.search(value)
