"""People's time sheets."""
from datetime import date

from flask import Blueprint, jsonify, request

import store
import weeks

bp = Blueprint("sheets", __name__, url_prefix="/people/<name>")


@bp.url_value_preprocessor
def known_person(endpoint, values):
    store.check_person(values["name"])


@bp.put("/days/<day>")
def write(name, day):
    try:
        when = date.fromisoformat(day)
    except ValueError:
        return jsonify(error=f"not a day: {day}"), 400
    data = request.get_json(silent=True)
    minutes = data.get("minutes") if isinstance(data, dict) else None
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 0 <= minutes <= 24 * 60:
        return jsonify(error="minutes must be between 0 and 1440"), 400
    if weeks.of(when) in store.CLOSED:
        return jsonify(error=f"{weeks.of(when)} is closed"), 409
    store.MINUTES[name, when] = minutes
    return jsonify(day=when.isoformat(), minutes=minutes, week=str(weeks.of(when)))


@bp.get("/weeks/<text>")
def sheet(name, text):
    week = weeks.parse(text)
    days = week.days()
    worked = {d.isoformat(): store.minutes(name, d) for d in days}
    total = sum(worked.values())
    return jsonify(person=name, week=str(week), days=worked, total=total, balance=total - store.due(name, days))
