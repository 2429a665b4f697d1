class Invalid(Exception):
    """The request makes no sense."""


class Missing(Exception):
    """What the address names is not there."""


class Conflict(Exception):
    """It makes sense, but not in the present state of things."""
