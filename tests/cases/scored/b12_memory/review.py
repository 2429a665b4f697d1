"""What reviewers do: approve or send back."""
from flask import Blueprint, jsonify, request

from memory import MemoryProblem, memory

bp = Blueprint("review", __name__, url_prefix="/review")
VERDICTS = {"approve": "approved", "return": "returned"}


@bp.get("/open")
def open_work():
    rows = [{"id": u["id"], "lang": lang, "text": t["text"]} for u in memory.all() for lang, t in u["targets"].items() if t["state"] == "draft"]
    return jsonify(rows)


@bp.post("/units/<int:unit_id>/<lang>/<verdict>")
def give_verdict(unit_id, lang, verdict):
    if verdict not in VERDICTS:
        raise MemoryProblem("approve or return")
    reviewer = request.headers.get("X-Reviewer")
    if not reviewer:
        raise MemoryProblem("X-Reviewer is missing")
    return jsonify(memory.judge(unit_id, lang, VERDICTS[verdict], reviewer))
