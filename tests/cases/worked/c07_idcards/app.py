"""Staff ID cards: orders come in from HR, cards go to the card printer."""
import os
from datetime import date

from flask import Flask, jsonify, request

app = Flask(__name__)

#: the card printer takes its jobs from a spool file; without one configured, jobs stay in memory
SPOOL = os.environ.get("CARD_SPOOL", "")

STAFF = {
    "1001": {"name": "Ida Holm", "unit": "Lab"},
    "1002": {"name": "Omar Aziz", "unit": "Stores"},
    "1003": {"name": "Li Wen", "unit": "Office"},
}
CARDS = {}


class MemorySpool:
    jobs = []

    def send(self, number, line):
        self.jobs.append(job(number, line))


class FileSpool:
    def __init__(self, path):
        self.path = path

    def send(self, number, line):
        data = job(number, line)
        with open(self.path, "ab", buffering=0) as out:
            out.write(data)


def job(number, line):
    """One job: form feed, card number, text in the printer's character set."""
    text = f"\f{number}\n{line[:40]}\n"
    return text.encode("cp850", "replace")


def spool():
    return FileSpool(SPOOL) if SPOOL else MemorySpool()


def error(status, message):
    return jsonify(error=message), status


def view(card):
    return {k: card[k] for k in ("number", "staff", "line", "state", "copies")}


@app.post("/staff/<staff_no>/cards")
def order(staff_no):
    """A card number is the staff number and a running letter."""
    person = STAFF.get(staff_no)
    if person is None:
        return error(404, "no such person")
    mine = [c for c in CARDS.values() if c["staff"] == staff_no]
    if any(c["state"] == "ordered" for c in mine):
        return error(409, "a card is on order already")
    if len(mine) >= 26:
        return error(409, "no letters left")
    number = staff_no + chr(ord("A") + len(mine))
    CARDS[number] = {
        "number": number,
        "staff": staff_no,
        "line": f"{person['name']} / {person['unit']}",
        "state": "ordered",
        "copies": 0,
        "ordered": date.today().isoformat(),
    }
    return jsonify(view(CARDS[number])), 201


@app.get("/cards/<number>")
def show(number):
    if number not in CARDS:
        return error(404, "no such card")
    return jsonify(view(CARDS[number]))


@app.post("/cards/<number>/print")
def print_card(number):
    """Sends the card to the printer. It counts as printed once the printer has taken all of it."""
    card = CARDS.get(number)
    if card is None:
        return error(404, "no such card")
    if card["state"] == "withdrawn":
        return error(409, "the card is withdrawn")
    spool().send(card["number"], card["line"])
    card["state"] = "printed"
    card["copies"] += 1
    return jsonify(view(card))


@app.delete("/cards/<number>")
def withdraw(number):
    card = CARDS.get(number)
    if card is None:
        return error(404, "no such card")
    card["state"] = "withdrawn"
    return "", 204


@app.get("/cards")
def cards():
    wanted = request.args.get("state")
    return jsonify([view(c) for c in CARDS.values() if wanted in (None, c["state"])])
