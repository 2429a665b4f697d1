"""Names and imports that are not there: the first candidate that works writes what was meant."""

from __future__ import annotations

import pytest

from .crashes import Ask
from .tables import Case, assert_healed

CASES = {
    "a slip inside a refusal": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    ITEMS = {"a": {"price": 5, "stock": 2}}
    @app.get("/items/{name}")
    def show(name: str, count: int = 1):
        if name not in ITEMS:
            raise HTTPException(404, "no such item")
        item = ITEMS[name]
        if count > item["stock"]:
            raise HTTPException(409, f"only {itme['stock']} left")
        return {"total": item["price"] * count}
    """,
        Ask("GET", "/items/a?count=9"),
        409,
        {"detail": "only 2 left"},
        also=(Ask("GET", "/items/a"), 200, {"total": 5}),
    ),
    "a name of another module": Case(
        {
            "limits.py": """
    MAX_ROWS = 3
    DEFAULT_ROWS = 2
    def clamp(n):
        return max(1, min(n, MAX_ROWS))
    """,
            "app.py": """
    from flask import Flask, jsonify, request
    from limits import DEFAULT_ROWS
    app = Flask(__name__)
    ROWS = [1, 2, 3, 4]
    @app.get("/rows")
    def rows():
        raw = request.args.get("n")
        if raw is None:
            return jsonify(ROWS[:DEFAULT_ROWS])
        if not raw.isdecimal():
            return jsonify(error="n must be a number"), 400
        return jsonify(ROWS[:clamp(int(raw))])
    """,
        },
        Ask("GET", "/rows?n=9"),
        200,
        [1, 2, 3],
        also=(Ask("GET", "/rows"), 200, [1, 2]),
    ),
    "an attribute without self": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    class Purse:
        def __init__(self):
            self.coins = {"eur": 10}
            self.frozen = set()
        def put(self, code, n):
            self.coins[code] = self.coins.get(code, 0) + n
        def take(self, code, n):
            if code in frozen:
                raise HTTPException(409, "frozen")
            if self.coins.get(code, 0) < n:
                raise HTTPException(409, "not enough")
            self.coins[code] -= n
            return self.coins[code]
    purse = Purse()
    @app.post("/put/{code}")
    def put(code: str, n: int):
        purse.put(code, n)
        return purse.coins
    @app.post("/take/{code}")
    def take(code: str, n: int):
        return {"left": purse.take(code, n)}
    """,
        Ask("POST", "/take/eur?n=3"),
        200,
        {"left": 7},
        also=(Ask("POST", "/put/eur?n=3"), 200, {"eur": 13}),
    ),
    "a field without its record": Case(
        """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Booking(BaseModel):
        guest: str
        nights: int
        breakfast: bool = False
    @app.post("/quote")
    def quote(booking: Booking):
        if booking.nights < 1:
            raise HTTPException(422, "nights must be at least 1")
        total = booking.nights * 80
        if booking.breakfast:
            total += nights * 12
        return {"guest": booking.guest, "total": total}
    """,
        Ask("POST", "/quote", {"guest": "a", "nights": 2, "breakfast": True}),
        200,
        {"guest": "a", "total": 184},
        also=(Ask("POST", "/quote", {"guest": "a", "nights": 2}), 200, {"guest": "a", "total": 160}),
    ),
    "a class of the standard library": Case(
        """
    from datetime import datetime
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    @app.get("/end")
    def end():
        start = datetime.fromisoformat(request.args.get("start", "2024-01-01"))
        minutes = request.args.get("minutes", type=int)
        if minutes is None:
            return jsonify(start=start.isoformat())
        return jsonify(end=(start + timedelta(minutes=minutes)).isoformat())
    """,
        Ask("GET", "/end?minutes=90"),
        200,
        {"end": "2024-01-01T01:30:00"},
        also=(Ask("GET", "/end"), 200, None),
    ),
    "an import of what lives elsewhere": Case(
        {
            "money.py": """
    def format_cents(cents):
        return f"{cents // 100}.{cents % 100:02d}"
    """,
            "helpers.py": """
    def slug(text):
        return text.lower().replace(" ", "-")
    """,
            "app.py": """
    from fastapi import FastAPI
    from helpers import slug
    app = FastAPI()
    BILLS = {"gas": 1234}
    @app.get("/bills")
    def bills():
        return {slug(k): v for k, v in BILLS.items()}
    @app.get("/bills/print")
    def printed():
        from helpers import format_cents
        return {k: format_cents(v) for k, v in BILLS.items()}
    """,
        },
        Ask("GET", "/bills/print"),
        200,
        {"gas": "12.34"},
        also=(Ask("GET", "/bills"), 200, {"gas": 1234}),
    ),
    "an import of a module in a package": Case(
        {
            "reports/__init__.py": """
    """,
            "reports/render.py": """
    def as_text(rows):
        return "; ".join(f"{k}={v}" for k, v in sorted(rows.items()))
    """,
            "app.py": """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    ROWS = {"a": 1, "b": 2}
    @app.get("/rows")
    def rows():
        if request.args.get("as") == "text":
            from render import as_text
            return as_text(ROWS)
        return jsonify(ROWS)
    """,
        },
        Ask("GET", "/rows?as=text"),
        200,
        "a=1; b=2",
        also=(Ask("GET", "/rows"), 200, None),
    ),
    "a method without self": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    class Board:
        def __init__(self):
            self.cells = {}
        def _inside(self, x, y):
            return 0 <= x < 3 and 0 <= y < 3
        def put(self, x, y, mark):
            if not _inside(x, y):
                raise ValueError("outside of the board")
            self.cells[x, y] = mark
        def count(self):
            return len(self.cells)
    board = Board()
    @app.get("/count")
    def count():
        return jsonify(count=board.count())
    @app.post("/put")
    def put():
        data = request.get_json()
        try:
            board.put(data["x"], data["y"], data["mark"])
        except ValueError as err:
            return jsonify(error=str(err)), 400
        return jsonify(count=board.count())
    """,
        Ask("POST", "/put", {"x": 1, "y": 1, "mark": "o"}),
        200,
        {"count": 1},
        also=(Ask("GET", "/count"), 200, {"count": 0}),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_healed(case)
