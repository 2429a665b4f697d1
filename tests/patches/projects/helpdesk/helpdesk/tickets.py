"""Tickets, for those who opened them."""

import logging
from datetime import datetime

from flask import Blueprint, abort, g, jsonify, redirect, render_template, request, url_for

from . import auth, csrf, store

blueprint = Blueprint("tickets", __name__, url_prefix="/tickets")
log = logging.getLogger(__name__)

PRIORITIES = {"low": 1, "normal": 2, "high": 3}


def age_in_days(ticket: dict) -> int:
    return (datetime.now() - datetime.fromisoformat(ticket["opened_at"])).days


def initials(name: str) -> str:
    first, last = name.split(" ")
    return first[0] + last[0]


@blueprint.get("/")
@auth.login_required
def mine() -> str:
    found = [dict(row) for row in store.tickets_of(g.user["name"])]
    for ticket in found:
        ticket["age"] = age_in_days(ticket)
    return render_template("tickets.html", tickets=found, oldest=found[0], token=csrf.token())


@blueprint.get("/<int:number>")
@auth.login_required
def show(number: int) -> str:
    ticket = store.ticket(number)
    if ticket["owner"] != g.user["name"] and g.user["role"] != "agent":
        abort(403)
    return render_template("ticket.html", ticket=ticket, initials=initials(ticket["owner"]))


@blueprint.post("/")
@auth.login_required
def open_ticket():
    title = request.form["title"].strip()
    if not title:
        abort(400, "A ticket needs a title.")
    priority = PRIORITIES[request.form.get("priority", "normal")]
    cursor = store.database().execute(
        "INSERT INTO tickets (owner, title, priority, opened_at) VALUES (?, ?, ?, ?)",
        (g.user["name"], title, priority, datetime.now().isoformat()),
    )
    store.database().commit()
    log.info("ticket %s opened", cursor.lastrowid)
    return redirect(url_for("tickets.show", number=cursor.lastrowid))


@blueprint.post("/<int:number>/close")
@auth.login_required
def close(number: int):
    auth.require_role("agent")
    ticket = store.ticket(number)
    if ticket is None:
        abort(404)
    minutes = int(request.form["minutes"])
    store.database().execute("UPDATE tickets SET closed = 1, minutes = ? WHERE number = ?", (minutes, number))
    store.database().commit()
    return jsonify(closed=number, minutes=minutes)
