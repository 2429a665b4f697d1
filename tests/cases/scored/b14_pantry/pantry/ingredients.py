"""/ingredients"""
from flask import Blueprint, jsonify
from sqlalchemy import delete, select

from .db import Session
from .errors import Conflict
from .helpers import body, by_id, text_of
from .models import Ingredient, Shelf

bp = Blueprint("ingredients", __name__, url_prefix="/ingredients")


@bp.get("")
def index():
    return jsonify([i.as_json() for i in Session.scalars(select(Ingredient).order_by(Ingredient.name))])


@bp.post("")
def add():
    data = body()
    name = text_of(data, "name")
    if Session.scalar(select(Ingredient).where(Ingredient.name == name)):
        raise Conflict(f"there is an ingredient {name}")
    shelf = by_id(Shelf, data["shelf_id"]) if data.get("shelf_id") is not None else None
    ingredient = Ingredient(name=name, shelf=shelf)
    Session.add(ingredient)
    Session.commit()
    return jsonify(ingredient.as_json()), 201


@bp.get("/<int:ingredient_id>")
def show(ingredient_id):
    return jsonify(by_id(Ingredient, ingredient_id).as_json())


@bp.delete("/<int:ingredient_id>")
def remove(ingredient_id):
    ingredient = by_id(Ingredient, ingredient_id)
    Session.execute(delete(Ingredient).where(Ingredient.id == ingredient.id))
    Session.commit()
    return "", 204
