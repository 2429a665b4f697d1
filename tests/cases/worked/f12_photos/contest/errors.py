class NotFound(Exception):
    """Becomes a 404."""


class Conflict(Exception):
    """Becomes a 409."""
