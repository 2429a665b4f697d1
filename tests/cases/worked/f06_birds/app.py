"""Bird sightings of the county club."""
import re

from flask import Flask, jsonify, request

from birds import reports, store, taxonomy
from birds.errors import Invalid, Missing

app = Flask(__name__)
app.register_blueprint(reports.blueprint)


@app.errorhandler(Invalid)
def invalid(err):
    return jsonify(error=str(err)), 400


@app.errorhandler(Missing)
def missing(err):
    return jsonify(error=str(err)), 404


def sighting_json(sighting):
    return {
        "id": sighting.id,
        "code": sighting.code,
        "number": sighting.number,
        "place": sighting.place,
        "day": sighting.day,
        "observer": sighting.observer,
    }


@app.get("/species")
def species():
    return jsonify([{"code": s.code, "name": s.name, "latin": s.latin} for s in taxonomy.all_species()])


@app.post("/sightings")
def record():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Invalid("a sighting is a JSON object")
    for key in ("code", "place", "day", "observer"):
        if not isinstance(data.get(key), str) or not data[key].strip():
            raise Invalid(f"{key} is missing")
    if not taxonomy.is_known(data["code"]):
        raise Invalid(f"unknown species code {data['code']}")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", data["day"]):
        raise Invalid("day must look like 2024-05-31")
    number = data.get("number", 1)
    if not isinstance(number, int) or number < 1:
        raise Invalid("number must be a positive whole number")
    sighting = store.add(data["code"].upper(), number, data["place"], data["day"], data["observer"])
    return jsonify(sighting_json(sighting)), 201


@app.get("/sightings")
def sightings():
    place = request.args.get("place")
    return jsonify([sighting_json(s) for s in store.every() if place in (None, s.place)])


@app.get("/sightings/<int:sighting_id>")
def show(sighting_id):
    return jsonify(sighting_json(store.get(sighting_id)))


@app.delete("/sightings/<int:sighting_id>")
def withdraw(sighting_id):
    store.remove(sighting_id)
    return "", 204
