"""Problems that are reported to the caller."""


class Problem(Exception):
    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def missing(what: str) -> Problem:
    return Problem(404, "not_found", f"no such {what}")


def conflict(message: str) -> Problem:
    return Problem(409, "conflict", message)
