"""/shelves"""
from flask import Blueprint, jsonify
from sqlalchemy import delete, func, select

from .db import Session
from .errors import Conflict
from .helpers import body, by_id, text_of
from .models import Ingredient, Shelf

bp = Blueprint("shelves", __name__, url_prefix="/shelves")


@bp.get("")
def index():
    return jsonify([s.as_json() for s in Session.scalars(select(Shelf).order_by(Shelf.name))])


@bp.post("")
def add():
    name = text_of(body(), "name")
    if Session.scalar(select(Shelf).where(Shelf.name == name)):
        raise Conflict(f"there is a shelf {name}")
    shelf = Shelf(name=name)
    Session.add(shelf)
    Session.commit()
    return jsonify(shelf.as_json()), 201


@bp.delete("/<int:shelf_id>")
def remove(shelf_id):
    shelf = by_id(Shelf, shelf_id)
    held = Session.scalar(select(func.count()).select_from(Ingredient).where(Ingredient.shelf_id == shelf_id))
    if held:
        raise Conflict(f"{shelf.name} still holds {held} ingredients")
    Session.execute(delete(Shelf).where(Shelf.id == shelf.id))
    Session.commit()
    return "", 204
