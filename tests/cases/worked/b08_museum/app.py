"""Museum catalogue."""
from flask import Flask, jsonify, request

import catalogue
import rooms
from catalogue import CatalogueError, Place

app = Flask(__name__)
app.register_blueprint(rooms.bp)


@app.errorhandler(CatalogueError)
def failed(error):
    return jsonify(title=type(error).__name__, detail=str(error)), error.code


def item_json(item):
    return {"number": item.number, "title": item.title, "maker": item.maker, "year": item.year, "where": catalogue.whereabouts(item)}


def body():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise CatalogueError("a JSON object is needed")
    return data


@app.get("/items")
def items():
    word = request.args.get("q", "").casefold()
    return jsonify([item_json(i) for i in catalogue.ITEMS.values() if word in f"{i.title} {i.maker}".casefold()])


@app.get("/items/<number>")
def item(number):
    return jsonify(item_json(catalogue.item(number)))


@app.put("/items/<number>/place")
def place(number):
    thing, data = catalogue.item(number), body()
    if not isinstance(data.get("room"), int) or not isinstance(data.get("case"), str) or not data["case"]:
        raise CatalogueError("room and case are needed")
    catalogue.room_name(data["room"])
    catalogue.put(thing, Place(data["room"], data["case"].upper()))
    return jsonify(item_json(thing))


@app.delete("/items/<number>/place")
def store(number):
    thing = catalogue.item(number)
    catalogue.put(thing, None)
    return jsonify(item_json(thing))


@app.post("/items/<number>/loan")
def lend(number):
    thing, data = catalogue.item(number), body()
    if not all(isinstance(data.get(n), str) and data[n] for n in ("borrower", "until")):
        raise CatalogueError("borrower and until are needed")
    catalogue.lend(thing, data["borrower"], data["until"])
    return jsonify(item_json(thing)), 201
