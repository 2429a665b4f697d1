class PayrollError(Exception):
    status, kind = 400, "bad_request"


class NotFound(PayrollError):
    status, kind = 404, "not_found"


class Conflict(PayrollError):
    """The request is fine in itself and clashes with what is on file."""

    status, kind = 409, "conflict"
