"""Who may do what: services report with their key, the operator reads and acts with a token or the page's cookie."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from fastapi import Request

from healer.model import Unauthorised

COOKIE = "healer_session"
# A cross-site form can send a cookie-less POST or, in an old browser, one with it; it can never send this header.
CSRF_HEADER = "x-requested-with"


class Access:
    def __init__(self, operator_token: str, keys: Mapping[str, str]) -> None:
        """`keys`: report key -> service name."""
        self._token = operator_token
        self._keys = dict(keys)
        # The cookie holds a derived value: whoever reads it there cannot use it as the API token.
        self.session = hmac.new(operator_token.encode(), b"page session", hashlib.sha256).hexdigest()

    def service_with(self, key: str | None) -> str | None:
        for known, service in self._keys.items():
            if key is not None and hmac.compare_digest(known.encode(), key.encode(errors="replace")):
                return service
        return None

    def service_of(self, key: str | None) -> str:
        """Raises Unauthorised unless the key belongs to a service."""
        if service := self.service_with(key):
            return service
        raise Unauthorised("X-Selfheal-Key is missing or belongs to no service; take the key from the service's DSN")

    def is_operator_token(self, token: str) -> bool:
        return hmac.compare_digest(self._token.encode(), token.encode(errors="replace"))

    def require_operator(self, request: Request) -> str:
        """The name to write into the log. Raises Unauthorised."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_operator_token(token.strip()):
            return "operator"
        cookie = request.cookies.get(COOKIE, "")
        if cookie and hmac.compare_digest(self.session.encode(), cookie.encode(errors="replace")):
            if request.method not in ("GET", "HEAD") and CSRF_HEADER not in request.headers:
                raise Unauthorised("X-Requested-With is missing; actions by cookie must carry it")
            return "operator"
        raise Unauthorised("sign in with the link that `healer link` prints, or send the operator token as Bearer")
