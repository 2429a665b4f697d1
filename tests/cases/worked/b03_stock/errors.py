"""What the service refuses; app.py turns these into answers."""


class StockError(Exception):
    status = 400


class Missing(StockError):
    status = 404


class Short(StockError):
    """Somebody wants more than there is."""

    status = 409
