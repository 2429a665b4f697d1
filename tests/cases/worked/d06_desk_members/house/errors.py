"""What goes wrong, in the form clients get it."""


class HouseError(Exception):
    status, code = 400, "bad_request"

    def __init__(self, message: str):
        super().__init__(message)
        self.message = message


class NotFound(HouseError):
    status, code = 404, "not_found"


class Conflict(HouseError):
    status, code = 409, "conflict"
