"""Plant nursery: the price list, kept by hand or imported from the suppliers' lists."""
import csv
import io

from flask import Flask, jsonify, request

import prices

app = Flask(__name__)

PLANTS = {}
HEADER = ["code", "name", "price"]


def fail(message, status=400):
    return jsonify(error=message), status


def view(code):
    plant = PLANTS[code]
    return {"code": code, "name": plant["name"], "price": prices.show(plant["cents"]), "cents": plant["cents"]}


def clean_code(text):
    """Codes are four to six letters or digits, kept in capitals; None if it is not one."""
    code = text.strip().upper()
    return code if code.isalnum() and 4 <= len(code) <= 6 else None


@app.get("/plants")
def plants():
    wanted = request.args.get("q", "").lower()
    return jsonify([view(code) for code in sorted(PLANTS) if wanted in PLANTS[code]["name"].lower()])


@app.get("/plants/<code>")
def show(code):
    code = clean_code(code)
    if code not in PLANTS:
        return fail("no such plant", 404)
    return jsonify(view(code))


@app.put("/plants/<code>")
def put(code):
    """A plant by hand. The price may be written as on the label: "4,50", "€ 4.50"."""
    code = clean_code(code)
    if code is None:
        return fail("bad code")
    body = request.get_json(silent=True) or {}
    name, price = body.get("name"), body.get("price")
    if not isinstance(name, str) or not name.strip() or not isinstance(price, str):
        return fail("name and price are required")
    try:
        cents = prices.to_cents(prices.tidy(price))
    except ValueError:
        return fail("price is not an amount of money")
    created = code not in PLANTS
    PLANTS[code] = {"name": name.strip(), "cents": cents}
    return jsonify(view(code)), 201 if created else 200


@app.delete("/plants/<code>")
def remove(code):
    if PLANTS.pop(clean_code(code), None) is None:
        return fail("no such plant", 404)
    return "", 204


def import_row(row):
    """Takes one line over and returns None, or the reason why it cannot be taken."""
    code = clean_code(row["code"] or "")
    if code is None:
        return "bad code"
    name, price = (row["name"] or "").strip(), (row["price"] or "").strip()
    if not name or not price:
        return "name and price are required"
    PLANTS[code] = {"name": name, "cents": prices.to_cents(price)}
    return None


@app.post("/plants/import")
def import_list():
    """A supplier's list: text, with semicolons and a header. Lines that cannot be used are reported, the others are taken over."""
    text = request.get_data(as_text=True)
    reader = csv.DictReader(io.StringIO(text), delimiter=";")
    if reader.fieldnames != HEADER:
        return fail("the header must be " + ";".join(HEADER))
    taken, rejected = 0, []
    for row in reader:
        reason = import_row(row)
        if reason is None:
            taken += 1
        else:
            rejected.append({"line": reader.line_num, "reason": reason})
    return jsonify(taken=taken, rejected=rejected)
