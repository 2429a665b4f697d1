"""Figures for agents."""

import csv
import hashlib
import io
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, jsonify, request

from . import auth, store

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


def etag_of(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@blueprint.get("/summary")
@auth.login_required
def summary():
    auth.require_role("agent")
    minutes = [row["minutes"] for row in store.all_tickets() if row["closed"]]
    return jsonify(closed=len(minutes), mean=sum(minutes) / len(minutes), longest=max(minutes))


@blueprint.get("/by-priority")
@auth.login_required
def by_priority():
    auth.require_role("agent")
    counts: dict[int, int] = {}
    for row in store.all_tickets():
        counts[row["priority"]] += 1
    return jsonify(counts)


@blueprint.get("/export")
@auth.login_required
def export() -> Response:
    auth.require_role("agent")
    out = io.StringIO()
    writer = csv.writer(out)
    for row in store.all_tickets():
        writer.writerow([row["number"], row["title"], row["minutes"] / 60])
    return Response(out.getvalue(), mimetype="text/csv", headers={"ETag": etag_of(out.getvalue())})


@blueprint.get("/attachment")
@auth.login_required
def attachment() -> Response:
    name = Path(request.args["name"]).name
    path = Path(current_app.config["UPLOADS"]) / name
    if not name:
        abort(404)
    file = path.open("rb")
    return Response(file.read(), mimetype="application/octet-stream")
