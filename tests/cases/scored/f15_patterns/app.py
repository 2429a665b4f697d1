"""Sewing patterns. New ones arrive as lists from the publishers, one per line:

    number; title; sizes; fabric in metres
    7714; Wrap skirt; 36-44; 1.60
"""
import re
from typing import NamedTuple

from fastapi import FastAPI, HTTPException, Query, Request

app = FastAPI(title="sewing patterns")

NUMBER = re.compile(r"\d{4}")
SIZES = range(32, 61, 2)


class Pattern(NamedTuple):
    number: str
    title: str
    smallest: int
    largest: int
    metres: float


class BadLine(Exception):
    """A line that cannot be used, with the reason for the publisher."""


PATTERNS: dict[str, Pattern] = {}


def parse_sizes(text: str) -> tuple[int, int]:
    """'36-44' or a single size like '38'."""
    match = re.fullmatch(r"(\d\d)(?:-(\d\d))?", text)
    if match is None:
        raise BadLine(f"bad sizes: {text}")
    smallest = int(match[1])
    largest = int(match[2] or match[1])
    if smallest not in SIZES or largest not in SIZES or largest < smallest:
        raise BadLine(f"bad sizes: {text}")
    return smallest, largest


def parse_line(line: str) -> Pattern:
    columns = [column.strip() for column in line.split(";")]
    if len(columns) != 4:
        raise BadLine("four columns expected")
    number, title, sizes, fabric = columns
    if not NUMBER.fullmatch(number):
        raise BadLine(f"bad number: {number}")
    if not title:
        raise BadLine("no title")
    smallest, largest = parse_sizes(sizes)
    metres = float(fabric)
    if not 0 < metres <= 20:
        raise BadLine(f"bad amount of fabric: {fabric}")
    return Pattern(number, title, smallest, largest, metres)


def pattern_json(p: Pattern) -> dict:
    return {"number": p.number, "title": p.title, "sizes": [p.smallest, p.largest], "metres": p.metres}


@app.post("/imports")
async def import_list(request: Request):
    """Takes over what is usable; the rest is listed with line numbers, so that the publisher can correct it."""
    text = (await request.body()).decode("utf-8", "replace")
    imported, rejected = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            pattern = parse_line(line)
        except BadLine as err:
            rejected.append({"line": number, "reason": str(err)})
            continue
        PATTERNS[pattern.number] = pattern
        imported.append(pattern.number)
    return {"imported": imported, "rejected": rejected}


@app.get("/patterns")
def patterns(size: int | None = Query(None, ge=32, le=60), metres: float | None = Query(None, gt=0)):
    """All patterns, or those for a size and those that a piece of fabric suffices for."""
    rows = [
        p
        for p in PATTERNS.values()
        if (size is None or p.smallest <= size <= p.largest) and (metres is None or p.metres <= metres)
    ]
    return [pattern_json(p) for p in sorted(rows)]


@app.get("/patterns/{number}")
def show(number: str):
    if number not in PATTERNS:
        raise HTTPException(404, "no such pattern")
    return pattern_json(PATTERNS[number])


@app.delete("/patterns/{number}", status_code=204)
def remove(number: str):
    if PATTERNS.pop(number, None) is None:
        raise HTTPException(404, "no such pattern")
