"""Recipe box: recipes, scaling to a number of guests, shopping lists.

Amounts are numbers in the given unit. An amount of null means "as much as you like" (salt, pepper, oil for the pan).
"""
from itertools import count
from typing import TypedDict

from flask import Flask, abort, jsonify, request
from werkzeug.exceptions import HTTPException

app = Flask(__name__)

UNITS = {"g", "ml", "piece", "tbsp"}
MAX_SERVINGS = 100


class Ingredient(TypedDict):
    name: str
    amount: float | None
    unit: str


class Recipe(TypedDict):
    id: int
    title: str
    servings: int
    ingredients: list[Ingredient]


RECIPES: dict[int, Recipe] = {}
numbers = count(1)


@app.errorhandler(HTTPException)
def as_json(error):
    return jsonify(error=error.description), error.code


def recipe_or_404(recipe_id: int) -> Recipe:
    if recipe_id not in RECIPES:
        abort(404, f"no recipe {recipe_id}")
    return RECIPES[recipe_id]


def is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_ingredient(raw) -> Ingredient:
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str) or not raw["name"].strip():
        abort(400, "every ingredient needs a name")
    amount = raw.get("amount")
    if amount is not None and (not is_number(amount) or amount <= 0):
        abort(400, "amount must be a positive number or null")
    unit = raw.get("unit", "piece")
    if unit not in UNITS:
        abort(400, f"unit must be one of {', '.join(sorted(UNITS))}")
    return {"name": raw["name"].strip(), "amount": amount, "unit": unit}


def servings_arg() -> int | None:
    raw = request.args.get("servings")
    if raw is None:
        return None
    if not raw.isdecimal() or not 1 <= int(raw) <= MAX_SERVINGS:
        abort(400, f"servings must be between 1 and {MAX_SERVINGS}")
    return int(raw)


def scaled(recipe: Recipe, servings: int | None) -> list[Ingredient]:
    """The ingredients for that many servings (None: as written)."""
    if servings is None:
        return recipe["ingredients"]
    factor = servings / recipe["servings"]
    return [{**i, "amount": round(i["amount"] * factor, 2)} for i in recipe["ingredients"]]


@app.post("/recipes")
def add():
    data = request.get_json(silent=True)
    if not isinstance(data, dict) or not isinstance(data.get("title"), str):
        abort(400, "a recipe needs a title")
    servings = data.get("servings", 4)
    if not isinstance(servings, int) or isinstance(servings, bool) or not 1 <= servings <= MAX_SERVINGS:
        abort(400, f"servings must be between 1 and {MAX_SERVINGS}")
    ingredients = [read_ingredient(raw) for raw in data.get("ingredients") or []]
    recipe: Recipe = {"id": next(numbers), "title": data["title"], "servings": servings, "ingredients": ingredients}
    RECIPES[recipe["id"]] = recipe
    return jsonify(recipe), 201


@app.get("/recipes/<int:recipe_id>")
def show(recipe_id):
    recipe = recipe_or_404(recipe_id)
    servings = servings_arg()
    return jsonify({**recipe, "servings": servings or recipe["servings"], "ingredients": scaled(recipe, servings)})


@app.get("/recipes/<int:recipe_id>/card")
def card(recipe_id):
    """Plain text for printing."""
    recipe = recipe_or_404(recipe_id)
    lines = [recipe["title"], ""]
    for i in recipe["ingredients"]:
        lines.append(i["name"] if i["amount"] is None else f"{i['amount']:g} {i['unit']} {i['name']}")
    return "\n".join(lines) + "\n", 200, {"Content-Type": "text/plain; charset=utf-8"}


@app.get("/shopping-list")
def shopping_list():
    """Everything needed for ?recipe=1&recipe=2...: sums per article and unit, and what is bought by eye."""
    servings = servings_arg()
    totals, by_eye = {}, set()
    for raw in request.args.getlist("recipe"):
        if not raw.isdecimal():
            abort(400, "recipe must be a number")
        for i in scaled(recipe_or_404(int(raw)), servings):
            if i["amount"] is None:
                by_eye.add(i["name"])
                continue
            key = (i["name"], i["unit"])
            totals[key] = round(totals.get(key, 0) + i["amount"], 2)
    buy = [{"name": name, "unit": unit, "amount": amount} for (name, unit), amount in sorted(totals.items())]
    return jsonify(buy=buy, by_eye=sorted(by_eye))
