"""Calls that do not fit: of values, of methods left uncalled, with other arguments than the function takes."""

from __future__ import annotations

import pytest

from .crashes import Ask
from .tables import Case, assert_healed

CASES = {
    "a property that is called": Case(
        """
    from dataclasses import dataclass, field
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    @dataclass
    class Invoice:
        number: int
        lines: list = field(default_factory=list)
        paid: bool = False
        @property
        def total(self):
            return sum(self.lines)
    INVOICES = {1: Invoice(1, [5, 6]), 2: Invoice(2, [7], True)}
    @app.get("/invoices/{number}")
    def show(number: int):
        if number not in INVOICES:
            raise HTTPException(404, "no such invoice")
        invoice = INVOICES[number]
        return {"number": number, "total": invoice.total}
    @app.get("/open")
    def open_ones():
        return {"sum": sum(i.total() for i in INVOICES.values() if not i.paid)}
    """,
        Ask("GET", "/open"),
        200,
        {"sum": 11},
        also=(Ask("GET", "/invoices/1"), 200, {"number": 1, "total": 11}),
    ),
    "a method that is not called": Case(
        """
    from flask import Flask, jsonify
    app = Flask(__name__)
    class Tank:
        def __init__(self, size, used): self.size, self.used = size, used
        def free(self): return self.size - self.used
    TANKS = {"a": Tank(10, 4), "b": Tank(5, 5)}
    @app.get("/tanks/<name>")
    def show(name):
        if name not in TANKS:
            return jsonify(error="no such tank"), 404
        return jsonify(free=TANKS[name].free())
    @app.post("/tanks/<name>/fill/<int:litres>")
    def fill(name, litres):
        if name not in TANKS:
            return jsonify(error="no such tank"), 404
        if litres > TANKS[name].free:
            return jsonify(error="does not fit"), 409
        TANKS[name].used += litres
        return jsonify(free=TANKS[name].free())
    """,
        Ask("POST", "/tanks/a/fill/3"),
        200,
        {"free": 3},
        also=(Ask("GET", "/tanks/a"), 200, {"free": 6}),
    ),
    "a request's body that is not asked for": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    NOTES = []
    @app.get("/notes")
    def notes():
        return jsonify(NOTES)
    @app.post("/notes")
    def add():
        text = request.get_json.get("text", "").strip()
        if not text:
            return jsonify(error="text is required"), 400
        NOTES.append(text)
        return jsonify(NOTES), 201
    """,
        Ask("POST", "/notes", {"text": "x"}),
        201,
        ["x"],
        also=(Ask("GET", "/notes"), 200, []),
    ),
    "an index of a set": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    TAGS = {"red": {"a", "b"}, "blue": {"c"}}
    @app.get("/tags/<name>")
    def show(name):
        if name not in TAGS:
            return jsonify(error="no such tag"), 404
        return jsonify(sorted(TAGS[name]))
    @app.get("/first/<name>")
    def first(name):
        if name not in TAGS:
            return jsonify(error="no such tag"), 404
        return jsonify(first=TAGS[name][0])
    """,
        Ask("GET", "/first/red"),
        200,
        {"first": "a"},
        also=(Ask("GET", "/tags/red"), 200, ["a", "b"]),
    ),
    "an index of a view": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    PRICES = {"tea": {"s": 2, "l": 3}, "mug": {"s": 4}}
    @app.get("/prices/{name}")
    def prices(name: str):
        if name not in PRICES:
            raise HTTPException(404, "unknown article")
        return PRICES[name]
    @app.get("/prices/{name}/from")
    def cheapest(name: str):
        if name not in PRICES:
            raise HTTPException(404, "unknown article")
        return {"from": PRICES[name].values()[0]}
    """,
        Ask("GET", "/prices/tea/from"),
        200,
        {"from": 2},
        also=(Ask("GET", "/prices/tea"), 200, None),
    ),
    "a slice of a deque": Case(
        """
    from collections import deque
    from fastapi import FastAPI
    app = FastAPI()
    RECENT = deque(maxlen=5)
    @app.post("/seen/{name}")
    def seen(name: str):
        RECENT.append(name)
        return {"count": len(RECENT)}
    @app.get("/recent")
    def recent(limit: int = 0):
        if limit:
            return RECENT[-limit:]
        return list(RECENT)
    """,
        Ask("GET", "/recent?limit=2"),
        200,
        ["b", "c"],
        before=[Ask("POST", "/seen/a"), Ask("POST", "/seen/b"), Ask("POST", "/seen/c")],
        also=(Ask("GET", "/recent"), 200, []),
    ),
    "fields that were sent and are not known": Case(
        """
    from dataclasses import asdict, dataclass
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    @dataclass
    class Contact:
        name: str
        phone: str
        city: str = ""
    CONTACTS = {}
    @app.get("/contacts/<name>")
    def show(name):
        if name not in CONTACTS:
            return jsonify(error="no such contact"), 404
        return jsonify(asdict(CONTACTS[name]))
    @app.post("/contacts")
    def create():
        data = request.get_json(silent=True)
        if not isinstance(data, dict):
            return jsonify(error="a JSON object is expected"), 400
        contact = Contact(**data)
        CONTACTS[contact.name] = contact
        return jsonify(asdict(contact)), 201
    """,
        Ask("POST", "/contacts", {"name": "a", "phone": "1", "mail": "x"}),
        400,
        also=(Ask("POST", "/contacts", {"name": "a", "phone": "1"}), 201, None),
    ),
    "a field that was not sent, in a helper": Case(
        {
            "catalog.py": """
    from dataclasses import dataclass
    @dataclass
    class Product:
        sku: str
        cents: int
        tags: tuple = ()
    PRODUCTS = {}
    def make(fields):
        product = Product(**fields)
        PRODUCTS[product.sku] = product
        return product
    """,
            "app.py": """
    from fastapi import FastAPI, HTTPException, Request
    import catalog
    app = FastAPI()
    @app.get("/products/{sku}")
    def show(sku: str):
        if sku not in catalog.PRODUCTS:
            raise HTTPException(404, "no such product")
        return catalog.PRODUCTS[sku]
    @app.post("/products", status_code=201)
    async def create(request: Request):
        fields = await request.json()
        if not isinstance(fields, dict):
            raise HTTPException(422, "a JSON object is required")
        return catalog.make(fields)
    """,
        },
        Ask("POST", "/products", {"sku": "a"}),
        422,
        also=(Ask("POST", "/products", {"sku": "a", "cents": 3}), 201, None),
    ),
    "stored fields that are no longer used": Case(
        """
    import json
    from dataclasses import asdict, dataclass
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    @dataclass
    class Sensor:
        id: str
        unit: str
        offset: float = 0.0
    STORED = {"s1": '{"id": "s1", "unit": "C"}', "s2": '{"id": "s2", "unit": "F", "offset": 1.5, "legacy_key": 7}'}
    def load(sensor_id: str) -> Sensor:
        '''Older records carry fields that are no longer used; they are ignored.'''
        return Sensor(**json.loads(STORED[sensor_id]))
    @app.get("/sensors/{sensor_id}")
    def show(sensor_id: str):
        if sensor_id not in STORED:
            raise HTTPException(404, "no such sensor")
        return asdict(load(sensor_id))
    """,
        Ask("GET", "/sensors/s2"),
        200,
        {"id": "s2", "unit": "F", "offset": 1.5},
        also=(Ask("GET", "/sensors/s1"), 200, {"id": "s1", "unit": "C", "offset": 0.0}),
    ),
    "an argument that other calls pass": Case(
        {
            "money.py": """
    SIGNS = {"eur": "€", "usd": "$"}
    def show(cents, currency):
        return f"{SIGNS[currency]}{cents / 100:.2f}"
    """,
            "app.py": """
    from flask import Flask, jsonify
    import money
    app = Flask(__name__)
    ORDERS = {1: {"cents": 1250, "currency": "usd", "refund": 0}, 2: {"cents": 900, "currency": "eur", "refund": 300}}
    @app.get("/orders/<int:number>")
    def order(number):
        if number not in ORDERS:
            return jsonify(error="no such order"), 404
        found = ORDERS[number]
        answer = {"total": money.show(found["cents"], found["currency"])}
        if found["refund"]:
            answer["refund"] = money.show(found["refund"])
        return jsonify(answer)
    """,
        },
        Ask("GET", "/orders/2"),
        200,
        {"total": "€9.00", "refund": "€3.00"},
        also=(Ask("GET", "/orders/1"), 200, {"total": "$12.50"}),
    ),
    "a status that other refusals name": Case(
        """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    ITEMS = {"a": 1, "b": 2}

    def error(message, status):
        return JSONResponse({"error": message}, status_code=status)

    async def show(request):
        name = request.path_params["name"]
        if name not in ITEMS:
            return error("no such item", 404)
        return JSONResponse({name: ITEMS[name]})

    async def put(request):
        data = await request.json()
        if not data:
            return error("value is required", 400)
        if not isinstance(data.get("value"), int):
            return error("value must be a number")
        ITEMS[request.path_params["name"]] = data["value"]
        return JSONResponse(ITEMS)

    app = Starlette(routes=[Route("/items/{name}", show), Route("/items/{name}", put, methods=["PUT"])])
    """,
        Ask("PUT", "/items/c", {"value": "x"}),
        400,
        also=(Ask("GET", "/items/zz"), 404, None),
    ),
    "a keyword of another name": Case(
        {
            "search.py": """
    DOCS = ["tea pot", "tea cup", "spoon"]
    def find(text, limit=10, offset=0):
        return [d for d in DOCS if text in d][offset:offset + limit]
    """,
            "app.py": """
    from fastapi import FastAPI
    import search
    app = FastAPI()
    @app.get("/find")
    def find(q: str):
        return search.find(q)
    @app.get("/page")
    def page(q: str, page: int = 1):
        return search.find(q, limit=1, start=page - 1)
    """,
        },
        Ask("GET", "/page?q=tea&page=2"),
        200,
        ["tea cup"],
        also=(Ask("GET", "/find?q=tea"), 200, ["tea pot", "tea cup"]),
    ),
    "a static method without its decorator": Case(
        """
    from fastapi import FastAPI
    app = FastAPI()
    class Codes:
        def __init__(self): self.known = {}
        def normal(code):
            return code.strip().upper()
        def add(self, code, value):
            self.known[self.normal(code)] = value
            return len(self.known)
        def all(self):
            return sorted(self.known)
    codes = Codes()
    @app.get("/codes")
    def index():
        return codes.all()
    @app.post("/codes/{code}")
    def add(code: str, value: int = 0):
        return {"count": codes.add(code, value)}
    """,
        Ask("POST", "/codes/ab"),
        200,
        {"count": 1},
        also=(Ask("GET", "/codes"), 200, []),
    ),
    "one function of a table that takes less": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    def percent(price, value):
        return price * (100 - value) // 100
    def fixed(price, value):
        return max(price - value, 0)
    def free(price):
        return 0
    RULES = {"percent": percent, "fixed": fixed, "free": free}
    @app.get("/price/<int:cents>")
    def price(cents):
        rule = request.args.get("rule")
        if rule is None:
            return jsonify(cents=cents)
        if rule not in RULES:
            return jsonify(error="unknown rule"), 400
        value = request.args.get("value", 0, type=int)
        return jsonify(cents=RULES[rule](cents, value))
    """,
        Ask("GET", "/price/100?rule=free"),
        200,
        {"cents": 0},
        also=(Ask("GET", "/price/100?rule=percent&value=10"), 200, {"cents": 90}),
    ),
    "an argument too many": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    STOCK = {"tea": 5}
    def log_change(sku, delta, reason=""):
        return {"sku": sku, "delta": delta, "reason": reason}
    @app.post("/stock/{sku}/add")
    def add(sku: str, n: int):
        if sku not in STOCK:
            raise HTTPException(404, "no such article")
        STOCK[sku] += n
        return log_change(sku, n)
    @app.post("/stock/{sku}/correct")
    def correct(sku: str, n: int, reason: str = ""):
        if sku not in STOCK:
            raise HTTPException(404, "no such article")
        old = STOCK[sku]
        STOCK[sku] = n
        return log_change(sku, n - old, old, reason)
    """,
        Ask("POST", "/stock/tea/correct?n=9&reason=count"),
        200,
        {"sku": "tea", "delta": 4, "reason": "count"},
        also=(Ask("POST", "/stock/tea/add?n=9"), 200, None),
    ),
    "round brackets for square ones": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    RATES = {"eur": 1.0, "usd": 1.1}
    @app.get("/rates/<code>")
    def rate(code):
        if code not in RATES:
            return jsonify(error="no such currency"), 404
        return jsonify(rate=RATES[code])
    @app.get("/cross/<one>/<other>")
    def cross(one, other):
        if one not in RATES or other not in RATES:
            return jsonify(error="no such currency"), 404
        return jsonify(rate=round(RATES(other) / RATES(one), 4))
    """,
        Ask("GET", "/cross/eur/usd"),
        200,
        {"rate": 1.1},
        also=(Ask("GET", "/rates/usd"), 200, {"rate": 1.1}),
    ),
    "a module called for its class": Case(
        """
    import datetime
    from fastapi import FastAPI
    app = FastAPI()
    @app.get("/newyear")
    def newyear(year: int, eve: bool = False):
        if eve:
            return {"at": datetime(year - 1, 12, 31).isoformat()}
        return {"at": datetime.datetime(year, 1, 1).isoformat()}
    """,
        Ask("GET", "/newyear?year=2024&eve=1"),
        200,
        {"at": "2023-12-31T00:00:00"},
        also=(Ask("GET", "/newyear?year=2024"), 200, None),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_healed(case)
