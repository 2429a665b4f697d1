"""What helpers, callers, neighbours and records give where there is nothing: the place that should have known."""

from __future__ import annotations

import pytest

from .crashes import Ask, Case, assert_right

JOIN_WITH_NONE = '''
    from flask import Flask, jsonify
    app = Flask(__name__)
    ADDRESSES = {
        1: {"street": "A 1", "extra": None, "city": "Bern"},
        2: {"street": "B 2", "extra": "c/o X", "city": "Ulm"},
    }

    @app.get("/addresses/<int:n>")
    def show(n):
        if n not in ADDRESSES:
            return jsonify(error="no such address"), 404
        return jsonify(ADDRESSES[n])

    @app.get("/addresses/<int:n>/label")
    def label(n):
        """One line for the parcel."""
        if n not in ADDRESSES:
            return jsonify(error="no such address"), 404
        a = ADDRESSES[n]
        return jsonify(label=", ".join([a["street"], a["extra"], a["city"]]))
'''

CALLER_IGNORES_NONE = {
    "store.py": '''
        class Store:
            def __init__(self):
                self.boxes = {"a": {"items": [1]}}

            def find(self, name):
                """The box, None when there is none of that name."""
                return self.boxes.get(name)

            def put(self, name, item):
                self.find(name)["items"].append(item)
                return len(self.find(name)["items"])
    ''',
    "app.py": """
        from flask import Flask, jsonify, request
        from store import Store
        app = Flask(__name__)
        store = Store()

        @app.get("/boxes/<name>")
        def show(name):
            box = store.find(name)
            if box is None:
                return jsonify(error="no such box"), 404
            return jsonify(box)

        @app.post("/boxes/<name>/items")
        def put(name):
            data = request.get_json()
            return jsonify(count=store.put(name, data["item"])), 201
    """,
}

CURRENT_USER_DEPENDENCY_NONE = """
    from typing import Optional
    from fastapi import Depends, FastAPI, Header, HTTPException
    app = FastAPI()
    SESSIONS = {"s1": {"login": "ann", "plan": "pro"}}

    def current(x_session: Optional[str] = Header(None)) -> Optional[dict]:
        return SESSIONS.get(x_session)

    @app.get("/public")
    def public(user=Depends(current)):
        return {"hello": user["login"] if user else "stranger"}

    @app.get("/account")
    def account(user=Depends(current)):
        if user is None:
            raise HTTPException(401, "log in first")
        return user

    @app.get("/invoices")
    def invoices(user=Depends(current)):
        return {"of": user["login"], "invoices": []}
"""

USER_NONE_SESSION_FLASK = """
    from flask import Flask, jsonify, request, session, g
    app = Flask(__name__)
    app.secret_key = "x"
    USERS = {1: {"name": "ann", "role": "admin"}}

    @app.before_request
    def load():
        g.user = USERS.get(session.get("user_id"))

    @app.post("/login/<int:n>")
    def login(n):
        if n not in USERS:
            return jsonify(error="unknown user"), 401
        session["user_id"] = n
        return jsonify(USERS[n])

    @app.get("/me")
    def me():
        if g.user is None:
            return jsonify(error="sign in first"), 401
        return jsonify(g.user)

    @app.get("/admin")
    def admin():
        if g.user["role"] != "admin":
            return jsonify(error="admins only"), 403
        return jsonify(users=len(USERS))
"""

PARENT_OPTIONAL_TREE = """
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Node(BaseModel):
        id: int
        name: str
        parent: Optional[int] = None
    NODES = {1: Node(id=1, name="all"), 2: Node(id=2, name="tools", parent=1)}

    @app.get("/nodes/{n}")
    def show(n: int):
        node = NODES.get(n)
        if node is None:
            raise HTTPException(404, "no such node")
        parent = NODES.get(node.parent)
        return {"id": node.id, "name": node.name, "parent": parent.name}

    @app.get("/nodes")
    def index():
        return list(NODES.values())
"""

HELPER_PARAM_OPTIONAL_CALLER_NONE = """
    from datetime import date
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Person(BaseModel):
        name: str
        born: Optional[date] = None
    class PersonOut(BaseModel):
        name: str
        age: Optional[int] = None
    PEOPLE = {1: Person(name="a", born=date(2000, 1, 1)), 2: Person(name="b")}

    def age(born: date, today: date) -> int:
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    @app.get("/people/{n}", response_model=PersonOut)
    def show(n: int, today: date):
        if n not in PEOPLE:
            raise HTTPException(404, "no such person")
        one = PEOPLE[n]
        return PersonOut(name=one.name, age=age(one.born, today))

    @app.get("/adults")
    def adults(today: date):
        return [p.name for p in PEOPLE.values() if p.born and age(p.born, today) >= 18]
"""

ASSIGNEE_NONE_NOTIFICATION_LOOP = '''
    from dataclasses import dataclass, field
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    @dataclass
    class Person:
        name: str
        email: str | None = None
    @dataclass
    class Ticket:
        id: int
        title: str
        assignee: Person | None = None
        watchers: list = field(default_factory=list)
    ann = Person("ann", "ann@x")
    TICKETS = {1: Ticket(1, "a", ann, [Person("zed"), ann]), 2: Ticket(2, "b")}
    OUTBOX = []
    @app.post("/tickets/{n}/close")
    def close(n: int):
        """Closes and tells everybody who can be reached."""
        if n not in TICKETS:
            raise HTTPException(404, "no such ticket")
        ticket = TICKETS[n]
        told = []
        for person in ticket.watchers:
            told.append(person.email.lower())
        OUTBOX.extend(told)
        return {"told": told}
'''

NICKNAME_OR_NAME = """
    from dataclasses import dataclass
    from flask import Flask, jsonify
    app = Flask(__name__)
    @dataclass
    class User:
        login: str
        name: str
        nick: str | None = None
    USERS = {"a": User("a", "Ada", "ace"), "b": User("b", "Bob")}
    @app.get("/users")
    def users():
        return jsonify([u.nick or u.name for u in USERS.values()])
    @app.get("/users/<login>/greeting")
    def greeting(login):
        if login not in USERS:
            return jsonify(error="no such user"), 404
        user = USERS[login]
        return jsonify(text="Hello " + user.nick)
"""

SORT_BY_RELATION_NAME = '''
    from dataclasses import dataclass
    from fastapi import FastAPI
    app = FastAPI()
    @dataclass
    class Series:
        title: str
    @dataclass
    class Book:
        title: str
        series: Series | None = None
    BOOKS = [Book("Dune", Series("Dune")), Book("Emma"), Book("Ada", Series("Aaa"))]
    @app.get("/books")
    def books():
        """By series, books of none first."""
        return [b.title for b in sorted(BOOKS, key=lambda b: b.series.title)]
'''

SEARCH_STORED_TEXT = '''
    import re
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    COMMITS = {"c1": "fix login (#12)", "c2": "typo"}
    ISSUE = re.compile(r"#(\\d+)")
    @app.get("/commits/{key}")
    def show(key: str):
        """The issue is null when the message names none."""
        if key not in COMMITS:
            raise HTTPException(404, "no such commit")
        return {"message": COMMITS[key], "issue": int(ISSUE.search(COMMITS[key]).group(1))}
'''

CASES: list[Case] = [
    (
        "a part of a line that is not there",
        JOIN_WITH_NONE,
        [],
        Ask("GET", "/addresses/1/label"),
        200,
        {"label": "A 1, Bern"},
        [([], Ask("GET", "/addresses/2/label"), 200, {"label": "B 2, c/o X, Ulm"})],
    ),
    (
        "a helper's look-up, asked first by the route",
        CALLER_IGNORES_NONE,
        [],
        Ask("POST", "/boxes/z/items", {"item": 3}),
        404,
        {"error": "no such box"},
        [([], Ask("POST", "/boxes/a/items", {"item": 3}), 201, {"count": 2})],
    ),
    (
        "what the same dependency gives, refused by a neighbour",
        CURRENT_USER_DEPENDENCY_NONE,
        [],
        Ask("GET", "/invoices"),
        401,
        {"detail": "log in first"},
        [([], Ask("GET", "/invoices", headers={"x-session": "s1"}), 200, None)],
    ),
    (
        "a test for a difference that nothing must not pass",
        USER_NONE_SESSION_FLASK,
        [],
        Ask("GET", "/admin"),
        401,
        {"error": "sign in first"},
        [],
    ),
    (
        "what a record leads to is not what was asked for",
        PARENT_OPTIONAL_TREE,
        [],
        Ask("GET", "/nodes/1"),
        200,
        {"id": 1, "name": "all", "parent": None},
        [
            ([], Ask("GET", "/nodes/2"), 200, {"id": 2, "name": "tools", "parent": "all"}),
            ([], Ask("GET", "/nodes/3"), 404, None),
        ],
    ),
    (
        "a helper that insists, asked by a caller that has nothing",
        HELPER_PARAM_OPTIONAL_CALLER_NONE,
        [],
        Ask("GET", "/people/2?today=2024-05-01"),
        200,
        {"name": "b", "age": None},
        [([], Ask("GET", "/people/1?today=2024-05-01"), 200, {"name": "a", "age": 24})],
    ),
    (
        "an item that lacks what the loop collects",
        ASSIGNEE_NONE_NOTIFICATION_LOOP,
        [],
        Ask("POST", "/tickets/1/close"),
        200,
        {"told": ["ann@x"]},
        [],
    ),
    (
        "another field of the same record, as elsewhere",
        NICKNAME_OR_NAME,
        [],
        Ask("GET", "/users/b/greeting"),
        200,
        {"text": "Hello Bob"},
        [],
    ),
    (
        "a relation in the key of an order",
        SORT_BY_RELATION_NAME,
        [],
        Ask("GET", "/books"),
        200,
        ["Emma", "Ada", "Dune"],
        [],
    ),
    (
        "a pattern that a stored text does not have",
        SEARCH_STORED_TEXT,
        [],
        Ask("GET", "/commits/c2"),
        200,
        {"message": "typo", "issue": None},
        [],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_right(case)
