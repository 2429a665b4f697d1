"""Fishing licences of the district office."""
from datetime import date, timedelta
from itertools import count

from flask import Flask, jsonify, request

app = Flask(__name__)

KINDS = {"day": (1, 1200), "week": (7, 4500), "year": (365, 9800)}
WATERS = {"lake-north", "lake-south", "river-alm"}
LICENCES = {}
_numbers = count(1001)


class Problem(Exception):
    status = 400


class Missing(Problem):
    status = 404


@app.errorhandler(Problem)
def problem(err):
    return jsonify(error=str(err)), err.status


def body(*required):
    """The JSON body; the fields named must be there as text that says something."""
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Problem("a JSON object is expected")
    for field in required:
        value = data.get(field)
        if not isinstance(value, str) or not value.strip():
            raise Problem(f"{field} is missing")
    return data


def licence(number):
    try:
        return LICENCES[number]
    except KeyError:
        raise Missing("no such licence") from None


@app.get("/kinds")
def kinds():
    return jsonify({name: {"days": days, "cents": cents} for name, (days, cents) in KINDS.items()})


@app.post("/licences")
def issue():
    data = body("holder", "water", "kind", "from")
    if data["kind"] not in KINDS:
        raise Problem("kind must be one of " + ", ".join(KINDS))
    if data["water"] not in WATERS:
        raise Problem("unknown water")
    try:
        first = date.fromisoformat(data["from"])
    except ValueError:
        raise Problem("from must be a date") from None
    days, cents = KINDS[data["kind"]]
    number = next(_numbers)
    LICENCES[number] = {
        "number": number, "holder": data["holder"].strip(), "water": data["water"], "address": None,
        "from": first.isoformat(), "until": (first + timedelta(days=days - 1)).isoformat(), "cents": cents,
    }
    return jsonify(LICENCES[number]), 201


@app.get("/licences/<int:number>")
def show(number):
    return jsonify(licence(number))


@app.put("/licences/<int:number>/address")
def set_address(number):
    """Where the plastic card is sent."""
    found = licence(number)
    data = body()
    found["address"] = {
        "street": data["street"].strip(),
        "postcode": data["postcode"].strip(),
        "town": data["town"].strip(),
    }
    return jsonify(found)


@app.delete("/licences/<int:number>")
def revoke(number):
    licence(number)
    del LICENCES[number]
    return "", 204


@app.get("/waters/<water>/valid")
def valid(water):
    """Who may fish there on a day (today unless told)."""
    if water not in WATERS:
        raise Missing("no such water")
    day = request.args.get("on", date.today().isoformat())
    return jsonify([l["holder"] for l in LICENCES.values() if l["water"] == water and l["from"] <= day <= l["until"]])
