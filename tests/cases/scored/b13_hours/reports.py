"""For the office: sums over everybody, closing of weeks."""
from flask import Blueprint, jsonify

import store
import weeks

bp = Blueprint("reports", __name__, url_prefix="/weeks/<text>")


@bp.get("")
def totals(text):
    week = weeks.parse(text)
    days = week.days()
    people = {name: sum(store.minutes(name, d) for d in days) for name in store.PEOPLE}
    return jsonify(week=str(week), first=days[0].isoformat(), last=days[-1].isoformat(), people=people, closed=week in store.CLOSED)


@bp.put("/closed")
def close(text):
    week = weeks.parse(text)
    store.CLOSED.add(week)
    return jsonify(week=str(week), closed=True, first=week.monday.isoformat())


@bp.delete("/closed")
def reopen(text):
    store.CLOSED.discard(weeks.parse(text))
    return "", 204
