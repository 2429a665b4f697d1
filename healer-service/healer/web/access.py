"""Who may do what: services report with their key, people read and act with a token or the page's cookie.

A viewer may look at everything and act on nothing; the operator may act.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request

from healer.edges.store import Store
from healer.model import HealerError, Unauthorised
from healer.web.throttle import Refusals, Throttle, address_of, is_remote

OPERATOR, VIEWER = "operator", "viewer"
READING = ("GET", "HEAD")
# A cross-site form can send a cookie-less POST or, in an old browser, one with it; it can never send this header.
CSRF_HEADER = "x-requested-with"
# What the page keeps in its localStorage. Cookies know no ports: another service of the same host name is sent the
# cookie, too, and must not be able to act with it.
PAGE_KEY_HEADER = "x-healer-page"


class Forbidden(HealerError):
    pass


@dataclass(frozen=True)
class Entry:
    """What a browser that signed in is given: the cookie's value, and what the page keeps beside it."""

    role: str
    secret: str
    page_key: str


class Access:
    """`keys`: report key -> service name. Without a store there are no sessions; tokens are taken all the same."""

    def __init__(
        self,
        operator_token: str,
        keys: Mapping[str, str],
        viewer_token: str = "",
        store: Store | None = None,
        url: str = "",
    ) -> None:
        self._tokens = {OPERATOR: operator_token, **({VIEWER: viewer_token} if viewer_token else {})}
        self._keys = dict(keys)
        self._store = store
        self._throttle = Throttle()
        self._refusals = Refusals(self._tell)
        self._origin = _origin(url)
        self.https = url.startswith("https://")
        # The prefix makes browsers refuse one that another service of the host, or a plain connection, has set.
        self.cookie = "__Host-healer_session" if self.https else "healer_session"

    def service_with(self, key: str | None) -> str | None:
        for known, service in self._keys.items():
            if key is not None and _same(known, key):
                return service
        return None

    def service_of(self, key: str | None) -> str:
        """Raises Unauthorised unless the key belongs to a service."""
        if service := self.service_with(key):
            return service
        raise Unauthorised("X-Selfheal-Key is missing or belongs to no service; take the key from the service's DSN")

    def require(self, request: Request) -> str:
        """For whole routers: reading is for everybody who is let in, all else for the operator."""
        return self.require_reader(request) if request.method in READING else self.require_operator(request)

    def require_operator(self, request: Request) -> str:
        """The name to write into the log. Raises Unauthorised, Forbidden or Throttled."""
        if self.require_reader(request) == OPERATOR:
            return OPERATOR
        raise Forbidden("a viewer may only look; to act, sign in with the link that `healer link` prints")

    def require_reader(self, request: Request) -> str:
        """The role. Raises Unauthorised, Forbidden or Throttled."""
        if not hasattr(request.state, "role"):
            request.state.role = self._role(request)
        return str(request.state.role)

    def still_valid(self, request: Request) -> bool:
        """Whether who was let in before still is: a session may have ended meanwhile, a token has not."""
        return bool(_bearer(request)) or bool(self._role_of_session(self.secret(request)))

    def sign_in(self, request: Request, token: str, told: Callable[[str], Mapping[str, str]]) -> Entry:
        """Ends the session that the browser had. `told` has what the log says of it, by the role.

        Raises Unauthorised or Throttled.
        """
        if self._store is None:
            raise Unauthorised("this healer keeps no sessions; send the token as Bearer")
        role = self._role_of_token(request, token)
        secret = self._store.sessions.begin(role, self._tokens[role], told(role), instead_of=self.secret(request))
        return Entry(role, secret, self._page_key(secret))

    def sign_out(self, request: Request, told: Callable[[str], Mapping[str, str]]) -> None:
        """Where there is a session; `told` as for signing in. Raises Unauthorised."""
        secret = self.secret(request)
        role = self._role_of_session(secret)
        if role and self._store is not None:
            self._require_headers(request, secret)
            self._store.sessions.end(secret, told(role))

    def secret(self, request: Request) -> str:
        """What the cookie holds, "" without one."""
        return request.cookies.get(self.cookie, "")

    def require_own_page(self, request: Request) -> None:
        """That another site, or another service of this host, did not have the browser ask. Raises Forbidden."""
        site = request.headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none"):
            raise Forbidden(f"Sec-Fetch-Site is {site}; the healer's API answers its own page only")
        if "origin" not in request.headers or request.method in READING:
            return
        origin = _origin(request.headers["origin"])
        if origin is None or origin not in (_origin(f"{origin[0]}://{request.headers.get('host')}"), self._origin):
            raise Forbidden("Origin is another host than this one; behind a proxy, set HEALER_URL to what people open")

    def stop(self) -> None:
        """Tell what was not told yet."""
        self._refusals.stop()

    def _role(self, request: Request) -> str:
        if token := _bearer(request):
            return self._role_of_token(request, token)
        secret = self.secret(request)
        role = self._role_of_session(secret)
        if not role:
            raise Unauthorised("sign in with the link that `healer link` prints, or send the operator token as Bearer")
        self.require_own_page(request)
        if request.method not in READING:
            self._require_headers(request, secret)
        return role

    def _require_headers(self, request: Request, secret: str) -> None:
        """Of whatever is done with the cookie."""
        if CSRF_HEADER not in request.headers:
            raise Unauthorised("X-Requested-With is missing; actions by cookie must carry it")
        if not _same(self._page_key(secret), request.headers.get(PAGE_KEY_HEADER, "")):
            raise Unauthorised(
                "X-Healer-Page, the page's part of the session, is missing; open the link that `healer link` prints"
            )

    def _role_of_token(self, request: Request, token: str) -> str:
        if role := self._role_with(token):
            return role
        self._refusals.note(remote=is_remote(request))
        self._throttle.note(address_of(request))
        raise Unauthorised("the token is not right (any more); `healer link` prints the link that signs in")

    def _role_with(self, token: str) -> str:
        found = [role for role, known in self._tokens.items() if _same(known, token)]
        return found[0] if found else ""

    def _role_of_session(self, secret: str) -> str:
        session = self._store.sessions.of(secret) if self._store is not None and secret else None
        if session is None or not session.came_from(self._tokens.get(session.role, "")):
            return ""
        return session.role

    def _page_key(self, secret: str) -> str:
        """Follows from the cookie's value for the healer alone, so nothing is to be kept for it."""
        return hmac.new(self._tokens[OPERATOR].encode(), b"page\n" + secret.encode(), hashlib.sha256).hexdigest()

    def _tell(self, count: int, remote: int) -> None:
        if self._store is not None:
            payload = {"count": count, "remote": remote}
            self._store.log.append("operator.refused", "operator", payload, trace_id="", ui_hint="control")


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _same(known: str, given: str) -> bool:
    """What is not set is nobody's."""
    return known != "" and hmac.compare_digest(known.encode(), given.encode(errors="replace"))


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port, which may be left out where it is the scheme's own."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None
