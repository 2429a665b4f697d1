from flask import Blueprint, jsonify, request

from .errors import PetError
from .models import ANIMALS
from .store import store

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
def search():
    """Sitters for an animal, cheapest first. With ?stars= only those rated that well or better; who has no rating is left out then."""
    animal = request.args.get("animal", "")
    if animal not in ANIMALS:
        raise PetError("bad-request", "animal must be one of " + ", ".join(ANIMALS))
    found = [s for s in store.all() if animal in s.animals]
    if "stars" in request.args:
        try:
            stars = float(request.args["stars"])
        except ValueError:
            raise PetError("bad-request", "stars must be a number")
        found = [s for s in found if s.reviews and s.rating >= stars]
    found.sort(key=lambda s: (s.fee, s.id))
    return jsonify([{"id": s.id, "name": s.name, "fee": s.fee} for s in found])
