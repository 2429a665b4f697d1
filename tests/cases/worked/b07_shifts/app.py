"""Time sheets from clock-in and clock-out times.

A day's work is a list of stretches, given as minutes after midnight; breaks are what lies between them.
"""
from datetime import date, timedelta

from flask import Flask, jsonify, request

app = Flask(__name__)

STAFF = {"mara": "Mara Voss", "igor": "Igor Bell"}
STRETCHES = {}
LONG_BREAK = 30


def problem(text, status=400):
    return jsonify(problem=text), status


def clock(minutes):
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def minutes_of(text):
    """'08:30' as minutes, or None when it is no time of day."""
    hours, colon, rest = str(text).partition(":")
    if not colon or not (hours.isdecimal() and rest.isdecimal() and len(rest) == 2):
        return None
    total = int(hours) * 60 + int(rest)
    return total if int(rest) < 60 and total <= 24 * 60 else None


def day_of(text):
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def stretches(person, day):
    return sorted(STRETCHES.get((person, day), []))


def day_report(person, day):
    """Worked and break minutes of a day, when it began and when it ended."""
    worked = breaks = long_breaks = 0
    begin = previous = None
    for start, stop in stretches(person, day):
        if begin is None:
            begin = clock(start)
        if previous is not None:
            breaks += start - previous
            if start - previous >= LONG_BREAK:
                long_breaks += 1
        worked += stop - start
        previous = stop
        end = clock(stop)
    return {
        "day": day.isoformat(),
        "begin": begin,
        "end": end,
        "worked": worked,
        "breaks": breaks,
        "long_breaks": long_breaks,
    }


@app.get("/staff")
def staff():
    return jsonify(STAFF)


@app.post("/staff/<person>/days/<day>")
def add(person, day):
    if person not in STAFF:
        return problem(f"nobody called {person}", 404)
    when = day_of(day)
    if when is None:
        return problem("not a day")
    data = request.get_json(silent=True) or {}
    start, stop = minutes_of(data.get("from")), minutes_of(data.get("to"))
    if start is None or stop is None or start >= stop:
        return problem("from and to must be times, in this order")
    for other_start, other_stop in stretches(person, when):
        if start < other_stop and other_start < stop:
            return problem("overlaps with another stretch", 409)
    STRETCHES.setdefault((person, when), []).append((start, stop))
    return jsonify(day_report(person, when)), 201


@app.get("/staff/<person>/days/<day>")
def show(person, day):
    if person not in STAFF:
        return problem(f"nobody called {person}", 404)
    when = day_of(day)
    if when is None:
        return problem("not a day")
    return jsonify(day_report(person, when))


@app.delete("/staff/<person>/days/<day>")
def clear(person, day):
    if person not in STAFF:
        return problem(f"nobody called {person}", 404)
    when = day_of(day)
    if when is None or STRETCHES.pop((person, when), None) is None:
        return problem("nothing written on that day", 404)
    return "", 204


@app.get("/staff/<person>/month/<int:year>/<int:month>")
def month(person, year, month):
    """Only the days somebody worked."""
    if person not in STAFF:
        return problem(f"nobody called {person}", 404)
    if not (1 <= month <= 12 and 2000 <= year <= 2100):
        return problem("no such month", 404)
    day, rows = date(year, month, 1), []
    while day.month == month:
        if stretches(person, day):
            rows.append(day_report(person, day))
        day += timedelta(days=1)
    longest = max(rows, key=lambda r: r["worked"])["day"] if rows else None
    return jsonify(days=rows, worked=sum(r["worked"] for r in rows), longest=longest)
