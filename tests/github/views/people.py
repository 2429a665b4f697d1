"""How the REST API shows people and the repository they work on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.github.octokit import example
from tests.github.state import ROLES, Hook, Team, User, stamp
from tests.github.views.common import JSON, node_id

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub
    from tests.github.repository import Repository

RELATIVES = ("template_repository", "parent", "source", "organization", "license")
COUNTS = (
    "forks_count",
    "forks",
    "stargazers_count",
    "watchers_count",
    "watchers",
    "network_count",
    "subscribers_count",
)


def user(hub: FakeGitHub, login: str | None) -> JSON | None:
    found = hub.users.get(login or "")
    return person(hub, found) if found else None


def person(hub: FakeGitHub, shown: User) -> JSON:
    api = f"{hub.api}/users/{shown.login}"
    return {
        "login": shown.login,
        "id": shown.id,
        "node_id": node_id("U", shown.id),
        "avatar_url": f"{hub.url}/avatars/{shown.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{hub.url}/{shown.login}",
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": shown.kind,
        "site_admin": False,
    }


def whole_user(hub: FakeGitHub, shown: User) -> JSON:
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    nothing = dict.fromkeys(("company", "location", "email", "hireable", "bio"))
    when = stamp(hub.started)
    return {
        **person(hub, shown),
        **counts,
        **nothing,
        "name": shown.name,
        "blog": "",
        "created_at": when,
        "updated_at": when,
    }


def organization(hub: FakeGitHub, shown: User) -> JSON:
    api = f"{hub.api}/orgs/{shown.login}"
    return {
        "login": shown.login,
        "id": shown.id,
        "node_id": node_id("O", shown.id),
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": f"{hub.url}/avatars/{shown.id}",
        "description": "",
    }


def permissions(role: str) -> JSON:
    rank = ROLES.index(role)
    levels = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
    return {name: rank >= ROLES.index(level) for name, level in levels.items()}


def _skeleton(repo: Repository) -> str:
    """GitHub's own example of a repository with the addresses of this one, as JSON."""
    text = json.dumps({k: v for k, v in example("full-repository").items() if k not in RELATIVES})
    addresses = {"https://api.github.com": repo.hub.api, "https://github.com": repo.hub.url}
    for old, new in {"octocat/Hello-World": repo.full_name, **addresses}.items():
        text = text.replace(old, new)
    return text


def repository(repo: Repository, role: str = "read") -> JSON:
    hub = repo.hub
    repo.skeleton = repo.skeleton or _skeleton(repo)
    opened = sum(pull.state == "open" for pull in repo.pulls)
    return {
        **json.loads(repo.skeleton),
        **dict.fromkeys(COUNTS, 0),
        "id": repo.id,
        "node_id": node_id("R", repo.id),
        "name": repo.name,
        "owner": person(hub, hub.users[repo.owner]),
        "private": repo.private,
        "visibility": "private" if repo.private else "public",
        "description": None,
        "mirror_url": None,
        "homepage": None,
        "license": None,
        "topics": [],
        "clone_url": f"{hub.url}/{repo.full_name}.git",
        "default_branch": repo.default_branch,
        "open_issues": opened,
        "open_issues_count": opened,
        "archived": repo.archived,
        "has_discussions": False,
        "custom_properties": {},
        "created_at": stamp(repo.created),
        "updated_at": stamp(repo.created),
        "pushed_at": stamp(repo.pushed),
        "permissions": permissions(role),
        "allow_merge_commit": "merge" in repo.methods,
        "allow_squash_merge": "squash" in repo.methods,
        "allow_rebase_merge": "rebase" in repo.methods,
        "delete_branch_on_merge": repo.delete_merged,
    }


def team(repo: Repository, shown: Team) -> JSON:
    hub = repo.hub
    api = f"{hub.api}/organizations/{hub.users[shown.organization].id}/team/{shown.id}"
    return {
        "id": shown.id,
        "node_id": node_id("T", shown.id),
        "name": shown.slug,
        "slug": shown.slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "push",
        "url": api,
        "html_url": f"{hub.url}/orgs/{shown.organization}/teams/{shown.slug}",
        "members_url": f"{api}/members{{/member}}",
        "repositories_url": f"{api}/repos",
        "type": "organization",
        "parent": None,
    }


def association(repo: Repository, login: str) -> str:
    if login == repo.owner:
        return "OWNER"
    return "COLLABORATOR" if login in repo.collaborators else "NONE"


def hook(repo: Repository, shown: Hook) -> JSON:
    api = f"{repo.api}/hooks/{shown.id}"
    code, state, message = shown.last
    return {
        "type": "Repository",
        "id": shown.id,
        "name": "web",
        "active": shown.active,
        "events": list(shown.events),
        "config": {"content_type": "json", "insecure_ssl": "0", "url": shown.url, "secret": "********"},
        "updated_at": stamp(shown.created),
        "created_at": stamp(shown.created),
        "url": api,
        "test_url": f"{api}/test",
        "ping_url": f"{api}/pings",
        "deliveries_url": f"{api}/deliveries",
        "last_response": {"code": code, "status": state, "message": message},
    }
