"""Job board: postings, their states and the applications they get."""
from itertools import count

from flask import Flask, jsonify, request

app = Flask(__name__)

LABELS = {
    "draft": "Draft",
    "published": "Open",
    "paused": "On hold",
    "filled": "Position filled",
    "withdrawn": "Withdrawn",
}

# where a posting can go from where it is
NEXT = {
    "draft": ("published", "withdrawn"),
    "published": ("paused", "filled", "withdrawn"),
    "paused": ("published", "filled", "withdrawn"),
    "filled": (),
}

POSTINGS = {}
_ids = count(1)


class Problem(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@app.errorhandler(Problem)
def problem(err):
    return jsonify(error={"code": err.code, "message": err.message}), err.status


def posting_or_404(number):
    if number not in POSTINGS:
        raise Problem(404, "not_found", "no such posting")
    return POSTINGS[number]


def text_field(body, name):
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Problem(422, "invalid", f"{name} is required")
    return value.strip()


def view(posting):
    return {
        "id": posting["id"],
        "title": posting["title"],
        "employer": posting["employer"],
        "state": posting["state"],
        "label": LABELS[posting["state"]],
        "applications": len(posting["applications"]),
    }


def move(posting, target):
    """Changes the state, with a note in the history. Going where it already is changes nothing."""
    current = posting["state"]
    if target == current:
        return
    if target not in NEXT[current]:
        raise Problem(409, "not_allowed", f"a posting that is {current} cannot become {target}")
    posting["state"] = target
    posting["history"].append([current, target])


@app.post("/postings")
def create():
    body = request.get_json(silent=True) or {}
    number = next(_ids)
    POSTINGS[number] = {
        "id": number,
        "title": text_field(body, "title"),
        "employer": text_field(body, "employer"),
        "state": "draft",
        "history": [],
        "applications": [],
    }
    return jsonify(view(POSTINGS[number])), 201


@app.get("/postings")
def index():
    """What job seekers see."""
    return jsonify([view(p) for p in POSTINGS.values() if p["state"] == "published"])


@app.get("/postings/<int:number>")
def show(number):
    return jsonify(view(posting_or_404(number)))


@app.put("/postings/<int:number>/state")
def set_state(number):
    """Filled and withdrawn are final: whoever wants such a posting back writes a new one."""
    posting = posting_or_404(number)
    target = text_field(request.get_json(silent=True) or {}, "state").lower()
    if target not in LABELS:
        raise Problem(422, "invalid", f"unknown state {target}")
    move(posting, target)
    return jsonify(view(posting))


@app.get("/postings/<int:number>/history")
def history(number):
    return jsonify(posting_or_404(number)["history"])


@app.post("/postings/<int:number>/applications")
def apply(number):
    posting = posting_or_404(number)
    who = text_field(request.get_json(silent=True) or {}, "email").lower()
    if posting["state"] != "published":
        raise Problem(409, "closed", "this posting takes no applications")
    if who in posting["applications"]:
        raise Problem(409, "duplicate", "already applied")
    posting["applications"].append(who)
    return jsonify(posting=number, email=who), 201
