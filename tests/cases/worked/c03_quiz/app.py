"""Quiz attempts: one question at a time, skipping allowed."""
from itertools import count

from flask import Flask, jsonify, request

app = Flask(__name__)

QUIZZES = {
    "capitals": {
        "title": "Capitals",
        "questions": [
            {"id": "q1", "text": "Capital of Norway?", "answer": "oslo", "points": 1},
            {"id": "q2", "text": "Capital of Peru?", "answer": "lima", "points": 2},
            {"id": "q3", "text": "Capital of Kenya?", "answer": "nairobi", "points": 2},
            {"id": "q4", "text": "Capital of Laos?", "answer": "vientiane", "points": 5},
        ],
    },
    "short": {"title": "Warm-up", "questions": [{"id": "q1", "text": "2 + 2?", "answer": "4", "points": 1}]},
}
ATTEMPTS = {}
_numbers = count(1)


class Rejected(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


@app.errorhandler(Rejected)
def rejected(err):
    return jsonify(error=err.message), err.status


def attempt_or_404(number):
    if number not in ATTEMPTS:
        raise Rejected(404, "no such attempt")
    return ATTEMPTS[number]


def questions_of(attempt):
    return QUIZZES[attempt["quiz"]]["questions"]


def current(attempt):
    """The question to put to the player; None once every question is answered."""
    answers, skipped = attempt["answers"], attempt["skipped"]
    questions = questions_of(attempt)
    if len(answers) == len(questions):
        return None
    return next(q for q in questions if q["id"] not in answers and q["id"] not in skipped)


def score(attempt):
    return sum(q["points"] for q in questions_of(attempt) if attempt["answers"].get(q["id"]) == q["answer"])


def progress(attempt):
    question = current(attempt)
    return {
        "attempt": attempt["number"],
        "answered": len(attempt["answers"]),
        "total": len(questions_of(attempt)),
        "question": {"id": question["id"], "text": question["text"]} if question else None,
        "score": score(attempt) if question is None else None,
    }


def asked_or_409(attempt, question_id):
    """Only the question that is being asked can be answered or skipped."""
    question = current(attempt)
    if question is None:
        raise Rejected(409, "the attempt is finished")
    if question["id"] != question_id:
        raise Rejected(409, f"the current question is {question['id']}")
    return question


@app.get("/quizzes")
def quizzes():
    return jsonify([{"id": k, "title": q["title"], "questions": len(q["questions"])} for k, q in QUIZZES.items()])


@app.post("/quizzes/<quiz>/attempts")
def start(quiz):
    if quiz not in QUIZZES:
        raise Rejected(404, "no such quiz")
    number = next(_numbers)
    ATTEMPTS[number] = {"number": number, "quiz": quiz, "answers": {}, "skipped": []}
    return jsonify(progress(ATTEMPTS[number])), 201


@app.get("/attempts/<int:number>")
def show(number):
    return jsonify(progress(attempt_or_404(number)))


@app.post("/attempts/<int:number>/answers")
def answer(number):
    attempt = attempt_or_404(number)
    data = request.get_json(silent=True)
    if not isinstance(data, dict) or not isinstance(data.get("answer"), str):
        raise Rejected(400, "answer must be text")
    question = asked_or_409(attempt, data.get("question"))
    attempt["answers"][question["id"]] = data["answer"].strip().lower()
    return jsonify(progress(attempt))


@app.post("/attempts/<int:number>/skip/<question_id>")
def skip(number, question_id):
    """Put a question off: it is asked again, in the order of skipping, when the others are through."""
    attempt = attempt_or_404(number)
    question = asked_or_409(attempt, question_id)
    if question["id"] in attempt["skipped"]:
        attempt["skipped"].remove(question["id"])
    attempt["skipped"].append(question["id"])
    return jsonify(progress(attempt))
