"""Text that cannot be converted: refused, taken as it is meant, or given up like other bad items; and so for the other
texts that the same client may send.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from .crashes import Ask, heal, outcome, repaired, sources_of

RIDES = """
    import base64
    import json
    import math
    import re
    from datetime import date, datetime, timezone
    from decimal import Decimal, InvalidOperation
    from zoneinfo import ZoneInfo
    from flask import Flask, jsonify, request

    app = Flask(__name__)
    RIDES = [{"id": 1, "km": 12, "at": "2024-03-01"}, {"id": 2, "km": 3, "at": "2024-03-04"}]

    def fail(message, status=400):
        return jsonify(error=message), status

    @app.get("/near")
    def near():
        if "at" not in request.args:
            return fail("at is required")
        lat, lon = request.args["at"].split(",")
        return jsonify(lat=round(float(lat), 1), lon=round(float(lon), 1))

    @app.post("/rides")
    def add():
        data = request.get_json(silent=True)
        if not isinstance(data, dict):
            return fail("a JSON object is required")
        km = int(data.get("km"))
        day = date.fromisoformat(data["day"]) if data.get("day") else date(2024, 1, 1)
        return jsonify(km=km, day=day.isoformat()), 201

    @app.get("/price/<amount>")
    def price(amount):
        try:
            value = Decimal(amount)
        except InvalidOperation:
            return fail("amount must be a number")
        if value < 0:
            return fail("amount must not be negative")
        return jsonify(price=str(value))

    @app.get("/speed")
    def speed():
        try:
            hours = float(request.args.get("hours", "1"))
        except ValueError:
            return fail("hours must be a number")
        return jsonify(speed=round(12 / hours if hours else 0), hours=round(hours))

    @app.get("/grep")
    def grep():
        return jsonify([r["id"] for r in RIDES if re.search(request.args.get("q", ""), r["at"])])

    @app.get("/clock")
    def clock():
        zone = request.args.get("zone", "UTC")
        return jsonify(at=datetime(2024, 1, 1, tzinfo=timezone.utc).astimezone(ZoneInfo(zone)).isoformat())

    @app.get("/page")
    def page():
        token = request.args.get("cursor")
        start = 0
        if token:
            state = json.loads(base64.urlsafe_b64decode(token))
            start = state["start"]
        return jsonify(RIDES[start:])

    @app.get("/first")
    def first():
        \"\"\"The first rides; a `limit` that makes no sense is ignored.\"\"\"
        limit = int(request.args.get("limit", 20))
        return jsonify([r["id"] for r in RIDES[:limit]])

    @app.get("/from")
    def skip():
        offset = int(request.args.get("offset", 0))
        count = request.args.get("count", 5, type=int)
        return jsonify([r["id"] for r in RIDES[offset:offset + count]])

    HALLS = {"Rex": 80, "Old Mill": 60}

    @app.get("/slot")
    def slot():
        hall, clock = request.args.get("of", "").split()
        if hall not in HALLS:
            return fail("no such hall")
        return jsonify(hall=hall, clock=clock)

    @app.get("/rides/<number>")
    def by_number(number):
        wanted = int(number)
        for one in RIDES:
            if one["id"] == wanted:
                return jsonify(one)
        return fail("no such ride", 404)

    @app.get("/ride/<index>")
    def ride(index):
        try:
            return jsonify(RIDES[index])
        except IndexError:
            return fail("no such ride", 404)
"""

LINES = """
    import json
    from fastapi import FastAPI, Request

    app = FastAPI()

    class BadLine(Exception):
        pass

    def kilos(text):
        try:
            return float(text)
        except ValueError:
            raise BadLine("weight is not a number")

    def parse(line):
        parts = line.split(";")
        if len(parts) != 3:
            raise BadLine("three fields are needed")
        name, weight, count = parts
        return {"name": name, "weight": kilos(weight), "count": int(count)}

    def check(row):
        \"\"\"The reason why a row cannot be taken, else None.\"\"\"
        if "name" not in row:
            return "name is required"
        total = int(row.get("total", "0"))
        return None if total else "total is zero"

    @app.post("/lines")
    async def lines(request: Request):
        kept, bad = [], []
        for number, line in enumerate((await request.body()).decode().splitlines(), 1):
            try:
                kept.append(parse(line))
            except BadLine as why:
                bad.append({"line": number, "why": str(why)})
        return {"kept": len(kept), "bad": bad}

    @app.post("/rows")
    def rows(rows: list[dict[str, str]]):
        return {"bad": [reason for row in rows if (reason := check(row))]}

    @app.post("/objects")
    async def objects(request: Request):
        kept, bad = 0, []
        for number, line in enumerate((await request.body()).decode().splitlines(), 1):
            one = json.loads(line)
            if "kind" not in one:
                bad.append({"line": number, "why": "kind is missing"})
                continue
            kept += 1
        return {"kept": kept, "bad": bad}
"""

PARSERS = {
    "money.py": """
        from decimal import Decimal, InvalidOperation

        class BadAmount(ValueError):
            pass

        def parse(text):
            try:
                value = Decimal(text)
            except InvalidOperation:
                raise BadAmount(f"not an amount: {text}")
            if value < 0:
                raise BadAmount("amounts are positive")
            return value

        def tidy(text):
            return text.replace("€", "").replace(" ", "").replace(",", ".")

        def cents(text):
            return round(float(text) * 100)

        def span(text):
            \"\"\"'1h30m', '45m' or '2h' in minutes.\"\"\"
            hours, minutes, rest = 0, 0, text
            if "h" in rest:
                head, rest = rest.split("h")
                hours = int(head)
            if rest.endswith("m"):
                minutes = int(rest[:-1])
            return 60 * hours + minutes

        def quantity(text):
            \"\"\"Whole numbers as people write them: "1 200" or " 7 ".\"\"\"
            return int(text)
    """,
    "params.py": """
        from fastapi import Request

        class Invalid(Exception):
            pass

        def whole(request: Request, name, default=None):
            raw = request.query_params.get(name)
            if raw is None:
                return default
            try:
                return int(raw)
            except ValueError:
                raise Invalid(f"{name} must be a whole number")

        def number(request: Request, name, default=None):
            raw = request.query_params.get(name)
            if not raw:
                return default
            return float(raw)
    """,
    "app.py": """
        from fastapi import Body, FastAPI, HTTPException, Request
        from fastapi.responses import JSONResponse
        import money
        import params

        app = FastAPI()

        @app.exception_handler(params.Invalid)
        def on_invalid(request, error):
            return JSONResponse({"detail": str(error)}, status_code=400)

        @app.post("/amount")
        def amount(value=Body(..., embed=True)):
            try:
                return {"amount": str(money.parse(value))}
            except money.BadAmount as bad:
                raise HTTPException(400, str(bad))

        @app.get("/label")
        def label(price: str):
            try:
                return {"cents": money.cents(money.tidy(price))}
            except ValueError:
                raise HTTPException(400, "price is no amount")

        @app.get("/tag")
        def tag(price: str):
            return {"cents": money.cents(price)}

        @app.get("/span")
        def span(stay: str):
            if not stay:
                raise HTTPException(400, "stay is required")
            return {"minutes": money.span(stay)}

        @app.get("/quantity")
        def quantity(of: str):
            return {"quantity": money.quantity(of)}

        @app.get("/page")
        def page(request: Request):
            return {"size": params.whole(request, "size", 10), "scale": params.number(request, "scale", 1.0)}

        @app.get("/skip")
        def skip(request: Request):
            return {"skip": int(request.query_params.get("skip", 0))}
    """,
}

SENDING = """
    import json

    async def reply(send, status, body):
        await send({"type": "http.response.start", "status": status,
                    "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    async def app(scope, receive, send):
        headers = dict(scope["headers"])
        n = int(headers.get(b"x-size", b"0").decode("latin-1"))
        if n < 0:
            await reply(send, 400, {"error": "size must not be negative"})
            return
        await reply(send, 200, {"n": n})
"""


def _get(path: str) -> Ask:
    return Ask("GET", path)


def _post(path: str, json: Any = None, text: str | None = None) -> Ask:
    return Ask("POST", path, json, content=text.encode() if text is not None else None)


Case = tuple[str, str | Mapping[str, str], Ask, int, Any, Sequence[tuple[Ask, int]]]
CASES: list[Case] = [
    (
        "parts of one text",
        RIDES,
        _get("/near?at=a,1"),
        400,
        None,
        [(_get("/near?at=1,b"), 400), (_get("/near?at=1"), 400)],
    ),
    ("null for a number", RIDES, _post("/rides", {}), 400, None, [(_post("/rides", {"km": "x"}), 400)]),
    (
        "a date that is asked for only when it is there",
        RIDES,
        _post("/rides", {"km": 1, "day": "1/2"}),
        400,
        {"error": "day must be a date"},
        [(_post("/rides", {"km": 1}), 201), (_post("/rides", {"km": 1, "day": 5}), 400)],
    ),
    ("NaN as a Decimal", RIDES, _get("/price/nan"), 400, None, [(_get("/price/2"), 200)]),
    ("NaN as a float", RIDES, _get("/speed?hours=nan"), 400, None, [(_get("/speed?hours=inf"), 400)]),
    ("a pattern that is none", RIDES, _get("/grep?q=["), 400, None, [(_get("/grep?q=03"), 200)]),
    ("a zone that is none", RIDES, _get("/clock?zone=Mars/Base"), 400, None, [(_get("/clock"), 200)]),
    ("a token", RIDES, _get("/page?cursor=abc"), 400, {"error": "invalid cursor"}, [(_get("/page?cursor=e30="), 400)]),
    ("a limit that is ignored", RIDES, _get("/first?limit=x"), 200, [1, 2], []),
    ("as the parameter next to it", RIDES, _get("/from?offset=x"), 200, [1, 2], [(_get("/from?offset=1"), 200)]),
    ("a position", RIDES, _get("/ride/1"), 200, None, [(_get("/ride/9"), 404), (_get("/ride/x"), 404)]),
    (
        "a name that holds the separator",
        RIDES,
        _get("/slot?of=Old%20Mill%2010:00"),
        200,
        {"hall": "Old Mill", "clock": "10:00"},
        [(_get("/slot?of=Rex"), 400), (_get("/slot?of=Rex%2010:00"), 200)],
    ),
    (
        "a number in the path that is none",
        RIDES,
        _get("/rides/x"),
        404,
        {"error": "no such ride"},
        [(_get("/rides/2"), 200)],
    ),
    (
        "an error that the loop collects",
        LINES,
        _post("/lines", text="a;1;2\nb;1;x\n"),
        200,
        {"kept": 1, "bad": [{"line": 2, "why": "count is not a whole number"}]},
        [],
    ),
    ("a reason in words", LINES, _post("/rows", [{"name": "a", "total": "x"}]), 200, None, []),
    (
        "one bad object of many",
        LINES,
        _post("/objects", text='{"kind": 1}\n{x\n{"kind": 2}'),
        200,
        {"kept": 2, "bad": [{"line": 2, "why": "line cannot be read"}]},
        [],
    ),
    (
        "a list for an amount",
        PARSERS,
        _post("/amount", {"value": [1]}),
        400,
        {"detail": "not an amount: [1]"},
        [(_post("/amount", {"value": None}), 400), (_post("/amount", {"value": {}}), 400)],
    ),
    (
        "prepared by the other caller",
        PARSERS,
        _get("/tag?price=4,50"),
        200,
        {"cents": 450},
        [(_get("/tag?price=5"), 200)],
    ),
    (
        "a helper that takes text apart",
        PARSERS,
        _get("/span?stay=xh"),
        400,
        {"detail": "invalid stay"},
        [(_get("/span?stay=ym"), 400), (_get("/span?stay=1h2h"), 400), (_get("/span?stay=1h30m"), 200)],
    ),
    ("the docstring's own example", PARSERS, _get("/quantity?of=1%20200"), 200, {"quantity": 1200}, []),
    ("called by the name it is told", PARSERS, _get("/page?scale=x"), 400, {"detail": "scale must be a number"}, []),
    ("the service's own getter", PARSERS, _get("/skip?skip=x"), 400, {"detail": "skip must be a whole number"}, []),
    (
        "answers that are sent",
        SENDING,
        Ask("GET", "/", headers={"x-size": "x"}),
        400,
        {"error": "x-size must be a whole number"},
        [],
    ),
]


@pytest.mark.parametrize(
    ("text", "failing", "status", "body", "others"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_the_first_that_works_is_right(
    text: str | Mapping[str, str], failing: Ask, status: int, body: Any, others: Sequence[tuple[Ask, int]]
) -> None:
    _, healed = heal(text, (), failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    changed = candidate.changes[0].after
    assert (answer.status, answer.body if body is not None else None) == (status, body), changed
    sources = repaired(sources_of(text), candidate)
    for ask, expected in others:
        again = outcome(sources, (), ask)
        assert again is not None and again.status == expected, f"{ask}\n{changed}"
