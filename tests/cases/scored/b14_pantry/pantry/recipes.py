"""/recipes"""
from flask import Blueprint, jsonify
from sqlalchemy import select

from .db import Session
from .errors import Invalid
from .helpers import body, by_id, text_of
from .models import Ingredient, Part, Recipe

bp = Blueprint("recipes", __name__, url_prefix="/recipes")


def read_parts(data):
    raw = data.get("parts")
    if not isinstance(raw, dict) or not raw:
        raise Invalid("parts must be an object of ingredient and grams")
    parts = []
    for name, grams in raw.items():
        ingredient = Session.scalar(select(Ingredient).where(Ingredient.name == name))
        if ingredient is None:
            raise Invalid(f"no ingredient {name}")
        if not isinstance(grams, int) or isinstance(grams, bool) or grams < 1:
            raise Invalid(f"grams of {name} must be a positive whole number")
        parts.append(Part(ingredient=ingredient, grams=grams))
    return parts


@bp.get("")
def index():
    return jsonify([r.as_json() for r in Session.scalars(select(Recipe).order_by(Recipe.title))])


@bp.post("")
def add():
    data = body()
    recipe = Recipe(title=text_of(data, "title"), parts=read_parts(data))
    Session.add(recipe)
    Session.commit()
    return jsonify(recipe.as_json()), 201


@bp.get("/<int:recipe_id>")
def show(recipe_id):
    return jsonify(by_id(Recipe, recipe_id).as_json())


@bp.delete("/<int:recipe_id>")
def remove(recipe_id):
    Session.delete(by_id(Recipe, recipe_id))
    Session.commit()
    return "", 204
