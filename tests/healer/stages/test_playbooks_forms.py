"""Values in another form than the code takes: read as the code around shows that they are to be read, or given up as it
gives up others.
"""

from __future__ import annotations

import pytest

from .crashes import Ask, Case, assert_right, heal

LABELS = """
    from flask import Flask, jsonify, request

    app = Flask(__name__)
    SHEETS = {}


    def collector(text):
        '''"Doe, Jane" as surname and first name; a surname alone has no first name ("").'''
        surname, first = text.split(",")
        return surname.strip(), first.strip()


    def height(text):
        '''Metres above the sea, of "340" or "340 m"; None when there is no number on it.'''
        return int(text.replace("m", ""))


    @app.post("/sheets")
    def add():
        body = request.get_json()
        if "code" not in body:
            return jsonify(error="code is missing"), 400
        SHEETS[body["code"]] = body
        return jsonify(code=body["code"]), 201


    @app.get("/sheets/<code>")
    def show(code):
        if code not in SHEETS:
            return jsonify(error="no such sheet"), 404
        sheet = SHEETS[code]
        surname, first = collector(sheet["by"])
        return jsonify(surname=surname, first=first, height=height(sheet.get("height", "1")))
"""

GAUGES = """
    from fastapi import FastAPI, HTTPException, Request
    from pydantic import BaseModel

    app = FastAPI()
    UNITS = {"m": 1, "ft": 3}


    class Imported(BaseModel):
        stored: int
        errors: list[str] = []


    @app.post("/import", response_model=Imported)
    async def take_in(request: Request):
        text = (await request.body()).decode("utf-8", "replace")
        stored, errors = 0, []
        for number, line in enumerate(text.splitlines(), 1):
            if line.count(",") != 2:
                errors.append(f"line {number}: expected gauge,level,unit")
                continue
            gauge, level, unit = line.split(",")
            depth = float(level)
            scaled = depth * UNITS[unit]
            stored += scaled > 0
        return Imported(stored=stored, errors=errors)


    @app.post("/pairs")
    async def pairs(request: Request):
        text = (await request.body()).decode("utf-8", "replace")
        total, refused = 0, []
        for number, line in enumerate(text.splitlines(), 1):
            name, amount = line.split(";")
            try:
                count = int(amount)
            except ValueError:
                refused.append(number)
                continue
            total += count
        return {"total": total, "refused": refused}
"""

RIDERS = """
    from enum import Enum

    from fastapi import FastAPI
    from fastapi.responses import JSONResponse
    from pydantic import BaseModel

    app = FastAPI()
    RIDERS = {}


    class Grade(Enum):
        CLUB = "club"
        PRO = "pro"


    class Rider(BaseModel):
        name: str
        grade: str


    def parse_grade(text: str) -> Grade:
        return Grade(text)


    @app.post("/riders", status_code=201)
    def add(body: Rider):
        RIDERS[body.name] = {"name": body.name, "grade": parse_grade(body.grade.strip().lower())}
        return {"name": body.name}


    @app.get("/riders")
    def listing(grade: str = "pro"):
        wanted = parse_grade(grade)
        return [{"name": r["name"], "grade": r["grade"].value} for r in RIDERS.values() if r["grade"] is wanted]


    @app.get("/riders/{name}/card")
    def card(name: str):
        rider = RIDERS[name]
        return JSONResponse({"name": name, "grade": rider["grade"]})
"""

LEDGER = """
    import json
    from decimal import Decimal, InvalidOperation

    from flask import Flask, abort, jsonify, request

    app = Flask(__name__)
    ROWS = []
    FEES = {}


    class Stall:
        def __init__(self, fee):
            self.fee = fee


    def money(text):
        try:
            return int(Decimal(text.replace(",", ".")) * 100)
        except InvalidOperation:
            abort(400, "no amount")


    @app.post("/rows")
    def add():
        extra = request.get_json().get("extra")
        ROWS.append({"extra": json.dumps(extra) if extra else None})
        return jsonify(id=len(ROWS) - 1), 201


    @app.get("/rows/<int:ident>")
    def show(ident):
        if ident >= len(ROWS):
            abort(404)
        return jsonify(extra=json.loads(ROWS[ident]["extra"]))


    @app.post("/stalls/<name>")
    def stall(name):
        FEES[name] = Stall(money(request.get_json()["fee"]))
        return jsonify(name=name), 201


    @app.put("/stalls/<name>/fee")
    def fee(name):
        if name not in FEES:
            abort(404)
        FEES[name].fee = round(float(request.get_json()["fee"]) * 100)
        return jsonify(fee=FEES[name].fee)


    @app.post("/months/<month>")
    def close(month):
        if month.startswith("0"):
            abort(400, "no such month")
        year, number = month.split("-")
        ROWS.append({"extra": f"{int(year):04d}-{int(number):02d}"})
        return jsonify(closed=len(ROWS)), 201
"""

SCORES = """
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.responses import JSONResponse
    from starlette.routing import Route


    class RuleError(Exception):
        pass


    def parse_score(text):
        '''"3:1" as two numbers; raises RuleError for what is no score.'''
        home, away = text.split(":")
        if int(home) < 0 or int(away) < 0:
            raise RuleError("goals cannot be negative")
        return int(home), int(away)


    async def record(request):
        try:
            score = parse_score((await request.json())["score"])
        except RuleError as error:
            raise HTTPException(422, str(error))
        return JSONResponse({"score": score}, status_code=201)


    async def bulk(request):
        refused, games = [], []
        for text in (await request.json())["scores"]:
            try:
                games.append(parse_score(text))
            except RuleError:
                refused.append(text)
        return JSONResponse({"stored": len(games), "refused": refused})


    def query_of(request):
        return dict(part.split("=") for part in request.url.query.split("&") if part)


    async def echo(request):
        return JSONResponse(query_of(request))


    def order_of(text):
        '''`title` or `title:desc`.'''
        field, direction = text.split(":")
        return {"field": field, "down": direction == "desc"}


    async def order(request):
        return JSONResponse(order_of(request.query_params.get("sort", "title:asc")))


    app = Starlette(routes=[
        Route("/games", record, methods=["POST"]),
        Route("/bulk", bulk, methods=["POST"]),
        Route("/echo", echo),
        Route("/order", order),
    ])
"""


def _sheet(**fields: str) -> Ask:
    return Ask("POST", "/sheets", {"code": "a", **fields})


_PRO = Ask("POST", "/riders", {"name": "eva", "grade": " Pro"})

CASES: list[Case] = [
    ("a first part alone, as the docstring says", LABELS, [_sheet(by="Linnaeus")], Ask("GET", "/sheets/a"), 200,
     {"surname": "Linnaeus", "first": "", "height": 1},
     [([_sheet(by="Doe, Jane")], Ask("GET", "/sheets/a"), 200, {"surname": "Doe", "first": "Jane", "height": 1})]),
    ("None promised for no number", LABELS, [_sheet(by="Doe, Jane", height="high")], Ask("GET", "/sheets/a"), 200,
     {"surname": "Doe", "first": "Jane", "height": None}, []),
    ("a bad line is named by its number", GAUGES, [], Ask("POST", "/import", content=b"a,1,m\nb,high,m"), 200,
     {"stored": 1, "errors": ["line 2: level must be a number"]}, []),
    ("a bad line tells its own value, not this request's", GAUGES, [], Ask("POST", "/import", content=b"a,1,yd"), 200,
     {"stored": 0, "errors": ["line 1: unknown unit yd"]},
     [([], Ask("POST", "/import", content=b"a,1,mile"), 200, {"stored": 0, "errors": ["line 1: unknown unit mile"]})]),
    ("split beside the try that answers for its parts", GAUGES, [], Ask("POST", "/pairs", content=b"a;2\nb"), 200,
     {"total": 2, "refused": [2]}, []),
    ("prepared by the methods that the other caller uses", RIDERS, [_PRO], Ask("GET", "/riders?grade=PRO"), 200,
     [{"name": "eva", "grade": "pro"}], []),
    ("an enumeration as the other route gives it", RIDERS, [_PRO], Ask("GET", "/riders/eva/card"), 200,
     {"name": "eva", "grade": "pro"}, []),
    ("read as None where it was written as None", LEDGER, [Ask("POST", "/rows", {})], Ask("GET", "/rows/0"), 200,
     {"extra": None}, [([Ask("POST", "/rows", {"extra": [1]})], Ask("GET", "/rows/0"), 200, {"extra": [1]})]),
    ("read by the helper that the other way in uses", LEDGER, [Ask("POST", "/stalls/a", {"fee": "1"})],
     Ask("PUT", "/stalls/a/fee", {"fee": "12,50"}), 200, {"fee": 1250},
     [([Ask("POST", "/stalls/a", {"fee": "1"})], Ask("PUT", "/stalls/a/fee", {"fee": "x"}), 400, None)]),
    ("parts that are only ever numbers", LEDGER, [], Ask("POST", "/months/202402"), 400, None,
     [([], Ask("POST", "/months/2024-x"), 400, None), ([], Ask("POST", "/months/2024-2"), 201, None)]),
    ("a helper's promise to raise", SCORES, [], Ask("POST", "/games", {"score": "3-1"}), 422, None,
     [([], Ask("POST", "/games", {"score": "a:b"}), 422, None)]),
    ("a helper's error that a loop takes", SCORES, [], Ask("POST", "/bulk", {"scores": ["1:0", "x:0"]}), 200,
     {"stored": 1, "refused": ["x:0"]}, []),
    ("a form without the separator, shown by the docstring", SCORES, [], Ask("GET", "/order?sort=rank"), 200,
     {"field": "rank", "down": False},
     [([], Ask("GET", "/order?sort=rank:desc"), 200, {"field": "rank", "down": True})]),
    ("a query with two equals signs", SCORES, [], Ask("GET", "/echo?a=b=c"), 200, {"a": "b=c"},
     [([], Ask("GET", "/echo?a&b=1"), 200, {"a": "", "b": "1"})]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_right(case)


LENIENT = """
    from fastapi import FastAPI, HTTPException

    app = FastAPI()


    @app.get("/rooms")
    def rooms(size: str = "10"):
        if size == "0":
            raise HTTPException(400, "size must be positive")
        return {"size": float(size)}


    @app.get("/halls")
    def halls(size: str = "10"):
        return {"wide": size.removesuffix("m2").upper()}
"""


def test_text_that_other_code_brings_into_form_is_not_refused_with_certainty() -> None:
    _, healed = heal(LENIENT, [], Ask("GET", "/rooms?size=12m2"))
    assert healed and all(candidate.fit < 0.84 for candidate, answer in healed if answer.status >= 400)
    _, strict = heal(LENIENT.replace('size.removesuffix("m2").upper()', "size"), [], Ask("GET", "/rooms?size=12m2"))
    assert strict and strict[0][0].fit >= 0.84
