"""Who is who and who may what: the token's owner, collaborators, teams, webhooks, limits."""

from __future__ import annotations

from typing import Any

from tests.github import views
from tests.github.refusals import Refused
from tests.github.routing import Answer, Page, Request, route

REPO = "/repos/{owner}/{repo}"


@route("GET", "/user")
def user(request: Request) -> dict[str, Any]:
    return views.whole_user(request.hub, request.hub.users[request.by])


@route("GET", "/users/{username}")
def someone(request: Request) -> dict[str, Any]:
    found = request.hub.users.get(request.values["username"])
    if found is None:
        raise Refused(404, "Not Found")
    return views.whole_user(request.hub, found)


@route("GET", "/rate_limit")
def rate_limit(request: Request) -> dict[str, Any]:
    limit = request.hub.limits.shown(request.token)
    return {"resources": {"core": limit, "search": limit, "graphql": limit}, "rate": limit}


@route("GET", REPO, "metadata=read")
def repository(request: Request) -> dict[str, Any]:
    return views.repository(request.repo, request.repo.role(request.by))


@route("GET", REPO + "/collaborators", "metadata=read")
def collaborators(request: Request) -> Page:
    return Page([_collaborator(request, login) for login in request.repo.collaborators])


@route("GET", REPO + "/collaborators/{username}", "metadata=read")
def is_collaborator(request: Request) -> Answer:
    return Answer(204 if request.values["username"] in request.repo.collaborators else 404)


@route("GET", REPO + "/collaborators/{username}/permission", "metadata=read")
def permission(request: Request) -> dict[str, Any]:
    login = request.values["username"]
    if login not in request.hub.users:
        raise Refused(404, "Not Found")
    role = request.repo.role(login)
    # The old field knows four words only.
    old = {"triage": "read", "maintain": "write"}.get(role, role)
    return {"permission": old, "role_name": role, "user": _collaborator(request, login)}


def _collaborator(request: Request, login: str) -> dict[str, Any]:
    role = request.repo.role(login)
    shown = views.person(request.hub, request.hub.users[login])
    return {**shown, "permissions": views.permissions(role), "role_name": role}


@route("GET", REPO + "/teams", "administration=read")
def teams(request: Request) -> Page:
    return Page([views.team(request.repo, team) for team in request.repo.teams.values()])


@route("GET", REPO + "/hooks", "repository_hooks=read")
def hooks(request: Request) -> Page:
    return Page([views.hook(request.repo, hook) for hook in request.repo.hooks])


@route("GET", REPO + "/hooks/{hook_id}", "repository_hooks=read")
def hook(request: Request) -> dict[str, Any]:
    for hook in request.repo.hooks:
        if hook.id == int(request.values["hook_id"]):
            return views.hook(request.repo, hook)
    raise Refused(404, "Not Found")
