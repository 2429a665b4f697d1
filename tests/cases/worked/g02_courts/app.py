"""Court reservations of the tennis club."""
import re
from dataclasses import dataclass
from itertools import count

from flask import Flask, jsonify, request

app = Flask(__name__)

COURTS = {"c1": "clay", "c2": "clay", "h1": "hall"}
OPENS, CLOSES = 7 * 60, 22 * 60
SLOT = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_ids = count(1)


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


@app.errorhandler(Refused)
def refused(err):
    return jsonify(error=err.message), err.status


@dataclass(frozen=True)
class Slot:
    start: int
    end: int

    @classmethod
    def parse(cls, text):
        """'18:00-19:30' in minutes of the day; None for what is not a slot."""
        match = SLOT.fullmatch(str(text))
        if match is None:
            return None
        h1, m1, h2, m2 = map(int, match.groups())
        slot = cls(h1 * 60 + m1, h2 * 60 + m2)
        return slot if m1 < 60 and m2 < 60 and slot.start < slot.end else None

    def __str__(self):
        return "{:02}:{:02}-{:02}:{:02}".format(*divmod(self.start, 60), *divmod(self.end, 60))


@dataclass
class Reservation:
    id: int
    court: str
    member: str
    slot: Slot

    def json(self):
        return {"id": self.id, "court": self.court, "member": self.member, "slot": str(self.slot)}


RESERVATIONS = {}


def check_free(court, slot, skip=None):
    """Raises unless the court is open and nobody else has it then."""
    if slot.start < OPENS or slot.end > CLOSES:
        raise Refused(400, "the club is closed then")
    for other in RESERVATIONS.values():
        if other.court == court and other.id != skip and other.slot.start < slot.end and slot.start < other.slot.end:
            raise Refused(409, f"taken by {other.member}")


def reservation(number):
    if number not in RESERVATIONS:
        raise Refused(404, "no such reservation")
    return RESERVATIONS[number]


@app.get("/courts")
def courts():
    return jsonify(COURTS)


@app.get("/courts/<court>/reservations")
def of_court(court):
    if court not in COURTS:
        raise Refused(404, "no such court")
    rows = [r for r in RESERVATIONS.values() if r.court == court]
    return jsonify([r.json() for r in sorted(rows, key=lambda r: r.slot.start)])


@app.post("/courts/<court>/reservations")
def reserve(court):
    if court not in COURTS:
        raise Refused(404, "no such court")
    data = request.get_json(silent=True) or {}
    if not data.get("member"):
        raise Refused(400, "member is missing")
    slot = Slot.parse(data.get("slot"))
    if slot is None:
        raise Refused(400, "slot must look like 18:00-19:30")
    check_free(court, slot)
    new = Reservation(next(_ids), court, data["member"], slot)
    RESERVATIONS[new.id] = new
    return jsonify(new.json()), 201


@app.patch("/reservations/<int:number>")
def move(number):
    """To another time on the same court."""
    mine = reservation(number)
    data = request.get_json(silent=True) or {}
    slot = Slot.parse(data.get("slot"))
    check_free(mine.court, slot, skip=mine.id)
    mine.slot = slot
    return jsonify(mine.json())


@app.delete("/reservations/<int:number>")
def cancel(number):
    del RESERVATIONS[reservation(number).id]
    return "", 204
