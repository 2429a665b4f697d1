"""Places that look like the fault are named when nothing guards them, and only then."""

from __future__ import annotations

import textwrap

import pytest
from healer.model import Diagnosis, ExceptionInfo
from healer.stages.diagnosis import diagnose

from .crashes import report_at

NONE, NO_NUMBER = (
    ExceptionInfo(
        "AttributeError", f"'NoneType' object has no attribute '{name}'", bases=("AttributeError", "Exception")
    )
    for name in ("tier", "number")
)
KEY = ExceptionInfo("KeyError", "'mug'", bases=("KeyError", "LookupError", "Exception"))
INT = ExceptionInfo("ValueError", "invalid literal for int() with base 10: 'x'", bases=("ValueError", "Exception"))
ZERO = ExceptionInfo(
    "ZeroDivisionError", "division by zero", bases=("ZeroDivisionError", "ArithmeticError", "Exception")
)
EMPTY = ExceptionInfo("IndexError", "list index out of range", bases=("IndexError", "LookupError", "Exception"))
STOP = ExceptionInfo("StopIteration", "", bases=("StopIteration", "Exception"))
UNPACK = ExceptionInfo(
    "ValueError", "not enough values to unpack (expected 2, got 1)", bases=("ValueError", "Exception")
)
JSON = ExceptionInfo("JSONDecodeError", "Expecting value", "json", ("JSONDecodeError", "ValueError", "Exception"))
AWAIT = ExceptionInfo(
    "AttributeError", "'coroutine' object has no attribute 'x'", bases=("AttributeError", "Exception")
)
CHANGED = ExceptionInfo("RuntimeError", "dictionary changed size during iteration", bases=("RuntimeError", "Exception"))

HEAD = """
    from fastapi import FastAPI, HTTPException, Request
    import json
    from statistics import mean

    app = FastAPI()
    STOCK = {"tea": 1}
    WEEK = ("mo", "tu")
    SEATS = {}
    MEMBERS = {}
    REQUIRED = ("seat", "row")


    def find(name):
        return next((m for m in MEMBERS.values() if m.name == name), None)


    async def load(name):
        return MEMBERS[name]


    def book(member, seat):
        SEATS[seat] = member
        MEMBERS[member.name] = member


    def check(value):
        if value is None:
            raise HTTPException(404, "no such member")
"""


def diagnosed(exception: ExceptionInfo, fault: str, *others: str) -> tuple[Diagnosis, str]:
    """The crash is on the line of `fault` that ends with CRASH."""
    parts = [textwrap.dedent(part).strip("\n") for part in (HEAD, fault, *others)]
    source = "\n\n\n".join(parts) + "\n"
    report = report_at({"app.py": source}, "# CRASH", exception, framework="fastapi")
    return diagnose(report, {"app.py": source}), source


def lines(exception: ExceptionInfo, fault: str, *others: str) -> list[str]:
    """The lines of the siblings, each once, without the mark that a wanted one ends with."""
    diagnosis, source = diagnosed(exception, fault, *others)
    return [source.splitlines()[site.line - 1].strip() for site in diagnosis.siblings]


HELPER = """
    @app.get("/members/{name}/tier")
    def tier(name: str):
        member = find(name)
        return member.tier  # CRASH
"""
FOUND = """
    @app.get("/members/{name}/since")
    def since(name: str):
        found = find(name)
        days = found.days  # ALIKE
        if days > 3:
            return days
        return found.since
"""
STORED = """
    @app.get("/members/{name}/card")
    def card(name: str, other: str):
        member = MEMBERS[name]
        return member.card.number  # CRASH
"""
TABLE = """
    @app.get("/stock/{name}")
    def stock(name: str):
        return STOCK[name]  # CRASH
"""
FIELD = """
    @app.post("/seats")
    def seat(body: dict):
        book(find("a"), body["seat"])  # CRASH
        return body["row"]  # ALIKE
"""
CONVERT = """
    @app.get("/page")
    def page(request: Request):
        return int(request.query_params["page"])  # CRASH
"""
LENGTH = """
    @app.get("/mean/{name}")
    def average(name: str):
        sold = SEATS[name]
        return sum(sold) / len(sold)  # CRASH
"""
SEARCH = """
    @app.get("/first/{name}")
    def first(name: str):
        return next(m for m in MEMBERS.values() if m.name == name)  # CRASH
"""
LAST = """
    @app.get("/last/{name}")
    def last(name: str):
        rows = SEATS[name]
        return rows[-1]  # CRASH
"""
SPLIT = """
    @app.get("/span")
    def span(text: str):
        start, end = text.split("-")  # CRASH
        return start, end
"""
DECODE = """
    @app.post("/raw")
    async def raw(request: Request):
        return await request.json()  # CRASH
"""
FORGOTTEN = """
    @app.get("/names/{name}")
    async def name_of(name: str):
        member = load(name)
        return member.name  # CRASH
"""
LOOP = """
    def sweep():
        for seat in SEATS:  # CRASH
            if SEATS[seat] is None:
                del SEATS[seat]
"""

ALIKE = {
    "the same attribute of the same class": (
        NO_NUMBER,
        "class Desk:\n    def show(self):\n        return self.card.number  # CRASH\n\n"
        "    def print(self):\n        return self.card.colour  # ALIKE",
    ),
    "another function uses the helper's answer": (NONE, HELPER, FOUND),
    "the answer is used at once": (NONE, HELPER, "def at_once(name):\n    return find(name).tier  # ALIKE"),
    "the same optional attribute of such a record": (
        NO_NUMBER,
        STORED,
        'def charge(name):\n    member = MEMBERS["x" + name]\n    return member.card.charge()  # ALIKE',
    ),
    "the table with another key of the client": (
        KEY,
        TABLE,
        '@app.get("/price/{article}")\ndef price(article: str):\n    return 3 * STOCK[article]  # ALIKE',
    ),
    "another field of the body": (KEY, FIELD),
    "the same conversion": (
        INT,
        CONVERT,
        '@app.get("/size")\ndef size(request: Request):\n    text = request.query_params.get("size", "1")\n'
        "    return int(text)  # ALIKE",
    ),
    "a division by another length": (
        ZERO,
        LENGTH,
        "def share(name):\n    rows = SEATS[name]\n    count = len(rows)\n    return 100 / count  # ALIKE",
    ),
    "the same search": (
        STOP,
        SEARCH,
        "def any_of(tier):\n    return next(m for m in MEMBERS.values() if m.tier == tier)  # ALIKE",
    ),
    "the last item of the same": (
        EMPTY,
        LAST,
        "def newest(name):\n    return SEATS[name][-1]  # ALIKE",
    ),
    "taken apart in the same way": (
        UNPACK,
        SPLIT,
        '@app.get("/pair")\ndef pair(both: str):\n    one, other = both.split(",")  # ALIKE\n    return one',
    ),
    "the body read in the same way": (
        JSON,
        DECODE,
        '@app.post("/more")\nasync def more(request: Request):\n    return len(await request.json())  # ALIKE',
    ),
    "the same coroutine not awaited": (
        AWAIT,
        FORGOTTEN,
        "async def tier_of(name):\n    return load(name).tier  # ALIKE",
    ),
    "a loop that takes away": (
        CHANGED,
        LOOP,
        "def tidy():\n    for name, one in MEMBERS.items():  # ALIKE\n        if one:\n            MEMBERS.pop(name)",
    ),
}

GUARDED = {
    "tested for None": (
        NONE,
        HELPER,
        "def a(name):\n    m = find(name)\n    if m is None:\n        return 0\n    return m.tier",
    ),
    "tested in the expression": (NONE, HELPER, "def a(name):\n    m = find(name)\n    return m.tier if m else 0"),
    "tested by and": (NONE, HELPER, "def a(name):\n    m = find(name)\n    return m and m.tier"),
    "checked by a call": (NONE, HELPER, "def a(name):\n    m = find(name)\n    check(m)\n    return m.tier"),
    "in a try": (
        NONE,
        HELPER,
        "def a(name):\n    try:\n        return find(name).tier\n    except AttributeError:\n        return 0",
    ),
    "in a try of the caller": (
        NONE,
        HELPER,
        "def a(name):\n    return find(name).tier",
        "def b(name):\n    try:\n        return a(name)\n    except Exception:\n        return 0",
    ),
    "suppressed": (NONE, HELPER, "def a(name):\n    with suppress(AttributeError):\n        return find(name).tier"),
    "the name was looked at": (
        NONE,
        HELPER,
        "def a(name):\n    if name not in MEMBERS:\n        return 0\n    m = find(name)\n    return m.tier",
    ),
    "the text was looked at": (
        INT,
        CONVERT,
        '@app.get("/a")\ndef a(text: str):\n    if not RE.fullmatch(text):\n        return 0\n'
        '    parts = text.split(":")\n    return int(parts[0])',
    ),
    "what it was collected from was looked at": (
        ZERO,
        LENGTH,
        "def a(all):\n    if not all:\n        return 0\n    rows = [one.x for one in all]\n    return 1 / len(rows)",
    ),
    "the same name in another class": (
        NO_NUMBER,
        "class Desk:\n    def show(self):\n        return self.card.number  # CRASH",
        "class Gate:\n    def show(self):\n        return self.card.number",
    ),
    "one that is always there": (NONE, HELPER, 'def a():\n    return find("root").tier'),
    "another helper": (NONE, HELPER, "def a(name):\n    return load(name).tier"),
    "with a default": (NONE, HELPER, "def a(name):\n    m = find(name) or MEMBERS[0]\n    return m.tier"),
    "asked for before": (
        KEY,
        TABLE,
        '@app.get("/a/{name}")\ndef a(name: str):\n    if name not in STOCK:\n        return 0\n    return STOCK[name]',
    ),
    "a key of its own": (KEY, TABLE, "def a():\n    return [STOCK[name] for name in STOCK]"),
    "set, not read": (KEY, TABLE, '@app.put("/s/{name}")\ndef a(name: str):\n    STOCK[name] = 1'),
    "a key the framework checked": (KEY, TABLE, '@app.get("/k/{kind}")\ndef a(kind: Kind):\n    return STOCK[kind]'),
    "found by get before": (
        KEY,
        TABLE,
        '@app.get("/g/{n}")\ndef a(n: str):\n    known = STOCK.get(n)\n    if known is None:\n        return 0\n'
        "    return STOCK[n]",
    ),
    "all fields asked for before": (
        KEY,
        FIELD.replace('["row"]  # ALIKE', '.get("row")'),
        '@app.post("/b")\ndef a(body: dict):\n    for field in REQUIRED:\n        if field not in body:\n'
        '            raise HTTPException(422, field)\n    return body["seat"]',
    ),
    "converted in a try": (
        INT,
        CONVERT,
        '@app.get("/a")\ndef a(request: Request):\n    try:\n        return int(request.query_params["n"])\n'
        "    except ValueError:\n        raise HTTPException(422, 'no')",
    ),
    "digits only": (
        INT,
        CONVERT,
        '@app.get("/a")\ndef a(n: str):\n    if not n.isdigit():\n        return 0\n    return int(n)',
    ),
    "a number already": (INT, CONVERT, '@app.get("/a")\ndef a(n: int):\n    return int(n)'),
    "nothing of the client's": (INT, CONVERT, "def a():\n    return int(len(STOCK))"),
    "a length that was looked at": (
        ZERO,
        LENGTH,
        "def a(rows):\n    if not rows:\n        return 0\n    return 1 / len(rows)",
    ),
    "a length that cannot be zero": (ZERO, LENGTH, "def a():\n    return 1 / len(WEEK)"),
    "at least one": (ZERO, LENGTH, "def a(rows):\n    return 1 / max(len(rows), 1)"),
    "text, no division": (ZERO, LENGTH, 'def a(rows):\n    return "%d" % len(rows)'),
    "a search with a default": (
        STOP,
        SEARCH,
        "def a(t):\n    return next((m for m in MEMBERS.values() if m.t == t), None)",
    ),
    "a search elsewhere": (STOP, SEARCH, "def a(t):\n    return next(m for m in SEATS.values() if m.t == t)"),
    "awaited": (AWAIT, FORGOTTEN, "async def a(name):\n    m = await load(name)\n    return m.tier"),
    "awaited later": (AWAIT, FORGOTTEN, "async def a(name):\n    m = load(name)\n    return (await m).tier"),
    "handed on": (AWAIT, FORGOTTEN, "async def a(name):\n    return await gather(load(name), load(name))"),
    "stops after the first": (
        CHANGED,
        LOOP,
        "def a():\n    for name in MEMBERS:\n        if not name:\n            del MEMBERS[name]\n            break",
    ),
    "loops over a copy": (CHANGED, LOOP, "def a():\n    for name in list(MEMBERS):\n        del MEMBERS[name]"),
}


@pytest.mark.parametrize("name", ALIKE)
def test_what_looks_alike_is_named(name: str) -> None:
    exception, *parts = ALIKE[name]
    found = lines(exception, *parts)
    assert [line.partition("  # ")[2] for line in found] == ["ALIKE"], found


@pytest.mark.parametrize("name", GUARDED)
def test_what_is_guarded_or_different_is_not(name: str) -> None:
    exception, *parts = GUARDED[name]
    assert lines(exception, *parts) == []


def test_a_sibling_says_where_and_why() -> None:
    diagnosis, _ = diagnosed(NONE, HELPER, FOUND)
    (site,) = diagnosis.siblings
    assert (site.file, site.function) == ("app.py", "since")
    assert site.why == "found may be None in found.days as well"


def test_there_are_at_most_five() -> None:
    others = [f'@app.get("/{n}/{{name}}")\ndef f{n}(name: str):\n    return STOCK[name]' for n in range(9)]
    assert len(lines(KEY, TABLE, *others)) == 5
