"""Ferry bookings: sailings with a number of seats, and who is on board."""
import re

from flask import Flask, jsonify, request

app = Flask(__name__)

SAILINGS = {
    "SK-0800": {"from": "Skarvik", "to": "Holm", "departs": "08:00", "seats": 120},
    "HO-0930": {"from": "Holm", "to": "Skarvik", "departs": "09:30", "seats": 120},
}
# sailing -> passengers, in the order of booking
BOARD = {code: [] for code in SAILINGS}


def error(message, status):
    return jsonify(error=message), status


def free(code):
    return SAILINGS[code]["seats"] - sum(p["seats"] for p in BOARD[code])


def valid(data):
    """What is wrong with a new sailing, or None."""
    for key in ("from", "to"):
        if not isinstance(data.get(key), str) or not data[key]:
            return f"{key} is missing"
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(data.get("departs"))):
        return "departs must look like 08:15"
    if not isinstance(data.get("seats"), int) or data["seats"] < 1:
        return "seats must be a positive whole number"
    return None


@app.get("/sailings")
def timetable():
    port = request.args.get("from")
    rows = [{"code": code, **s} for code, s in SAILINGS.items() if port in (None, s["from"])]
    return jsonify(sorted(rows, key=lambda r: (r["departs"], r["code"])))


@app.put("/sailings/<code>")
def schedule(code):
    """Adds an extra sailing, or changes one. The seats can be reduced to what is booked, not below."""
    data = request.get_json(silent=True) or {}
    wrong = valid(data)
    if wrong:
        return error(wrong, 400)
    sailing = {key: data[key] for key in ("from", "to", "departs", "seats")}
    if code in SAILINGS:
        if data["seats"] < SAILINGS[code]["seats"] - free(code):
            return error("more seats are booked", 409)
        SAILINGS[code] = sailing
        return jsonify(code=code, **sailing)
    SAILINGS[code] = sailing
    return jsonify(code=code, **sailing), 201


@app.delete("/sailings/<code>")
def cancel(code):
    """Only sailings that nobody has booked can be taken out."""
    if code not in SAILINGS:
        return error("no such sailing", 404)
    if BOARD[code]:
        return error("sailing has bookings", 409)
    del SAILINGS[code]
    del BOARD[code]
    return "", 204


@app.post("/sailings/<code>/bookings")
def book(code):
    if code not in SAILINGS:
        return error("no such sailing", 404)
    data = request.get_json(silent=True) or {}
    name, seats = data.get("name"), data.get("seats", 1)
    if not name or not isinstance(seats, int) or seats < 1:
        return error("name and seats are needed", 400)
    if seats > free(code):
        return error("not enough seats left", 409)
    BOARD[code].append({"name": name, "seats": seats})
    return jsonify(code=code, name=name, seats=seats, free=free(code)), 201


@app.get("/sailings/<code>/manifest")
def manifest(code):
    """Passengers for the purser."""
    if code not in SAILINGS:
        return error("no such sailing", 404)
    return jsonify(code=code, passengers=BOARD[code], free=free(code))
