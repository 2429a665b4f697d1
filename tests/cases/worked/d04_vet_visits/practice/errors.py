"""Errors the clients get to see."""


class PracticeError(Exception):
    status, kind = 400, "bad_request"


class NotFound(PracticeError):
    status, kind = 404, "not_found"

    def __init__(self, what):
        super().__init__(f"no such {what}")


class Invalid(PracticeError):
    status, kind = 422, "invalid"
