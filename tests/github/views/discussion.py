"""How the REST API shows pull requests and what is said about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.github import merging
from tests.github.state import Comment, LineComment, Pull, Review, stamp
from tests.github.views.common import JSON, fitted, node_id
from tests.github.views.people import association, repository, team, user

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub
    from tests.github.repository import Repository

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")
SAME = (
    "id",
    "number",
    "state",
    "locked",
    "title",
    "user",
    "body",
    "labels",
    "milestone",
    "assignee",
    "assignees",
    "created_at",
    "updated_at",
    "closed_at",
    "author_association",
    "html_url",
    "active_lock_reason",
    "draft",
)  # in an issue and in its pull request


def label(repo: Repository, name: str) -> JSON:
    made = repo.labels[name.lower()]
    return {
        "id": made.id,
        "node_id": node_id("LA", made.id),
        "url": f"{repo.api}/labels/{made.name}",
        "name": made.name,
        "description": made.description or "",
        "color": made.color,
        "default": made.default,
    }


def simple_pull(repo: Repository, pull: Pull) -> JSON:
    hub, number = repo.hub, pull.number
    api, issue = f"{repo.api}/pulls/{number}", f"{repo.api}/issues/{number}"
    page = f"{hub.url}/{repo.full_name}/pull/{number}"
    place = fitted(repository(repo), "repository")
    ends = {
        end: {"label": f"{repo.owner}:{ref}", "ref": ref, "sha": sha, "user": user(hub, repo.owner), "repo": place}
        for end, ref, sha in (("head", pull.head, pull.head_sha), ("base", pull.base, pull.base_sha))
    }
    addresses = {
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{api}/comments",
        "review_comment": f"{repo.api}/pulls/comments{{/number}}",
        "commits": f"{api}/commits",
        "statuses": f"{repo.api}/statuses/{pull.head_sha}",
    }
    return {
        "url": api,
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        **{f"{name}_url": address for name, address in addresses.items()},
        "_links": {name: {"href": address} for name, address in {"self": api, **addresses}.items()},
        "number": number,
        "state": pull.state,
        "locked": False,
        "title": pull.title,
        "user": user(hub, pull.by),
        "body": pull.body,
        "labels": [label(repo, name) for name in pull.labels],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": stamp(pull.created),
        "updated_at": stamp(pull.updated),
        "closed_at": stamp(pull.closed) if pull.closed else None,
        "merged_at": stamp(pull.closed) if pull.closed and pull.merged else None,
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [user(hub, login) for login in pull.requested_users],
        "requested_teams": [team(repo, repo.teams[name]) for name in pull.requested_teams],
        **ends,
        "author_association": association(repo, pull.by),
        "auto_merge": None,
        "draft": pull.draft,
    }


def whole_pull(repo: Repository, pull: Pull) -> JSON:
    shown = simple_pull(repo, pull)
    shown["requested_teams"] = [fitted(team, "team-simple") for team in shown["requested_teams"]]
    changes = repo.git.changes(pull.base_sha, pull.head_sha)
    return {
        **shown,
        "merged": pull.merged,
        "mergeable": pull.mergeable if pull.state == "open" else None,
        "rebaseable": pull.mergeable if pull.state == "open" else None,
        "mergeable_state": _mergeable_state(repo, pull),
        "merged_by": user(repo.hub, pull.merged_by),
        "comments": len(pull.issue_comments),
        "review_comments": len(pull.line_comments),
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": len(repo.git.between(pull.base_sha, pull.head_sha)),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }


def _mergeable_state(repo: Repository, pull: Pull) -> str:
    if pull.state == "closed" or pull.mergeable is None:
        return "unknown"
    if not pull.mergeable:
        return "dirty"
    if pull.draft:
        return "draft"
    return "blocked" if merging.missing_reviews(repo, pull) else "clean"


def minimal_pull(repo: Repository, pull: Pull) -> JSON:
    place = {"id": repo.id, "url": repo.api, "name": repo.name}
    return {
        "id": pull.id,
        "number": pull.number,
        "url": f"{repo.api}/pulls/{pull.number}",
        "head": {"ref": pull.head, "sha": pull.head_sha, "repo": place},
        "base": {"ref": pull.base, "sha": pull.base_sha, "repo": place},
    }


def issue(repo: Repository, pull: Pull) -> JSON:
    """A pull request is an issue too."""
    simple = simple_pull(repo, pull)
    api = simple["issue_url"]
    pull_request = {key: simple[key] for key in ("url", "html_url", "diff_url", "patch_url", "merged_at")}
    return {
        **{key: simple[key] for key in SAME},
        "url": api,
        "node_id": node_id("PR", pull.id),
        "repository_url": repo.api,
        "labels_url": f"{api}/labels{{/name}}",
        "comments_url": f"{api}/comments",
        "events_url": f"{api}/events",
        "timeline_url": f"{api}/timeline",
        "comments": len(pull.issue_comments),
        "pull_request": pull_request,
        "closed_by": user(repo.hub, pull.closed_by),
        "performed_via_github_app": None,
        "state_reason": None,
        "reactions": reactions(api, ()),
    }


def reactions(address: str, given: Sequence[tuple[int, str, str]]) -> JSON:
    contents = [content for _, _, content in given]
    return {
        "url": f"{address}/reactions",
        "total_count": len(contents),
        **{name: contents.count(name) for name in REACTIONS},
    }


def comment(repo: Repository, pull: Pull, shown: Comment) -> JSON:
    address = f"{repo.api}/issues/comments/{shown.id}"
    return {
        "id": shown.id,
        "node_id": node_id("IC", shown.id),
        "url": address,
        "html_url": f"{repo.hub.url}/{repo.full_name}/pull/{pull.number}#issuecomment-{shown.id}",
        "issue_url": f"{repo.api}/issues/{pull.number}",
        "user": user(repo.hub, shown.by),
        "created_at": stamp(shown.created),
        "updated_at": stamp(shown.updated),
        "body": shown.body,
        "author_association": association(repo, shown.by),
        "performed_via_github_app": None,
        "reactions": reactions(address, shown.reactions),
    }


def review(repo: Repository, pull: Pull, shown: Review) -> JSON:
    page = f"{repo.hub.url}/{repo.full_name}/pull/{pull.number}#pullrequestreview-{shown.id}"
    api = f"{repo.api}/pulls/{pull.number}"
    return {
        "id": shown.id,
        "node_id": node_id("PRR", shown.id),
        "user": user(repo.hub, shown.by),
        "body": shown.body,
        "state": shown.state,
        "html_url": page,
        "pull_request_url": api,
        "author_association": association(repo, shown.by),
        "_links": {"html": {"href": page}, "pull_request": {"href": api}},
        "submitted_at": stamp(shown.submitted),
        "commit_id": shown.commit,
    }


def line_comment(repo: Repository, pull: Pull, shown: LineComment) -> JSON:
    address = f"{repo.api}/pulls/comments/{shown.id}"
    page = f"{repo.hub.url}/{repo.full_name}/pull/{pull.number}#discussion_r{shown.id}"
    api = f"{repo.api}/pulls/{pull.number}"
    return {
        "url": address,
        "pull_request_review_id": shown.review,
        "id": shown.id,
        "node_id": node_id("PRRC", shown.id),
        "diff_hunk": f"@@ -{shown.line},1 +{shown.line},1 @@",
        "path": shown.path,
        "position": 1,
        "original_position": 1,
        "commit_id": shown.commit,
        "original_commit_id": shown.commit,
        "user": user(repo.hub, shown.by),
        "body": shown.body,
        "created_at": stamp(shown.created),
        "updated_at": stamp(shown.created),
        "html_url": page,
        "pull_request_url": api,
        "author_association": association(repo, shown.by),
        "_links": {"self": {"href": address}, "html": {"href": page}, "pull_request": {"href": api}},
        "reactions": reactions(address, shown.reactions),
        "start_line": None,
        "original_start_line": None,
        "start_side": None,
        "line": shown.line,
        "original_line": shown.line,
        "side": "RIGHT",
        "subject_type": "line",
    }


def reaction(hub: FakeGitHub, given: tuple[int, str, str]) -> JSON:
    number, login, content = given
    shown = {"id": number, "node_id": node_id("REA", number), "user": user(hub, login), "content": content}
    return {**shown, "created_at": stamp(hub.started)}
