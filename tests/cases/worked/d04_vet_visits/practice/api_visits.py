"""/visits"""
from flask import Blueprint, jsonify

from . import fields, pets, visits
from .errors import NotFound

bp = Blueprint("visits", __name__)


def visit_view(row):
    return {"id": row["id"], "pet": pets.get(row["pet_id"])["name"], "vet_id": row["vet_id"], "day": row["day"], "reason": row["reason"]}


@bp.post("/visits")
def book():
    data = fields.body()
    pet = pets.get(fields.whole(data, "pet_id", 1, 10**9))
    weight = fields.number(data, "weight_kg", 0.05, 1200) if data.get("weight_kg") is not None else None
    number = visits.add(pet["id"], fields.whole(data, "vet_id", 1, 10**9), fields.day(data, "day"), fields.text(data, "reason"), weight)
    return jsonify(visit_view(visits.find(number))), 201


@bp.get("/visits/<int:visit_id>")
def show(visit_id):
    row = visits.find(visit_id)
    if row is None:
        raise NotFound("visit")
    return jsonify(visit_view(row))


@bp.delete("/visits/<int:visit_id>")
def cancel(visit_id):
    """Takes the prescriptions with it."""
    if visits.find(visit_id) is None:
        raise NotFound("visit")
    visits.cancel(visit_id)
    return "", 204
