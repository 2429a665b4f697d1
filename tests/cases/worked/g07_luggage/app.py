"""Lost luggage desk: reports of passengers and bags found on the belts."""
import sqlite3

from flask import Flask, jsonify, request

app = Flask(__name__)


def connect():
    conn = sqlite3.connect(":memory:", check_same_thread=False)
    conn.row_factory = sqlite3.Row
    conn.executescript("""
        CREATE TABLE reports (ref INTEGER PRIMARY KEY, passenger TEXT NOT NULL, flight TEXT NOT NULL, looks TEXT NOT NULL);
        CREATE TABLE bags (tag TEXT PRIMARY KEY, belt INTEGER NOT NULL, looks TEXT NOT NULL,
                           report_ref INTEGER REFERENCES reports (ref), handed_over INTEGER NOT NULL DEFAULT 0);
    """)
    return conn


db = connect()


def not_found(what):
    return jsonify(error=f"no such {what}"), 404


def wanted(*names):
    """Fields of the JSON body as stripped text, '' for what is missing."""
    data = request.get_json(silent=True)
    data = data if isinstance(data, dict) else {}
    return [str(data.get(name) or "").strip() for name in names]


def get_report(ref):
    return db.execute("SELECT * FROM reports WHERE ref = ?", (ref,)).fetchone()


def get_bag(tag):
    return db.execute("SELECT * FROM bags WHERE tag = ?", (tag,)).fetchone()


@app.post("/reports")
def file_report():
    passenger, flight, looks = wanted("passenger", "flight", "looks")
    if not (passenger and flight and looks):
        return jsonify(error="passenger, flight and looks are needed"), 400
    with db:
        ref = db.execute("INSERT INTO reports (passenger, flight, looks) VALUES (?, ?, ?)", (passenger, flight.upper(), looks)).lastrowid
    return jsonify(dict(get_report(ref))), 201


@app.get("/reports/<int:ref>")
def show_report(ref):
    report = get_report(ref)
    if report is None:
        return not_found("report")
    bags = [row["tag"] for row in db.execute("SELECT tag FROM bags WHERE report_ref = ? ORDER BY tag", (ref,))]
    return jsonify(**dict(report), bags=bags)


@app.put("/bags/<tag>")
def found(tag):
    """A bag came in."""
    looks, belt = wanted("looks", "belt")
    if not looks or not belt.isdecimal():
        return jsonify(error="looks and the number of the belt are needed"), 400
    if get_bag(tag) is not None:
        return jsonify(error="bag is here already"), 409
    with db:
        db.execute("INSERT INTO bags (tag, belt, looks) VALUES (?, ?, ?)", (tag, int(belt), looks))
    return jsonify(dict(get_bag(tag))), 201


@app.post("/reports/<int:ref>/match")
def match(ref):
    """Ties a bag to a report."""
    if get_report(ref) is None:
        return not_found("report")
    (tag,) = wanted("tag")
    bag = get_bag(tag)
    if bag["report_ref"] not in (None, ref):
        return jsonify(error="bag belongs to another report"), 409
    with db:
        db.execute("UPDATE bags SET report_ref = ? WHERE tag = ?", (ref, tag))
    return jsonify(dict(get_bag(tag)))


@app.post("/handovers")
def hand_over():
    """The passenger signs for the bag."""
    (tag,) = wanted("tag")
    bag = get_bag(tag)
    if bag is None:
        return not_found("bag")
    if bag["report_ref"] is None:
        return jsonify(error="nobody has reported this bag"), 409
    with db:
        db.execute("UPDATE bags SET handed_over = 1 WHERE tag = ?", (tag,))
    return jsonify(dict(get_bag(tag)))


@app.get("/bags")
def waiting():
    return jsonify([row["tag"] for row in db.execute("SELECT tag FROM bags WHERE handed_over = 0 ORDER BY belt, tag")])
