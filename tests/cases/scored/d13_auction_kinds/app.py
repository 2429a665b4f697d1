"""Auction house: consignments and the sellers' statements."""
from flask import Flask, jsonify, request

import consignments
import fees

app = Flask(__name__)


@app.errorhandler(consignments.Unusable)
def unusable(err):
    return jsonify(error=str(err)), 400


def json_object():
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise consignments.Unusable("a JSON object is expected")
    return body


def not_found(what):
    return jsonify(error=f"no such {what}"), 404


@app.post("/sellers/<seller>/items")
def bring_in(seller):
    body = json_object()
    item = consignments.add(seller, consignments.read_title(body.get("title")), consignments.read_kind(body.get("kind", "standard")))
    return jsonify(item), 201


@app.get("/items")
def items():
    """?kind= for one kind only."""
    if "kind" in request.args:
        return jsonify(consignments.of_kind(consignments.read_kind(request.args["kind"])))
    return jsonify(list(consignments.ITEMS.values()))


@app.patch("/items/<int:number>")
def change(number):
    item = consignments.ITEMS.get(number)
    if item is None:
        return not_found("item")
    return jsonify(consignments.change(item, json_object()))


@app.post("/items/<int:number>/sale")
def sale(number):
    item = consignments.ITEMS.get(number)
    if item is None:
        return not_found("item")
    if item["price"] is not None:
        return jsonify(error="already sold"), 409
    item["price"] = consignments.read_price(json_object().get("price"))
    return jsonify(item)


@app.get("/sellers/<seller>/statement")
def statement(seller):
    found = consignments.of_seller(seller)
    if not found:
        return not_found("seller")
    return jsonify(fees.statement(found))
