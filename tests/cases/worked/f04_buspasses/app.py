"""Bus passes: holders load money on a card and pay per ride."""
import re
import sqlite3

from flask import Flask, g, jsonify, request

app = Flask(__name__)

SCHEMA = """
CREATE TABLE holders (id INTEGER PRIMARY KEY, name TEXT NOT NULL, reduced INTEGER NOT NULL DEFAULT 0);
CREATE TABLE loads (holder INTEGER NOT NULL, cents INTEGER NOT NULL, day TEXT NOT NULL);
CREATE TABLE rides (holder INTEGER NOT NULL, line TEXT NOT NULL, cents INTEGER NOT NULL, day TEXT NOT NULL);
"""
FARE, REDUCED_FARE = 240, 120

db = sqlite3.connect(":memory:", check_same_thread=False)
db.row_factory = sqlite3.Row
db.executescript(SCHEMA)


def one(sql, *args):
    return db.execute(sql, args).fetchone()


def fail(status, message):
    return jsonify(error=message), status


@app.url_value_preprocessor
def load_holder(endpoint, values):
    g.holder = None
    if values and "holder_id" in values:
        g.holder = one("SELECT * FROM holders WHERE id = ?", values.pop("holder_id"))
        g.wants_holder = True
    else:
        g.wants_holder = False


@app.before_request
def require_holder():
    if g.wants_holder and g.holder is None:
        return fail(404, "no such holder")


def balance_of(holder_id):
    loaded = one("SELECT COALESCE(SUM(cents), 0) AS cents FROM loads WHERE holder = ?", holder_id)["cents"]
    ridden = one("SELECT COALESCE(SUM(cents), 0) AS cents FROM rides WHERE holder = ?", holder_id)["cents"]
    return loaded - ridden


@app.post("/holders")
def register():
    data = request.get_json(silent=True) or {}
    if not data.get("name"):
        return fail(400, "name is missing")
    cursor = db.execute("INSERT INTO holders (name, reduced) VALUES (?, ?)", (data["name"], bool(data.get("reduced"))))
    return jsonify(id=cursor.lastrowid), 201


@app.post("/holders/<int:holder_id>/loads")
def load():
    data = request.get_json(silent=True) or {}
    cents = data.get("cents")
    if not isinstance(cents, int) or cents < 500:
        return fail(400, "at least 500 cents")
    db.execute("INSERT INTO loads VALUES (?, ?, ?)", (g.holder["id"], cents, data.get("day", "2024-01-01")))
    return jsonify(balance=balance_of(g.holder["id"]) / 100), 201


@app.post("/holders/<int:holder_id>/rides")
def ride():
    data = request.get_json(silent=True) or {}
    fare = REDUCED_FARE if g.holder["reduced"] else FARE
    if balance_of(g.holder["id"]) < fare:
        return fail(402, "not enough on the card")
    db.execute("INSERT INTO rides VALUES (?, ?, ?, ?)", (g.holder["id"], data.get("line", "?"), fare, data.get("day", "2024-01-01")))
    return jsonify(balance=balance_of(g.holder["id"]) / 100), 201


@app.get("/holders/<int:holder_id>")
def show():
    return jsonify(name=g.holder["name"], reduced=bool(g.holder["reduced"]), balance=balance_of(g.holder["id"]) / 100)


@app.get("/holders/<int:holder_id>/statement")
def statement():
    """Rides of one month, with what they cost together."""
    month = request.args.get("month", "")
    if not re.fullmatch(r"\d{4}-\d{2}", month):
        return fail(400, "month must look like 2024-05")
    args = g.holder["id"], month + "-%"
    sums = one("SELECT COUNT(*) AS rides, SUM(cents) AS cents FROM rides WHERE holder = ? AND day LIKE ?", *args)
    lines = [row["line"] for row in db.execute("SELECT DISTINCT line FROM rides WHERE holder = ? AND day LIKE ? ORDER BY line", args)]
    return jsonify(month=month, rides=sums["rides"], lines=lines, spent=sums["cents"] / 100)
