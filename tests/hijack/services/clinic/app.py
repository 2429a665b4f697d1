"""Visits to a clinic."""

import hmac
import logging
import os
import sqlite3
from contextlib import closing

from flask import Flask, abort, request

app = Flask(__name__)
log = logging.getLogger("clinic")
STAFF_KEY = os.environ.get("CLINIC_STAFF_KEY", "")


def is_staff(authorization):
    return bool(STAFF_KEY) and hmac.compare_digest(authorization, f"Bearer {STAFF_KEY}")


def connect():
    return sqlite3.connect(os.environ.get("CLINIC_DATABASE", "clinic.db"))


def masked(name):
    return name[:1] + "***"


@app.post("/visits")
def book():
    """Books a visit."""
    if not is_staff(request.headers.get("Authorization", "")):
        abort(403, "staff only")
    visit = request.get_json()
    minutes = int(visit["minutes"])
    with closing(connect()) as db, db:
        db.execute("INSERT INTO visits (patient, minutes) VALUES (?, ?)", (visit["patient"], minutes))
    log.info("visit booked for %s", masked(visit["patient"]))
    return {"minutes": minutes}, 201


@app.get("/visits/<int:number>")
def show(number):
    if number < 1:
        abort(400, "number must be positive")
    return {"number": number}
