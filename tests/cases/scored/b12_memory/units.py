"""Segments and translations."""
from flask import Blueprint, jsonify, request

from memory import MemoryProblem, memory

bp = Blueprint("units", __name__)


def text_of(data, name):
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, str) or not value.strip():
        raise MemoryProblem(f"{name} is missing")
    return value


@bp.post("/units")
def add():
    return jsonify(memory.add(text_of(request.get_json(silent=True), "source"))), 201


@bp.get("/units/<int:unit_id>")
def show(unit_id):
    return jsonify(memory.unit(unit_id))


@bp.put("/units/<int:unit_id>/targets/<lang>")
def translate(unit_id, lang):
    return jsonify(memory.translate(unit_id, lang, text_of(request.get_json(silent=True), "text")))


@bp.delete("/units/<int:unit_id>/targets/<lang>")
def remove(unit_id, lang):
    memory.remove(unit_id, lang)
    return "", 204


@bp.get("/search")
def search():
    return jsonify(memory.search(request.args.get("q", ""), request.args.get("lang", "")))
