"""None, missing keys and empty collections: the first candidate that works gives the answer a maintainer would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from .crashes import Ask, heal

BOOKS = '''
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel

    app = FastAPI()

    class Author(BaseModel):
        name: str

    class Book(BaseModel):
        id: int
        title: str
        author: Optional[Author] = None
        year: Optional[int] = None

    BOOKS = {1: Book(id=1, title="Emma", author=Author(name="Jane"), year=1815), 2: Book(id=2, title="Anon")}
    SHELVES = {"a": [1, 2], "b": []}

    @app.get("/books/{book_id}")
    def show(book_id: int):
        book = BOOKS.get(book_id)
        if book is None:
            raise HTTPException(404, "no such book")
        return book

    @app.get("/books/{book_id}/title")
    def title(book_id: int):
        return {"title": BOOKS.get(book_id).title}

    @app.get("/books/{book_id}/label")
    def label(book_id: int):
        book = BOOKS.get(book_id)
        return {"label": book.title.upper()}

    @app.get("/index.txt")
    def index():
        return {"lines": [f"{b.title}: {b.author.name}" for b in BOOKS.values()]}

    @app.get("/by-author")
    def by_author(name: str):
        return [b.id for b in BOOKS.values() if b.author.name == name]

    @app.get("/since/{year}")
    def since(year: int):
        return [b.id for b in BOOKS.values() if b.year >= year]

    @app.get("/shelves/{shelf}")
    def shelf_books(shelf: str):
        return SHELVES[shelf]

    @app.get("/shelves/{shelf}/first")
    def shelf_first(shelf: str):
        """The first book of a shelf, null while it is empty."""
        if shelf not in SHELVES:
            raise HTTPException(404, "no such shelf")
        ids = SHELVES[shelf]
        return {"first": ids[0]}
'''

SHOP = '''
    from collections import Counter
    from decimal import Decimal
    from fastapi import Depends, FastAPI, Header, HTTPException, Request

    app = FastAPI()
    RATES = {"eur": 1.0, "usd": 1.1}
    STATE = {"orders": [], "visits": {}}
    USERS = {"t1": {"name": "ann"}, "t2": {"name": "bob", "email": "b@x.example"}}

    def convert(amount: float, currency: str) -> float:
        return amount * RATES[currency]

    @app.get("/rates/{currency}")
    def rate(currency: str):
        if currency not in RATES:
            raise HTTPException(status_code=404, detail=f"Unknown currency {currency}")
        return {"rate": RATES[currency]}

    @app.get("/convert")
    def do_convert(amount: float, to: str):
        if amount < 0:
            raise HTTPException(status_code=400, detail="Amount must not be negative")
        return {"amount": convert(amount, to)}

    @app.post("/orders")
    async def order(request: Request):
        data = await request.json()
        if not data.get("lines"):
            raise HTTPException(status_code=400, detail="Lines are required")
        STATE["orders"].append({"customer": data["customer"], "lines": data["lines"]})
        return {"count": len(STATE["orders"])}

    @app.get("/visits/{page}")
    def visit(page: str):
        STATE["visits"][page] += 1
        return STATE["visits"]

    @app.get("/tally")
    def tally(words: str):
        groups = {}
        for word in words.split(","):
            groups[word[:1]].append(word)
        return groups

    @app.get("/me/email")
    def email(x_token: str = Header()):
        user = USERS.get(x_token)
        if user is None:
            raise HTTPException(status_code=401, detail="Invalid token")
        return {"email": user["email"]}

    @app.get("/me/name")
    def name(x_token: str = Header()):
        return {"name": USERS.get(x_token)["name"]}

    @app.get("/largest")
    def largest():
        """The largest order's number of lines; 0 when there are none."""
        return {"largest": max(len(o["lines"]) for o in STATE["orders"])}

    @app.get("/orders/{number}")
    def one_order(number: int):
        return STATE["orders"][number]

    @app.get("/users/{name}")
    def by_name(name: str):
        return next(u for u in USERS.values() if u["name"] == name)
'''

PLANS = {
    "catalog.py": '''
        """What can be booked."""

        COURSES = [{"code": "py", "seats": 10, "tutor": None}, {"code": "go", "seats": 2, "tutor": "kim"}]

        class NotKnown(Exception):
            pass

        def find(code):
            for course in COURSES:
                if course["code"] == code:
                    return course
            return None

        def require(code):
            course = find(code)
            if course is None:
                raise NotKnown(f"no course {code}")
            return course
    ''',
    "main.py": '''
        from fastapi import FastAPI
        from fastapi.responses import JSONResponse
        import catalog

        app = FastAPI()

        @app.exception_handler(catalog.NotKnown)
        def not_known(request, error):
            return JSONResponse({"error": str(error)}, status_code=404)

        @app.get("/courses/{code}")
        def show(code: str):
            return catalog.require(code)

        @app.get("/courses/{code}/seats")
        def seats(code: str):
            course = catalog.find(code)
            return {"seats": course["seats"]}

        @app.get("/tutors")
        def tutors():
            """Tutors by course, empty text while none is named."""
            return {c["code"]: c["tutor"].title() for c in catalog.COURSES}
    ''',
}

CASES: list[tuple[str, str | Mapping[str, str], Sequence[Ask], Ask, int, Any]] = [
    ("a look-up that neighbours refuse", BOOKS, [], Ask("GET", "/books/9/label"), 404, {"detail": "no such book"}),
    ("a look-up used at once", BOOKS, [], Ask("GET", "/books/9/title"), 404, {"detail": "no such book"}),
    ("a nullable relation in text", BOOKS, [], Ask("GET", "/index.txt"), 200, {"lines": ["Emma: Jane", "Anon: "]}),
    ("a nullable relation in a filter", BOOKS, [], Ask("GET", "/by-author?name=Jane"), 200, [1]),
    ("a nullable number compared", BOOKS, [], Ask("GET", "/since/1800"), 200, [1]),
    ("a key from the path", BOOKS, [], Ask("GET", "/shelves/z"), 404, {"detail": "no such shelf"}),
    ("the first of none, said to be null", BOOKS, [], Ask("GET", "/shelves/b/first"), 200, {"first": None}),
    ("a key from the query in a helper", SHOP, [], Ask("GET", "/convert?amount=2&to=yen"), 400, None),
    (
        "a field the client left out",
        SHOP,
        [],
        Ask("POST", "/orders", {"lines": [1]}),
        400,
        {"detail": "Customer is required"},
    ),
    ("a counter's first key", SHOP, [], Ask("GET", "/visits/home"), 200, {"home": 1}),
    ("a group's first item", SHOP, [], Ask("GET", "/tally?words=ab,ac,b"), 200, {"a": ["ab", "ac"], "b": ["b"]}),
    ("a field a record lacks", SHOP, [], Ask("GET", "/me/email", headers={"x-token": "t1"}), 200, {"email": None}),
    (
        "a token nobody has",
        SHOP,
        [],
        Ask("GET", "/me/name", headers={"x-token": "zz"}),
        401,
        {"detail": "Invalid token"},
    ),
    ("the largest of none", SHOP, [], Ask("GET", "/largest"), 200, {"largest": 0}),
    ("an index from the path", SHOP, [], Ask("GET", "/orders/3"), 404, None),
    ("a search that finds nothing", SHOP, [], Ask("GET", "/users/zoe"), 404, None),
    ("a helper that answers None", PLANS, [], Ask("GET", "/courses/c/seats"), 404, {"error": "no course c"}),
    ("a None in a record's field", PLANS, [], Ask("GET", "/tutors"), 200, {"py": "", "go": "Kim"}),
]


@pytest.mark.parametrize(
    ("text", "before", "failing", "status", "body"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_the_first_that_works_is_right(
    text: str | Mapping[str, str], before: Sequence[Ask], failing: Ask, status: int, body: Any
) -> None:
    _, healed = heal(text, before, failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    assert (answer.status, answer.body if body is not None else None) == (status, body), candidate.changes[0].after
