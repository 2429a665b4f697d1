"""Errors that are an answer."""


class RelayError(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def as_dict(self):
        return {"code": self.code, "message": self.message}
