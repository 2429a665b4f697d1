"""Text, numbers, types and names: the first candidate that works gives the answer a maintainer would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from .crashes import Ask, heal

LAB = '''
    import json
    from datetime import datetime, timezone
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID
    from fastapi import FastAPI, HTTPException, Request
    from fastapi.responses import JSONResponse
    from pydantic import BaseModel

    app = FastAPI()

    class Colour(Enum):
        RED = "red"
        BLUE = "blue"

    class Sample(BaseModel):
        name: str
        taken: datetime

    class Problem(Exception):
        def __init__(self, status, message):
            super().__init__(message)
            self.status, self.message = status, message

    @app.exception_handler(Problem)
    def on_problem(request, problem):
        return JSONResponse({"problem": problem.message}, status_code=problem.status)

    SCORES = {"ann": [], "bob": [3, 4]}
    SAMPLES = []
    PRICES = {"a": Decimal("2.50")}
    SEEN = {"x": 1, "y": 2}
    LIMIT = datetime(2030, 1, 1, tzinfo=timezone.utc)

    def parse_number(text, name):
        try:
            return int(text)
        except ValueError:
            raise Problem(400, f"{name} must be a whole number")

    @app.get("/pages")
    def pages(size: str = "10"):
        return {"pages": -(-95 // parse_number(size, "size"))}

    @app.get("/weight")
    def weight(grams: str):
        if not grams:
            raise Problem(400, "grams is required")
        return {"kg": float(grams) / 1000}

    @app.get("/price/{item}")
    def price(item: str, discount: str = "0"):
        if item not in PRICES:
            raise Problem(404, "no such item")
        return {"price": str(PRICES[item] - Decimal(discount))}

    @app.get("/paint")
    def paint(colour: str):
        return {"colour": Colour(colour).name}

    @app.get("/things/{ref}")
    def thing(ref: str):
        return {"ref": UUID(ref).hex}

    @app.get("/mean/{who}")
    def mean(who: str):
        """Mean score, null while there is none."""
        if who not in SCORES:
            raise Problem(404, "no such player")
        scores = SCORES[who]
        return {"mean": round(sum(scores) / len(scores), 2)}

    @app.get("/share")
    def share():
        total = sum(len(s) for s in SCORES.values() if len(s) > 9)
        return {"percent": 100 * 3 / total}

    @app.get("/range")
    def span(of: str):
        low, high = of.split("-")
        return {"low": low, "high": high}

    @app.get("/pair")
    def pair(of: str):
        key, value = of.split("=")
        return {key: value}

    @app.post("/raw")
    async def raw(request: Request):
        data = json.loads(await request.body())
        return {"n": len(data)}

    @app.post("/text")
    async def text(request: Request):
        body = await request.body()
        return {"text": body.decode("utf-8")}

    @app.post("/names")
    async def names(request: Request):
        data = await request.json()
        return {"names": sorted(data.get("names", []))}

    @app.post("/samples")
    def add(sample: Sample):
        if sample.taken > LIMIT:
            raise Problem(400, "taken too late")
        return {"ok": True}

    @app.get("/double")
    def double(n: str):
        total = 1
        total = total + n
        return {"n": total}

    @app.get("/sorted")
    def in_order(by: str):
        if by == "name":
            key = 0
        elif by == "size":
            key = 1
        return {"key": key}

    @app.get("/last")
    def last(who: str):
        for score in SCORES.get(who, []):
            newest = score
        return {"newest": newest}

    @app.get("/purge")
    def purge():
        for key in SEEN:
            if SEEN[key] < 2:
                del SEEN[key]
        return SEEN

    @app.get("/half")
    def half():
        return {"half": PRICES["a"] * 0.5}

    @app.get("/total")
    def total():
        count = len(SCORES)
        return {"total": "players: " + count}

    @app.get("/list")
    def listing():
        return {"list": ", ".join(SCORES["bob"])}

    @app.get("/typo")
    def typo():
        result = sorted(SCORES)
        return {"players": reslt}

    @app.get("/later")
    def later():
        return {"days": timedelta(days=2).days}

    async def load():
        return {"a": 1}

    @app.get("/lazy")
    async def lazy():
        data = load()
        return {"a": data.get("a")}
'''

NOISE = {
    "errors.py": """
        class DomainError(Exception):
            status = 400

        class Missing(DomainError):
            status = 404
    """,
    "store.py": """
        from errors import Missing

        ROOMS = {"a": {"seats": "4"}, "b": {"seats": "many"}}

        def room(name):
            if name not in ROOMS:
                raise Missing(f"no room called {name}")
            return ROOMS[name]

        def parse_size(text):
            width, height = text.split("x")
            return int(width), int(height)

        def check(colour):
            if colour not in ("red", "blue"):
                raise ValueError(f"bad colour {colour}")
            return colour
    """,
    "main.py": """
        from fastapi import FastAPI, HTTPException
        from fastapi.responses import JSONResponse
        from errors import DomainError
        import store

        app = FastAPI()

        @app.exception_handler(DomainError)
        def on_error(request, error):
            return JSONResponse({"error": str(error)}, status_code=error.status)

        @app.get("/rooms/{name}")
        def room(name: str):
            return store.room(name)

        @app.get("/area")
        def area(size: str):
            width, height = store.parse_size(size)
            return {"area": width * height}

        @app.get("/paint")
        def paint(colour: str):
            try:
                return {"colour": store.check(colour)}
            except ValueError as error:
                raise HTTPException(422, str(error))

        @app.get("/repaint")
        def repaint(colour: str):
            found = store.check(colour)
            return {"again": found}
    """,
}

CASES: list[tuple[str, str | Mapping[str, str], Ask, int, Any]] = [
    ("zero from the query", LAB, Ask("GET", "/pages?size=0"), 400, None),
    ("text for a number", LAB, Ask("GET", "/weight?grams=x"), 400, {"problem": "grams must be a number"}),
    ("text for a Decimal", LAB, Ask("GET", "/price/a?discount=x"), 400, {"problem": "discount must be a number"}),
    ("text for a choice", LAB, Ask("GET", "/paint?colour=green"), 400, None),
    ("text for a UUID", LAB, Ask("GET", "/things/zz"), 400, None),
    ("the mean of none, said to be null", LAB, Ask("GET", "/mean/ann"), 200, {"mean": None}),
    ("a share of nothing", LAB, Ask("GET", "/share"), 200, {"percent": 0}),
    ("too few parts", LAB, Ask("GET", "/range?of=7"), 400, None),
    ("an equals sign in the value", LAB, Ask("GET", "/pair?of=a=b=c"), 200, {"a": "b=c"}),
    ("a body that is no JSON", LAB, Ask("POST", "/raw", content=b"{"), 400, None),
    ("a body that is no text", LAB, Ask("POST", "/text", content=b"\xff\xfe"), 400, None),
    ("JSON of another shape", LAB, Ask("POST", "/names", json=[1]), 400, None),
    (
        "a time without a zone",
        LAB,
        Ask("POST", "/samples", {"name": "s", "taken": "2024-01-01T00:00:00"}),
        200,
        {"ok": True},
    ),
    ("text added to a number", LAB, Ask("GET", "/double?n=4"), 200, {"n": 5}),
    ("no branch for a client's choice", LAB, Ask("GET", "/sorted?by=age"), 400, None),
    ("a loop that never ran", LAB, Ask("GET", "/last?who=ann"), 200, {"newest": None}),
    ("a dict changed in its loop", LAB, Ask("GET", "/purge"), 200, {"y": 2}),
    ("Decimal times float", LAB, Ask("GET", "/half"), 200, {"half": 1.25}),
    ("a number added to text", LAB, Ask("GET", "/total"), 200, {"total": "players: 2"}),
    ("numbers joined", LAB, Ask("GET", "/list"), 200, {"list": "3, 4"}),
    ("a slip of the pen", LAB, Ask("GET", "/typo"), 200, {"players": ["ann", "bob"]}),
    ("a forgotten import", LAB, Ask("GET", "/later"), 200, {"days": 2}),
    ("a forgotten await", LAB, Ask("GET", "/lazy"), 200, {"a": 1}),
    ("parts unpacked in a helper", NOISE, Ask("GET", "/area?size=4"), 422, {"detail": "invalid size"}),
    ("text for a number in a helper", NOISE, Ask("GET", "/area?size=4xz"), 422, None),
    ("an error that a sibling handles", NOISE, Ask("GET", "/repaint?colour=pink"), 422, {"detail": "bad colour pink"}),
]


@pytest.mark.parametrize(("text", "failing", "status", "body"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_first_that_works_is_right(text: str | Mapping[str, str], failing: Ask, status: int, body: Any) -> None:
    before: Sequence[Ask] = ()
    _, healed = heal(text, before, failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    assert (answer.status, answer.body if body is not None else None) == (status, body), candidate.changes[0].after
