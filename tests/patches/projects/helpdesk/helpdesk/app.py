"""The application factory."""

import logging

import selfheal
from flask import Flask, Response, jsonify

from . import account, auth, csrf, reports, store, tickets

log = logging.getLogger(__name__)


def create_app(**overrides: object) -> Flask:
    app = Flask(__name__)
    app.config.from_object("helpdesk.settings")
    app.config.update(overrides)
    selfheal.init(entry="helpdesk.app:create_app")
    app.before_request(auth.load_user)
    app.before_request(csrf.protect)
    app.after_request(security_headers)
    app.teardown_appcontext(store.close)
    app.register_blueprint(account.blueprint)
    app.register_blueprint(tickets.blueprint)
    app.register_blueprint(reports.blueprint)
    app.register_error_handler(500, internal_error)
    return app


def security_headers(response: Response) -> Response:
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Content-Security-Policy"] = "default-src 'self'"
    return response


def internal_error(error: Exception) -> tuple[Response, int]:
    selfheal.capture_exception(getattr(error, "original_exception", error))
    log.error("internal error: %s", type(error).__name__)
    return jsonify(error="Something went wrong."), 500
