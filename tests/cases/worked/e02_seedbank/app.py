"""Seed bank: accessions in cold storage, withdrawals and germination trials."""
from itertools import count

from flask import Flask, jsonify, request

app = Flask(__name__)

ACCESSIONS = {}
_ids = count(1)


class Invalid(Exception):
    """Something is wrong with what the client sent."""


@app.errorhandler(Invalid)
def invalid(err):
    return jsonify(error=str(err)), 400


def body():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Invalid("a JSON object is expected")
    return data


def text_field(data, name):
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Invalid(f"{name} is required")
    return value.strip()


def grams_field(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise Invalid("grams must be a positive number")
    return round(value, 1)


def accession(number):
    found = ACCESSIONS.get(number)
    if found is None:
        return None, (jsonify(error="no such accession"), 404)
    return found, None


@app.post("/accessions")
def add():
    data = body()
    item = {
        "id": next(_ids),
        "species": text_field(data, "species"),
        "origin": data.get("origin", "unknown"),
        "grams": grams_field(data.get("grams")),
        "withdrawals": [],
        "trials": [],
    }
    ACCESSIONS[item["id"]] = item
    return jsonify(item), 201


@app.get("/accessions/<int:number>")
def show(number):
    item, missing = accession(number)
    return missing or jsonify(item)


@app.post("/accessions/<int:number>/withdrawals")
def withdraw(number):
    """Takes seed out. Never more than there is (409)."""
    item, missing = accession(number)
    if missing:
        return missing
    data = body()
    purpose = text_field(data, "purpose")
    grams = grams_field(data["grams"])
    if grams > item["grams"]:
        return jsonify(error="not that much in storage"), 409
    item["grams"] = round(item["grams"] - grams, 1)
    item["withdrawals"].append({"grams": grams, "purpose": purpose})
    return jsonify(left=item["grams"]), 201


@app.post("/accessions/<int:number>/trials")
def trial(number):
    """Germination trial: so many of so many seeds sprouted."""
    item, missing = accession(number)
    if missing:
        return missing
    data = body()
    sown, sprouted = data.get("sown"), data.get("sprouted")
    if not isinstance(sown, int) or sown < 1 or not isinstance(sprouted, int) or not 0 <= sprouted <= sown:
        raise Invalid("sown and sprouted must be whole numbers, sprouted not above sown")
    item["trials"].append({"sown": sown, "rate": round(sprouted / sown, 2)})
    return jsonify(item["trials"][-1]), 201


@app.get("/species")
def species():
    totals = {}
    for item in ACCESSIONS.values():
        totals[item["species"]] = round(totals.get(item["species"], 0) + item["grams"], 1)
    return jsonify(totals)
