"""Street markets: who stands where. Pitches are a row (letter) and a number, like C14."""
import re

from flask import Flask, jsonify, request

app = Flask(__name__)

PITCH = re.compile(r"([A-H])([1-9]\d?)")
STALLS: dict[str, dict] = {}


class MarketError(Exception):
    status = 400


class UnknownStall(MarketError):
    status = 404


class Taken(MarketError):
    status = 409


@app.errorhandler(MarketError)
def market_error(err):
    return jsonify(error=str(err)), err.status


def body():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise MarketError("a JSON object is expected")
    return data


def text(data, key):
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise MarketError(f"{key} is missing")
    return value.strip()


def stall(name):
    if name not in STALLS:
        raise UnknownStall("no such stall")
    return STALLS[name]


def pitch_from(data):
    """The pitch in a request, in the spelling we keep."""
    pitch = text(data, "pitch").upper()
    if not PITCH.fullmatch(pitch):
        raise MarketError("a pitch looks like C14")
    return pitch


def require_free(pitch):
    if any(s["pitch"] == pitch for s in STALLS.values()):
        raise Taken("pitch is taken")


@app.post("/stalls")
def register():
    data = body()
    name, goods, pitch = text(data, "name"), text(data, "goods"), pitch_from(data)
    if name in STALLS:
        raise Taken("name is taken")
    require_free(pitch)
    STALLS[name] = {"name": name, "goods": goods, "pitch": pitch}
    return jsonify(STALLS[name]), 201


@app.get("/stalls")
def stalls():
    goods = request.args.get("goods")
    return jsonify([s for _, s in sorted(STALLS.items()) if goods in (None, s["goods"])])


@app.put("/stalls/<name>/pitch")
def move(name):
    entry = stall(name)
    pitch = text(body(), "pitch")
    require_free(pitch)
    entry["pitch"] = pitch
    return jsonify(entry)


@app.delete("/stalls/<name>")
def leave(name):
    stall(name)
    del STALLS[name]
    return "", 204


@app.get("/map")
def plan():
    """Stalls by row, along the numbers."""
    rows = {}
    for entry in STALLS.values():
        row, number = PITCH.fullmatch(entry["pitch"]).groups()
        rows.setdefault(row, []).append((int(number), entry["name"]))
    return jsonify({row: [{"number": n, "stall": name} for n, name in sorted(places)] for row, places in rows.items()})
