"""Goods coming in, going out and moving between bins."""
from flask import Blueprint, jsonify, request

from errors import StockError
from stock import stock

bp = Blueprint("moves", __name__, url_prefix="/moves")
JOURNAL = []


def body(*names):
    data = request.get_json(silent=True)
    if not isinstance(data, dict) or any(not isinstance(data.get(n), str) for n in names):
        raise StockError(f"needs {', '.join(names)} and qty")
    qty = data.get("qty")
    if not isinstance(qty, int) or isinstance(qty, bool) or qty < 1:
        raise StockError("qty must be a positive whole number")
    return [data[n] for n in names] + [qty]


def noted(kind, sku, qty, **where):
    entry = {"no": len(JOURNAL) + 1, "kind": kind, "sku": sku, "qty": qty, **where}
    JOURNAL.append(entry)
    return jsonify(entry), 201


@bp.post("/receipts")
def receive():
    sku, code, qty = body("sku", "bin")
    stock.check(sku, code)
    stock.put(sku, code, qty)
    return noted("receipt", sku, qty, bin=code)


@bp.post("/picks")
def pick():
    sku, code, qty = body("sku", "bin")
    stock.check(sku, code)
    stock.take(sku, code, qty)
    return noted("pick", sku, qty, bin=code)


@bp.post("/transfers")
def transfer():
    sku, source, target, qty = body("sku", "from", "to")
    stock.check(sku, source, target)
    if source == target:
        raise StockError("from and to must differ")
    stock.move(sku, source, target, qty)
    return noted("transfer", sku, qty, **{"from": source, "to": target})


@bp.get("")
def journal():
    return jsonify(JOURNAL)
