"""Prescriptions: always part of a visit."""
from flask import Blueprint, jsonify

from . import db, dosing, fields, visits
from .errors import NotFound

bp = Blueprint("prescriptions", __name__)


@bp.post("/visits/<int:visit_id>/prescriptions")
def prescribe(visit_id):
    data = fields.body()
    medicine = dosing.drug(fields.text(data, "drug"))
    days = fields.whole(data, "days", 1, 60, default=7)
    dose = dosing.dose(medicine, visits.find(visit_id))
    number = db.insert(
        "INSERT INTO prescriptions (visit_id, drug, dose_mg, days) VALUES (?, ?, ?, ?)", visit_id, medicine["name"], dose, days
    )
    return jsonify(id=number, visit_id=visit_id, drug=medicine["name"], dose_mg=dose, days=days), 201


@bp.get("/visits/<int:visit_id>/prescriptions")
def listing(visit_id):
    if visits.find(visit_id) is None:
        raise NotFound("visit")
    found = db.rows("SELECT id, drug, dose_mg, days FROM prescriptions WHERE visit_id = ? ORDER BY id", visit_id)
    return jsonify([dict(r) for r in found])
