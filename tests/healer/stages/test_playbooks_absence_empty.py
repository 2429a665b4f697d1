"""Empty collections, positions and lost rows: refused as the neighbours do, or the natural value of nothing."""

from __future__ import annotations

import pytest

from .crashes import Ask, Case, assert_right

LATEST_READING_404 = """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    SENSORS: dict[str, list[float]] = {"attic": [20.5, 21.0], "cellar": []}
    class Reading(BaseModel):
        value: float

    def readings_of(name: str) -> list[float]:
        if name not in SENSORS:
            raise HTTPException(404, "no such sensor")
        return SENSORS[name]

    @app.post("/sensors/{name}/readings", status_code=201)
    def add(name: str, body: Reading):
        readings_of(name).append(body.value)
        return {"count": len(SENSORS[name])}

    @app.get("/sensors/{name}/range")
    def spread(name: str):
        values = readings_of(name)
        if not values:
            raise HTTPException(404, "no readings yet")
        return {"low": min(values), "high": max(values)}

    @app.get("/sensors/{name}/latest")
    def latest(name: str):
        values = readings_of(name)
        return {"value": values[-1]}
"""

QUEUE_POP_EMPTY = """
    from collections import deque
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    QUEUES = {"post": deque()}

    def queue_or_404(name):
        if name not in QUEUES:
            raise HTTPException(404, "no such queue")
        return QUEUES[name]

    @app.post("/queues/{name}/tickets", status_code=201)
    def take(name: str):
        queue = queue_or_404(name)
        queue.append(len(queue) + 1)
        return {"number": queue[-1]}

    @app.get("/queues/{name}/head")
    def head(name: str):
        queue = queue_or_404(name)
        if not queue:
            raise HTTPException(409, "nobody is waiting")
        return {"number": queue[0]}

    @app.post("/queues/{name}/call")
    def call(name: str):
        queue = queue_or_404(name)
        return {"number": queue.popleft()}
"""

MIN_MAX_RANGE_EMPTY_HISTORY = """
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Range(BaseModel):
        low: Optional[float]
        high: Optional[float]
        count: int
    PRICES = {"oil": [70.5, 71.0], "tin": []}
    @app.get("/prices/{what}/range")
    def span(what: str) -> Range:
        if what not in PRICES:
            raise HTTPException(404, "unknown good")
        values = PRICES[what]
        return Range(low=min(values), high=max(values), count=len(values))
"""

LAST_PRICE_HISTORY_EMPTY = '''
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Change(BaseModel):
        cents: int
    ARTICLES = {"nut": {"list_price": 100, "history": []}, "nail": {"list_price": 5, "history": [4]}}
    def article(sku):
        if sku not in ARTICLES:
            raise HTTPException(404, "no such article")
        return ARTICLES[sku]
    @app.get("/articles/{sku}/price")
    def price(sku: str):
        """The latest price; the list price as long as there is no history."""
        return {"cents": article(sku)["history"][-1]}
    @app.post("/articles/{sku}/prices", status_code=201)
    def change(sku: str, body: Change):
        article(sku)["history"].append(body.cents)
        return {"count": len(article(sku)["history"])}
'''

STATE_LIST_INDEX_SWAP = """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    TRACKS = ["a", "b"]
    @app.get("/tracks")
    def tracks():
        return TRACKS
    @app.get("/tracks/{position}")
    def track(position: int):
        if position < 1 or position > len(TRACKS):
            raise HTTPException(status_code=404, detail="No such track")
        return {"title": TRACKS[position - 1]}
    @app.delete("/tracks/{position}")
    def remove(position: int):
        return {"removed": TRACKS.pop(position - 1)}
    @app.post("/tracks/{position}/up")
    def up(position: int):
        if position < 2:
            raise HTTPException(status_code=409, detail="Already on top")
        TRACKS[position - 2], TRACKS[position - 1] = TRACKS[position - 1], TRACKS[position - 2]
        return TRACKS
"""

WINNER_OF_NO_VOTES = '''
    from collections import Counter
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    POLLS = {"lunch": {"options": ["soup", "rice"], "votes": []}}
    @app.post("/polls/<name>/votes")
    def vote(name):
        if name not in POLLS:
            return jsonify(error="no such poll"), 404
        option = (request.get_json(silent=True) or {}).get("option")
        if option not in POLLS[name]["options"]:
            return jsonify(error="no such option"), 400
        POLLS[name]["votes"].append(option)
        return "", 204
    @app.get("/polls/<name>")
    def show(name):
        """Winner and number of votes; the winner is null as long as nobody has voted."""
        if name not in POLLS:
            return jsonify(error="no such poll"), 404
        votes = POLLS[name]["votes"]
        winner, _ = Counter(votes).most_common(1)[0]
        return jsonify(winner=winner, votes=len(votes))
'''

DELETE_PARENT_FK_SQLITE = '''
    import sqlite3
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.execute("pragma foreign_keys = on")
    db.execute("create table rack (id integer primary key, name text)")
    db.execute("create table box (id integer primary key, rack_id integer references rack (id))")
    db.execute("insert into rack values (1, 'a'), (2, 'b')")
    db.execute("insert into box values (1, 1)")
    db.commit()
    @app.delete("/racks/{n}", status_code=204)
    def remove(n: int):
        """409 while boxes stand in it."""
        if db.execute("delete from rack where id = ?", (n,)).rowcount == 0:
            raise HTTPException(404, "no such rack")
        db.commit()
    @app.get("/racks")
    def racks():
        return [r[0] for r in db.execute("select name from rack order by id")]
'''

CASES: list[Case] = [
    (
        "an empty list that a neighbour refuses",
        LATEST_READING_404,
        [],
        Ask("GET", "/sensors/cellar/latest"),
        404,
        {"detail": "no readings yet"},
        [],
    ),
    (
        "a taking from what is empty",
        QUEUE_POP_EMPTY,
        [],
        Ask("POST", "/queues/post/call"),
        409,
        {"detail": "nobody is waiting"},
        [],
    ),
    (
        "both ends of nothing",
        MIN_MAX_RANGE_EMPTY_HISTORY,
        [],
        Ask("GET", "/prices/tin/range"),
        200,
        {"low": None, "high": None, "count": 0},
        [],
    ),
    (
        "another field that the documentation names",
        LAST_PRICE_HISTORY_EMPTY,
        [],
        Ask("GET", "/articles/nut/price"),
        200,
        {"cents": 100},
        [],
    ),
    (
        "a position that a neighbour minds",
        STATE_LIST_INDEX_SWAP,
        [],
        Ask("POST", "/tracks/9/up"),
        404,
        {"detail": "No such track"},
        [([], Ask("POST", "/tracks/2/up"), 200, ["b", "a"])],
    ),
    (
        "an unpacking of the first of none",
        WINNER_OF_NO_VOTES,
        [],
        Ask("GET", "/polls/lunch"),
        200,
        {"winner": None, "votes": 0},
        [],
    ),
    (
        "a deletion inside a condition that the database refuses",
        DELETE_PARENT_FK_SQLITE,
        [],
        Ask("DELETE", "/racks/1"),
        409,
        None,
        [
            ([], Ask("DELETE", "/racks/2"), 204, None),
            ([], Ask("DELETE", "/racks/5"), 404, None),
            ([Ask("DELETE", "/racks/1")], Ask("GET", "/racks"), 200, ["a", "b"]),
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_right(case)
