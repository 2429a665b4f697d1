"""Viewing appointments for apartments."""
import re
from datetime import date

from flask import Flask, jsonify, request

app = Flask(__name__)

FLATS = {
    "elm-3": {"rooms": 3, "rent": 1180, "slots": []},
    "oak-1": {"rooms": 2, "rent": 890, "slots": []},
}
CLOCK = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$")


class Refused(Exception):
    def __init__(self, message, status=400):
        super().__init__(message)
        self.status = status


@app.errorhandler(Refused)
def refused(err):
    return jsonify(error=str(err)), err.status


def flat(flat_id):
    if flat_id not in FLATS:
        raise Refused("no such flat", 404)
    return FLATS[flat_id]


def day_of(text):
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise Refused("day must look like 2024-06-30")


def minutes(text):
    """Minutes since midnight of a time like 09:15."""
    match = CLOCK.match(text.strip())
    if not match:
        raise Refused(f"not a time: {text}")
    return int(match[1]) * 60 + int(match[2])


def span(text):
    """'10:00-10:20' as (600, 620)."""
    begin, end = text.split("-")
    begin, end = minutes(begin), minutes(end)
    if end <= begin:
        raise Refused(f"ends before it begins: {text}")
    return begin, end


def clock(n):
    return f"{n // 60:02d}:{n % 60:02d}"


def slot_json(slot):
    return {"day": slot["day"].isoformat(), "from": clock(slot["begin"]), "until": clock(slot["end"]), "visitor": slot["visitor"]}


@app.get("/flats/<flat_id>/slots")
def slots(flat_id):
    rows = sorted(flat(flat_id)["slots"], key=lambda s: (s["day"], s["begin"]))
    return jsonify([slot_json(s) for s in rows])


@app.post("/flats/<flat_id>/slots")
def offer(flat_id):
    """Offers viewing slots of one day: all of those in the request, or none."""
    target = flat(flat_id)
    data = request.get_json(silent=True) or {}
    day = day_of(data.get("day"))
    texts = data.get("slots")
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
        raise Refused("slots must be a list of spans like 10:00-10:20")
    spans = [span(t) for t in texts]
    for begin, end in spans:
        target["slots"].append({"day": day, "begin": begin, "end": end, "visitor": None})
    return jsonify(offered=len(spans)), 201


@app.put("/flats/<flat_id>/slots/<day>/<begin>/visitor")
def take(flat_id, day, begin):
    target = flat(flat_id)
    wanted = day_of(day), minutes(begin)
    for slot in target["slots"]:
        if (slot["day"], slot["begin"]) == wanted:
            if slot["visitor"]:
                raise Refused("slot is taken", 409)
            slot["visitor"] = (request.get_json(silent=True) or {}).get("name") or "anonymous"
            return jsonify(slot_json(slot))
    raise Refused("no such slot", 404)
