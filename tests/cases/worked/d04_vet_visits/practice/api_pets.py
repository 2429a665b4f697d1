"""/pets"""
from flask import Blueprint, jsonify, request

from . import fields, pets, visits
from .errors import Invalid

bp = Blueprint("pets", __name__)


@bp.post("/pets")
def register():
    data = fields.body()
    species = fields.text(data, "species").lower()
    if species not in pets.SPECIES:
        raise Invalid("species must be one of " + ", ".join(pets.SPECIES))
    number = pets.add(fields.text(data, "name"), species, fields.text(data, "owner"), fields.number(data, "weight_kg", 0.05, 1200))
    return jsonify(dict(pets.get(number))), 201


@bp.get("/pets")
def of_owner():
    return jsonify([dict(p) for p in pets.of_owner(request.args.get("owner", ""))])


@bp.get("/pets/<int:pet_id>")
def show(pet_id):
    """The card, with the day of the latest visit (null for a new patient)."""
    card = dict(pets.get(pet_id))
    last = visits.latest(pet_id)
    card["last_visit"] = last["day"] if last is not None else None
    return jsonify(card)


@bp.get("/pets/<int:pet_id>/visits")
def history(pet_id):
    pets.get(pet_id)
    return jsonify([{"id": v["id"], "day": v["day"], "reason": v["reason"]} for v in visits.of_pet(pet_id)])
