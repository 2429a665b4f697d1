"""Records that lack what a request needs of them, and near misses: the first that works is what a maintainer gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from healer.model import Answer

from .crashes import Ask, heal

CLUB = """
    from datetime import date, datetime, timedelta
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel

    app = FastAPI()

    class Plan(BaseModel):
        days: int
        label: str

    class Tier(BaseModel):
        name: str
        plan: Optional[Plan] = None

    class Member(BaseModel):
        id: int
        tier: Optional[Tier] = None
        start: date
        state: str = "active"
        email: Optional[str] = None
        visits: list[int] = []

    MEMBERS = {1: Member(id=1, start=date(2024,1,1)), 2: Member(id=2, start=date(2024,1,1), tier=Tier(name="g"))}
    LOG = []

    def get_member(member_id: int) -> Member:
        if member_id not in MEMBERS:
            raise HTTPException(status_code=404, detail="member not found")
        return MEMBERS[member_id]

    @app.post("/members/{member_id}/pause")
    def pause(member_id: int):
        member = get_member(member_id)
        if member.state != "active":
            raise HTTPException(status_code=409, detail="member is not active")
        plan = member.tier.plan
        now = date(2024, 2, 1)
        if now > member.start + timedelta(days=plan.days):
            raise HTTPException(status_code=409, detail="membership has ended")
        left = plan.days - 3
        LOG.append(plan.label)
        return {"left": left, "plan": plan.label}

    @app.delete("/members/{member_id}/visits/last")
    def drop_last(member_id: int):
        member = get_member(member_id)
        if member.state != "active":
            raise HTTPException(status_code=409, detail="member is not active")
        last = member.visits.pop()
        return {"last": last}

    @app.post("/members/{member_id}/invite")
    def invite(member_id: int):
        member = get_member(member_id)
        LOG.append(member.email.lower())
        return {"ok": True}

    @app.get("/ends/{member_id}")
    def ends(member_id: int):
        member = get_member(member_id)
        return {"id": member.id, "ends": member.start + timedelta(days=member.tier.plan.days)}

    @app.get("/warranty")
    def warranty(days: int):
        return {"until": str(date(2024, 1, 1) + timedelta(days=days))}

    def shift(n: int):
        return date(2024, 1, 1).replace(month=1 + n)

    @app.get("/shift")
    def shifted(n: int):
        return {"on": str(shift(n))}

    @app.get("/parse")
    def parse(on: str):
        y, m, d = on.split("-")
        return {"on": str(date(int(y), int(m), int(d)))}

    @app.get("/kv")
    def kv(of: str):
        if "=" not in of:
            raise HTTPException(status_code=400, detail="of must be key=value")
        key, value = of.split("=")
        return {key: float(value)}
"""

CASES: list[tuple[str, str | Mapping[str, str], Ask, int, Any]] = [
    ("a relation of a relation", CLUB, Ask("POST", "/members/2/pause"), 409, {"detail": "tier has no plan"}),
    ("the relation before it", CLUB, Ask("POST", "/members/1/pause"), 409, {"detail": "member has no tier"}),
    ("an empty list of its own", CLUB, Ask("DELETE", "/members/1/visits/last"), 409, {"detail": "member has no visit"}),
    ("a column that is needed", CLUB, Ask("POST", "/members/1/invite"), 409, {"detail": "member has no email"}),
    ("a calculation that is shown", CLUB, Ask("GET", "/ends/2"), 200, {"id": 2, "ends": None}),
    ("more days than there are", CLUB, Ask("GET", "/warranty?days=99999999"), 400, None),
    ("a month stepped in a helper", CLUB, Ask("GET", "/shift?n=12"), 200, {"on": "2025-01-01"}),
    ("a date of two parts", CLUB, Ask("GET", "/parse?on=2024-1"), 400, None),
    ("a date that is none", CLUB, Ask("GET", "/parse?on=2024-2-31"), 400, None),
    ("a number with a separator in it", CLUB, Ask("GET", "/kv?of=a=1=2"), 400, None),
]


@pytest.mark.parametrize(("text", "failing", "status", "body"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_first_that_works_is_right(text: str | Mapping[str, str], failing: Ask, status: int, body: Any) -> None:
    _, healed = heal(text, [], failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    assert (answer.status, answer.body if body is not None else None) == (status, body), candidate.changes[0].after


def test_the_guard_stands_before_the_first_use_and_serves_them_all() -> None:
    _, healed = heal(CLUB, [], Ask("POST", "/members/2/pause"))
    text = healed[0][0].changes[0].after
    wanted = 'if plan is None:\n        raise HTTPException(status_code=409, detail="tier has no plan")\n'
    assert text.count(wanted) == 1


def test_a_cause_is_read_by_a_person() -> None:
    diagnosis, _ = heal(CLUB, [], Ask("GET", "/shift?n=12"))
    assert diagnosis.cause.startswith("date(2024, 1, 1).replace(month=1 + n) leaves the calendar in shift")
    assert diagnosis.answer is Answer.CORRECT
