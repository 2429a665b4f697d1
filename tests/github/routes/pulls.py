"""Pull requests: made, listed, changed, merged."""

from __future__ import annotations

from typing import Any

from tests.github import branches, life, merging, views
from tests.github.refusals import Refused, invalid
from tests.github.routing import Answer, Page, Request, route

PULLS = "/repos/{owner}/{repo}/pulls"
PULL = PULLS + "/{pull_number}"


@route("GET", PULLS, "pull_requests=read")
def listed(request: Request) -> Page:
    query, repo = request.query, request.repo
    state, base = query.get("state", "open"), query.get("base")
    found = [pull for pull in repo.pulls if state in ("all", pull.state) and base in (None, pull.base)]
    owner, colon, branch = query.get("head", "").partition(":")
    if colon:  # without an owner GitHub does not filter
        found = [pull for pull in found if owner == repo.owner and pull.head == branch]
    sort = query.get("sort", "created")
    keys: dict[str, Any] = {
        "created": lambda pull: pull.number,
        "updated": lambda pull: (pull.updated, pull.number),
        "popularity": lambda pull: len(pull.issue_comments),
        "long-running": lambda pull: pull.created,
    }
    default = "desc" if sort == "created" else "asc"
    found.sort(key=keys[sort], reverse=query.get("direction", default) == "desc")
    return Page([lambda pull=pull: views.simple_pull(repo, pull) for pull in found])


@route("POST", PULLS, "pull_requests=write")
def create(request: Request) -> Answer:
    body, repo = request.body, request.repo
    if "title" not in body:
        raise invalid("PullRequest", "title", "missing_field")
    pull = life.open_pull(
        repo,
        request.by,
        body["title"],
        body["head"],
        body["base"],
        body.get("body"),
        body.get("draft", False),
        body.get("maintainer_can_modify", False),
    )
    shown = views.whole_pull(repo, pull)
    return Answer(201, shown, {"location": shown["url"]})


@route("GET", PULL, "pull_requests=read")
def one(request: Request) -> dict[str, Any]:
    merging.judge(request.repo, request.pull)
    return views.whole_pull(request.repo, request.pull)


@route("PATCH", PULL, "pull_requests=write")
def edit(request: Request) -> dict[str, Any]:
    body, repo, pull = request.body, request.repo, request.pull
    changed = {key: body[key] for key in ("title", "body", "base") if key in body}
    life.edit(repo, pull, request.by, **changed)
    if "state" in body:
        (life.close if body["state"] == "closed" else life.reopen)(repo, pull, request.by)
    return views.whole_pull(repo, pull)


@route("GET", PULL + "/merge", "contents=read")
def is_merged(request: Request) -> Answer:
    return Answer(204 if request.pull.merged else 404)


@route("PUT", PULL + "/merge", "contents=write")
def merge(request: Request) -> dict[str, Any]:
    body = request.body or {}
    sha = merging.merge(
        request.repo,
        request.pull,
        request.by,
        body.get("merge_method", "merge"),
        body.get("sha"),
        body.get("commit_title", ""),
        body.get("commit_message", ""),
    )
    return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}


@route("GET", PULL + "/commits", "pull_requests=read")
def commits(request: Request) -> Page:
    repo, pull = request.repo, request.pull
    found = reversed(repo.git.between(pull.base_sha, pull.head_sha))
    return Page([views.commit(repo, sha) for sha in found])


@route("GET", PULL + "/files", "pull_requests=read")
def files(request: Request) -> Page:
    return Page(views.changes(request.repo, request.pull.base_sha, request.pull.head_sha))


@route("GET", PULL + "/requested_reviewers", "pull_requests=read")
def reviewers(request: Request) -> dict[str, Any]:
    repo, pull = request.repo, request.pull
    return {
        "users": [views.user(request.hub, login) for login in pull.requested_users],
        "teams": [views.team(repo, repo.teams[name]) for name in pull.requested_teams],
    }


@route("POST", PULL + "/requested_reviewers", "pull_requests=write")
def ask_reviewers(request: Request) -> Answer:
    body, repo, pull = request.body or {}, request.repo, request.pull
    life.ask_reviewers(repo, pull, body.get("reviewers", ()), body.get("team_reviewers", ()))
    return Answer(201, views.simple_pull(repo, pull))


@route("DELETE", PULL + "/requested_reviewers", "pull_requests=write")
def spare_reviewers(request: Request) -> dict[str, Any]:
    body, repo, pull = request.body, request.repo, request.pull
    teams = {f"{repo.owner}/{slug}" for slug in body.get("team_reviewers", ())}
    pull.requested_users = [login for login in pull.requested_users if login not in body["reviewers"]]
    pull.requested_teams = [name for name in pull.requested_teams if name not in teams]
    pull.touch()
    return views.simple_pull(repo, pull)


@route("PUT", PULL + "/update-branch", "pull_requests=write")
def update_branch(request: Request) -> Answer:
    """Merges the base into the head."""
    repo, pull = request.repo, request.pull
    expected = (request.body or {}).get("expected_head_sha", pull.head_sha)
    if expected != pull.head_sha:
        raise Refused(422, "expected head sha didn’t match current head ref.")
    tree = repo.git.merged_tree(pull.head_sha, pull.base_sha)
    if tree is None:
        raise Refused(422, "merge conflict between base and head")
    text = f"Merge branch '{pull.base}' into {pull.head}\n"
    person = request.hub.person(request.by)
    sha = repo.git.commit_tree(tree, [pull.head_sha, pull.base_sha], text, person, merging.WEB)
    repo.git.set_ref(f"refs/heads/{pull.head}", sha)
    branches.refresh(repo, request.by)
    return Answer(202, {"message": "Updating pull request branch.", "url": f"{repo.api}/pulls/{pull.number}"})
