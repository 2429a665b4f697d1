"""Faults that lie where a record, a table or an answer is made, away from the line that crashes."""

from __future__ import annotations

import pytest

from .crashes import Ask, Case, assert_right

CASES: list[Case] = [
    (
        "a field kept as it came",
        {
            "units.py": """
    FACTORS = {"ml": 1, "l": 1000, "cl": 10}
    """,
            "store.py": """
    class Pantry:
        def __init__(self):
            self.items = {}

        def put(self, name, amount, unit):
            self.items[name] = {"amount": amount, "unit": unit.lower()}

        def change(self, name, amount, unit):
            item = self.items[name]
            item["amount"] = amount
            item["unit"] = unit
            return item

    pantry = Pantry()
    """,
            "app.py": """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    from store import pantry
    from units import FACTORS
    app = FastAPI()

    class Item(BaseModel):
        amount: float
        unit: str

    @app.put("/items/{name}", status_code=201)
    def put(name: str, item: Item):
        if item.unit.lower() not in FACTORS:
            raise HTTPException(422, "unknown unit")
        pantry.put(name, item.amount, item.unit)
        return pantry.items[name]

    @app.patch("/items/{name}")
    def change(name: str, item: Item):
        if name not in pantry.items:
            raise HTTPException(404, "no such item")
        if item.unit.lower() not in FACTORS:
            raise HTTPException(422, "unknown unit")
        return pantry.change(name, item.amount, item.unit)

    @app.get("/items/{name}/volume")
    def volume(name: str):
        if name not in pantry.items:
            raise HTTPException(404, "no such item")
        item = pantry.items[name]
        return {"ml": item["amount"] * FACTORS[item["unit"]]}
    """,
        },
        [
            Ask("PUT", "/items/milk", {"amount": 1, "unit": "L"}),
            Ask("PATCH", "/items/milk", {"amount": 2, "unit": "L"}),
        ],
        Ask("GET", "/items/milk/volume"),
        200,
        {"ml": 2000},
        [],
    ),
    (
        "a maker that forgets to convert",
        {
            "model.py": """
    class Trail:
        def __init__(self, name, km, marks=None):
            self.name = name
            self.km = km
            self.marks = marks or []

        @classmethod
        def parse(cls, line):
            name, km = line.split(";")
            return cls(name, km)

        def pace(self, hours):
            return round(self.km / hours, 1)
    """,
            "app.py": """
    from flask import Flask, jsonify, request
    from model import Trail
    app = Flask(__name__)
    TRAILS = {"ridge": Trail("ridge", 12.0)}

    @app.post("/import")
    def load():
        for line in request.get_json()["lines"]:
            trail = Trail.parse(line)
            TRAILS[trail.name] = trail
        return jsonify(count=len(TRAILS))

    @app.post("/trails")
    def add():
        body = request.get_json()
        TRAILS[body["name"]] = Trail(body["name"], float(body["km"]))
        return jsonify(name=body["name"]), 201

    @app.get("/trails/<name>/pace")
    def pace(name):
        if name not in TRAILS:
            return jsonify(error="no such trail"), 404
        hours = float(request.args.get("hours", 1))
        if hours <= 0:
            return jsonify(error="hours must be positive"), 400
        return jsonify(pace=TRAILS[name].pace(hours))
    """,
        },
        [Ask("POST", "/import", {"lines": ["fjord;8.5"]})],
        Ask("GET", "/trails/fjord/pace?hours=2"),
        200,
        {"pace": 4.2},
        [],
    ),
    (
        "a column that another INSERT begins",
        """
    import sqlite3
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.row_factory = sqlite3.Row
    db.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, name TEXT NOT NULL, attempts INTEGER, priority INTEGER)")

    @app.post("/jobs")
    def add():
        body = request.get_json()
        given = (body["name"], body.get("priority", 5))
        cursor = db.execute("INSERT INTO jobs (name, attempts, priority) VALUES (?, 0, ?)", given)
        return jsonify(id=cursor.lastrowid), 201

    @app.post("/jobs/<int:job_id>/copy")
    def copy(job_id):
        row = db.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            return jsonify(error="no such job"), 404
        cursor = db.execute("INSERT INTO jobs (name, priority) VALUES (?, ?)", (row["name"], row["priority"]))
        return jsonify(id=cursor.lastrowid), 201

    @app.post("/jobs/<int:job_id>/attempt")
    def attempt(job_id):
        row = db.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            return jsonify(error="no such job"), 404
        attempts = row["attempts"] + 1
        db.execute("UPDATE jobs SET attempts = ? WHERE id = ?", (attempts, job_id))
        return jsonify(attempts=attempts)
    """,
        [Ask("POST", "/jobs", {"name": "a"}), Ask("POST", "/jobs/1/copy")],
        Ask("POST", "/jobs/2/attempt"),
        200,
        {"attempts": 1},
        [],
    ),
    (
        "lists that still hold what was deleted",
        """
    from flask import Flask, jsonify
    app = Flask(__name__)
    GUIDES = {1: {"name": "Ida", "tours": [10]}, 2: {"name": "Jon", "tours": [10, 11]}}
    TOURS = {10: {"title": "Harbour", "guide_ids": [1, 2]}, 11: {"title": "Hills", "guide_ids": [2]}}

    @app.get("/tours/<int:tour_id>")
    def tour(tour_id):
        if tour_id not in TOURS:
            return jsonify(error="tour not found"), 404
        found = TOURS[tour_id]
        return jsonify(title=found["title"], guides=[GUIDES[g]["name"] for g in found["guide_ids"]])

    @app.get("/guides/<int:guide_id>")
    def guide(guide_id):
        if guide_id not in GUIDES:
            return jsonify(error="guide not found"), 404
        found = GUIDES[guide_id]
        return jsonify(name=found["name"], tours=[TOURS[t]["title"] for t in found["tours"]])

    @app.delete("/tours/<int:tour_id>")
    def drop_tour(tour_id):
        if tour_id not in TOURS:
            return jsonify(error="tour not found"), 404
        del TOURS[tour_id]
        for one in GUIDES.values():
            if tour_id in one["tours"]:
                one["tours"].remove(tour_id)
        return "", 204

    @app.delete("/guides/<int:guide_id>")
    def drop_guide(guide_id):
        if guide_id not in GUIDES:
            return jsonify(error="guide not found"), 404
        del GUIDES[guide_id]
        return "", 204
    """,
        [Ask("DELETE", "/guides/1")],
        Ask("GET", "/tours/10"),
        200,
        {"title": "Harbour", "guides": ["Jon"]},
        [
            ([Ask("DELETE", "/guides/2")], Ask("GET", "/tours/11"), 200, {"title": "Hills", "guides": []}),
            ([], Ask("GET", "/tours/10"), 200, {"title": "Harbour", "guides": ["Ida", "Jon"]}),
        ],
    ),
    (
        "a function that falls off its end",
        {
            "tariff.py": """
    def band(weight):
        \"\"\"The price band: "S" under 2 kg, "M" under 10 kg, "L" for everything heavier.\"\"\"
        if weight < 2:
            return "S"
        if weight < 10:
            return "M"

    PRICES = {"S": 3.5, "M": 6.0, "L": 14.0}
    """,
            "app.py": """
    from flask import Flask, jsonify, request
    from tariff import PRICES, band
    app = Flask(__name__)

    @app.post("/quote")
    def quote():
        weight = request.get_json()["weight"]
        if weight <= 0:
            return jsonify(error="weight must be positive"), 400
        return jsonify(price=PRICES[band(weight)], band=band(weight))
    """,
        },
        [],
        Ask("POST", "/quote", {"weight": 25}),
        200,
        {"price": 14.0, "band": "L"},
        [
            ([], Ask("POST", "/quote", {"weight": 10}), 200, {"price": 14.0, "band": "L"}),
            ([], Ask("POST", "/quote", {"weight": 3}), 200, {"price": 6.0, "band": "M"}),
        ],
    ),
    (
        "a forgotten return",
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    HIVES = {"h1": {"frames": 8, "queen": "blue"}}

    def find(name):
        if name not in HIVES:
            raise HTTPException(404, "no such hive")
        return HIVES[name]

    def summary(hive):
        data = {"frames": hive["frames"], "strong": hive["frames"] > 6}
        if hive["queen"]:
            data["queen"] = hive["queen"]

    @app.get("/hives/{name}")
    def show(name: str):
        data = summary(find(name))
        data["name"] = name
        return data
    """,
        [],
        Ask("GET", "/hives/h1"),
        200,
        {"frames": 8, "strong": True, "queen": "blue", "name": "h1"},
        [([], Ask("GET", "/hives/h2"), 404, None)],
    ),
    (
        "an entry that a table lacks",
        """
    from enum import Enum
    from fastapi import FastAPI
    app = FastAPI()

    class Level(str, Enum):
        beginner = "beginner"
        intermediate = "intermediate"
        expert = "expert"

    LABELS = {Level.beginner: "Beginner", Level.expert: "Expert"}
    MAX_PUPILS = {Level.beginner: 8, Level.intermediate: 10, Level.expert: 4}

    @app.get("/levels/{level}")
    def show(level: Level):
        return {"label": LABELS[level], "places": MAX_PUPILS[level]}
    """,
        [],
        Ask("GET", "/levels/intermediate"),
        200,
        {"label": "Intermediate", "places": 10},
        [([], Ask("GET", "/levels/expert"), 200, {"label": "Expert", "places": 4})],
    ),
    (
        "an except clause that names too few",
        """
    from fastapi import FastAPI, Request
    app = FastAPI()

    @app.post("/readings")
    async def readings(request: Request):
        \"\"\"Stores what can be read; bad lines are counted, never fatal.\"\"\"
        kept, bad = [], 0
        for line in (await request.body()).decode().splitlines():
            try:
                name, value = line.split("=")
                kept.append((name, 100 / float(value)))
            except ValueError:
                bad += 1
                continue
        return {"kept": len(kept), "bad": bad}
    """,
        [],
        Ask("POST", "/readings", content=b"a=1\nb=0\nc=x\n"),
        200,
        {"kept": 1, "bad": 2},
        [([], Ask("POST", "/readings", content=b"a=1\nc=x\n"), 200, {"kept": 1, "bad": 1})],
    ),
    (
        "a parser whose except clause names too few",
        """
    from decimal import Decimal
    from flask import Flask, jsonify, request
    app = Flask(__name__)

    def amount_of(text):
        \"\"\"The amount, or None when the text is none.\"\"\"
        try:
            return Decimal(text)
        except ValueError:
            return None

    @app.post("/pledges")
    def pledge():
        amount = amount_of(request.get_json().get("amount", ""))
        if amount is None or amount <= 0:
            return jsonify(error="amount must be a positive number"), 422
        return jsonify(amount=str(amount)), 201
    """,
        [],
        Ask("POST", "/pledges", {"amount": "lots"}),
        422,
        {"error": "amount must be a positive number"},
        [([], Ask("POST", "/pledges", {"amount": "3.20"}), 201, {"amount": "3.20"})],
    ),
    (
        "an argument left out in the middle",
        {
            "pricing.py": """
    RATES = {"std": 1.0, "vip": 0.8}

    def price(base, tier, nights):
        return round(base * RATES[tier] * nights, 2)
    """,
            "app.py": """
    from flask import Flask, jsonify, request
    from pricing import price
    app = Flask(__name__)
    ROOMS = {"sea": 100, "yard": 60}

    @app.get("/rooms/<room>/price")
    def quote(room):
        if room not in ROOMS:
            return jsonify(error="no such room"), 404
        tier = request.args.get("tier", "std")
        nights = int(request.args.get("nights", 1))
        return jsonify(price=price(ROOMS[room], tier, nights))

    @app.get("/rooms")
    def listing():
        tier = request.args.get("tier", "std")
        nights = int(request.args.get("nights", 1))
        return jsonify({room: price(base, nights) for room, base in ROOMS.items()})
    """,
        },
        [],
        Ask("GET", "/rooms?nights=2"),
        200,
        {"sea": 200.0, "yard": 120.0},
        [([], Ask("GET", "/rooms?nights=2&tier=vip"), 200, {"sea": 160.0, "yard": 96.0})],
    ),
    (
        "an attribute that only a method sets",
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()

    class Parcel:
        def __init__(self, code):
            self.code = code
            self.stops = []

        def scan(self, place):
            self.stops.append(place)
            self.last_seen = place

    PARCELS = {}

    @app.put("/parcels/{code}", status_code=201)
    def register(code: str):
        PARCELS[code] = Parcel(code)
        return {"code": code}

    @app.post("/parcels/{code}/scans")
    def scan(code: str, place: str):
        if code not in PARCELS:
            raise HTTPException(404, "no such parcel")
        PARCELS[code].scan(place)
        return {"stops": PARCELS[code].stops}

    @app.get("/parcels/{code}")
    def show(code: str):
        \"\"\"Where the parcel is; `last_seen` is null before the first scan.\"\"\"
        if code not in PARCELS:
            raise HTTPException(404, "no such parcel")
        parcel = PARCELS[code]
        return {"code": code, "last_seen": parcel.last_seen, "scans": len(parcel.stops)}
    """,
        [Ask("PUT", "/parcels/p1")],
        Ask("GET", "/parcels/p1"),
        200,
        {"code": "p1", "last_seen": None, "scans": 0},
        [
            (
                [Ask("PUT", "/parcels/p1"), Ask("POST", "/parcels/p1/scans?place=x")],
                Ask("GET", "/parcels/p1"),
                200,
                {"code": "p1", "last_seen": "x", "scans": 1},
            )
        ],
    ),
    (
        "two keys in the wrong form",
        """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    LOCKERS = {}

    class Locker(BaseModel):
        number: int
        owner: str

    class Swap(BaseModel):
        first: int
        second: int

    @app.post("/lockers", status_code=201)
    def rent(locker: Locker):
        if str(locker.number) in LOCKERS:
            raise HTTPException(409, "locker is taken")
        LOCKERS[str(locker.number)] = locker.owner
        return {"number": locker.number}

    @app.get("/lockers/{number}")
    def owner(number: str):
        if number not in LOCKERS:
            raise HTTPException(404, "locker is free")
        return {"owner": LOCKERS[number]}

    @app.post("/lockers/swap")
    def swap(body: Swap):
        LOCKERS[body.first], LOCKERS[body.second] = LOCKERS[body.second], LOCKERS[body.first]
        return LOCKERS
    """,
        [Ask("POST", "/lockers", {"number": 1, "owner": "x"}), Ask("POST", "/lockers", {"number": 2, "owner": "y"})],
        Ask("POST", "/lockers/swap", {"first": 1, "second": 2}),
        200,
        {"1": "y", "2": "x"},
        [],
    ),
    (
        "a class that shares its marks",
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()

    class Board:
        size = 3
        marks = {}

        def __init__(self, players):
            self.players = players

        def place(self, cell, player):
            if cell in self.marks:
                raise HTTPException(409, "cell is taken")
            self.marks[cell] = player

        def score(self):
            points = {player: 0 for player in self.players}
            for player in self.marks.values():
                points[player] += 1
            return points

    BOARDS = {}

    @app.post("/boards/{name}", status_code=201)
    def create(name: str, players: str):
        BOARDS[name] = Board(players.split(","))
        return {"name": name}

    @app.post("/boards/{name}/marks", status_code=201)
    def mark(name: str, cell: int, player: str):
        if name not in BOARDS:
            raise HTTPException(404, "no such board")
        if player not in BOARDS[name].players:
            raise HTTPException(403, "not your game")
        BOARDS[name].place(cell, player)
        return {"cell": cell}

    @app.get("/boards/{name}/score")
    def score(name: str):
        if name not in BOARDS:
            raise HTTPException(404, "no such board")
        return BOARDS[name].score()
    """,
        [
            Ask("POST", "/boards/x?players=a,b"),
            Ask("POST", "/boards/y?players=c,d"),
            Ask("POST", "/boards/x/marks?cell=1&player=a"),
        ],
        Ask("GET", "/boards/y/score"),
        200,
        {"c": 0, "d": 0},
        [
            (
                [
                    Ask("POST", "/boards/x?players=a,b"),
                    Ask("POST", "/boards/y?players=c,d"),
                    Ask("POST", "/boards/x/marks?cell=1&player=a"),
                ],
                Ask("POST", "/boards/y/marks?cell=1&player=c"),
                201,
                None,
            )
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_right(case)
