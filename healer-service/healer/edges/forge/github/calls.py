"""The one way to GitHub: every call of PyGithub goes through here, and whatever goes wrong comes out as one clear line.

It knows nothing of proposals. The token stays in here and in PyGithub.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from github import Auth, Github
from github.GithubException import BadAttributeException, GithubException
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import RequestException, SSLError, Timeout
from urllib3.exceptions import HTTPError

from healer.edges.forge.github import words
from healer.edges.forge.github.allowance import Allowance, is_limit
from healer.model import ForgeError

PER_PAGE = 100
VERSION = "2022-11-28"  # of the REST API, whichever is GitHub's newest
GRAPHQL_STATUS = {"FORBIDDEN": 403, "INSUFFICIENT_SCOPES": 403, "NOT_FOUND": 404, "RATE_LIMITED": 429}


class Refusal(ForgeError):
    """GitHub did not do what was asked. `status` is 0 where no answer came."""

    def __init__(self, message: str, status: int, said: str = "", wait: float | None = None) -> None:
        super().__init__(message, wait)
        self.status = status
        self.said = said

    @property
    def uncertain(self) -> bool:
        """It may have been done all the same."""
        return self.status == 0 or self.status >= 500


class Calls:
    def __init__(self, api: str, token: str, timeout: int, gap: float) -> None:
        self._host = urlsplit(api).netloc.rpartition("@")[2]
        self._token = token
        self._gap = gap
        self._written = -gap  # when, of time.monotonic()
        self._lock = threading.RLock()  # GitHub asks for one request at a time
        self._allowance = Allowance()
        self.hub = Github(
            auth=Auth.Token(token),
            base_url=api,
            timeout=timeout,
            user_agent="healer",
            per_page=PER_PAGE,
            retry=None,  # it would sleep; the caller comes again
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
            api_version=VERSION,
        )

    @property
    def allowance(self) -> Allowance:
        return self._allowance

    @contextmanager
    def asking(self, what: str, needs: str = "", *, writes: bool = False, graphql: bool = False) -> Iterator[None]:
        """Around the use of PyGithub's objects: each access may be a request.

        `what` completes "cannot …"; `needs` is the permission to name where GitHub names none.
        """
        with self._lock:
            self._allowance.check()
            if writes:
                self._keep_gap()
            try:
                yield
            except GithubException as error:
                raise self._refusal(what, needs, error, graphql) from None
            except (RequestException, HTTPError) as error:
                raise Refusal(f"cannot {what}: {self._unreachable(error)}", 0) from None
            except (AssertionError, RuntimeError) as error:  # PyGithub does not follow to other hosts
                said = self._line(error)
                raise Refusal(
                    f"cannot {what}: {self._host} sends us elsewhere ({said}); is it the address of GitHub's API?", 0
                ) from None
            except (BadAttributeException, AttributeError, KeyError, TypeError, ValueError) as error:
                said = self._line(f"{type(error).__name__}: {error}", 100)
                raise Refusal(f"cannot {what}: {self._host} answers as GitHub would not ({said})", 0) from None
            if not graphql:  # that has an allowance of its own
                self._note()

    def _keep_gap(self) -> None:
        left = self._written + self._gap - time.monotonic()
        if left > 0:
            time.sleep(left)
        self._written = time.monotonic()

    def _note(self) -> None:
        remaining, limit = self.hub.requester.rate_limiting
        self._allowance.answered(remaining, limit, self.hub.requester.rate_limiting_resettime)

    def _refusal(self, what: str, needs: str, error: GithubException, graphql: bool) -> ForgeError:
        headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
        said = self._line(words.said(error.data, error.message))
        status = _graphql_status(error, said) if graphql else error.status
        if is_limit(status, headers, said):
            return self._allowance.refused(headers)
        if not graphql and status < 500:
            self._note()
        wait = headers.get("retry-after", "")
        named = words.permissions(headers.get("x-accepted-github-permissions"))
        needed = needs if needs in named or not named else named  # one of several that would do is enough to say
        reason = _reason(status, said, needed)
        return Refusal(f"cannot {what}: {reason}", status, said, float(wait[:4]) if wait.isdecimal() else None)

    def _unreachable(self, error: Exception) -> str:
        cause = _innermost(error)
        if isinstance(error, Timeout) or isinstance(cause, TimeoutError):
            return f"GitHub at {self._host} did not answer in time"
        told = getattr(cause, "strerror", None) or str(cause.args[0] if cause.args else "") or type(cause).__name__
        reason = self._line(told, 200)
        if isinstance(error, SSLError):
            return f"the certificate of {self._host} is not accepted: {reason}"
        if isinstance(error, NoConnection):
            return f"GitHub at {self._host} cannot be reached: {reason}"
        return f"the connection to GitHub at {self._host} failed: {reason}"

    def _line(self, text: object, most: int = words.LONGEST_LINE) -> str:
        return words.line(str(text).replace(self._token, "…"), most)


def _graphql_status(error: GithubException, said: str) -> int:
    """What REST would have answered: GraphQL answers 200 whatever happens, and PyGithub then says 400."""
    errors = error.data.get("errors") if isinstance(error.data, Mapping) else None
    kinds = [one.get("type") for one in errors if isinstance(one, Mapping)] if isinstance(errors, list) else []
    if error.status == 400 and said.startswith("Resource not accessible"):
        return 403
    return next((GRAPHQL_STATUS[kind] for kind in kinds if kind in GRAPHQL_STATUS), error.status)


def _reason(status: int, said: str, needed: str) -> str:
    quoted = f" (GitHub says: {said})" if said else ""
    if status == 401:
        return f"the token has expired or was revoked{quoted}"
    if status == 403 and needed:
        return f"the token lacks a permission. It needs {needed}{quoted}"
    if status == 403:
        return f"GitHub refuses it to this token{quoted}"
    if status == 404:
        hint = f", for which it needs {needed}" if needed else ""
        return f"the repository, or what was asked for in it, does not exist or the token may not see it{hint}{quoted}"
    if status >= 500:
        return f"GitHub has a fault of its own (status {status}){quoted}"
    return f"GitHub says: {said or f'status {status}'}"


def _innermost(error: BaseException) -> BaseException:
    """Of the errors that requests and urllib3 wrap into each other, the one that knows."""
    for _ in range(10):
        inner = [getattr(error, "reason", None), *error.args, error.__cause__]
        found = next((one for one in inner if isinstance(one, BaseException)), None)
        if found is None:
            break
        error = found
    return error
