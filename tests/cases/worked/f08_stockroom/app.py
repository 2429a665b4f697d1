"""Chemical stockroom: what is on the shelf, deliveries and withdrawals."""
import re

from flask import Flask, jsonify, request

app = Flask(__name__)

CAS = re.compile(r"^\d{2,7}-\d{2}-\d$")
UNITS = {"g": 1, "kg": 1000}


class Shelf:
    """Grams in stock by CAS number."""

    def __init__(self):
        self.grams = {}
        self.names = {}

    def know(self, cas, name):
        self.names[cas] = name
        self.grams.setdefault(cas, 0)

    def put(self, cas, grams):
        self.grams[cas] += grams

    def take(self, cas, grams):
        if grams > self.grams[cas]:
            raise ValueError("not enough in stock")
        self.grams[cas] -= grams


shelf = Shelf()
shelf.know("7647-14-5", "sodium chloride")
shelf.know("144-55-8", "sodium bicarbonate")
shelf.know("7758-99-8", "copper sulfate pentahydrate")


def problem(message, status=400):
    return jsonify(error=message), status


def body():
    data = request.get_json(silent=True)
    return data if isinstance(data, dict) else {}


def amount_in_grams(value, unit):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0 or unit not in UNITS:
        return None
    return value * UNITS[unit]


@app.get("/substances")
def substances():
    return jsonify([{"cas": cas, "name": shelf.names[cas], "grams": shelf.grams[cas]} for cas in sorted(shelf.names)])


@app.get("/substances/<cas>")
def substance(cas):
    if cas not in shelf.names:
        return problem("no such substance", 404)
    return jsonify(cas=cas, name=shelf.names[cas], grams=shelf.grams[cas])


@app.put("/substances/<cas>")
def register(cas):
    name = body().get("name")
    if not CAS.match(cas):
        return problem("not a CAS number")
    if not isinstance(name, str) or not name.strip():
        return problem("name is missing")
    shelf.know(cas, name.strip())
    return jsonify(cas=cas, name=name.strip(), grams=shelf.grams[cas])


@app.post("/deliveries")
def delivery():
    """Books a delivery of one or more items; a delivery with a mistake in it is refused as a whole."""
    items = body().get("items")
    if not isinstance(items, list) or not items:
        return problem("items must be a list with at least one item")
    checked = []
    for number, item in enumerate(items, 1):
        cas = item.get("cas")
        if cas not in shelf.names:
            return problem(f"item {number}: unknown substance")
        grams = amount_in_grams(item.get("amount"), item.get("unit", "g"))
        if grams is None:
            return problem(f"item {number}: amount must be a positive number of g or kg")
        checked.append((cas, grams))
    for cas, grams in checked:
        shelf.put(cas, grams)
    return jsonify(booked=len(checked), grams=sum(grams for _, grams in checked)), 201


@app.post("/substances/<cas>/withdrawals")
def withdraw(cas):
    if cas not in shelf.names:
        return problem("no such substance", 404)
    data = body()
    grams = amount_in_grams(data.get("amount"), data.get("unit", "g"))
    if grams is None:
        return problem("amount must be a positive number of g or kg")
    try:
        shelf.take(cas, grams)
    except ValueError as err:
        return problem(str(err), 409)
    return jsonify(cas=cas, grams=shelf.grams[cas]), 201
