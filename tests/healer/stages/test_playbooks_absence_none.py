"""None where an object was expected: what the neighbours, the schema and the documentation make of it."""

from __future__ import annotations

import pytest

from .crashes import Ask, Case, assert_right

FIND_HELPER_BODY_ID = """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    WAREHOUSES = [{"code": "N1", "stock": {"nut": 5}}, {"code": "S2", "stock": {}}]

    class Transfer(BaseModel):
        source: str
        target: str
        sku: str
        quantity: int

    def find_warehouse(code):
        for one in WAREHOUSES:
            if one["code"] == code:
                return one
        return None

    @app.get("/warehouses/{code}")
    def show(code: str):
        one = find_warehouse(code)
        if one is None:
            raise HTTPException(status_code=404, detail="warehouse not found")
        return one

    @app.post("/transfers")
    def transfer(body: Transfer):
        source = find_warehouse(body.source)
        if source is None:
            raise HTTPException(status_code=422, detail=f"unknown warehouse {body.source}")
        target = find_warehouse(body.target)
        if source["stock"].get(body.sku, 0) < body.quantity:
            raise HTTPException(status_code=409, detail="not enough in stock")
        source["stock"][body.sku] -= body.quantity
        target["stock"][body.sku] = target["stock"].get(body.sku, 0) + body.quantity
        return {"source": source["stock"], "target": target["stock"]}
"""

SQLITE_FETCHONE_FLASK = """
    import sqlite3
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.row_factory = sqlite3.Row
    db.execute("create table plant (id integer primary key, name text, bed_id integer)")
    db.execute("create table bed (id integer primary key, label text)")
    db.execute("insert into plant values (1, 'rose', 1), (2, 'fern', null)")
    db.execute("insert into bed values (1, 'north')")

    @app.get("/plants/<int:plant_id>")
    def show(plant_id):
        row = db.execute("select * from plant where id = ?", (plant_id,)).fetchone()
        if row is None:
            return jsonify({"error": "plant not found"}), 404
        return jsonify(dict(row))

    @app.get("/beds/<int:bed_id>")
    def bed(bed_id):
        row = db.execute("select * from bed where id = ?", (bed_id,)).fetchone()
        plants = db.execute("select name from plant where bed_id = ?", (bed_id,)).fetchall()
        return jsonify({"label": row["label"], "plants": [p["name"] for p in plants]})
"""

SQLITE_SUM_NONE = '''
    import sqlite3
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.execute("create table project (id integer primary key, name text, budget real)")
    db.execute("create table cost (id integer primary key, project_id integer, amount real)")
    db.execute("insert into project values (1, 'roof', 100), (2, 'door', 50)")
    db.execute("insert into cost values (1, 1, 30.5)")

    def project_or_404(pid):
        row = db.execute("select id, name, budget from project where id = ?", (pid,)).fetchone()
        if row is None:
            raise HTTPException(404, "no such project")
        return row

    @app.get("/projects/{pid}")
    def show(pid: int):
        row = project_or_404(pid)
        return {"id": row[0], "name": row[1], "budget": row[2]}

    @app.get("/projects/{pid}/balance")
    def balance(pid: int):
        """What is left of the budget."""
        row = project_or_404(pid)
        spent = db.execute("select sum(amount) from cost where project_id = ?", (pid,)).fetchone()[0]
        return {"spent": round(spent, 2), "left": round(row[2] - spent, 2)}
'''

STATE_NOT_INITIALISED = """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    _index = None
    WORDS = {"a": "ant bee", "b": "bee cow"}

    def build():
        found = {}
        for page, text in WORDS.items():
            for word in text.split():
                found.setdefault(word, []).append(page)
        return found

    def index():
        global _index
        if _index is None:
            _index = build()
        return _index

    @app.get("/search")
    def search(word: str):
        return {"pages": index().get(word, [])}

    @app.get("/words/{letter}")
    def words(letter: str):
        if len(letter) != 1:
            raise HTTPException(422, "one letter")
        return sorted(w for w in _index if w.startswith(letter))
"""

OPTIONAL_QUERY_LOWER = """
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    FILMS = [{"title": "Alien", "year": 1979}, {"title": "Brazil", "year": 1985}]

    @app.get("/films")
    def films(title: Optional[str] = None, year: Optional[int] = None):
        rows = FILMS
        if year is not None:
            rows = [f for f in rows if f["year"] == year]
        return [f["title"] for f in rows if title.lower() in f["title"].lower()]

    @app.get("/films/{n}")
    def film(n: int):
        if not 0 <= n < len(FILMS):
            raise HTTPException(404, "no such film")
        return FILMS[n]
"""

PATCH_OPTIONAL_STRIP = """
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Change(BaseModel):
        title: Optional[str] = None
        pages: Optional[int] = None
    BOOKS = {1: {"title": "Emma", "pages": 300}}

    @app.get("/books/{n}")
    def show(n: int):
        if n not in BOOKS:
            raise HTTPException(404, "no such book")
        return BOOKS[n]

    @app.patch("/books/{n}")
    def change(n: int, body: Change):
        book = show(n)
        title = body.title.strip()
        if title:
            book["title"] = title
        if body.pages is not None:
            book["pages"] = body.pages
        return book
"""

TAGS_NONE_LEN = """
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Post(BaseModel):
        title: str
        tags: Optional[list[str]] = None
    POSTS: list[Post] = []

    @app.post("/posts", status_code=201)
    def create(post: Post):
        if len(post.tags) > 5:
            raise HTTPException(422, "at most five tags")
        POSTS.append(post)
        return {"id": len(POSTS), "tags": len(post.tags)}
"""

FALLTHROUGH_HELPER_DOCSTRING = '''
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    ZONES = {"de": "eu", "fr": "eu", "us": "na"}
    RATES = {"eu": 500, "na": 900, "other": 1500}

    def rate_of(country: str) -> int:
        """Cents a parcel costs; countries in no zone pay the rate of 'other'."""
        zone = ZONES.get(country)
        return RATES.get(zone)

    @app.get("/quote")
    def quote(country: str, parcels: int = 1):
        if parcels < 1:
            raise HTTPException(422, "parcels must be positive")
        return {"cents": rate_of(country) * parcels}

    @app.get("/zones")
    def zones():
        return ZONES
'''

HELPER_MODULE_ERROR_CLASS_404 = {
    "errors.py": """
        class NotFound(Exception):
            def __init__(self, what):
                super().__init__(f"{what} not found")
    """,
    "repo.py": """
        from errors import NotFound
        TRIPS = {1: {"title": "Alps", "guide": 7}, 2: {"title": "Coast", "guide": None}}
        GUIDES = {7: {"name": "Uli", "phone": "1"}}

        def trip(number):
            found = TRIPS.get(number)
            if found is None:
                raise NotFound("trip")
            return found

        def guide(number):
            return GUIDES.get(number)
    """,
    "app.py": """
        from fastapi import FastAPI
        from fastapi.responses import JSONResponse
        from errors import NotFound
        import repo
        app = FastAPI()

        @app.exception_handler(NotFound)
        def not_found(request, error):
            return JSONResponse({"error": str(error)}, status_code=404)

        @app.get("/trips/{number}")
        def show(number: int):
            found = repo.trip(number)
            guide = repo.guide(found["guide"])
            return {"title": found["title"], "guide": guide["name"]}

        @app.get("/guides/{number}")
        def guide(number: int):
            return {"phone": repo.guide(number)["phone"]}
    """,
}

CASES: list[Case] = [
    (
        "a look-up of what the body names, refused as the function's other one",
        FIND_HELPER_BODY_ID,
        [],
        Ask("POST", "/transfers", {"source": "N1", "target": "X", "sku": "nut", "quantity": 2}),
        422,
        None,
        [
            (
                [Ask("POST", "/transfers", {"source": "N1", "target": "X", "sku": "nut", "quantity": 2})],
                Ask("GET", "/warehouses/N1"),
                200,
                {"code": "N1", "stock": {"nut": 5}},
            )
        ],
    ),
    (
        "a row that is not there, called by its table",
        SQLITE_FETCHONE_FLASK,
        [],
        Ask("GET", "/beds/7"),
        404,
        {"error": "bed not found"},
        [([], Ask("GET", "/beds/1"), 200, {"label": "north", "plants": ["rose"]})],
    ),
    (
        "a sum of no rows begins at 0 for all its uses",
        SQLITE_SUM_NONE,
        [],
        Ask("GET", "/projects/2/balance"),
        200,
        {"spent": 0, "left": 50},
        [
            ([], Ask("GET", "/projects/1/balance"), 200, {"spent": 30.5, "left": 69.5}),
            ([], Ask("GET", "/projects/8/balance"), 404, None),
        ],
    ),
    (
        "state that a function makes at its first use",
        STATE_NOT_INITIALISED,
        [],
        Ask("GET", "/words/b"),
        200,
        ["bee"],
        [],
    ),
    (
        "a filter that may be left out",
        OPTIONAL_QUERY_LOWER,
        [],
        Ask("GET", "/films?year=1979"),
        200,
        ["Alien"],
        [([], Ask("GET", "/films?title=BRA"), 200, ["Brazil"]), ([], Ask("GET", "/films"), 200, ["Alien", "Brazil"])],
    ),
    (
        "a change that may be left out",
        PATCH_OPTIONAL_STRIP,
        [],
        Ask("PATCH", "/books/1", {"pages": 310}),
        200,
        {"title": "Emma", "pages": 310},
        [([], Ask("PATCH", "/books/1", {"title": " X "}), 200, {"title": "X", "pages": 300})],
    ),
    (
        "a list that may be left out, measured twice",
        TAGS_NONE_LEN,
        [],
        Ask("POST", "/posts", {"title": "x"}),
        201,
        {"id": 1, "tags": 0},
        [([], Ask("POST", "/posts", {"title": "x", "tags": ["a", "b", "c", "d", "e", "f"]}), 422, None)],
    ),
    (
        "an entry that the documentation names",
        FALLTHROUGH_HELPER_DOCSTRING,
        [],
        Ask("GET", "/quote?country=jp&parcels=2"),
        200,
        {"cents": 3000},
        [([], Ask("GET", "/quote?country=de"), 200, {"cents": 500})],
    ),
    (
        "an error that makes its own sentence",
        HELPER_MODULE_ERROR_CLASS_404,
        [],
        Ask("GET", "/guides/3"),
        404,
        {"error": "guide not found"},
        [],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_right(case)
