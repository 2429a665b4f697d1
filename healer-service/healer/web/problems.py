"""Errors as RFC 9457 problem details. It translates; it decides nothing."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from healer.model import BadInput, Conflict, EdgeError, HealerError, NotFound, StoreError, Unauthorised
from healer.web.access import Forbidden
from healer.web.reading import TooLarge
from healer.web.throttle import Throttled

_STATUS: dict[type[HealerError], int] = {
    BadInput: 400,
    Unauthorised: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Throttled: 429,
    TooLarge: 413,
    StoreError: 503,
    EdgeError: 502,
}


log = structlog.get_logger()


class Escaped(JSONResponse):
    """JSON in ASCII: what people send may hold half a surrogate pair, which no encoding takes."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Escaped(body, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    @app.exception_handler(HealerError)
    def _healer_error(_request: Request, error: HealerError) -> JSONResponse:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
        return problem(status, str(error), _headers(error))

    @app.exception_handler(HTTPException)
    def _http_error(_request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        return problem(400, f"{field}: {first['msg']}")

    @app.exception_handler(DataError)
    def _unstorable(request: Request, error: DataError) -> JSONResponse:
        # Postgres takes no NUL, and no number beyond its column's; SQLite takes both, and finds nothing.
        log.warning("a value that the database does not take", path=request.url.path, reason=str(error.orig))
        return problem(400, "the database does not take a value of this request; look for control characters in it")

    @app.exception_handler(ClientDisconnect)
    def _gone(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=400)  # which nobody reads


def _headers(error: HealerError) -> dict[str, str] | None:
    if isinstance(error, Throttled):
        return {"Retry-After": str(error.seconds)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorised) else None
