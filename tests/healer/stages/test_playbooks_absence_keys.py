"""Missing keys, lost references and empty collections: what stands in, what is left out, what is refused."""

from __future__ import annotations

import pytest

from .crashes import Ask, Case, assert_right

LABEL_TABLE_FALLBACK = """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    LABELS = {"new": "New", "paid": "Paid", "sent": "On its way"}
    COLOURS = {"new": "blue", "paid": "green"}
    ORDERS = {1: {"status": "new"}, 2: {"status": "sent"}, 3: {"status": "returned"}}

    @app.get("/orders/{number}")
    def show(number: int):
        if number not in ORDERS:
            raise HTTPException(404, "no such order")
        status = ORDERS[number]["status"]
        return {"status": status, "colour": COLOURS.get(status, "grey"), "label": LABELS.get(status, status)}

    @app.get("/board")
    def board():
        return [{"id": n, "label": LABELS[o["status"]]} for n, o in ORDERS.items()]
"""

SETTINGS_KEY_DEFAULTS_TABLE = """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    DEFAULTS = {"theme": "light", "per_page": 20}
    SETTINGS = {"ann": {"theme": "dark", "per_page": 5}, "bob": {"theme": "dark"}}

    def theme_of(login):
        return SETTINGS.get(login, {}).get("theme", DEFAULTS["theme"])

    @app.get("/users/<login>/theme")
    def theme(login):
        return jsonify(theme=theme_of(login))

    @app.get("/users/<login>/items")
    def items(login):
        if login not in SETTINGS:
            return jsonify(error="no such user"), 404
        size = SETTINGS[login]["per_page"]
        return jsonify(items=list(range(size)))
"""

ENUM_TABLE_MISSING_ENTRY = {
    "fees.py": '''
        """Fees by kind of parcel. Kinds without a fee of their own cost the standard one."""
        STANDARD = 450
        FEES = {"letter": 100, "box": 700}

        def fee(kind: str) -> int:
            return FEES[kind]

        def is_heavy(kind: str) -> bool:
            return kind == "box"
    ''',
    "app.py": """
        from fastapi import FastAPI, HTTPException
        from pydantic import BaseModel
        import fees
        app = FastAPI()
        KINDS = ("letter", "box", "tube")
        class Parcel(BaseModel):
            kind: str
            count: int = 1
        @app.post("/quotes")
        def quote(body: Parcel):
            if body.kind not in KINDS:
                raise HTTPException(422, "no such kind")
            return {"cents": fees.fee(body.kind) * body.count}
    """,
}

UPDATE_RECORD_OTHER_SHAPE = """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    JOBS = {}
    def job_json(job):
        return {"id": job["id"], "state": job["state"], "runs": len(job["runs"]), "owner": job.get("owner")}

    @app.post("/jobs")
    def create():
        data = request.get_json(silent=True) or {}
        number = len(JOBS) + 1
        JOBS[number] = {"id": number, "state": "new", "owner": data.get("owner"), "runs": []}
        return jsonify(job_json(JOBS[number])), 201

    @app.post("/jobs/<int:n>/copy")
    def copy(n):
        if n not in JOBS:
            return jsonify(error="no such job"), 404
        number = len(JOBS) + 1
        JOBS[number] = {"id": number, "owner": JOBS[n]["owner"], "runs": []}
        return jsonify(id=number), 201

    @app.get("/jobs/<int:n>")
    def show(n):
        if n not in JOBS:
            return jsonify(error="no such job"), 404
        return jsonify(job_json(JOBS[n]))
"""

DELETE_USER_REFERENCED = '''
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    USERS = {"ann": {"name": "Ann"}, "bob": {"name": "Bob"}}
    NOTES = [{"id": 1, "by": "ann", "text": "x"}, {"id": 2, "by": "bob", "text": "y"}]

    @app.delete("/users/<login>")
    def delete(login):
        if login not in USERS:
            return jsonify(error="no such user"), 404
        del USERS[login]
        return "", 204

    @app.get("/users/<login>")
    def user(login):
        if login not in USERS:
            return jsonify(error="no such user"), 404
        return jsonify(USERS[login])

    @app.get("/notes")
    def notes():
        """All notes; the author is null once the user is gone."""
        return jsonify([{"id": n["id"], "author": USERS[n["by"]]["name"]} for n in NOTES])
'''

PLAYLIST_DANGLING_TRACK = '''
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    TRACKS = {1: {"title": "A", "seconds": 100}, 2: {"title": "B", "seconds": 50}}
    LISTS = {"mix": [1, 2]}

    @app.delete("/tracks/{n}", status_code=204)
    def remove(n: int):
        if n not in TRACKS:
            raise HTTPException(404, "no such track")
        del TRACKS[n]

    @app.get("/lists/{name}")
    def show(name: str):
        """The tracks of a list; tracks that were taken off the shelf are left out."""
        if name not in LISTS:
            raise HTTPException(404, "no such list")
        tracks = [TRACKS[n] for n in LISTS[name]]
        return {"titles": [t["title"] for t in tracks], "seconds": sum(t["seconds"] for t in tracks)}
'''

NEIGHBOUR_NORMALISES_CASE = """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    RATES = {"EUR": 1.0, "USD": 1.1}
    @app.get("/rates/{code}")
    def rate(code: str):
        if code.upper() not in RATES:
            raise HTTPException(404, "unknown currency")
        return {"rate": RATES[code.upper()]}
    @app.get("/convert/{code}")
    def convert(code: str, euros: float):
        return {"amount": round(euros * RATES[code], 2)}
"""

UPSTREAM_LAZY_CACHE_MISS = '''
    from flask import Flask, jsonify
    app = Flask(__name__)
    TEXTS = {"a": "one two", "b": "three"}
    _counts = {}
    def count(name):
        """Words of a text, kept once counted."""
        if name not in _counts:
            _counts[name] = len(TEXTS[name].split())
        return _counts[name]
    @app.get("/texts/<name>/words")
    def words(name):
        if name not in TEXTS:
            return jsonify(error="no such text"), 404
        return jsonify(words=count(name))
    @app.get("/words")
    def all_words():
        return jsonify({name: _counts[name] for name in TEXTS})
'''

MISSING_QUOTA_ENTRY_DOCS_UNLIMITED = '''
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    QUOTA = {"free": 3, "team": 10}
    USERS = {"ann": {"plan": "free", "files": 2}, "max": {"plan": "enterprise", "files": 99}}
    @app.get("/users/{name}")
    def show(name: str):
        """Files left; null for plans without a quota."""
        if name not in USERS:
            raise HTTPException(404, "no such user")
        user = USERS[name]
        return {"left": QUOTA[user["plan"]] - user["files"]}
'''

RANK_OF_ABSENT_PLAYER = '''
    from flask import Flask, jsonify
    app = Flask(__name__)
    SCORES = {"ann": 10, "bob": 7}
    PLAYERS = {"ann", "bob", "cyd"}
    def table():
        return sorted(SCORES, key=lambda p: -SCORES[p])
    @app.get("/players/<name>")
    def player(name):
        """Score and rank; the rank is null before the first game."""
        if name not in PLAYERS:
            return jsonify(error="no such player"), 404
        return jsonify(score=SCORES.get(name, 0), rank=table().index(name) + 1)
'''

CASES: list[Case] = [
    (
        "a sibling's default with the key itself",
        LABEL_TABLE_FALLBACK,
        [],
        Ask("GET", "/board"),
        200,
        [{"id": 1, "label": "New"}, {"id": 2, "label": "On its way"}, {"id": 3, "label": "returned"}],
        [],
    ),
    (
        "a table of defaults",
        SETTINGS_KEY_DEFAULTS_TABLE,
        [],
        Ask("GET", "/users/bob/items"),
        200,
        {"items": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]},
        [],
    ),
    (
        "a constant that the module's documentation speaks of",
        ENUM_TABLE_MISSING_ENTRY,
        [],
        Ask("POST", "/quotes", {"kind": "tube", "count": 2}),
        200,
        {"cents": 900},
        [([], Ask("POST", "/quotes", {"kind": "rug"}), 422, None)],
    ),
    (
        "a key that one maker of records forgets",
        UPDATE_RECORD_OTHER_SHAPE,
        [Ask("POST", "/jobs", {"owner": "x"}), Ask("POST", "/jobs/1/copy")],
        Ask("GET", "/jobs/2"),
        200,
        {"id": 2, "state": "new", "runs": 0, "owner": "x"},
        [],
    ),
    (
        "a reference to what was deleted, said to be null",
        DELETE_USER_REFERENCED,
        [Ask("DELETE", "/users/bob")],
        Ask("GET", "/notes"),
        200,
        [{"id": 1, "author": "Ann"}, {"id": 2, "author": None}],
        [],
    ),
    (
        "a list of references, some lost",
        PLAYLIST_DANGLING_TRACK,
        [Ask("DELETE", "/tracks/1")],
        Ask("GET", "/lists/mix"),
        200,
        {"titles": ["B"], "seconds": 50},
        [],
    ),
    (
        "a key in another case, which a neighbour minds",
        NEIGHBOUR_NORMALISES_CASE,
        [],
        Ask("GET", "/convert/usd?euros=2"),
        200,
        {"amount": 2.2},
        [
            ([], Ask("GET", "/convert/USD?euros=2"), 200, {"amount": 2.2}),
            ([], Ask("GET", "/convert/xxx?euros=2"), 404, None),
        ],
    ),
    (
        "an entry that a function makes at its first use",
        UPSTREAM_LAZY_CACHE_MISS,
        [],
        Ask("GET", "/words"),
        200,
        {"a": 2, "b": 1},
        [],
    ),
    (
        "a calculation without its part, said to be null",
        MISSING_QUOTA_ENTRY_DOCS_UNLIMITED,
        [],
        Ask("GET", "/users/max"),
        200,
        {"left": None},
        [],
    ),
    (
        "a place in an order that somebody does not have",
        RANK_OF_ABSENT_PLAYER,
        [],
        Ask("GET", "/players/cyd"),
        200,
        {"score": 0, "rank": None},
        [([], Ask("GET", "/players/bob"), 200, {"score": 7, "rank": 2})],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_right(case)
