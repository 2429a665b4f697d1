"""The error of a download. Kept apart so that the command line can name it without loading an HTTP client."""


class PullError(Exception):
    """One sentence with the remedy. `code` is the exit code: 1 it did not work out, 2 unusable input."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code
