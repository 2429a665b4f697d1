"""How GitHub says no."""

from __future__ import annotations

from collections.abc import Sequence


class Refused(Exception):
    """`errors` are those of a 422: texts, or objects with resource, field, code and message."""

    def __init__(self, status: int, message: str, errors: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors


def invalid(resource: str, field: str, code: str, message: str = "") -> Refused:
    error = {"resource": resource, "field": field, "code": code}
    return Refused(422, "Validation Failed", [{**error, "message": message} if message else error])
