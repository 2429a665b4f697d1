from .crashes import Ask

RELAY = """
    from operator import attrgetter, itemgetter
    from datetime import date, datetime, timedelta, timezone
    from typing import Optional
    from enum import Enum
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

    RUNNERS = [Runner(id=1, name="A", best=50, team="x"), Runner(id=2, name="B"), Runner(id=3, name="C", best=40, team="y")]
    ROWS = [{"id": 1, "rank": 3}, {"id": 2, "rank": None}, {"id": 3, "rank": 1}]
    ORDER = ["heat", "semi", "final"]
    BILLING_DAY = {"x": 31}

    class Stage(str, Enum):
        HEAT = "heat"
        FINAL = "final"

    def find(runner_id: int):
        return next((r for r in RUNNERS if r.id == runner_id), None)

    def or_404(runner_id: int):
        runner = find(runner_id)
        if runner is None:
            raise HTTPException(404, "runner not found")
        return runner

    @app.get("/s1")
    def s1():
        return [r.id for r in sorted(RUNNERS, key=lambda r: r.best)]

    @app.get("/s2")
    def s2():
        RUNNERS.sort(key=attrgetter("best"))
        return [r.id for r in RUNNERS]

    @app.get("/s3")
    def s3():
        return [r["id"] for r in sorted(ROWS, key=itemgetter("rank"))]

    @app.get("/s4")
    def s4():
        return {"best": max(RUNNERS, key=lambda r: r.best).id}

    @app.get("/s5")
    def s5():
        return {"best": min(r.best for r in RUNNERS)}

    @app.get("/s6")
    def s6():
        return sorted({r.team for r in RUNNERS})

    @app.get("/s7")
    def s7():
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

    @app.get("/stages")
    def stages(of: Stage):
        if of == Stage.HEAT:
            n = 1
        return {"n": n}

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
CASES = [
    ("sorted lambda", RELAY, Ask("GET", "/s1"), 200, [3, 1, 2]),
    ("sort attrgetter", RELAY, Ask("GET", "/s2"), 200, [3, 1, 2]),
    ("sorted itemgetter", RELAY, Ask("GET", "/s3"), 200, [3, 1, 2]),
    ("max lambda", RELAY, Ask("GET", "/s4"), 200, {"best": 1}),
    ("min gen", RELAY, Ask("GET", "/s5"), 200, {"best": 40}),
    ("sorted set", RELAY, Ask("GET", "/s6"), 200, ["x", "y"]),
    ("sorted tuple reverse", RELAY, Ask("GET", "/s7"), 200, [1, 3, 2]),
    ("next stage", RELAY, Ask("GET", "/stage/final/next"), 200, {"next": None}),
    ("billing day", RELAY, Ask("GET", "/bill/x?year=2024&month=2"), 200, {"on": "2024-02-29"}),
    ("quarter end", RELAY, Ask("GET", "/quarter-end?on=2024-11-11"), 200, {"end": "2024-12-31"}),
    ("n months", RELAY, Ask("GET", "/renewals?on=2024-11-30&months=3"), 200, {"on": "2025-02-28"}),
    ("other by query", RELAY, Ask("POST", "/runners/1/swap?other_id=9"), 404, {"detail": "runner not found"}),
    ("coach", RELAY, Ask("POST", "/runners/1/train"), 422, {"detail": "runner has no coach"}),
    ("tags", RELAY, Ask("GET", "/runners/2/level"), 200, {"tags": []}),
    ("enum validated", RELAY, Ask("GET", "/stages?of=final"), 200, {"n": 0}),
    ("pick", RELAY, Ask("GET", "/pick/9"), 404, {"detail": "runner not found"}),
    ("span", RELAY, Ask("GET", "/span?of=a-b-c"), 200, {"first": "a", "last": "b-c"}),
]
