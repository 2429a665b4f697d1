"""Cases that a docstring, a declared field or a neighbour's deletion speaks of: they are answered as it says."""

from __future__ import annotations

import pytest

from .crashes import Ask, Case, assert_right

REPORT_TOTAL_SKIPS_NULL_SERVICE = {
    "models.py": """
        from dataclasses import dataclass, field

        @dataclass
        class Part:
            sku: str
            cents: int | None = None   # not priced yet

        @dataclass
        class Line:
            part: Part
            qty: int

        @dataclass
        class Offer:
            number: int
            lines: list[Line] = field(default_factory=list)
            discount: int | None = None
    """,
    "offers.py": '''
        from models import Line, Offer, Part
        PARTS = {"a": Part("a", 100), "b": Part("b", 250), "c": Part("c")}
        OFFERS = {1: Offer(1, [Line(PARTS["a"], 2)]), 2: Offer(2, [Line(PARTS["a"], 1), Line(PARTS["c"], 4)])}

        class NoOffer(LookupError):
            pass

        class Unpriced(ValueError):
            pass

        def get(number):
            try:
                return OFFERS[number]
            except KeyError:
                raise NoOffer(number) from None

        def total(offer):
            """Cents; an offer with parts that have no price yet has no total (None)."""
            net = sum(line.part.cents * line.qty for line in offer.lines)
            return net * (100 - (offer.discount or 0)) // 100
    ''',
    "app.py": """
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        import offers
        app = FastAPI()

        @app.exception_handler(offers.NoOffer)
        def no_offer(request: Request, error: offers.NoOffer):
            return JSONResponse({"error": f"no offer {error}"}, status_code=404)

        @app.get("/offers/{number}")
        def show(number: int):
            offer = offers.get(number)
            return {"offer": number, "lines": len(offer.lines), "total": offers.total(offer)}
    """,
}

BLUEPRINT_HELPER_GET_USER_NONE = {
    "users.py": """
        USERS = {"u1": {"name": "Ann", "team": "t1"}, "u2": {"name": "Bob", "team": None}}
        TEAMS = {"t1": {"name": "Core", "channel": "#core"}}

        def by_id(user_id):
            return USERS.get(user_id)

        def team_of(user):
            return TEAMS.get(user["team"])
    """,
    "routes.py": '''
        from flask import Blueprint, jsonify, request
        import users
        bp = Blueprint("users", __name__)

        def fail(status, message):
            return jsonify(ok=False, message=message), status

        @bp.get("/users/<user_id>")
        def show(user_id):
            user = users.by_id(user_id)
            if user is None:
                return fail(404, "user does not exist")
            team = users.team_of(user)
            return jsonify(ok=True, name=user["name"], team=team["name"] if team else None)

        @bp.post("/users/<user_id>/ping")
        def ping(user_id):
            """Posts to the channel of the user's team; 409 for users of no team."""
            user = users.by_id(user_id)
            if user is None:
                return fail(404, "user does not exist")
            text = (request.get_json(silent=True) or {}).get("text", "ping")
            return jsonify(ok=True, channel=users.team_of(user)["channel"], text=text)

        @bp.get("/users/<user_id>/channel")
        def channel(user_id):
            return jsonify(ok=True, channel=users.team_of(users.by_id(user_id))["channel"])
    ''',
    "app.py": """
        from flask import Flask
        from routes import bp
        app = Flask(__name__)
        app.register_blueprint(bp)
    """,
}

CONFIG_CHAIN_NONE_FEATURE = '''
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Address(BaseModel):
        street: str
        zip: Optional[str] = None
    class Customer(BaseModel):
        id: int
        name: str
        billing: Optional[Address] = None
        shipping: Optional[Address] = None
    CUSTOMERS: dict[int, Customer] = {}

    @app.put("/customers/{n}")
    def put(n: int, body: Customer):
        CUSTOMERS[n] = body
        return body

    def customer(n: int) -> Customer:
        found = CUSTOMERS.get(n)
        if found is None:
            raise HTTPException(status_code=404, detail="Customer not found")
        return found

    @app.get("/customers/{n}/label")
    def label(n: int):
        """Where parcels go: the shipping address, the billing address for those who gave no other."""
        one = customer(n)
        return {"label": f"{one.name}, {one.shipping.street}"}
'''

TREE_DEPTH_PARENT_LOOP = '''
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    UNITS = {
        "hq": {"name": "HQ", "parent": None},
        "it": {"name": "IT", "parent": "hq"},
        "dev": {"name": "Dev", "parent": "it"},
    }
    @app.get("/units/{key}")
    def show(key: str):
        if key not in UNITS:
            raise HTTPException(404, "no such unit")
        return UNITS[key]
    @app.get("/units/{key}/path")
    def path(key: str):
        """Names from the top down."""
        if key not in UNITS:
            raise HTTPException(404, "no such unit")
        names = []
        while True:
            unit = UNITS.get(key)
            names.insert(0, unit["name"])
            key = unit["parent"]
        return names
'''

FIRST_OPEN_SLOT_NONE = '''
    from datetime import time
    from flask import Flask, jsonify
    app = Flask(__name__)
    class Doctor:
        def __init__(self, name, slots):
            self.name, self.slots = name, slots
        def first_free(self):
            """The first free slot, None when the day is full."""
            for at, taken in self.slots.items():
                if not taken:
                    return at
            return None
    DOCTORS = {"lee": Doctor("Lee", {"09:00": True, "10:00": False}), "kim": Doctor("Kim", {"09:00": True})}
    def doctor(key):
        return DOCTORS.get(key)
    @app.get("/doctors")
    def index():
        return jsonify([{"name": d.name, "next": d.first_free()} for d in DOCTORS.values()])
    @app.post("/doctors/<key>/bookings")
    def book(key):
        d = doctor(key)
        if d is None:
            return jsonify(error="no such doctor"), 404
        at = d.first_free()
        hour, minute = at.split(":")
        d.slots[at] = True
        return jsonify(at=time(int(hour), int(minute)).isoformat()), 201
'''

TEMPLATE_UNKNOWN_LOCALE_FALLS_BACK = '''
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    DEFAULT_LOCALE = "en"
    MESSAGES = {"en": {"hi": "Hello", "bye": "Bye"}, "fr": {"hi": "Bonjour"}}
    def message(locale: str, key: str) -> str:
        """A text in the locale, in English where the locale lacks it."""
        return MESSAGES[locale][key]
    @app.get("/messages/{key}")
    def show(key: str, locale: str = DEFAULT_LOCALE):
        if key not in MESSAGES[DEFAULT_LOCALE]:
            raise HTTPException(404, "unknown message")
        if locale not in MESSAGES:
            raise HTTPException(422, "unknown locale")
        return {"text": message(locale, key)}
'''

COUNTER_DECREMENT_MISSING = '''
    from flask import Flask, jsonify
    app = Flask(__name__)
    LIKES = {}
    @app.put("/posts/<int:n>/likes/<who>")
    def like(n, who):
        LIKES.setdefault(n, set()).add(who)
        return jsonify(likes=len(LIKES[n]))
    @app.delete("/posts/<int:n>/likes/<who>")
    def unlike(n, who):
        """Taking back what was never given changes nothing."""
        LIKES[n].discard(who)
        return jsonify(likes=len(LIKES[n]))
    @app.get("/posts/<int:n>/likes")
    def likes(n):
        return jsonify(likes=len(LIKES.get(n, ())))
'''

MEMBERSHIP_EXPIRED_NONE = """
    from dataclasses import dataclass
    from datetime import date
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    @dataclass
    class Card:
        number: str
        holder: str
        valid_until: date | None = None  # None: for life
    CARDS = {"c1": Card("c1", "Ann", date(2024, 6, 30)), "c2": Card("c2", "Bob")}
    def card(number):
        if number not in CARDS:
            raise HTTPException(404, "unknown card")
        return CARDS[number]
    @app.get("/cards/{number}")
    def show(number: str):
        one = card(number)
        return {"holder": one.holder, "valid_until": one.valid_until}
    @app.post("/cards/{number}/enter")
    def enter(number: str, on: date):
        one = card(number)
        if on > one.valid_until:
            raise HTTPException(403, "card has expired")
        return {"welcome": one.holder}
"""

DANGLING_SHELF = """
    from dataclasses import dataclass, field
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    @dataclass
    class Book:
        id: int
        title: str
        shelf_id: int | None = None
        tags: set = field(default_factory=set)
    class Library:
        def __init__(self):
            self.shelves = {1: {"name": "north"}}
            self.tags = {7: {"name": "old"}}
            self.books = {1: Book(1, "Emma", 1), 2: Book(2, "Dune")}
        def shelf(self, number):
            return self.shelves.get(number)
        def remove_tag(self, number):
            del self.tags[number]
            for book in self.books.values():
                book.tags.discard(number)
        def remove_shelf(self, number):
            del self.shelves[number]
    library = Library()
    @app.delete("/shelves/{number}")
    def drop(number: int):
        if library.shelf(number) is None:
            raise HTTPException(404, "no such shelf")
        library.remove_shelf(number)
        return {"ok": True}
    @app.get("/books")
    def books():
        return [
            {"title": b.title, "shelf": library.shelf(b.shelf_id)["name"] if b.shelf_id is not None else None}
            for b in library.books.values()
        ]
    @app.get("/unshelved")
    def unshelved():
        return [b.title for b in library.books.values() if b.shelf_id is None]
"""

CASES: list[Case] = [
    (
        "a helper that is said to answer None",
        REPORT_TOTAL_SKIPS_NULL_SERVICE,
        [],
        Ask("GET", "/offers/2"),
        200,
        {"offer": 2, "lines": 2, "total": None},
        [([], Ask("GET", "/offers/1"), 200, {"offer": 1, "lines": 1, "total": 200})],
    ),
    (
        "a status that the documentation promises",
        BLUEPRINT_HELPER_GET_USER_NONE,
        [],
        Ask("POST", "/users/u2/ping", {}),
        409,
        None,
        [([], Ask("POST", "/users/u1/ping", {}), 200, None), ([], Ask("POST", "/users/zz/ping", {}), 404, None)],
    ),
    (
        "a field of the same type that the documentation names",
        CONFIG_CHAIN_NONE_FEATURE,
        [Ask("PUT", "/customers/1", {"id": 1, "name": "A", "billing": {"street": "X 1"}})],
        Ask("GET", "/customers/1/label"),
        200,
        {"label": "A, X 1"},
        [([], Ask("GET", "/customers/2/label"), 404, None)],
    ),
    ("a chain that ends", TREE_DEPTH_PARENT_LOOP, [], Ask("GET", "/units/dev/path"), 200, ["HQ", "IT", "Dev"], []),
    (
        "a record with nothing to give",
        FIRST_OPEN_SLOT_NONE,
        [],
        Ask("POST", "/doctors/kim/bookings"),
        409,
        None,
        [([], Ask("POST", "/doctors/lee/bookings"), 201, None), ([], Ask("POST", "/doctors/x/bookings"), 404, None)],
    ),
    (
        "a table of tables with a default",
        TEMPLATE_UNKNOWN_LOCALE_FALLS_BACK,
        [],
        Ask("GET", "/messages/bye?locale=fr"),
        200,
        {"text": "Bye"},
        [],
    ),
    (
        "an entry that others begin on demand",
        COUNTER_DECREMENT_MISSING,
        [],
        Ask("DELETE", "/posts/4/likes/bob"),
        200,
        {"likes": 0},
        [],
    ),
    (
        "a limit that is not set",
        MEMBERSHIP_EXPIRED_NONE,
        [],
        Ask("POST", "/cards/c2/enter?on=2024-07-01"),
        200,
        {"welcome": "Bob"},
        [
            ([], Ask("POST", "/cards/c1/enter?on=2024-07-01"), 403, None),
            ([], Ask("POST", "/cards/c1/enter?on=2024-06-01"), 200, None),
        ],
    ),
    (
        "references that a neighbour's deletion clears",
        DANGLING_SHELF,
        [Ask("DELETE", "/shelves/1")],
        Ask("GET", "/books"),
        200,
        [{"title": "Emma", "shelf": None}, {"title": "Dune", "shelf": None}],
        [([Ask("DELETE", "/shelves/1")], Ask("GET", "/unshelved"), 200, ["Emma", "Dune"])],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_right(case)
