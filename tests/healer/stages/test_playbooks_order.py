"""Orders, sequences and calendars: the first candidate that works gives the answer a maintainer would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from .crashes import Ask, heal

RELAY = """
    from operator import attrgetter, itemgetter
    from datetime import date, timedelta
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel

    app = FastAPI()

    class Runner(BaseModel):
        id: int
        name: str
        team: Optional[str] = None
        best: Optional[int] = None
        coach: Optional["Runner"] = None
        joined: Optional[date] = None

    RUNNERS = [
        Runner(id=1, name="A", best=50, team="x"),
        Runner(id=2, name="B"),
        Runner(id=3, name="C", best=40, team="y"),
    ]
    ROWS = [{"id": 1, "rank": 3}, {"id": 2, "rank": None}, {"id": 3, "rank": 1}]
    ORDER = ["heat", "semi", "final"]
    BILLING_DAY = {"x": 31}

    def find(runner_id: int):
        return next((r for r in RUNNERS if r.id == runner_id), None)

    def or_404(runner_id: int):
        runner = find(runner_id)
        if runner is None:
            raise HTTPException(404, "runner not found")
        return runner

    @app.get("/by-best")
    def by_best():
        return [r.id for r in sorted(RUNNERS, key=lambda r: r.best)]

    @app.get("/sort-best")
    def sort_best():
        RUNNERS.sort(key=attrgetter("best"))
        return [r.id for r in RUNNERS]

    @app.get("/ranks")
    def ranks():
        return [r["id"] for r in sorted(ROWS, key=itemgetter("rank"))]

    @app.get("/fastest")
    def fastest():
        return {"best": max(RUNNERS, key=lambda r: r.best).id}

    @app.get("/best-time")
    def best_time():
        return {"best": min(r.best for r in RUNNERS)}

    @app.get("/teams")
    def teams():
        return sorted({r.team for r in RUNNERS})

    @app.get("/by-best-and-name")
    def by_best_and_name():
        return [r.id for r in sorted(RUNNERS, key=lambda r: (r.best, r.name), reverse=True)]

    @app.get("/stage/{stage}/next")
    def after(stage: str):
        if stage not in ORDER:
            raise HTTPException(404, "no such stage")
        return {"next": ORDER[ORDER.index(stage) + 1]}

    @app.get("/bill/{team}")
    def bill(team: str, year: int, month: int):
        if team not in BILLING_DAY:
            raise HTTPException(404, "no such team")
        return {"on": date(year, month, BILLING_DAY[team])}

    @app.get("/quarter-end")
    def quarter(on: date):
        start = date(on.year, (on.month - 1) // 3 * 3 + 1, 1)
        return {"end": date(start.year, start.month + 3, 1) - timedelta(days=1)}

    @app.get("/renewals")
    def renewals(on: date, months: int):
        return {"on": date(on.year, on.month + months, on.day)}

    @app.post("/runners/{runner_id}/swap")
    def swap(runner_id: int, other_id: int):
        runner = or_404(runner_id)
        if runner.best is None:
            raise HTTPException(422, "runner has no best time")
        other = find(other_id)
        return {"from": runner.team, "to": other.team}

    @app.post("/runners/{runner_id}/train")
    def train(runner_id: int):
        runner = or_404(runner_id)
        if runner.team == "z":
            raise HTTPException(422, "runner is in a closed team")
        coach = runner.coach
        if coach.best > 10:
            return {"coach": coach.name}
        return {"coach": coach.name, "slow": True}

    @app.get("/runners/{runner_id}/level")
    def level(runner_id: int):
        runner = or_404(runner_id)
        if runner.team == "x":
            tags = ["fast"]
        elif runner.team == "y":
            tags = ["slow"]
        return {"tags": tags}

    @app.get("/pick/{runner_id}")
    def pick(runner_id: int):
        runner = next(r for r in RUNNERS if r.id == runner_id)
        return runner

    @app.get("/span")
    def span(of: str):
        if "-" not in of:
            raise HTTPException(422, "of must look like a-b")
        first, last = of.split("-")
        return {"first": first.strip(), "last": last.strip()}
"""
CASES: list[tuple[str, str | Mapping[str, str], Ask, int, Any]] = [
    ("None under a lambda's key", RELAY, Ask("GET", "/by-best"), 200, [3, 1, 2]),
    ("None under attrgetter", RELAY, Ask("GET", "/sort-best"), 200, [3, 1, 2]),
    ("None under itemgetter", RELAY, Ask("GET", "/ranks"), 200, [3, 1, 2]),
    ("None under an extreme", RELAY, Ask("GET", "/fastest"), 200, {"best": 1}),
    ("None among numbers", RELAY, Ask("GET", "/best-time"), 200, {"best": 40}),
    ("None in a set", RELAY, Ask("GET", "/teams"), 200, ["x", "y"]),
    ("None in a part of a key", RELAY, Ask("GET", "/by-best-and-name"), 200, [1, 3, 2]),
    ("what comes after the last", RELAY, Ask("GET", "/stage/final/next"), 200, {"next": None}),
    ("a stored day that the month lacks", RELAY, Ask("GET", "/bill/x?year=2024&month=2"), 200, {"on": "2024-02-29"}),
    ("a quarter at the year's end", RELAY, Ask("GET", "/quarter-end?on=2024-11-11"), 200, {"end": "2024-12-31"}),
    ("months that were asked for", RELAY, Ask("GET", "/renewals?on=2024-11-30&months=3"), 200, {"on": "2025-02-28"}),
    (
        "another record that was asked for",
        RELAY,
        Ask("POST", "/runners/1/swap?other_id=9"),
        404,
        {"detail": "runner not found"},
    ),
    (
        "a state refused with another status",
        RELAY,
        Ask("POST", "/runners/1/train"),
        422,
        {"detail": "runner has no coach"},
    ),
    ("a stored kind that makes lists", RELAY, Ask("GET", "/runners/2/level"), 200, {"tags": []}),
    ("a search with a name", RELAY, Ask("GET", "/pick/9"), 404, {"detail": "runner not found"}),
    ("a separator that was asked for", RELAY, Ask("GET", "/span?of=a-b-c"), 200, {"first": "a", "last": "b-c"}),
]


@pytest.mark.parametrize(("text", "failing", "status", "body"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_first_that_works_is_right(text: str | Mapping[str, str], failing: Ask, status: int, body: Any) -> None:
    _, healed = heal(text, [], failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    assert (answer.status, answer.body if body is not None else None) == (status, body), candidate.changes[0].after
