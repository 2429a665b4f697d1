class Invalid(Exception):
    """The client sent something we cannot use."""


class Missing(Exception):
    """There is no such thing."""
