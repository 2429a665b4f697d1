"""Help line: cases, who asked and who looks after them."""
from itertools import count

from flask import Blueprint, Flask, jsonify, request

bp = Blueprint("cases", __name__, url_prefix="/cases")

CASES = {}
numbers = count(100)


class Rejected(Exception):
    def __init__(self, status, *messages):
        super().__init__(*messages)
        self.status, self.messages = status, list(messages)


def person(raw, role):
    """People come as an object with email and name, or as the bare address (then the name is made from it)."""
    if isinstance(raw, str):
        raw = {"email": raw}
    if not isinstance(raw, dict) or not isinstance(raw.get("email"), str) or "@" not in raw["email"]:
        raise Rejected(400, f"{role} needs an e-mail address")
    email = raw["email"].strip().lower()
    name = raw.get("name") or email.partition("@")[0].replace(".", " ").title()
    return {"email": email, "name": name}


def body():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Rejected(400, "a JSON object is needed")
    return data


def case_of(number):
    case = CASES.get(number)
    if case is None:
        raise Rejected(404, f"no case {number}")
    return case


@bp.post("")
def open_case():
    data = body()
    subject = data.get("subject")
    if not isinstance(subject, str) or not subject.strip():
        raise Rejected(400, "subject is missing")
    case = {
        "number": next(numbers),
        "subject": subject.strip(),
        "requester": person(data.get("requester"), "requester"),
        "watchers": [person(w, "watcher") for w in data.get("watchers") or []],
        "assignee": None,
        "closed": False,
    }
    CASES[case["number"]] = case
    return jsonify(case), 201


@bp.get("")
def index():
    """?assignee=address; with an empty address, what nobody has taken."""
    rows = [c for c in CASES.values() if not c["closed"]]
    wanted = request.args.get("assignee")
    if wanted is not None:
        rows = [c for c in rows if (c["assignee"]["email"] if c["assignee"] else "") == wanted.lower()]
    return jsonify(rows)


@bp.get("/<int:number>")
def show(number):
    return jsonify(case_of(number))


@bp.post("/<int:number>/watchers")
def watch(number):
    """Adding somebody twice changes nothing."""
    case, new = case_of(number), person(body().get("watcher"), "watcher")
    if all(w["email"] != new["email"] for w in case["watchers"]):
        case["watchers"].append(new)
    return jsonify(case)


@bp.put("/<int:number>/assignee")
def assign(number):
    """Hands the case to somebody, who then is no watcher any more; null puts it back."""
    case, data = case_of(number), body()
    if case["closed"]:
        raise Rejected(409, "the case is closed")
    if "assignee" not in data:
        raise Rejected(400, "assignee is missing")
    if data["assignee"] is None:
        case["assignee"] = None
        return jsonify(case)
    email = data["assignee"].get("email")
    if email == case["requester"]["email"]:
        raise Rejected(409, "nobody looks after their own case")
    case["assignee"] = person(data["assignee"], "assignee")
    case["watchers"] = [w for w in case["watchers"] if w["email"] != email]
    return jsonify(case)


@bp.post("/<int:number>/close")
def close(number):
    case = case_of(number)
    case["closed"] = True
    return jsonify(case)


app = Flask(__name__)
app.register_blueprint(bp)


@app.errorhandler(Rejected)
def rejected(error):
    return jsonify(errors=error.messages), error.status
