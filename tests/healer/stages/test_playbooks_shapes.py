"""Values of the wrong kind: converted where the other places convert them, refused where the client sent them, and
answers that JSON cannot express.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from .crashes import Ask, heal

CLUB = """
    from collections import Counter
    from dataclasses import dataclass, field
    from datetime import date, datetime, timedelta, timezone
    from decimal import Decimal
    from enum import Enum
    from functools import lru_cache
    from typing import Any, Optional
    import hmac
    import json
    from fastapi import Body, FastAPI, HTTPException, Request, Response
    from fastapi.responses import JSONResponse
    from pydantic import BaseModel

    app = FastAPI()

    class Grade(Enum):
        NEW = "new"
        OLD = "old"

    @dataclass
    class Member:
        code: str
        name: str
        points: Optional[float] = None
        grade: Grade = Grade.NEW

    class MemberOut(BaseModel):
        code: str
        points: float

    MEMBERS = {"a": Member("a", "Zoe", 2.0), "b": Member("b", "Ann", 2.0), "c": Member("c", "Max")}
    FEES = {"a": Decimal("1.50"), "b": Decimal("2")}
    RATES = {"a": Decimal("1.5"), "b": Decimal("2")}
    PAID = {"a": "1.50", "b": "2.00"}
    VISITS = [{"day": "2024-01-05", "seen": "2024-01-05T10:00:00", "nights": "2"}]
    LOG = [{"at": datetime(2024, 1, 2), "what": "opened"}]
    TEAMS = {"x": ["a", "b"]}
    SECRET = "s3cret"

    def moment(text) -> datetime:
        try:
            return datetime.fromisoformat(text)
        except (TypeError, ValueError):
            raise HTTPException(422, "not a time")

    @app.get("/members")
    def members():
        return [m.name for m in MEMBERS]

    @app.get("/ranking")
    def ranking():
        \"\"\"By points, equal ones by name.\"\"\"
        return [m.name for _, m in sorted((m.points, m) for m in MEMBERS.values() if m.points)]

    @app.get("/out/{code}")
    def out(code: str):
        member = MEMBERS[code]
        return MemberOut(code=member.code, points=member.points)

    @app.put("/rates/{code}")
    def set_rate(code: str, body: dict = Body(...)):
        RATES[code] = body["rate"]
        return {"ok": True}

    @app.get("/rates/{code}")
    def rate(code: str):
        return {"rate": str(RATES[code] * Decimal("2"))}

    @app.get("/paid")
    def paid():
        return {"total": str(sum(PAID.values())), "first": str(Decimal(PAID["a"]))}

    @app.get("/visits")
    def visits(after: date):
        return [v["day"] for v in VISITS if v["day"] >= after]

    @app.get("/leaving")
    def leaving():
        return [(date.fromisoformat(v["day"]) + timedelta(days=v["nights"])).isoformat() for v in VISITS]

    @app.get("/seen")
    def seen():
        return [v["seen"].strftime("%d.%m.") for v in VISITS]

    @app.get("/today")
    def today(day: date):
        now = datetime.fromisoformat("2024-05-01T10:00:00")
        return {"past": day < now}

    @app.get("/since")
    def since(at: str):
        return {"ago": (datetime(2024, 1, 2, tzinfo=timezone.utc) - moment(at)).days}

    @app.get("/log")
    def log():
        return JSONResponse(LOG)

    @app.get("/grades")
    def grades():
        found = Counter(m.grade for m in MEMBERS.values())
        return Response(json.dumps(found), media_type="application/json")

    @app.get("/card/{code}")
    def card(code: str):
        return Response(json.dumps(MEMBERS[code].grade), media_type="application/json")

    @app.get("/file")
    def file(name: str):
        return Response("x", headers={"Content-Disposition": f'attachment; filename="{name}.txt"'})

    @app.get("/secret")
    def secret(token: str):
        if not hmac.compare_digest(token, SECRET):
            raise HTTPException(403, "wrong token")
        return {"ok": True}

    @lru_cache
    def total(codes):
        return sum(len(code) for code in codes)

    @app.get("/teams/{name}")
    def team(name: str):
        return {"total": total(TEAMS[name])}

    @app.get("/bearer")
    def bearer(request: Request):
        token = dict(request.scope["headers"]).get(b"authorization", b"")
        return {"bearer": token.startswith("Bearer ")}

    @app.post("/titles")
    async def titles(request: Request):
        rows = await request.json()
        for row in rows:
            if "title" not in row:
                raise HTTPException(422, "title is required")
        return {"count": len(rows)}

    @app.post("/add")
    def add(body: dict[str, Any] = Body(...)):
        count = len(MEMBERS) + body["count"]
        return {"count": count}

    def utc(moment: datetime) -> datetime:
        if moment.tzinfo is None:
            return moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)

    class Gift(BaseModel):
        at: datetime

    GIFTS = []

    @app.post("/gifts", status_code=201)
    def give(body: Gift):
        GIFTS.append(body.at)
        return {"count": len(GIFTS)}

    @app.get("/gifts")
    def gifts(on: datetime):
        return {"before": sum(one < utc(on) for one in GIFTS)}

    class ClubError(Exception):
        status = 400

    class Unknown(ClubError):
        status = 404

    class Full(Exception):
        status = 409

    @app.exception_handler(ClubError)
    def on_club_error(request, error):
        return JSONResponse({"detail": str(error)}, status_code=error.status)

    @app.post("/join/{team}")
    def join(team: str):
        if team not in TEAMS:
            raise Unknown("no such team")
        if len(TEAMS[team]) > 1:
            raise Full("the team is full")
        return {"ok": True}

    @app.post("/pairs")
    async def pairs(request: Request):
        rows = await request.json()
        if not isinstance(rows, list):
            raise HTTPException(422, "a list is required")
        found = {}
        for key, value in rows:
            found[key] = value
        return found
"""

CASES: list[tuple[str, Sequence[Ask], Ask, int, Any]] = [
    ("a dict gone over by its keys", (), Ask("GET", "/members"), 200, ["Zoe", "Ann", "Max"]),
    ("equal ones in a sort", (), Ask("GET", "/ranking"), 200, ["Ann", "Zoe"]),
    ("a model that does not allow for what is stored", (), Ask("GET", "/out/c"), 200, {"code": "c", "points": None}),
    (
        "a float in a table of decimals",
        (Ask("PUT", "/rates/a", {"rate": 0.1}),),
        Ask("GET", "/rates/a"),
        200,
        {"rate": "0.2"},
    ),
    ("a sum of texts", (), Ask("GET", "/paid"), 200, {"total": "3.50", "first": "1.50"}),
    ("a stored day compared", (), Ask("GET", "/visits?after=2024-01-01"), 200, ["2024-01-05"]),
    ("text for a count of days", (), Ask("GET", "/leaving"), 200, ["2024-01-07"]),
    ("a stored text asked like a date", (), Ask("GET", "/seen"), 200, ["05.01."]),
    ("a day and a moment", (), Ask("GET", "/today?day=2024-04-01"), 200, {"past": True}),
    ("a parser that leaves the zone open", (), Ask("GET", "/since?at=2024-01-01"), 200, {"ago": 1}),
    (
        "a moment kept without the helper",
        (Ask("POST", "/gifts", {"at": "2024-01-01T00:00:00"}),),
        Ask("GET", "/gifts?on=2024-01-02T00:00:00"),
        200,
        {"before": 1},
    ),
    ("an error outside the family", (), Ask("POST", "/join/x"), 409, {"detail": "the team is full"}),
    ("a stored moment in an answer", (), Ask("GET", "/log"), 200, [{"at": "2024-01-02T00:00:00", "what": "opened"}]),
    ("choices as keys", (), Ask("GET", "/grades"), 200, {"new": 3}),
    ("a choice as the answer", (), Ask("GET", "/card/a"), 200, "new"),
    ("a file's name in a header", (), Ask("GET", "/file?name=%E6%9C%AC"), 200, "x"),
    ("a secret that is not ASCII", (), Ask("GET", "/secret?token=%C3%A9"), 403, None),
    ("a list for a cached function", (), Ask("GET", "/teams/x"), 200, {"total": 2}),
    (
        "bytes that begin with text",
        (),
        Ask("GET", "/bearer", headers={"authorization": "Bearer x"}),
        200,
        {"bearer": True},
    ),
    ("items that are no objects", (), Ask("POST", "/titles", [1]), 422, None),
    ("null added to a number", (), Ask("POST", "/add", {"count": None}), 422, {"detail": "count must be a number"}),
    ("rows of another width", (), Ask("POST", "/pairs", [["a", 1], ["b"]]), 422, None),
]


@pytest.mark.parametrize(("before", "failing", "status", "body"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_first_that_works_is_right(before: Sequence[Ask], failing: Ask, status: int, body: Any) -> None:
    source: str | Mapping[str, str] = CLUB
    _, healed = heal(source, before, failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    assert (answer.status, answer.body if body is not None else None) == (status, body), candidate.diff
