"""What a refused or failed completion request is answered: the JSON that OpenAI's clients read. Decides nothing."""

from __future__ import annotations

from typing import Any

_KINDS = {413: "invalid_request_error", 429: "rate_limit_error", 504: "timeout_error"}
RETRY_SECONDS = 5  # loading takes seconds, a download minutes: asking again is cheap, so the short time serves both


class Refusal(Exception):
    """The request ends here. `status` is what it is answered, the message one sentence for the one who sent it."""

    def __init__(
        self, message: str, *, status: int = 400, code: str = "invalid_value", param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param

    def body(self) -> dict[str, Any]:
        kind = _KINDS.get(self.status) or ("invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": str(self), "type": kind, "code": self.code, "param": self.param}}

    @property
    def retry_seconds(self) -> int | None:
        """When asking again makes sense; None where the same request would be refused again."""
        return {429: 1, 502: 1, 503: RETRY_SECONDS}.get(self.status)
