"""Moving boxes: what is in which box, for which room, how heavy."""
import csv
import io
from typing import Optional, TypedDict

from flask import Flask, jsonify, request

app = Flask(__name__)

ROOMS = ("kitchen", "bath", "bedroom", "study", "cellar")
COLUMNS = ["label", "room", "kg"]
LIMIT_KG = 30.0


class Box(TypedDict):
    label: str
    room: str
    kg: Optional[float]


BOXES: dict[str, Box] = {}


class BadBox(ValueError):
    pass


@app.errorhandler(BadBox)
def bad_box(err):
    return jsonify(error=str(err)), 400


def checked(label, room, kg) -> Box:
    """A box as it is kept. The weight may be left open until somebody has weighed it."""
    if not isinstance(label, str) or not label.strip():
        raise BadBox("label is required")
    if room not in ROOMS:
        raise BadBox("room must be one of " + ", ".join(ROOMS))
    if kg is not None:
        if isinstance(kg, bool) or not isinstance(kg, (int, float)) or not 0 < kg <= LIMIT_KG:
            raise BadBox(f"kg must be a number up to {LIMIT_KG:g}")
    return {"label": label.strip(), "room": room, "kg": kg}


@app.post("/boxes")
def add():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise BadBox("a JSON object is expected")
    box = checked(data.get("label"), data.get("room"), data.get("kg"))
    if box["label"] in BOXES:
        return jsonify(error="label is taken"), 409
    BOXES[box["label"]] = box
    return jsonify(box), 201


@app.post("/boxes/import")
def import_csv():
    """A CSV file with the columns label, room, kg. A line that is wrong refuses the whole file and is named."""
    rows = list(csv.reader(io.StringIO(request.get_data(as_text=True))))
    if not rows or [c.strip() for c in rows[0]] != COLUMNS:
        raise BadBox("the first line must be " + ",".join(COLUMNS))
    boxes = []
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(COLUMNS):
            raise BadBox(f"line {number}: {len(COLUMNS)} columns expected")
        kg = float(row[2].replace(",", "."))
        try:
            boxes.append(checked(row[0], row[1].strip(), kg))
        except BadBox as err:
            raise BadBox(f"line {number}: {err}")
    BOXES.update({b["label"]: b for b in boxes})
    return jsonify(imported=len(boxes)), 201


@app.get("/boxes")
def index():
    room = request.args.get("room")
    return jsonify([b for b in BOXES.values() if room in (None, b["room"])])


@app.get("/load")
def load():
    """Weight so far; boxes nobody has weighed are counted apart."""
    known = [b["kg"] for b in BOXES.values() if b["kg"] is not None]
    return jsonify(kg=round(sum(known), 1), boxes=len(BOXES), unweighed=len(BOXES) - len(known))
