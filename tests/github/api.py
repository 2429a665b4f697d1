"""The REST API: whether a request is declared and permitted, and an answer as declared.

What the requests do is in routes/.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from tests.github import branches, door, operations, routes
from tests.github.door import FORBIDDEN, VERSION, Heard, refusal
from tests.github.refusals import Refused
from tests.github.routing import Answer, Page, Request, Route, found, is_declared
from tests.github.state import ROLES, Token

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub
    from tests.github.repository import Repository

# What somebody's own role in the repository must be, whatever the token permits.
NEEDED_ROLES = {
    ("contents", "write"): "write",
    ("repository_hooks", "read"): "admin",
    ("administration", "read"): "admin",
}

__all__ = ["answered", "routes"]  # the routes register when they are imported


def answered(hub: FakeGitHub, heard: Heard) -> Answer:
    return door.through(hub, heard, lambda token: _unchanged(heard, _answer(hub, token, heard)))


def _unchanged(heard: Heard, answer: Answer) -> Answer:
    if heard.method != "GET" or answer.status != 200:
        return answer
    etag = f'"{hashlib.sha256(json.dumps(answer.body).encode()).hexdigest()}"'
    headers = {**answer.headers, "etag": f"W/{etag}"}
    known = [tag.strip().removeprefix("W/") for tag in heard.headers.get("if-none-match", "").split(",")]
    return Answer(304, None, headers) if etag in known else Answer(200, answer.body, headers)


def _answer(hub: FakeGitHub, token: Token, heard: Heard) -> Answer:
    version = heard.headers.get("x-github-api-version", VERSION)
    if version != VERSION:
        return _violated(hub, heard, 400, f"X-GitHub-Api-Version {version} is not served, only {VERSION}")
    match = found(heard.method, heard.path)
    if match is None:
        declared = is_declared(heard.method, heard.path)
        why = "it is declared, but the fake does not serve it" if declared else "it is not declared"
        return _violated(hub, heard, 404, why)
    route, values = match
    operation = operations.operation(heard.method, route.path)
    assert operation is not None, f"{route.path} is served but not declared"
    query = parse_qs(heard.query, keep_blank_values=True)
    try:
        given = json.loads(heard.body) if heard.body else None
    except ValueError:
        return _violated(hub, heard, 400, "Problems parsing JSON")
    problems = operation.wrong_path(values) + operation.wrong_query(query) + operation.wrong_body(given)
    if problems:
        return _violated(hub, heard, 400, "; ".join(problems))
    single = {name: texts[0] for name, texts in query.items()}
    try:
        repo = _admitted(hub, token, route, values)
        if isinstance(repo, Answer):
            return repo
        result = route.handler(Request(hub, token, values, single, given, repo))
        answer = _as_answer(result, f"{hub.api}{heard.path}", single)
    except Refused as error:
        answer = refusal(error)
    for problem in operation.wrong_answer(answer.status, answer.body):
        hub.violations.append(f"the fake's own answer {answer.status} to {heard}: {problem}")
    return answer


def _violated(hub: FakeGitHub, heard: Heard, status: int, problem: str) -> Answer:
    hub.violations.append(f"{heard}: {problem}")
    return refusal(Refused(status, "Not Found" if status == 404 else problem))


def _admitted(hub: FakeGitHub, token: Token, route: Route, values: Mapping[str, str]) -> Repository | Answer | None:
    """The repository that the request is about, if it is about one; or why it is not for this token."""
    if "repo" not in values:
        return None
    full_name = f"{values['owner']}/{values['repo']}"
    repo = hub.repositories.get(full_name.lower())
    chosen = token.repositories is None or full_name in token.repositories
    if repo is None or (repo.private and (not chosen or repo.role(token.login) == "none")):
        raise Refused(404, "Not Found")
    role = max((NEEDED_ROLES.get(needed, "none") for needed in route.permissions), key=ROLES.index, default="none")
    open_to_all = not repo.private and role == "none" and all(level == "read" for _, level in route.permissions)
    permitted = chosen and any(token.permits(name, level) for name, level in route.permissions)
    if route.permissions and not open_to_all and not permitted:
        accepted = "; ".join(f"{name}={level}" for name, level in route.permissions)
        return refusal(Refused(403, FORBIDDEN), {"x-accepted-github-permissions": accepted})
    if ROLES.index(repo.role(token.login)) < ROLES.index(role):
        raise Refused(404, "Not Found") if role == "admin" else Refused(403, FORBIDDEN)
    if repo.archived and route.method != "GET":
        raise Refused(403, "Repository was archived so is read-only.")
    branches.refresh(repo, hub.bot)
    return repo


def _as_answer(result: Answer | Page | dict[str, Any] | list[Any], address: str, query: Mapping[str, str]) -> Answer:
    if isinstance(result, Answer):
        return result
    if not isinstance(result, Page):
        return Answer(200, result)
    size = min(max(int(query.get("per_page", "30")), 1), 100)
    page = max(int(query.get("page", "1")), 1)
    last = max(-(-len(result.items) // size), 1)
    items = [item() if callable(item) else item for item in result.items[(page - 1) * size : page * size]]
    links = [
        f'<{address}?{urlencode({**query, "page": number})}>; rel="{name}"'
        for name, number in (("prev", page - 1), ("next", page + 1), ("last", last), ("first", 1))
        if (page < last if name in ("next", "last") else page > 1)
    ]
    headers = {"link": ", ".join(links)} if links else {}
    if not result.wrap:
        return Answer(200, items, headers)
    return Answer(200, {"total_count": len(result.items), result.wrap: items, **result.more}, headers)
