"""The bodies of webhook deliveries: GitHub's own examples with the real values laid in.

It builds them; it sends none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.github import views, webhooks
from tests.github.git import NOBODY
from tests.github.state import Check, Comment, Hook, LineComment, Pull, Review, Status, stamp

if TYPE_CHECKING:
    from tests.github.repository import Repository

JSON = dict[str, Any]
CI = "github-actions[bot]"


def laid(example: Any, real: Any) -> Any:
    """The real values in the form of the example: webhooks have fewer fields than the REST API."""
    if not (isinstance(example, dict) and isinstance(real, dict)):
        return real
    return {key: laid(value, real[key]) for key, value in example.items() if key in real}


def _body(repo: Repository, event: str, action: str | None, by: str, parts: Mapping[str, Any]) -> JSON:
    example = webhooks.example(event, action)
    shown = {"repository": views.repository(repo), "sender": views.user(repo.hub, by), **parts}
    body = {key: laid(example.get(key), value) for key, value in shown.items()}
    owner = repo.hub.users[repo.owner]
    if owner.kind == "Organization":
        body["organization"] = views.organization(repo.hub, owner)
    return body if action is None else {"action": action, **body}


def _pull(repo: Repository, shown: JSON) -> JSON:
    """Here more is told of the repository than in the REST API's answers, and less of teams."""
    whole = views.repository(repo)
    ends = {end: {**shown[end], "repo": whole} for end in ("head", "base")}
    told = webhooks.fields("team")
    teams = [{key: team[key] for key in team.keys() & told} for team in shown["requested_teams"]]
    return {**shown, **ends, "requested_teams": teams}


def pull_request(repo: Repository, pull: Pull, action: str, by: str, more: Mapping[str, Any]) -> JSON:
    parts = {"number": pull.number, "pull_request": _pull(repo, views.whole_pull(repo, pull)), **more}
    return _body(repo, "pull_request", action, by, parts)


def issue_comment(repo: Repository, pull: Pull, comment: Comment) -> JSON:
    issue = views.issue(repo, pull)
    parts = {"issue": issue, "comment": views.comment(repo, pull, comment)}
    body = _body(repo, "issue_comment", "created", comment.by, parts)
    body["issue"]["pull_request"] = issue["pull_request"]  # the example is of an issue that is none
    return body


def review(repo: Repository, pull: Pull, made: Review) -> JSON:
    shown = views.review(repo, pull, made)
    # Lower case here, upper case in the REST API.
    shown |= {"state": made.state.lower(), "body": made.body or None}
    parts = {"review": shown, "pull_request": _pull(repo, views.simple_pull(repo, pull))}
    return _body(repo, "pull_request_review", "submitted", made.by, parts)


def review_comment(repo: Repository, pull: Pull, line: LineComment) -> JSON:
    parts = {
        "comment": views.line_comment(repo, pull, line),
        "pull_request": _pull(repo, views.simple_pull(repo, pull)),
    }
    return _body(repo, "pull_request_review_comment", "created", line.by, parts)


def push(repo: Repository, branch: str, before: str, after: str, forced: bool, by: str) -> JSON:
    commits: list[JSON] = []
    if after != NOBODY:
        excluded = before if before != NOBODY else repo.known.get(repo.default_branch, after)
        commits = [_commit(repo, sha) for sha in reversed(repo.git.log(f"{excluded}..{after}", count=20))]
    head = None if after == NOBODY else _commit(repo, after)
    user = repo.hub.users[by]
    parts = {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": after,
        "created": before == NOBODY,
        "deleted": after == NOBODY,
        "forced": forced,
        "base_ref": None,
        "compare": f"{repo.hub.url}/{repo.full_name}/compare/{before[:12]}...{after[:12]}",
        "commits": commits,
        "head_commit": head,
        "pusher": {"name": by, "email": user.email},
    }
    body = _body(repo, "push", None, by, parts)
    owner = repo.hub.users[repo.owner]
    moments = {"created_at": int(repo.created.timestamp()), "pushed_at": int(repo.pushed.timestamp())}
    body["repository"] |= {**moments, "master_branch": repo.default_branch, "stargazers": 0}
    body["repository"]["owner"] |= {"name": owner.login, "email": owner.email}
    if owner.kind == "Organization":
        body["repository"]["organization"] = owner.login
    return body


def _commit(repo: Repository, sha: str) -> JSON:
    found = repo.git.commit(sha)
    files = repo.git.changes(found.parents[0], sha) if found.parents else ()
    people = {
        role: {"name": who.name, "email": who.email, "username": repo.hub.login_of(who.email) or who.name}
        for role, who in (("author", found.author), ("committer", found.committer))
    }
    return {
        "id": sha,
        "tree_id": found.tree,
        "distinct": True,
        "message": found.message,
        "timestamp": stamp(found.committed),
        "url": f"{repo.hub.url}/{repo.full_name}/commit/{sha}",
        **people,
        **{kind: [file.path for file in files if file.status == kind] for kind in ("added", "removed", "modified")},
    }


def check_run(repo: Repository, sha: str, run: Check, action: str) -> JSON:
    shown = views.check_run(repo, sha, run)
    shown |= {"app": _app(), "check_suite": _suite(repo, sha, run.conclusion)}
    return _body(repo, "check_run", action, CI, {"check_run": shown})


def check_suite(repo: Repository, sha: str, runs: Sequence[Check]) -> JSON:
    bad = next((run.conclusion for run in runs if run.conclusion not in ("success", "neutral", "skipped")), None)
    commit = {
        key: value for key, value in _commit(repo, sha).items() if key in ("id", "tree_id", "message", "timestamp")
    }
    people = {
        role: {"name": who.name, "email": who.email}
        for role in ("author", "committer")
        for who in [getattr(repo.git.commit(sha), role)]
    }
    shown = {
        **_suite(repo, sha, bad or "success"),
        "latest_check_runs_count": len(runs),
        "head_commit": {**commit, **people},
    }
    return _body(repo, "check_suite", "completed", CI, {"check_suite": shown})


def _app() -> Any:
    """Which app ran the checks does not matter; GitHub's example will do."""
    return webhooks.example("check_run", "completed")["check_run"]["app"]


def _suite(repo: Repository, sha: str, conclusion: str | None) -> JSON:
    pulls = [pull for pull in repo.pulls if pull.head_sha == sha]
    return {
        "id": repo.id,
        "node_id": views.node_id("CS", repo.id),
        "app": _app(),
        "head_branch": pulls[0].head if pulls else None,
        "head_sha": sha,
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "url": f"{repo.api}/check-suites/{repo.id}",
        "check_runs_url": f"{repo.api}/check-suites/{repo.id}/check-runs",
        "before": None,
        "after": sha,
        "pull_requests": [views.minimal_pull(repo, pull) for pull in pulls],
        "created_at": stamp(repo.pushed),
        "updated_at": stamp(repo.pushed),
    }


def status(repo: Repository, sha: str, made: Status) -> JSON:
    pulls = [pull for pull in repo.pulls if pull.head_sha == sha]
    parts = {
        "id": made.id,
        "sha": sha,
        "name": repo.full_name,
        "target_url": None,
        "context": made.context,
        "description": None,
        "state": made.state,
        "commit": views.commit(repo, sha),
        "branches": [views.short_branch(repo, pull.head, sha) for pull in pulls],
        "created_at": stamp(made.created),
        "updated_at": stamp(made.created),
        "avatar_url": None,
    }
    return _body(repo, "status", None, CI, parts)


def ping(repo: Repository, hook: Hook) -> JSON:
    parts = {"zen": "Design for failure.", "hook_id": hook.id, "hook": views.hook(repo, hook)}
    return _body(repo, "ping", None, repo.owner, parts)
