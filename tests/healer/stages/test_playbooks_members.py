"""Attributes and items that are not there: found under the right name, in the right way, or refused."""

from __future__ import annotations

import pytest

from .crashes import Ask
from .tables import Case, assert_healed

CASES = {
    "a misspelt field": Case(
        """
    from dataclasses import dataclass
    from flask import Flask, jsonify
    app = Flask(__name__)
    @dataclass
    class Parcel:
        code: str
        weight: float
        recipient: str
        express: bool = False
    PARCELS = {"p1": Parcel("p1", 2.0, "ann"), "p2": Parcel("p2", 1.0, "bo", True)}
    @app.get("/parcels/<code>")
    def show(code):
        if code not in PARCELS:
            return jsonify(error="no such parcel"), 404
        parcel = PARCELS[code]
        if parcel.express:
            return jsonify(code=code, to=parcel.recipent, express=True)
        return jsonify(code=code, to=parcel.recipient)
    """,
        Ask("GET", "/parcels/p2"),
        200,
        {"code": "p2", "to": "bo", "express": True},
        also=(Ask("GET", "/parcels/p1"), 200, None),
    ),
    "a model asked like a dict": Case(
        """
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Profile(BaseModel):
        name: str
        city: Optional[str] = None
        age: Optional[int] = None
    PEOPLE = {}
    @app.put("/people/{login}")
    def put(login: str, body: Profile):
        PEOPLE[login] = body
        return body
    @app.get("/people/{login}/card")
    def card(login: str, full: bool = False):
        if login not in PEOPLE:
            raise HTTPException(404, "no such person")
        person = PEOPLE[login]
        if full:
            return {"name": person.name, "city": person.get("city", ""), "age": person.age}
        return {"name": person.name}
    """,
        Ask("GET", "/people/a/card?full=1"),
        200,
        {"name": "Ann", "city": "Oslo", "age": None},
        before=[Ask("PUT", "/people/a", {"name": "Ann", "city": "Oslo"})],
    ),
    "an object asked for items": Case(
        """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Line(BaseModel):
        sku: str
        count: int = 1
        note: str = ""
    ORDERS = []
    @app.post("/orders", status_code=201)
    def create(lines: list[Line]):
        if not lines:
            raise HTTPException(422, "no lines")
        notes = [f"{line['sku']}: {line['note']}" for line in lines if line.note]
        ORDERS.append([line.model_dump() for line in lines])
        return {"count": sum(line.count for line in lines), "notes": notes}
    """,
        Ask("POST", "/orders", [{"sku": "a", "note": "red"}]),
        201,
        {"count": 1, "notes": ["a: red"]},
        also=(Ask("POST", "/orders", [{"sku": "a"}]), 201, {"count": 1, "notes": []}),
    ),
    "what a hook did not set": Case(
        """
    from flask import Flask, g, jsonify, request
    app = Flask(__name__)
    TOKENS = {"t1": "ann"}
    NOTES = {"ann": ["buy tea"]}
    @app.before_request
    def who():
        token = request.headers.get("X-Token")
        if token in TOKENS:
            g.user = TOKENS[token]
    @app.get("/me")
    def me():
        if "user" not in g:
            return jsonify(error="not signed in"), 401
        return jsonify(user=g.user)
    @app.get("/notes")
    def notes():
        return jsonify(NOTES[g.user])
    """,
        Ask("GET", "/notes"),
        401,
        {"error": "not signed in"},
        also=(Ask("GET", "/me"), 401, None),
    ),
    "what a middleware did not set": Case(
        """
    from fastapi import FastAPI, HTTPException, Request
    app = FastAPI()
    KEYS = {"k1": "ann"}
    DOCS = {"ann": ["d1"]}
    @app.middleware("http")
    async def identify(request: Request, call_next):
        key = request.headers.get("x-key")
        if key in KEYS:
            request.state.account = KEYS[key]
        return await call_next(request)
    @app.get("/me")
    def me(request: Request):
        account = getattr(request.state, "account", None)
        if account is None:
            raise HTTPException(401, "sign in first")
        return {"account": account}
    @app.get("/docs-of-mine")
    def docs(request: Request):
        return DOCS.get(request.state.account, [])
    """,
        Ask("GET", "/docs-of-mine"),
        401,
        {"detail": "sign in first"},
        also=(Ask("GET", "/me"), 401, None),
    ),
    "a class that lacks what its siblings have": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    class Event:
        def __init__(self, at):
            self.at = at
    class Payment(Event):
        def __init__(self, at, cents):
            super().__init__(at)
            self.cents = cents
    class Visit(Event):
        def __init__(self, at, page):
            super().__init__(at)
            self.page = page
    EVENTS = {"ann": [Payment(1, 500), Payment(3, 250)], "bo": [Visit(2, "/"), Payment(4, 100)]}
    @app.get("/users/{name}/paid")
    def paid(name: str):
        '''What a user has paid so far, in cents.'''
        if name not in EVENTS:
            raise HTTPException(404, "no such user")
        return {"cents": sum(event.cents for event in EVENTS[name])}
    """,
        Ask("GET", "/users/bo/paid"),
        200,
        {"cents": 100},
        also=(Ask("GET", "/users/ann/paid"), 200, {"cents": 750}),
    ),
    "the message of an error": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    def parse_size(text):
        if not text.endswith("kb"):
            raise ValueError("size must end in kb")
        return int(text[:-2])
    @app.get("/size")
    def size():
        try:
            return jsonify(size=parse_size(request.args.get("of", "")))
        except ValueError as err:
            return jsonify(error=err.message), 400
    """,
        Ask("GET", "/size?of=3mb"),
        400,
        {"error": "size must end in kb"},
        also=(Ask("GET", "/size?of=3kb"), 200, {"size": 3}),
    ),
    "a method of a class of the same name": Case(
        """
    import datetime
    from fastapi import FastAPI
    app = FastAPI()
    @app.get("/age")
    def age(born: datetime.date, on: str = ""):
        if on:
            today = datetime.strptime(on, "%Y-%m-%d").date()
        else:
            today = datetime.date.today()
        return {"days": (today - born).days}
    """,
        Ask("GET", "/age?born=2024-01-01&on=2024-01-11"),
        200,
        {"days": 10},
        also=(Ask("GET", "/age?born=2024-01-01"), 200, None),
    ),
    "text among members of an enumeration": Case(
        """
    from enum import Enum
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class State(str, Enum):
        OPEN = "open"
        DONE = "done"
    class Change(BaseModel):
        state: State
    JOBS = {1: {"id": 1, "state": "open"}, 2: {"id": 2, "state": "done"}}
    @app.put("/jobs/{job_id}/state")
    def change(job_id: int, body: Change):
        if job_id not in JOBS:
            raise HTTPException(404, "no such job")
        JOBS[job_id]["state"] = body.state
        return {"state": body.state}
    @app.get("/jobs/{job_id}")
    def show(job_id: int):
        if job_id not in JOBS:
            raise HTTPException(404, "no such job")
        return {"id": job_id, "state": JOBS[job_id]["state"].value}
    """,
        Ask("GET", "/jobs/2"),
        200,
        {"id": 2, "state": "done"},
    ),
    "a misspelt member of an enumeration": Case(
        """
    from enum import Enum
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    class Level(Enum):
        LOW = 1
        MEDIUM = 2
        HIGH = 3
    ALERTS = {1: Level.LOW, 2: Level.HIGH}
    @app.get("/alerts")
    def alerts():
        return {n: level.name for n, level in ALERTS.items()}
    @app.post("/alerts/{number}/raise")
    def up(number: int):
        if number not in ALERTS:
            raise HTTPException(404, "no such alert")
        if ALERTS[number] is Level.LOW:
            ALERTS[number] = Level.MEDUIM
        else:
            ALERTS[number] = Level.HIGH
        return {"level": ALERTS[number].name}
    """,
        Ask("POST", "/alerts/1/raise"),
        200,
        {"level": "MEDIUM"},
        also=(Ask("POST", "/alerts/2/raise"), 200, {"level": "HIGH"}),
    ),
    "an attribute that a method sets": Case(
        """
    from flask import Flask, jsonify
    app = Flask(__name__)
    class Meter:
        def __init__(self, name):
            self.name = name
            self.readings = []
        def read(self, value):
            self.readings.append(value)
            self.last = value
        def status(self):
            '''The latest value; null before the first.'''
            return {"name": self.name, "last": self.last, "count": len(self.readings)}
    METERS = {"m1": Meter("m1")}
    @app.post("/meters/<name>/<int:value>")
    def read(name, value):
        if name not in METERS:
            return jsonify(error="unknown meter"), 404
        METERS[name].read(value)
        return jsonify(METERS[name].status())
    @app.get("/meters/<name>")
    def status(name):
        if name not in METERS:
            return jsonify(error="unknown meter"), 404
        return jsonify(METERS[name].status())
    """,
        Ask("GET", "/meters/m1"),
        200,
        {"name": "m1", "last": None, "count": 0},
        also=(Ask("POST", "/meters/m1/4"), 200, {"name": "m1", "last": 4, "count": 1}),
    ),
    "a base class that was not set up": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    class Channel:
        def __init__(self):
            self.sent = []
        def record(self, to):
            self.sent.append(to)
            return len(self.sent)
    class Mail(Channel):
        def send(self, to): return self.record(to)
    class Sms(Channel):
        def __init__(self, sender):
            self.sender = sender
        def send(self, to): return self.record(to)
    CHANNELS = {"mail": Mail(), "sms": Sms("desk")}
    @app.post("/send/{kind}")
    def send(kind: str, to: str):
        if kind not in CHANNELS:
            raise HTTPException(404, "no such channel")
        return {"sent": CHANNELS[kind].send(to)}
    """,
        Ask("POST", "/send/sms?to=ann"),
        200,
        {"sent": 1},
        also=(Ask("POST", "/send/mail?to=a"), 200, {"sent": 1}),
    ),
    "a column asked as an attribute": Case(
        """
    import sqlite3
    from flask import Flask, jsonify
    app = Flask(__name__)
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.row_factory = sqlite3.Row
    db.execute("create table books (id integer primary key, title text, lent text)")
    db.execute("insert into books values (1, 'Dune', null), (2, 'Emma', 'ann')")
    @app.get("/books")
    def books():
        return jsonify([dict(r) for r in db.execute("select * from books")])
    @app.get("/books/<int:book_id>/loan")
    def loan(book_id):
        row = db.execute("select * from books where id = ?", (book_id,)).fetchone()
        if row is None:
            return jsonify(error="no such book"), 404
        return jsonify(title=row["title"], lent=row.lent)
    """,
        Ask("GET", "/books/2/loan"),
        200,
        {"title": "Emma", "lent": "ann"},
        also=(Ask("GET", "/books"), 200, None),
    ),
    "the length of what holds a list": Case(
        """
    from dataclasses import dataclass, field
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    @dataclass
    class Playlist:
        name: str
        songs: list = field(default_factory=list)
    LISTS = {"a": Playlist("a", ["x", "y"]), "b": Playlist("b")}
    @app.get("/lists/{name}")
    def show(name: str):
        if name not in LISTS:
            raise HTTPException(404, "no such list")
        return {"songs": LISTS[name].songs}
    @app.get("/lists/{name}/size")
    def size(name: str):
        if name not in LISTS:
            raise HTTPException(404, "no such list")
        return {"size": len(LISTS[name])}
    """,
        Ask("GET", "/lists/a/size"),
        200,
        {"size": 2},
        also=(Ask("GET", "/lists/a"), 200, None),
    ),
    "text among dates": Case(
        """
    from datetime import date
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    EVENTS = {1: {"name": "Fair", "day": date(2024, 5, 1)}, 2: {"name": "Run", "day": "2024-06-02"}}
    @app.get("/events")
    def events():
        return [e["name"] for e in EVENTS.values()]
    @app.get("/events/{number}")
    def show(number: int):
        if number not in EVENTS:
            raise HTTPException(404, "no such event")
        event = EVENTS[number]
        return {"name": event["name"], "day": event["day"].isoformat()}
    """,
        Ask("GET", "/events/2"),
        200,
        {"name": "Run", "day": "2024-06-02"},
        also=(Ask("GET", "/events/1"), 200, {"name": "Fair", "day": "2024-05-01"}),
    ),
    "a method by its old name": Case(
        {
            "stock.py": """
    class Stock:
        def __init__(self): self.counts = {"tea": 4}
        def count_of(self, sku): return self.counts.get(sku, 0)
        def take(self, sku, n): self.counts[sku] -= n
    """,
            "app.py": """
    from fastapi import FastAPI, HTTPException
    from stock import Stock
    app = FastAPI()
    stock = Stock()
    @app.get("/stock/{sku}")
    def show(sku: str):
        return {"count": stock.count_of(sku)}
    @app.post("/stock/{sku}/take")
    def take(sku: str, n: int):
        if stock.get_count(sku) < n:
            raise HTTPException(409, "not enough")
        stock.take(sku, n)
        return {"count": stock.count_of(sku)}
    """,
        },
        Ask("POST", "/stock/tea/take?n=1"),
        200,
        {"count": 3},
        also=(Ask("GET", "/stock/tea"), 200, {"count": 4}),
    ),
    "a model taken for a mapping": Case(
        """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Prefs(BaseModel):
        lang: str = "en"
        rows: int = 10
    STORE = {}
    @app.put("/prefs/{who}")
    def put(who: str, body: Prefs):
        STORE[who] = body
        return body
    @app.get("/prefs/{who}")
    def get(who: str, theme: str = ""):
        if who not in STORE:
            raise HTTPException(404, "nothing stored")
        if theme:
            return {**STORE[who], "theme": theme}
        return STORE[who]
    """,
        Ask("GET", "/prefs/a?theme=dark"),
        200,
        {"lang": "en", "rows": 5, "theme": "dark"},
        before=[Ask("PUT", "/prefs/a", {"rows": 5})],
        also=(Ask("GET", "/prefs/zz"), 404, None),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_healed(case)
