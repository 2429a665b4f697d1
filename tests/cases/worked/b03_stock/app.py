"""Warehouse stock."""
from flask import Flask, jsonify

import moves
from errors import StockError
from stock import ARTICLES, stock

app = Flask(__name__)
app.register_blueprint(moves.bp)


@app.errorhandler(StockError)
def refused(error):
    return jsonify(error=str(error)), error.status


@app.get("/articles")
def articles():
    return jsonify([{"sku": sku, "name": name, "qty": stock.total(sku)} for sku, name in sorted(ARTICLES.items())])


@app.get("/articles/<sku>")
def article(sku):
    stock.check(sku)
    return jsonify(sku=sku, name=ARTICLES[sku], qty=stock.total(sku), bins=stock.bins(sku))


@app.get("/articles/<sku>/bins/<code>")
def in_bin(sku, code):
    """For the hand scanners; 404 only for articles and bins that do not exist."""
    stock.check(sku, code)
    return jsonify(sku=sku, bin=code, qty=stock.level(sku, code))
