"""Which function answers which declared path, and the permission that a token needs for it.

It serves nothing itself; the modules in routes/ register with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.github.octokit import openapi
from tests.github.refusals import Refused
from tests.github.state import Pull, Token

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub
    from tests.github.repository import Repository

LONG = ("path", "ref", "branch", "basehead")  # values that may hold a slash


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A request that was found right."""

    hub: FakeGitHub
    token: Token
    values: Mapping[str, str]  # those in the path
    query: Mapping[str, str]
    body: Any = None
    repo_or_none: Repository | None = None

    @property
    def repo(self) -> Repository:
        assert self.repo_or_none is not None
        return self.repo_or_none

    @property
    def by(self) -> str:
        return self.token.login

    @property
    def pull(self) -> Pull:
        number = int(self.values.get("pull_number") or self.values["issue_number"])
        if not 1 <= number <= len(self.repo.pulls):
            raise Refused(404, "Not Found")
        return self.repo.pulls[number - 1]


@dataclass(frozen=True)
class Page:
    """A list of which the client gets one page."""

    items: list[Any]
    wrap: str = ""  # name of the list in an object with total_count
    more: Mapping[str, Any] = field(default_factory=dict)


Handler = Callable[[Request], "Answer | Page | dict[str, Any] | list[Any]"]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Handler
    permissions: tuple[tuple[str, str], ...]  # alternatives; () where none is needed
    pattern: re.Pattern[str]


ROUTES: list[Route] = []


def route(method: str, path: str, *permissions: str) -> Callable[[Handler], Handler]:
    """`permissions` as GitHub writes them, `issues=write`; one of them is enough."""
    needed = tuple((name, level) for name, _, level in (permission.partition("=") for permission in permissions))

    def add(handler: Handler) -> Handler:
        ROUTES.append(Route(method, path, handler, needed, _pattern(path)))
        return handler

    return add


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{([\w-]+)\}", path)
    expression = "".join(
        f"(?P<{part}>{'.+' if part in LONG else '[^/]+'})" if index % 2 else re.escape(part)
        for index, part in enumerate(parts)
    )
    return re.compile(expression)


def found(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route with the fewest values in its path that fits."""
    fitting = [(one, match) for one in ROUTES if one.method == method and (match := one.pattern.fullmatch(path))]
    if not fitting:
        return None
    best, match = min(fitting, key=lambda pair: (len(pair[1].groupdict()), -len(pair[0].path)))
    return best, {name: unquote(value) for name, value in match.groupdict().items()}


@cache
def _declared() -> list[tuple[re.Pattern[str], frozenset[str]]]:
    """Each declared path, its values of any form."""
    paths = openapi()["paths"].items()
    return [
        (re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path))), frozenset(methods)) for path, methods in paths
    ]


def is_declared(method: str, path: str) -> bool:
    return any(method.lower() in methods and pattern.fullmatch(path) for pattern, methods in _declared())
