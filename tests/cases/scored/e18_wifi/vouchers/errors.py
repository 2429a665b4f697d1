class VoucherError(Exception):
    """Answered to the client as it is."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message
