"""Local names without a value: refused, begun with nothing, or the name outside that was meant."""

from __future__ import annotations

import pytest

from .crashes import Ask
from .tables import Case, assert_healed

CASES = {
    "a search that finds nothing": Case(
        """
    from flask import Flask, jsonify
    app = Flask(__name__)
    BOATS = [{"id": 1, "name": "Alma"}, {"id": 2, "name": "Bris"}]
    CREW = {"ann": 1, "bo": 2}

    @app.get("/boats")
    def index():
        return jsonify(BOATS)

    @app.get("/crew/<name>")
    def crew(name):
        if name not in CREW:
            return jsonify(error="unknown sailor"), 404
        return jsonify(name=name, boat=CREW[name])

    @app.get("/boats/<int:boat_id>")
    def show(boat_id):
        for boat in BOATS:
            if boat["id"] == boat_id:
                found = boat
                break
        return jsonify(found)
    """,
        Ask("GET", "/boats/9"),
        404,
        also=(Ask("GET", "/boats/2"), 200, {"id": 2, "name": "Bris"}),
    ),
    "a counter of the module": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    VOTES = {"a": 0, "b": 0}
    total = 0
    turnout_limit = 3

    @app.get("/votes")
    def votes():
        return jsonify(votes=VOTES, total=total)

    @app.post("/votes/<name>")
    def vote(name):
        if name not in VOTES:
            return jsonify(error="no such candidate"), 404
        if total >= turnout_limit:
            return jsonify(error="closed"), 409
        VOTES[name] += 1
        total += 1
        return jsonify(votes=VOTES, total=total)
    """,
        Ask("POST", "/votes/a"),
        200,
        {"votes": {"a": 1, "b": 0}, "total": 1},
        also=(Ask("GET", "/votes"), 200, {"votes": {"a": 0, "b": 0}, "total": 0}),
    ),
    "stored text that cannot be read": Case(
        """
    import json
    import logging
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    log = logging.getLogger("prefs")
    STORED = {"ann": '{"lang": "de", "rows": 20}', "bo": "{lang: en}"}

    @app.get("/users")
    def users():
        return sorted(STORED)

    @app.get("/users/{name}/prefs")
    def prefs(name: str):
        '''The user's settings over the defaults; those that cannot be read count as none.'''
        if name not in STORED:
            raise HTTPException(404, "no such user")
        try:
            own = json.loads(STORED[name])
        except ValueError:
            log.warning("unreadable settings of %s", name)
        return {"lang": "en", "rows": 10} | own
    """,
        Ask("GET", "/users/bo/prefs"),
        200,
        {"lang": "en", "rows": 10},
        also=(Ask("GET", "/users/ann/prefs"), 200, {"lang": "de", "rows": 20}),
    ),
    "sent text that cannot be read": Case(
        """
    from datetime import date
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    VISITS = []

    @app.get("/visits")
    def index():
        return jsonify(VISITS)

    @app.post("/visits")
    def create():
        data = request.get_json()
        if not data.get("who"):
            return jsonify(error="who is required"), 400
        try:
            day = date.fromisoformat(data.get("day", ""))
        except ValueError:
            app.logger.info("bad day")
        VISITS.append({"who": data["who"], "day": day.isoformat()})
        return jsonify(VISITS[-1]), 201
    """,
        Ask("POST", "/visits", {"who": "a", "day": "tomorrow"}),
        400,
        also=(Ask("POST", "/visits", {"who": "a", "day": "2024-01-02"}), 201, None),
    ),
    "a variable that hides a class": Case(
        """
    from datetime import date, timedelta
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    LOANS = {1: {"book": "Dune", "due": date(2024, 5, 1)}}

    @app.get("/loans/{loan_id}")
    def show(loan_id: int):
        if loan_id not in LOANS:
            raise HTTPException(404, "no such loan")
        return LOANS[loan_id]

    @app.post("/loans/{loan_id}/renew")
    def renew(loan_id: int, until: str = ""):
        if loan_id not in LOANS:
            raise HTTPException(404, "no such loan")
        if until:
            try:
                date = date.fromisoformat(until)
            except ValueError:
                raise HTTPException(422, "until must be a date")
            LOANS[loan_id]["due"] = date
        else:
            LOANS[loan_id]["due"] += timedelta(days=14)
        return LOANS[loan_id]
    """,
        Ask("POST", "/loans/1/renew?until=2024-06-01"),
        200,
        {"book": "Dune", "due": "2024-06-01"},
        also=(Ask("POST", "/loans/1/renew"), 200, {"book": "Dune", "due": "2024-05-15"}),
    ),
    "a match without a last case": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    POINTS = [3, 5, 10]

    @app.get("/points")
    def points():
        return POINTS

    @app.get("/stat")
    def stat(kind: str, last: int = 3):
        if last < 1:
            raise HTTPException(status_code=400, detail="last must be at least 1")
        rows = POINTS[-last:]
        match kind:
            case "sum":
                value = sum(rows)
            case "max":
                value = max(rows)
        return {"kind": kind, "value": value}
    """,
        Ask("GET", "/stat?kind=mean"),
        400,
        also=(Ask("GET", "/stat?kind=sum"), 200, {"kind": "sum", "value": 18}),
    ),
    "an import in one branch": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    ROWS = [{"name": "a", "n": 1}]

    @app.get("/export")
    def export():
        kind = request.args.get("as", "json")
        if kind == "csv":
            import csv
            import io
            out = io.StringIO()
            writer = csv.DictWriter(out, ["name", "n"], lineterminator="\\n")
            writer.writeheader()
            writer.writerows(ROWS)
            return out.getvalue(), {"Content-Type": "text/csv"}
        if kind == "text":
            out = io.StringIO()
            for row in ROWS:
                out.write(f"{row['name']}={row['n']};")
            return out.getvalue()
        if kind != "json":
            return jsonify(error="unknown format"), 400
        return jsonify(ROWS)
    """,
        Ask("GET", "/export?as=text"),
        200,
        "a=1;",
        also=(Ask("GET", "/export"), 200, None),
    ),
    "what a finally closes and nobody opened": Case(
        """
    import sqlite3
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    PATHS = {"main": ":memory:"}
    @app.get("/names")
    def names():
        return jsonify(sorted(PATHS))
    @app.get("/tables/<name>")
    def tables(name):
        try:
            connection = sqlite3.connect(PATHS[name])
            rows = connection.execute("select name from sqlite_master").fetchall()
        except KeyError:
            return jsonify(error="no such database"), 404
        finally:
            connection.close()
        return jsonify([row[0] for row in rows])
    """,
        Ask("GET", "/tables/x"),
        404,
        also=(Ask("GET", "/tables/main"), 200, []),
    ),
    "a kind for which nothing is taken off": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    MEMBERS = {"ann": {"level": "gold"}, "bo": {"level": "none"}, "cy": {"level": "silver"}}
    @app.get("/members/{name}/price")
    def price(name: str, cents: int):
        '''What a member pays: gold saves 20 %, silver 10 %, others nothing.'''
        if name not in MEMBERS:
            raise HTTPException(404, "no such member")
        level = MEMBERS[name]["level"]
        if level == "gold":
            discount = cents * 20 // 100
        elif level == "silver":
            discount = cents * 10 // 100
        return {"cents": cents - discount}
    """,
        Ask("GET", "/members/bo/price?cents=500"),
        200,
        {"cents": 500},
        also=(Ask("GET", "/members/ann/price?cents=500"), 200, {"cents": 400}),
    ),
    "a search that nobody's wish decides": Case(
        """
    from fastapi import FastAPI, HTTPException

    app = FastAPI()
    BAYS = {"n1": 1, "n2": 1}
    PARKED = {"a": "n1"}

    def is_free(bay):
        return sum(1 for used in PARKED.values() if used == bay) < BAYS[bay]

    @app.get("/bays")
    def bays():
        return [bay for bay in BAYS if is_free(bay)]

    @app.post("/cars/{plate}")
    def park(plate: str):
        if plate in PARKED:
            raise HTTPException(409, "parked already")
        for bay in BAYS:
            if is_free(bay):
                place = bay
                break
        PARKED[plate] = place
        return {"bay": place}
    """,
        Ask("POST", "/cars/c"),
        409,
        {"detail": "no bay available"},
        before=[Ask("POST", "/cars/b")],
        also=(Ask("POST", "/cars/b"), 200, {"bay": "n2"}),
    ),
    "what another caller refuses first": Case(
        """
    from fastapi import FastAPI, HTTPException

    app = FastAPI()
    STEPS = [(10, 120), (50, 100)]
    MOST = 50

    def rate(chairs):
        for upto, cents in STEPS:
            if chairs <= upto:
                found = cents
                break
        return found

    @app.post("/rent")
    def rent(chairs: int):
        if chairs > MOST:
            raise HTTPException(422, "more chairs than we have")
        return {"cents": chairs * rate(chairs)}

    @app.get("/quote")
    def quote(count: int):
        return {"cents": count * rate(count)}
    """,
        Ask("GET", "/quote?count=60"),
        422,
        {"detail": "more chairs than we have"},
        also=(Ask("GET", "/quote?count=10"), 200, {"cents": 1200}),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_healed(case)
