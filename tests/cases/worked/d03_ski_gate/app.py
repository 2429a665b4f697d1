"""Ski pass service for tills and turnstiles."""
from datetime import datetime
from typing import Literal

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

import passes

app = FastAPI(title="ski passes")


class Sale(BaseModel):
    product: Literal["half-day", "day", "evening"]
    starts: datetime


class Scan(BaseModel):
    pass_number: int
    at: datetime


def pass_or_404(number: int) -> passes.Pass:
    if number not in passes.PASSES:
        raise HTTPException(404, "no such pass")
    return passes.PASSES[number]


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds") + "Z"


def view(p: passes.Pass) -> dict:
    return {"number": p.number, "product": p.product, "starts": stamp(p.starts), "ends": stamp(p.ends), "blocked": p.blocked}


@app.post("/passes", status_code=201)
def sell(body: Sale):
    return view(passes.issue(body.product, passes.to_utc(body.starts)))


@app.get("/passes/{number}")
def show(number: int):
    return view(pass_or_404(number))


@app.get("/passes/{number}/left")
def left(number: int, now: datetime):
    """Minutes the pass is still good for."""
    remaining = passes.left(pass_or_404(number), passes.to_utc(now))
    return {"minutes": int(remaining.total_seconds() // 60)}


@app.post("/passes/{number}/block")
def block(number: int):
    p = pass_or_404(number)
    p.blocked = True
    return view(p)


@app.post("/gates/{gate}/scans")
def scan(gate: str, body: Scan):
    if gate not in passes.GATES:
        raise HTTPException(404, "no such gate")
    p = pass_or_404(body.pass_number)
    refused = passes.scan(p, gate, body.at)
    return {"open": refused is None, "reason": refused}


@app.get("/passes/{number}/scans")
def scans(number: int):
    return [{"gate": gate, "at": stamp(when)} for gate, when in pass_or_404(number).scans]
