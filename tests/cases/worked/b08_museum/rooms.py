"""What guides and cleaners ask: rooms and their labels."""
from flask import Blueprint, jsonify

import catalogue

bp = Blueprint("rooms", __name__, url_prefix="/rooms")


def label(item):
    year = "undated" if item.year is None else str(item.year)
    return f"{item.title}. {item.maker}, {year} ({item.number})"


@bp.get("")
def index():
    return jsonify([{"room": room, "name": name} for room, name in sorted(catalogue.ROOMS.items())])


@bp.get("/<int:room>")
def show(room):
    name = catalogue.room_name(room)
    cases = {}
    for item in catalogue.in_room(room):
        cases.setdefault(item.place.case, []).append(item.number)
    return jsonify(room=room, name=name, cases=cases)


@bp.get("/<int:room>/labels")
def labels(room):
    name = catalogue.room_name(room)
    lines = [name] + [f"{i.place.case}  {label(i)}" for i in catalogue.in_room(room)]
    return "\n".join(lines) + "\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
