"""Support desk: tickets with free fields ("asset", "build", "site" ... whatever a team needs)."""
from datetime import datetime, timezone
from itertools import count

from flask import Flask, jsonify, request

app = Flask(__name__)

STATES = ("open", "waiting", "solved")
TICKETS = {}
numbers = count(1)


class BadInput(Exception):
    pass


@app.errorhandler(BadInput)
def bad_input(error):
    return jsonify(ok=False, reason=str(error)), 400


def missing(number):
    return jsonify(ok=False, reason=f"no ticket {number}"), 404


def parse_fields(lines):
    """Mail templates send free fields as text, one 'name: value' per line; empty lines do not count."""
    fields = {}
    for line in lines.splitlines():
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise BadInput(f"not a field: {line.strip()}")
        fields[name.strip().lower()] = value.strip()
    return fields


def read_fields(raw):
    if raw is None:
        return {}
    if isinstance(raw, str):
        return parse_fields(raw)
    if not isinstance(raw, dict) or not all(isinstance(v, str) for v in raw.values()):
        raise BadInput("fields must be an object of texts, or lines of 'name: value'")
    return {name.strip().lower(): value.strip() for name, value in raw.items()}


def conditions(args):
    """?where=site:Bremen&where=asset:printer; all of them must hold."""
    wanted = []
    for raw in args:
        if ":" not in raw:
            raise BadInput(f"where must look like name:value, not {raw}")
        name, value = raw.split(":")
        wanted.append((name.strip().lower(), value.strip().casefold()))
    return wanted


def holds(ticket, wanted):
    return all(ticket["fields"].get(name, "").casefold() == value for name, value in wanted)


@app.post("/tickets")
def create():
    data = request.get_json(silent=True)
    if not isinstance(data, dict) or not isinstance(data.get("subject"), str) or not data["subject"].strip():
        raise BadInput("subject is missing")
    ticket = {
        "number": next(numbers),
        "subject": data["subject"].strip(),
        "state": "open",
        "fields": read_fields(data.get("fields")),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    TICKETS[ticket["number"]] = ticket
    return jsonify(ticket), 201


@app.get("/tickets")
def index():
    wanted = conditions(request.args.getlist("where"))
    state = request.args.get("state")
    if state is not None and state not in STATES:
        raise BadInput(f"state must be one of {', '.join(STATES)}")
    rows = [t for t in TICKETS.values() if (state is None or t["state"] == state) and holds(t, wanted)]
    return jsonify(ok=True, count=len(rows), tickets=rows)


@app.get("/tickets/<int:number>")
def show(number):
    if number not in TICKETS:
        return missing(number)
    return jsonify(TICKETS[number])


@app.patch("/tickets/<int:number>")
def change(number):
    """State and free fields; a field set to the empty text is removed."""
    if number not in TICKETS:
        return missing(number)
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise BadInput("a JSON object is needed")
    state = data.get("state", TICKETS[number]["state"])
    if state not in STATES:
        raise BadInput(f"state must be one of {', '.join(STATES)}")
    fields = TICKETS[number]["fields"] | read_fields(data.get("fields"))
    TICKETS[number].update(state=state, fields={n: v for n, v in fields.items() if v})
    return jsonify(TICKETS[number])


@app.get("/fields/<name>")
def values(name):
    """The values in use, for the filter menu."""
    seen = {t["fields"][name] for t in TICKETS.values() if name in t["fields"]}
    return jsonify(name=name, values=sorted(seen, key=str.casefold))
