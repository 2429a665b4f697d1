"""Orchestra library: sets of parts and who has borrowed them."""
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Optional

from flask import Blueprint, Flask, abort, jsonify, request

LOAN_DAYS = 28


@dataclass
class Loan:
    id: int
    work: str
    part: str
    player: str
    out: date
    returned: Optional[date] = None

    @property
    def due(self) -> date:
        return self.out + timedelta(days=LOAN_DAYS)

    def as_json(self) -> dict:
        return {
            "id": self.id,
            "work": self.work,
            "part": self.part,
            "player": self.player,
            "due": self.due.isoformat(),
            "returned": self.returned.isoformat() if self.returned else None,
        }


@dataclass
class Library:
    works: dict[str, list[str]] = field(default_factory=dict)
    loans: dict[int, Loan] = field(default_factory=dict)
    ids: count = field(default_factory=lambda: count(1))

    def open_loan(self, work: str, part: str) -> Optional[Loan]:
        return next((l for l in self.loans.values() if (l.work, l.part) == (work, part) and l.returned is None), None)


library = Library(works={
    "Dvorak 8": ["flute 1", "oboe 1", "horn 3", "cello"],
    "Sibelius 2": ["flute 2", "trumpet 1", "viola", "cello"],
})
api = Blueprint("library", __name__)


def day(value, name):
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        abort(400, f"{name} must be a date")


@api.get("/works")
def works():
    return jsonify({w: [{"part": p, "in": library.open_loan(w, p) is None} for p in parts] for w, parts in library.works.items()})


@api.post("/loans")
def lend():
    data = request.get_json()
    work, part, player = data.get("work"), data.get("part"), data.get("player")
    if part not in library.works.get(work, ()):
        abort(404, "no such part")
    if not player:
        abort(400, "player is required")
    if library.open_loan(work, part):
        abort(409, "part is out")
    loan = Loan(next(library.ids), work, part, player, day(data.get("out"), "out"))
    library.loans[loan.id] = loan
    return jsonify(loan.as_json()), 201


@api.post("/loans/<int:number>/return")
def give_back(number):
    loan = library.loans.get(number) or abort(404, "no such loan")
    if loan.returned:
        abort(409, "already returned")
    on = day(request.get_json().get("on"), "on")
    if on < loan.out:
        abort(400, "returned before it was lent")
    loan.returned = on
    return jsonify(loan.as_json())


@api.get("/late")
def late():
    """Loans that are or were late: still out after the due day, or brought back after it, with the number of days."""
    today = day(request.args.get("today"), "today")
    rows = []
    for loan in library.loans.values():
        end = loan.returned_on if loan.returned else today
        days = (end - loan.due).days
        if days > 0:
            rows.append({"id": loan.id, "player": loan.player, "days": days, "open": loan.returned is None})
    return jsonify(sorted(rows, key=lambda r: (-r["days"], r["id"])))


app = Flask(__name__)
app.register_blueprint(api)


@app.errorhandler(400)
@app.errorhandler(404)
@app.errorhandler(409)
@app.errorhandler(415)
def refused(err):
    return jsonify(error=err.description), err.code
