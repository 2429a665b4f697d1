"""Survey forms: questions, replies, and what came out of it."""
from collections import Counter

from flask import Flask, abort, jsonify, request
from werkzeug.exceptions import HTTPException

app = Flask(__name__)

SURVEYS = {
    "canteen": {
        "title": "Canteen",
        "questions": [
            {"name": "diet", "kind": "choice", "options": ["meat", "vegetarian", "vegan"], "required": False},
            {"name": "visits", "kind": "number", "required": True},
            {"name": "price", "kind": "number", "required": False},
            {"name": "comment", "kind": "text", "required": False},
        ],
    },
    "move": {
        "title": "Office move",
        "questions": [{"name": "site", "kind": "choice", "options": ["north", "south"], "required": True}],
    },
}
REPLIES = {key: [] for key in SURVEYS}


@app.errorhandler(HTTPException)
def as_json(err):
    return jsonify(message=err.description), err.code


def clean_value(question, value):
    kind = question["kind"]
    if kind == "number":
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 10_000:
            raise ValueError(f"{question['name']} must be a number")
        return value
    if not isinstance(value, str):
        raise ValueError(f"{question['name']} must be text")
    if kind == "choice" and value not in question["options"]:
        raise ValueError(f"{question['name']} must be one of {', '.join(question['options'])}")
    return value.strip()


def clean_reply(form, data):
    """One value per question, None where an optional one was left blank."""
    names = [q["name"] for q in form["questions"]]
    extra = sorted(set(data) - set(names))
    if extra:
        raise ValueError("unknown: " + ", ".join(extra))
    reply = {}
    for question in form["questions"]:
        value = data.get(question["name"])
        if value is None or value == "":
            if question["required"]:
                raise ValueError(f"{question['name']} is required")
            reply[question["name"]] = None
        else:
            reply[question["name"]] = clean_value(question, value)
    return reply


def number_figures(values):
    known = [v for v in values if v is not None]
    if not known:
        return {"min": None, "max": None, "mean": None}
    return {"min": min(known), "max": max(known), "mean": round(sum(known) / len(known), 2)}


def text_figures(values):
    known = [v for v in values if v]
    return {"longest": max((len(v) for v in known), default=0), "samples": known[:3]}


def choice_figures(values):
    """Votes per option that got any, and the share of the leading one among the votes."""
    votes = Counter(values)
    top = votes.most_common(1)
    return {"votes": dict(votes), "lead": round(top[0][1] / sum(votes.values()), 2) if top else None}


def figures(question, values):
    return {"number": number_figures, "text": text_figures, "choice": choice_figures}[question["kind"]](values)


def survey_or_404(key):
    if key not in SURVEYS:
        abort(404, "no such survey")
    return SURVEYS[key]


def question_or_404(survey, name):
    for question in survey["questions"]:
        if question["name"] == name:
            return question
    abort(404, "no such question")


@app.get("/surveys")
def surveys():
    return jsonify([{"key": k, "title": s["title"], "replies": len(REPLIES[k])} for k, s in SURVEYS.items()])


@app.get("/surveys/<key>")
def survey(key):
    return jsonify(survey_or_404(key))


@app.post("/surveys/<key>/replies")
def reply(key):
    form = survey_or_404(key)
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        abort(400, "a reply is an object")
    try:
        REPLIES[key].append(clean_reply(form, data))
    except ValueError as error:
        abort(400, str(error))
    return jsonify(replies=len(REPLIES[key])), 201


@app.get("/surveys/<key>/questions/<name>/summary")
def summary(key, name):
    """How many answered, how many left it blank, and the figures of those who answered."""
    question = question_or_404(survey_or_404(key), name)
    given = [r[name] for r in REPLIES[key]]
    blank = sum(value is None for value in given)
    return jsonify(question=name, answered=len(given) - blank, blank=blank, figures=figures(question, given))


@app.delete("/surveys/<key>/replies")
def reset(key):
    survey_or_404(key)
    REPLIES[key].clear()
    return "", 204
