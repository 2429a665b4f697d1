"""Errors the API answers with."""


class GlossaryError(Exception):
    status = 400


class Invalid(GlossaryError):
    status = 400


class NotFound(GlossaryError):
    status = 404


class Conflict(GlossaryError):
    status = 409
