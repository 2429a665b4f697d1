"""What is not there, answered as other code of the service answers in the same case: each way to find it once."""

from __future__ import annotations

import pytest
from healer.stages.ranking import ANSWER_WEIGHT

from .crashes import Ask, heal
from .tables import Case, assert_healed

ENOUGH = 0.9
"""What a candidate must reach to be proposed."""

CASES: dict[str, Case] = {
    "the stand-in that other code takes": Case(
        """
        from starlette.applications import Starlette
        from starlette.responses import JSONResponse
        from starlette.routing import Route
        DEVICES = {"d1": {"name": "Lamp", "settings": {"level": 3}}, "d2": {"name": "Fan", "settings": None}}

        async def level(request):
            device = DEVICES.get(request.path_params["key"])
            if device is None:
                return JSONResponse({"error": "unknown device"}, status_code=404)
            settings = device.get("settings") or {}
            return JSONResponse({"level": settings.get("level", 0)})

        async def summary(request):
            out = []
            for key, device in sorted(DEVICES.items()):
                out.append({"id": key, "name": device["name"],
                            "dimmed": device.get("settings", {}).get("level", 0) < 2})
            return JSONResponse(out)

        app = Starlette(routes=[Route("/devices/{key}", level), Route("/devices", summary)])
        """,
        Ask("GET", "/devices"),
        200,
        [{"id": "d1", "name": "Lamp", "dimmed": False}, {"id": "d2", "name": "Fan", "dimmed": True}],
    ),
    "a key that other code brings into form with a helper": Case(
        """
        from flask import Flask, abort, jsonify, request
        app = Flask(__name__)
        WORDS = {}

        def norm(word):
            return word.strip().lower()

        @app.put("/words/<word>")
        def define(word):
            data = request.get_json()
            WORDS[norm(word)] = {"meaning": data["meaning"], "seen": 0}
            return jsonify(word=norm(word)), 201

        @app.get("/words/<word>")
        def look_up(word):
            entry = WORDS.get(norm(word))
            if entry is None:
                abort(404)
            return jsonify(entry)

        @app.post("/words/<word>/seen")
        def seen(word):
            entry = WORDS[word]
            entry["seen"] += 1
            return jsonify(seen=entry["seen"])
        """,
        Ask("POST", "/words/Apple/seen", {}),
        200,
        {"seen": 1},
        before=[Ask("PUT", "/words/Apple", {"meaning": "fruit"})],
        also=(Ask("POST", "/words/pear/seen", {}), 404, None),
    ),
    "a field of the answer that may be null": Case(
        """
        from datetime import datetime
        from typing import Optional
        from fastapi import FastAPI, HTTPException
        from pydantic import BaseModel
        app = FastAPI()
        BUILDS = {"web": [(3, "green"), (4, "red")], "docs": []}

        class State(BaseModel):
            project: str
            builds: int
            last: Optional[str]  # None before the first build

        @app.get("/projects/{name}", response_model=State)
        def state(name: str):
            if name not in BUILDS:
                raise HTTPException(404, "no such project")
            builds = BUILDS[name]
            return State(project=name, builds=len(builds), last=builds[-1][1])

        @app.get("/projects/{name}/builds")
        def builds(name: str):
            return BUILDS.get(name, [])
        """,
        Ask("GET", "/projects/docs"),
        200,
        {"project": "docs", "builds": 0, "last": None},
    ),
    "a quotient as the other quotients": Case(
        """
        from flask import Flask, jsonify
        app = Flask(__name__)
        POLLS = {"p": {"yes": 3, "no": 1}, "q": {"yes": 0, "no": 0}}
        SEATS = {"p": 10, "q": 0}

        def turnout(poll, votes):
            seats = SEATS[poll]
            return round(100 * votes / seats, 1) if seats else 0.0

        @app.get("/polls/<poll>")
        def show(poll):
            if poll not in POLLS:
                return jsonify(error="no such poll"), 404
            counts = POLLS[poll]
            votes = sum(counts.values())
            shares = {answer: round(100 * n / votes, 1) for answer, n in counts.items()}
            return jsonify(votes=votes, turnout=turnout(poll, votes), shares=shares)
        """,
        Ask("GET", "/polls/q"),
        200,
        {"votes": 0, "turnout": 0.0, "shares": {"yes": 0.0, "no": 0.0}},
    ),
    "a session asked to delete None": Case(
        """
        from fastapi import FastAPI, HTTPException, Depends
        from sqlalchemy import create_engine, Column, Integer, String, ForeignKey
        from sqlalchemy.orm import declarative_base, sessionmaker, relationship
        from sqlalchemy.pool import StaticPool
        Base = declarative_base()
        engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
        Session = sessionmaker(bind=engine)

        class Owner(Base):
            __tablename__ = "owners"
            id = Column(Integer, primary_key=True)
            name = Column(String)

        class Pet(Base):
            __tablename__ = "pets"
            id = Column(Integer, primary_key=True)
            name = Column(String)
            owner_id = Column(Integer, ForeignKey("owners.id"))
            owner = relationship(Owner)

        Base.metadata.create_all(engine)
        with Session() as session:
            session.add(Owner(id=1, name="Mo"))
            session.add(Pet(id=1, name="Rex", owner_id=1))
            session.commit()
        app = FastAPI()

        def db():
            with Session() as session:
                yield session

        @app.get("/pets/{pet_id}")
        def pet(pet_id: int, session=Depends(db)):
            found = session.get(Pet, pet_id)
            if found is None:
                raise HTTPException(status_code=404, detail="pet not found")
            return {"name": found.name, "owner": found.owner.name if found.owner else None}

        @app.delete("/pets/{pet_id}", status_code=204)
        def remove(pet_id: int, session=Depends(db)):
            found = session.get(Pet, pet_id)
            session.delete(found)
            session.commit()

        @app.get("/owners/{owner_id}/pets")
        def pets(owner_id: int, session=Depends(db)):
            return [p.name for p in session.query(Pet).filter_by(owner_id=owner_id)]
        """,
        Ask("DELETE", "/pets/9"),
        404,
        {"detail": "pet not found"},
    ),
    "the same reading guarded elsewhere": Case(
        """
        from fastapi import FastAPI, HTTPException
        app = FastAPI()
        USERS = {1: {"name": "Kim"}, 2: {"name": "Lee"}}
        TASKS = {1: {"title": "sweep", "user": 1}, 2: {"title": "paint", "user": 2}}

        @app.delete("/users/{user_id}", status_code=204)
        def drop(user_id: int):
            if USERS.pop(user_id, None) is None:
                raise HTTPException(404, "no such user")

        @app.get("/tasks/{task_id}")
        def task(task_id: int):
            found = TASKS.get(task_id)
            if found is None:
                raise HTTPException(404, "no such task")
            user = USERS.get(found["user"])
            return {"title": found["title"], "by": user["name"] if user else None}

        @app.get("/tasks")
        def tasks():
            out = []
            for number, one in TASKS.items():
                user = USERS.get(one["user"])
                out.append({"id": number, "title": one["title"], "by": user["name"]})
            return out
        """,
        Ask("GET", "/tasks"),
        200,
        [{"id": 1, "title": "sweep", "by": "Kim"}, {"id": 2, "title": "paint", "by": None}],
        before=[Ask("DELETE", "/users/2")],
    ),
    "a field kept as its siblings are": Case(
        """
        from flask import Flask, jsonify, request
        app = Flask(__name__)
        BOATS = {1: {"name": "Gull", "berth": "A1", "length": 7}}

        @app.post("/boats")
        def add():
            data = request.get_json()
            for field in ("name", "berth", "length"):
                if field not in data:
                    return jsonify(error=f"{field} is missing"), 400
            number = max(BOATS) + 1
            BOATS[number] = {"name": data["name"], "berth": data["berth"], "length": data["length"]}
            return jsonify(id=number), 201

        @app.patch("/boats/<int:number>")
        def change(number):
            '''Changes what is sent, leaves the rest.'''
            if number not in BOATS:
                return jsonify(error="no such boat"), 404
            data = request.get_json()
            boat = BOATS[number]
            boat["name"] = data.get("name", boat["name"])
            boat["berth"] = data["berth"]
            boat["length"] = data.get("length", boat["length"])
            return jsonify(boat)
        """,
        Ask("PATCH", "/boats/1", {"name": "Tern"}),
        200,
        {"name": "Tern", "berth": "A1", "length": 7},
    ),
    "a reader whose other callers catch the error": Case(
        """
        import json, pathlib, tempfile
        from flask import Flask, jsonify, request
        app = Flask(__name__)
        ROOT = pathlib.Path(tempfile.mkdtemp())

        def load(name):
            with open(ROOT / f"{name}.json") as fh:
                return json.load(fh)

        def save(name, rows):
            (ROOT / f"{name}.json").write_text(json.dumps(rows))

        def load_settings():
            try:
                return load("settings")
            except FileNotFoundError:
                return {}

        @app.get("/guests")
        def guests():
            return jsonify(load("guests"))

        @app.post("/guests")
        def sign():
            try:
                rows = load("guests")
            except FileNotFoundError:
                rows = []
            rows.append(request.get_json()["name"])
            save("guests", rows)
            return jsonify(count=len(rows)), 201

        @app.get("/settings")
        def settings():
            return jsonify(load_settings())
        """,
        Ask("GET", "/guests"),
        200,
        [],
    ),
    "the other end of a list": Case(
        """
        from fastapi import FastAPI, HTTPException
        app = FastAPI()
        CHAPTERS = ["intro", "body", "end"]

        def neighbour(index):
            '''The chapter's title at a place; None off both ends.'''
            if index < 0:
                return None
            return CHAPTERS[index]

        @app.get("/chapters/{index}")
        def chapter(index: int):
            if not 0 <= index < len(CHAPTERS):
                raise HTTPException(404, "no such chapter")
            return {"title": CHAPTERS[index], "before": neighbour(index - 1), "after": neighbour(index + 1)}
        """,
        Ask("GET", "/chapters/2"),
        200,
        {"title": "end", "before": "body", "after": None},
    ),
    "a sum whose neighbour leaves None out": Case(
        """
        from dataclasses import dataclass
        from fastapi import FastAPI
        app = FastAPI()

        @dataclass
        class Trip:
            km: float
            fuel: float | None = None

        TRIPS = {"van": [Trip(10, 1.0), Trip(20)], "car": [Trip(5, 0.5)]}

        @app.get("/cars/{car}/fuel")
        def fuel(car: str):
            return {"fuel": sum(t.fuel for t in TRIPS.get(car, []) if t.fuel is not None)}

        @app.get("/fuel")
        def all_fuel():
            return {car: sum(t.fuel for t in trips) for car, trips in TRIPS.items()}
        """,
        Ask("GET", "/fuel"),
        200,
        {"van": 1.0, "car": 0.5},
    ),
    "another field of the record that stands in": Case(
        """
        from dataclasses import dataclass
        from typing import Optional
        from fastapi import FastAPI, HTTPException
        app = FastAPI()

        @dataclass
        class Product:
            name: str
            price: int
            sale_price: Optional[int] = None

        SHELF = {1: Product("pen", 120, 90), 2: Product("pad", 300)}

        @app.get("/products/{number}")
        def product(number: int):
            '''The price that is asked now: the sale price, or the price when there is no sale.'''
            p = SHELF.get(number)
            if p is None:
                raise HTTPException(404, "no such product")
            return {"name": p.name, "cents": p.sale_price if p.sale_price is not None else p.price}

        @app.get("/basket")
        def basket(ids: str):
            total = 0
            for part in ids.split(","):
                p = SHELF.get(int(part))
                if p is None:
                    raise HTTPException(404, "no such product")
                total += p.sale_price
            return {"cents": total}
        """,
        Ask("GET", "/basket?ids=1,2"),
        200,
        {"cents": 390},
    ),
    "state that a neighbour refuses with another form of return": Case(
        """
        from flask import Flask, jsonify, request
        app = Flask(__name__)
        STATE = {"game": None}

        def fail(code, text):
            return jsonify(message=text), code

        @app.post("/game")
        def start():
            if STATE["game"] is not None:
                return fail(409, "a game is running")
            STATE["game"] = {"score": [0, 0]}
            return jsonify(STATE["game"]), 201

        @app.post("/game/points/<int:side>")
        def point(side):
            if side not in (0, 1):
                return fail(404, "no such side")
            STATE["game"]["score"][side] += 1
            return jsonify(STATE["game"])

        @app.delete("/game")
        def stop():
            if STATE["game"] is None:
                return fail(409, "no game is running")
            STATE["game"] = None
            return "", 204
        """,
        Ask("POST", "/game/points/1"),
        409,
        {"message": "no game is running"},
    ),
    "the same row read with other columns": Case(
        """
        import sqlite3
        from flask import Flask, abort, jsonify, request
        app = Flask(__name__)
        DB = sqlite3.connect(":memory:", check_same_thread=False)
        DB.row_factory = sqlite3.Row
        DB.execute("create table plots(id integer primary key, crop text, area real)")
        DB.execute("insert into plots values (1, 'rye', 2.5)")

        @app.get("/plots/<int:pid>")
        def show(pid):
            row = DB.execute("select * from plots where id = ?", (pid,)).fetchone()
            if row is None:
                abort(404, description="plot not found")
            return jsonify(dict(row))

        @app.post("/plots/<int:pid>/yield")
        def harvest(pid):
            tons = request.get_json()["tons"]
            row = DB.execute("select area from plots where id = ?", (pid,)).fetchone()
            return jsonify(per_hectare=round(tons / row["area"], 2))
        """,
        Ask("POST", "/plots/5/yield", {"tons": 3}),
        404,
    ),
    "each missing field in its own words": Case(
        """
        from fastapi import FastAPI, Request, HTTPException
        app = FastAPI()
        LOG = []

        @app.post("/hooks/push")
        async def push(request: Request):
            data = await request.json()
            if "repo" not in data:
                raise HTTPException(400, "repo is missing")
            LOG.append(("push", data["repo"]))
            return {"ok": True}

        @app.post("/hooks/tag")
        async def tag(request: Request):
            data = await request.json()
            LOG.append(("tag", data["repo"], data["tag"]))
            return {"ok": True}
        """,
        Ask("POST", "/hooks/tag", {"tag": "v1"}),
        400,
        {"detail": "repo is missing"},
        also=(Ask("POST", "/hooks/tag", {"repo": "a"}), 400, {"detail": "tag is missing"}),
    ),
    "an entry that a helper makes on demand": Case(
        """
        from flask import Flask, jsonify, request
        app = Flask(__name__)
        USERS = {"ann", "bo"}
        PREFS = {}

        def prefs_of(user):
            return PREFS.setdefault(user, {"lang": "en", "mail": True})

        @app.get("/users/<user>/prefs")
        def show(user):
            if user not in USERS:
                return jsonify(error="unknown user"), 404
            return jsonify(prefs_of(user))

        @app.put("/users/<user>/prefs/lang")
        def lang(user):
            if user not in USERS:
                return jsonify(error="unknown user"), 404
            PREFS[user]["lang"] = request.get_json()["lang"]
            return jsonify(PREFS[user])
        """,
        Ask("PUT", "/users/bo/prefs/lang", {"lang": "de"}),
        200,
        {"lang": "de", "mail": True},
    ),
    "an extreme as the other extremes": Case(
        """
        from fastapi import FastAPI
        app = FastAPI()
        BIDS = {"vase": [10, 30], "lamp": []}
        STARTS = {}

        def highest(item):
            return max(BIDS[item], default=0)

        @app.get("/lowest")
        def lowest():
            return {item: min(bids) for item, bids in BIDS.items()}

        @app.get("/highest")
        def all_highest():
            return {item: highest(item) for item in BIDS}
        """,
        Ask("GET", "/lowest"),
        200,
        {"vase": 10, "lamp": 0},
    ),
    "a bound that is open elsewhere": Case(
        """
        from datetime import date
        from fastapi import FastAPI
        app = FastAPI()
        LEASES = [{"id": 1, "start": date(2024, 1, 1), "end": date(2024, 6, 30)},
            {"id": 2, "start": date(2024, 3, 1), "end": None}]

        def active(lease, day):
            return lease["start"] <= day and (lease["end"] is None or day <= lease["end"])

        @app.get("/leases/active")
        def active_on(day: date):
            return [l["id"] for l in LEASES if active(l, day)]

        @app.get("/leases/ending")
        def ending(before: date):
            return [l["id"] for l in LEASES if l["end"] < before]
        """,
        Ask("GET", "/leases/ending?before=2025-01-01"),
        200,
        [1],
    ),
    "an error that is given noun and key": Case(
        {
            "core.py": """
        class NotFound(Exception):
            pass

        WELLS = [{"code": "A1", "depth": 12}, {"code": "B2", "depth": 30}]
        SAMPLES = []

        def well(code):
            found = next((w for w in WELLS if w["code"] == code), None)
            if found is None:
                raise NotFound(f"well {code}")
            return found

        def sample(number):
            return next((x for x in SAMPLES if x["number"] == number), None)

        def describe(number):
            one = sample(number)
            return {"number": one["number"], "depth": well(one["well"])["depth"]}
        """,
            "app.py": """
        from flask import Flask, jsonify
        import core
        app = Flask(__name__)

        @app.errorhandler(core.NotFound)
        def not_found(error):
            return jsonify(error=f"{error} does not exist"), 404

        @app.get("/wells/<code>")
        def well(code):
            return jsonify(core.well(code))

        @app.get("/samples/<int:number>")
        def sample(number):
            return jsonify(core.describe(number))
        """,
        },
        Ask("GET", "/samples/4"),
        404,
        {"error": "sample 4 does not exist"},
    ),
    "an answer that a neighbour gives at once": Case(
        """
        '''Quotes for the lobby screen. Where there is nothing to show, the screen expects 204.'''
        import random
        from flask import Flask, jsonify
        app = Flask(__name__)
        QUOTES = {"en": ["hello"], "fr": []}

        @app.get("/quotes/<lang>")
        def all_quotes(lang):
            if lang not in QUOTES:
                return jsonify(error="unknown language"), 404
            if not QUOTES[lang]:
                return "", 204
            return jsonify(QUOTES[lang])

        @app.get("/quotes/<lang>/random")
        def one(lang):
            if lang not in QUOTES:
                return jsonify(error="unknown language"), 404
            return jsonify(quote=random.choice(QUOTES[lang]))
        """,
        Ask("GET", "/quotes/fr/random"),
        204,
    ),
    "the same default for another figure": Case(
        """
        import statistics
        from flask import Flask, jsonify
        app = Flask(__name__)
        LAPS = {"ann": [61.0, 59.5], "bob": []}

        def best(name):
            laps = LAPS[name]
            return min(laps) if laps else None

        def typical(name):
            laps = LAPS[name]
            return statistics.median(laps)

        @app.get("/runners")
        def runners():
            return jsonify({n: {"best": best(n), "typical": typical(n)} for n in LAPS})
        """,
        Ask("GET", "/runners"),
        200,
        {"ann": {"best": 59.5, "typical": 60.25}, "bob": {"best": None, "typical": None}},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_healed(case)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_it_is_sure_enough_to_be_proposed(case: Case) -> None:
    diagnosis, healed = heal(case.text, case.before, case.failing)
    candidate, _ = healed[0]
    assert candidate.fit + ANSWER_WEIGHT * (candidate.answer == diagnosis.answer) >= ENOUGH, candidate.diff


GUESSES = {
    "a sum over an entry that a table lacks": (
        """
        from fastapi import FastAPI
        app = FastAPI()
        WEIGHTS = {"letter": 20, "parcel": 900}
        POST = [{"kind": "letter"}, {"kind": "tube"}]

        @app.get("/weight")
        def weight():
            return {"grams": sum(WEIGHTS[p["kind"]] for p in POST)}
        """,
        "/weight",
    ),
    "a number that is not known": (
        """
        from fastapi import FastAPI
        app = FastAPI()
        ROOMS = {"b": {"seats": None, "booked": 3}}

        @app.get("/rooms/{key}/free")
        def free(key: str):
            room = ROOMS[key]
            return {"free": room["seats"] - room["booked"]}
        """,
        "/rooms/b/free",
    ),
}


@pytest.mark.parametrize(("text", "path"), GUESSES.values(), ids=GUESSES.keys())
def test_without_grounds_nothing_is_sure_enough(text: str, path: str) -> None:
    diagnosis, healed = heal(text, [], Ask("GET", path))
    for candidate, _ in healed:
        assert candidate.fit + ANSWER_WEIGHT * (candidate.answer == diagnosis.answer) < ENOUGH, candidate.diff
