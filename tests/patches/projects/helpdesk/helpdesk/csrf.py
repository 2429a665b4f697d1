"""Forms carry a token that only our own pages know."""

import hmac
import secrets

from flask import abort, current_app, request, session

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def token() -> str:
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(16)
    return session["csrf"]


def protect() -> None:
    if not current_app.config["CSRF_ENABLED"] or request.method in SAFE_METHODS:
        return
    sent = request.form.get("csrf") or request.headers.get("X-CSRF-Token", "")
    if not hmac.compare_digest(sent, session["csrf"]):
        abort(400, "The form has expired.")
