"""Pet sitting: sitters, stays and reviews."""
from flask import Flask, jsonify, request

from pets import search
from pets.errors import PetError
from pets.models import ANIMALS, Sitter, Stay
from pets.store import store

app = Flask(__name__)
app.register_blueprint(search.blueprint)


@app.errorhandler(PetError)
def pet_error(err):
    return jsonify(error=err.code, message=str(err)), err.status


def body() -> dict:
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise PetError("bad-request", "a JSON object is expected")
    return data


@app.post("/sitters")
def register():
    data = body()
    animals = data.get("animals")
    if not isinstance(data.get("name"), str) or not data["name"]:
        raise PetError("bad-request", "name is missing")
    if not isinstance(animals, list) or not animals or any(a not in ANIMALS for a in animals):
        raise PetError("bad-request", "animals must be some of " + ", ".join(ANIMALS))
    if not isinstance(data.get("fee"), int) or data["fee"] < 0:
        raise PetError("bad-request", "fee must be cents per night")
    sitter = store.add(Sitter(data["name"], animals, data["fee"]))
    return jsonify(id=sitter.id), 201


@app.get("/sitters/<int:sitter_id>")
def profile(sitter_id):
    """Public profile. The rating is null for somebody without reviews."""
    sitter = store.sitter(sitter_id)
    return jsonify(
        id=sitter.id,
        name=sitter.name,
        animals=sorted(sitter.animals),
        fee=sitter.fee,
        rating=sitter.rating,
        reviews=len(sitter.reviews),
    )


@app.post("/sitters/<int:sitter_id>/stays")
def book(sitter_id):
    sitter = store.sitter(sitter_id)
    data = body()
    if data.get("animal") not in sitter.animals:
        raise PetError("unsuitable", f"{sitter.name} does not take that animal", 409)
    nights = data.get("nights")
    if not isinstance(nights, int) or not 1 <= nights <= 60:
        raise PetError("bad-request", "nights must be between 1 and 60")
    stay = Stay(str(data.get("pet", "")), data["animal"], nights)
    sitter.stays.append(stay)
    return jsonify(pet=stay.pet, nights=stay.nights, cents=stay.cost(sitter.fee)), 201


@app.post("/sitters/<int:sitter_id>/reviews")
def review(sitter_id):
    sitter = store.sitter(sitter_id)
    stars = body().get("stars")
    if not isinstance(stars, int) or not 1 <= stars <= 5:
        raise PetError("bad-request", "stars must be between 1 and 5")
    if len(sitter.reviews) >= len(sitter.stays):
        raise PetError("no-stay", "one review per stay", 409)
    sitter.add_review(stars)
    return jsonify(rating=sitter.rating, reviews=len(sitter.reviews)), 201
