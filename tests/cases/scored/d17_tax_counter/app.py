"""Counter of the tax office: forms are taken in, numbered and entered in the journal.

The journal is the record that counts in court: one line per form, written before the clerk gets the number.
COUNTER_JOURNAL names the file; where it is kept and how long is up to operations.
"""
import json
import os
import tempfile
from itertools import count

from flask import Flask, jsonify, request

app = Flask(__name__)

FORMS = {"E1": "Income tax return", "G1": "Trade tax return", "V1": "Change of address"}
RECEIVED = {}
_numbers = count(1)


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


@app.errorhandler(Refused)
def refused(err):
    return jsonify(error=err.message), err.status


def journal_path():
    return os.environ.get("COUNTER_JOURNAL") or os.path.join(tempfile.gettempdir(), f"counter-{os.getpid()}.journal")


def enter(kind, number, tin):
    """Appends a line to the journal, unbuffered."""
    line = json.dumps({"kind": kind, "number": number, "tin": tin}, sort_keys=True)
    with open(journal_path(), "ab", buffering=0) as journal:
        journal.write(line.encode() + b"\n")


def receipt(number):
    entry = RECEIVED.get(number)
    if entry is None:
        raise Refused(404, "no such receipt")
    return entry


def tin_of(body):
    tin = body.get("tin")
    if not isinstance(tin, str) or not tin.isdecimal() or len(tin) != 11:
        raise Refused(422, "tin must have 11 digits")
    return tin


@app.get("/forms")
def forms():
    return jsonify(FORMS)


@app.post("/receipts")
def take_in():
    """Takes a form in; 201 means that it is in the journal."""
    body = request.get_json(silent=True) or {}
    if body.get("form") not in FORMS:
        raise Refused(422, "unknown form")
    tin = tin_of(body)
    number = next(_numbers)
    enter("received", number, tin)
    RECEIVED[number] = {"number": number, "form": body["form"], "tin": tin, "withdrawn": False}
    return jsonify(RECEIVED[number]), 201


@app.get("/receipts/<int:number>")
def show(number):
    return jsonify(receipt(number))


@app.post("/receipts/<int:number>/withdraw")
def withdraw(number):
    entry = receipt(number)
    if entry["withdrawn"]:
        raise Refused(409, "withdrawn already")
    enter("withdrawn", number, entry["tin"])
    entry["withdrawn"] = True
    return jsonify(entry)


@app.get("/taxpayers/<tin>/receipts")
def of_taxpayer(tin):
    return jsonify([e for e in RECEIVED.values() if e["tin"] == tin])


@app.get("/healthz")
def health():
    return jsonify(ok=True, received=len(RECEIVED))
