"""What a sibling does: its guard, its filter, its way to take a field in, its default for nothing."""

from __future__ import annotations

import pytest

from .crashes import Ask, Case, assert_right

CASES: list[Case] = [
    (
        "a field that another route normalises",
        """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    RACKS = {"R1": {"zone": "COLD"}}
    ZONES = {"COLD": -18, "DRY": 12}

    class Rack(BaseModel):
        code: str
        zone: str

    class Move(BaseModel):
        zone: str

    @app.post("/racks", status_code=201)
    def add(rack: Rack):
        zone = rack.zone.strip().upper()
        if zone not in ZONES:
            raise HTTPException(422, f"unknown zone {rack.zone}")
        RACKS[rack.code] = {"zone": zone}
        return RACKS[rack.code]

    @app.patch("/racks/{code}")
    def move(code: str, to: Move):
        if code not in RACKS:
            raise HTTPException(404, "no such rack")
        RACKS[code]["zone"] = to.zone
        return {"zone": to.zone, "celsius": ZONES[to.zone]}
    """,
        [],
        Ask("PATCH", "/racks/R1", {"zone": " dry"}),
        200,
        {"zone": "DRY", "celsius": 12},
        [
            ([], Ask("PATCH", "/racks/R1", {"zone": "moon"}), 422, None),
            ([], Ask("PATCH", "/racks/R1", {"zone": "DRY"}), 200, {"zone": "DRY", "celsius": 12}),
        ],
    ),
    (
        "a field that another route refuses",
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    POOLS = {"north": {"litres": 900, "pumps": 3}}

    def hours(pool):
        return pool["litres"] / (pool["pumps"] * 100)

    @app.post("/pools")
    def create():
        body = request.get_json()
        if body["pumps"] < 1:
            return jsonify(error="a pool needs a pump"), 422
        POOLS[body["name"]] = {"litres": body["litres"], "pumps": body["pumps"]}
        return jsonify(hours=hours(POOLS[body["name"]])), 201

    @app.patch("/pools/<name>")
    def change(name):
        if name not in POOLS:
            return jsonify(error="no such pool"), 404
        body = request.get_json()
        POOLS[name]["pumps"] = body["pumps"]
        return jsonify(hours=hours(POOLS[name]))

    @app.get("/pools/<name>")
    def show(name):
        if name not in POOLS:
            return jsonify(error="no such pool"), 404
        return jsonify(hours=hours(POOLS[name]))
    """,
        [],
        Ask("PATCH", "/pools/north", {"pumps": 0}),
        422,
        {"error": "a pool needs a pump"},
        [
            ([], Ask("PATCH", "/pools/north", {"pumps": -2}), 422, None),
            ([], Ask("PATCH", "/pools/north", {"pumps": 1}), 200, {"hours": 9.0}),
            ([Ask("PATCH", "/pools/north", {"pumps": 0})], Ask("GET", "/pools/north"), 200, {"hours": 3.0}),
        ],
    ),
    (
        "a field that is refused when it is given",
        """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    ROOMS = {1: {"name": "Blue", "seats": 8}}

    class NewRoom(BaseModel):
        name: str
        seats: int

    class Change(BaseModel):
        name: str | None = None
        seats: int | None = None

    @app.post("/rooms", status_code=201)
    def create(room: NewRoom):
        name = room.name.strip()
        if not name:
            raise HTTPException(422, "a room needs a name")
        ROOMS[len(ROOMS) + 1] = {"name": name, "seats": room.seats}
        return {"initial": name[0]}

    @app.patch("/rooms/{room}")
    def change(room: int, to: Change):
        if room not in ROOMS:
            raise HTTPException(404, "no such room")
        if to.name is not None:
            ROOMS[room]["name"] = to.name
        if to.seats is not None:
            ROOMS[room]["seats"] = to.seats
        return {"initial": ROOMS[room]["name"][0], "seats": ROOMS[room]["seats"]}
    """,
        [],
        Ask("PATCH", "/rooms/1", {"name": ""}),
        422,
        {"detail": "a room needs a name"},
        [
            ([], Ask("PATCH", "/rooms/1", {"name": "  "}), 422, None),
            ([], Ask("PATCH", "/rooms/1", {"seats": 3}), 200, {"initial": "B", "seats": 3}),
            ([], Ask("PATCH", "/rooms/1", {"name": "Red"}), 200, {"initial": "R", "seats": 8}),
        ],
    ),
    (
        "a filter that a neighbour has",
        """
    from flask import Flask, jsonify
    app = Flask(__name__)
    RIDES = [
        {"id": 1, "bike": "a", "minutes": 12},
        {"id": 2, "bike": "b", "minutes": None},
        {"id": 3, "bike": "a", "minutes": 30},
    ]

    @app.get("/stats/longest")
    def longest():
        done = [ride for ride in RIDES if ride["minutes"] is not None]
        if not done:
            return jsonify(longest=0)
        return jsonify(longest=max(ride["minutes"] for ride in done))

    @app.get("/stats/total")
    def total():
        return jsonify(minutes=sum(ride["minutes"] for ride in RIDES))

    @app.get("/rides")
    def rides():
        return jsonify(RIDES)
    """,
        [],
        Ask("GET", "/stats/total"),
        200,
        {"minutes": 42},
        [([], Ask("GET", "/stats/longest"), 200, {"longest": 30})],
    ),
    (
        "items that a neighbour's loop leaves out",
        {
            "model.py": """
    from dataclasses import dataclass
    from datetime import date

    @dataclass
    class Loan:
        book: str
        due: date | None
        fee: int = 0

    LOANS = [Loan("a", date(2024, 1, 3)), Loan("b", None), Loan("c", date(2024, 2, 1))]
    """,
            "app.py": """
    from datetime import date
    from fastapi import FastAPI
    from model import LOANS
    app = FastAPI()

    @app.get("/overdue")
    def overdue(today: date):
        late = []
        for loan in LOANS:
            if loan.due is None:
                continue
            if loan.due < today:
                late.append(loan.book)
        return late

    @app.get("/months")
    def months():
        counts: dict[str, int] = {}
        for loan in LOANS:
            month = loan.due.strftime("%Y-%m")
            counts[month] = counts.get(month, 0) + 1
        return counts
    """,
        },
        [],
        Ask("GET", "/months"),
        200,
        {"2024-01": 1, "2024-02": 1},
        [([], Ask("GET", "/overdue?today=2024-01-10"), 200, ["a"])],
    ),
    (
        "a filter of another meaning stays where it is",
        """
    from fastapi import FastAPI
    app = FastAPI()
    JOBS = [
        {"id": 1, "state": "done", "result": {"rows": 3}},
        {"id": 2, "state": "failed", "result": None},
        {"id": 3, "state": "done", "result": {"rows": 4}},
    ]

    @app.get("/failed")
    def failed():
        return [job["id"] for job in JOBS if job["result"] is None]

    @app.get("/done")
    def done():
        return [job["id"] for job in JOBS if job["result"] is not None and job["state"] == "done"]

    @app.get("/rows")
    def rows():
        return {"rows": sum(job["result"]["rows"] for job in JOBS)}
    """,
        [],
        Ask("GET", "/rows"),
        200,
        {"rows": 7},
        [],
    ),
    (
        "a guard that is off by one",
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    STOPS = ["quay", "church", "school"]

    @app.get("/stops/{number}")
    def stop(number: int):
        if number < 0 or number >= len(STOPS):
            raise HTTPException(404, "no such stop")
        return {"name": STOPS[number]}

    @app.put("/stops/{number}")
    def rename(number: int, name: str):
        if number < 0 or number > len(STOPS):
            raise HTTPException(404, "no such stop")
        STOPS[number] = name
        return {"name": name}
    """,
        [],
        Ask("PUT", "/stops/3?name=mill"),
        404,
        {"detail": "no such stop"},
        [
            ([], Ask("PUT", "/stops/2?name=mill"), 200, {"name": "mill"}),
            ([], Ask("PUT", "/stops/9?name=mill"), 404, None),
        ],
    ),
    (
        "a guard that a sibling asks otherwise",
        """
    from flask import Flask, jsonify
    app = Flask(__name__)
    MEMBERS = {"m1": {"name": "Eva", "active": True}}

    @app.get("/members/<key>")
    def show(key):
        if key not in MEMBERS:
            return jsonify(error="no such member"), 404
        return jsonify(MEMBERS[key])

    @app.post("/members/<key>/suspend")
    def suspend(key):
        if key in MEMBERS and not MEMBERS[key]:
            return jsonify(error="no such member"), 404
        MEMBERS[key]["active"] = False
        return jsonify(MEMBERS[key])
    """,
        [],
        Ask("POST", "/members/m9/suspend"),
        404,
        {"error": "no such member"},
        [([], Ask("POST", "/members/m1/suspend"), 200, {"name": "Eva", "active": False})],
    ),
    (
        "a guard copied without its new name",
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    KM = {"oslo": 0, "hamar": 126, "otta": 297}

    @app.get("/fare")
    def fare():
        start = request.args.get("from", "")
        end = request.args.get("to", "")
        if start not in KM:
            return jsonify(error=f"unknown stop {start}"), 404
        if start not in KM:
            return jsonify(error=f"unknown stop {end}"), 404
        return jsonify(fare=abs(KM[end] - KM[start]) * 2)
    """,
        [],
        Ask("GET", "/fare?from=oslo&to=mars"),
        404,
        {"error": "unknown stop mars"},
        [
            ([], Ask("GET", "/fare?from=oslo&to=hamar"), 200, {"fare": 252}),
            ([], Ask("GET", "/fare?from=x&to=hamar"), 404, {"error": "unknown stop x"}),
        ],
    ),
    (
        "the second of two fields, in its own words",
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    PIERS = {"north": 1, "south": 4, "east": 9}

    @app.post("/crossings")
    def crossing():
        body = request.get_json()
        origin = PIERS.get(body.get("from"))
        if origin is None:
            return jsonify(error=f"unknown pier {body.get('from')}"), 422
        target = PIERS.get(body.get("to"))
        return jsonify(distance=abs(target - origin))
    """,
        [],
        Ask("POST", "/crossings", {"from": "north", "to": "moon"}),
        422,
        {"error": "unknown pier moon"},
        [([], Ask("POST", "/crossings", {"from": "north", "to": "east"}), 200, {"distance": 8})],
    ),
    (
        "the second of two keys, before anything changes",
        """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    SHELVES = {"a": {"pears": 5}, "b": {"pears": 1}}

    class Move(BaseModel):
        source: str
        target: str
        count: int

    def shelf(name):
        if name not in SHELVES:
            raise HTTPException(404, f"no shelf {name}")
        return SHELVES[name]

    @app.post("/moves")
    def move(order: Move):
        source = shelf(order.source)
        if source["pears"] < order.count:
            raise HTTPException(409, "not enough pears")
        source["pears"] -= order.count
        SHELVES[order.target]["pears"] += order.count
        return SHELVES

    @app.get("/shelves/{name}")
    def show(name: str):
        return shelf(name)
    """,
        [],
        Ask("POST", "/moves", {"source": "a", "target": "z", "count": 2}),
        404,
        {"detail": "no shelf z"},
        [
            (
                [],
                Ask("POST", "/moves", {"source": "a", "target": "b", "count": 2}),
                200,
                {"a": {"pears": 3}, "b": {"pears": 3}},
            ),
            (
                [Ask("POST", "/moves", {"source": "a", "target": "z", "count": 2})],
                Ask("GET", "/shelves/a"),
                200,
                {"pears": 5},
            ),
        ],
    ),
    (
        "what another caller answers for nothing",
        """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    GATES = {"A1": {"flight": "SK1"}, "A2": {"flight": None}}
    FLIGHTS = {"SK1": {"to": "Oslo", "delay": 0}}

    def flight_at(gate):
        number = GATES[gate]["flight"]
        return FLIGHTS.get(number)

    async def board(request):
        rows = []
        for gate in GATES:
            flight = flight_at(gate)
            rows.append({"gate": gate, "to": flight["to"] if flight else "closed"})
        return JSONResponse(rows)

    async def delay(request):
        gate = request.path_params["gate"]
        if gate not in GATES:
            return JSONResponse({"error": "no such gate"}, status_code=404)
        return JSONResponse({"gate": gate, "to": flight_at(gate)["to"]})

    app = Starlette(routes=[Route("/board", board), Route("/gates/{gate}", delay)])
    """,
        [],
        Ask("GET", "/gates/A2"),
        200,
        {"gate": "A2", "to": "closed"},
        [([], Ask("GET", "/gates/A1"), 200, {"gate": "A1", "to": "Oslo"})],
    ),
    (
        "a name that a sibling begins with None",
        """
    from fastapi import FastAPI
    app = FastAPI()
    TRIPS = {"mon": [{"km": 4, "mode": "bus"}], "tue": [{"km": 3, "mode": "walk"}, {"km": 9, "mode": "bus"}]}

    @app.get("/days/{day}/walked")
    def walked(day: str):
        furthest = None
        for trip in TRIPS.get(day, []):
            if trip["mode"] == "walk":
                furthest = trip["km"]
        return {"walked": furthest}

    @app.get("/days/{day}/ridden")
    def ridden(day: str):
        for trip in TRIPS.get(day, []):
            if trip["mode"] == "bus":
                furthest = trip["km"]
        return {"ridden": furthest}
    """,
        [],
        Ask("GET", "/days/sun/ridden"),
        200,
        {"ridden": None},
        [([], Ask("GET", "/days/mon/ridden"), 200, {"ridden": 4})],
    ),
    (
        "a name that was made and not used",
        """
    from flask import Flask, jsonify
    app = Flask(__name__)
    TEACHERS = {1: {"name": "Orm", "room": "r2"}}
    ROOMS = {"r1": {"seats": 20, "teacher": 1}, "r2": {"seats": 12, "teacher": 1}}

    @app.get("/rooms/<room>/teacher")
    def teacher_of(room):
        if room not in ROOMS:
            return jsonify(error="no such room"), 404
        teacher = ROOMS[room]["teacher"]
        return jsonify(name=TEACHERS[teacher]["name"])

    @app.get("/teachers/<int:teacher>/seats")
    def seats_of(teacher):
        if teacher not in TEACHERS:
            return jsonify(error="no such teacher"), 404
        room = TEACHERS[teacher]["room"]
        return jsonify(seats=ROOMS[teacher]["seats"])
    """,
        [],
        Ask("GET", "/teachers/1/seats"),
        200,
        {"seats": 12},
        [([], Ask("GET", "/teachers/5/seats"), 404, None)],
    ),
    (
        "a table copied from a sibling",
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    COACHES = {"c1": "Ola"}
    PLAYERS = {"p1": "Siv"}

    @app.get("/coaches/{key}")
    def coach(key: str):
        if key not in COACHES:
            raise HTTPException(404, "no such coach")
        return {"name": COACHES[key]}

    @app.get("/players/{key}")
    def player(key: str):
        if key not in PLAYERS:
            raise HTTPException(404, "no such player")
        return {"name": COACHES[key]}
    """,
        [],
        Ask("GET", "/players/p1"),
        200,
        {"name": "Siv"},
        [([], Ask("GET", "/players/zz"), 404, None)],
    ),
    (
        "an unread name that has nothing to do with it",
        """
    from flask import Flask, jsonify
    app = Flask(__name__)
    BOATS = {"b1": {"berth": "n1"}}
    BERTHS = {"n1": {"depth": 3}}

    @app.get("/boats/<boat>")
    def boat_of(boat):
        if boat not in BOATS:
            return jsonify(error="no such boat"), 404
        return jsonify(BOATS[boat])

    @app.get("/boats/<boat>/depth")
    def depth(boat):
        unit = "m"
        berth = BERTHS[BOATS[boat]["berth"]]
        return jsonify(depth=berth["depth"])
    """,
        [],
        Ask("GET", "/boats/b9/depth"),
        404,
        {"error": "no such boat"},
        [],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_right(case)
