"""What people do with a pull request, by GitHub's rules, without HTTP; merging has a module of its own.

Each raises Refused, with the status and the words of GitHub, and announces what happened to the webhooks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.github import owners
from tests.github.refusals import Refused, invalid
from tests.github.state import Comment, LineComment, Pull, Review, now

if TYPE_CHECKING:
    from tests.github.repository import Repository

LONGEST = 65536  # characters of a text
NO_COLLABORATOR = (
    "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a "
    "collaborator of the {} repository."
)


def open_pull(
    repo: Repository, by: str, title: str, head: str, base: str, body: str | None, draft: bool, modifiable: bool
) -> Pull:
    heads = repo.git.heads()
    head = head.removeprefix(f"{repo.owner}:")
    for field, branch in (("head", head), ("base", base)):
        if branch not in heads:
            raise invalid("PullRequest", field, "invalid")
    if any(pull.state == "open" and (pull.head, pull.base) == (head, base) for pull in repo.pulls):
        raise invalid("PullRequest", "base", "custom", f"A pull request already exists for {repo.owner}:{head}.")
    if head == base or repo.git.is_ancestor(heads[head], heads[base]):
        raise invalid("PullRequest", "base", "custom", f"No commits between {base} and {head}")
    if repo.git.merge_base(heads[head], heads[base]) is None:
        text = f"The {head} branch has no history in common with {base}"
        raise invalid("PullRequest", "base", "custom", text)
    if len(body or "") > LONGEST:
        raise invalid("PullRequest", "body", "custom", "body is too long (maximum is 65536 characters)")
    if draft and not repo.drafts:
        raise Refused(422, "Draft pull requests are not supported in this repository.")
    when = now()
    pull = Pull(
        id=repo.hub.next_id(),
        number=len(repo.pulls) + 1,
        by=by,
        title=title,
        body=body,
        head=head,
        base=base,
        head_sha=heads[head],
        base_sha=heads[base],
        created=when,
        updated=when,
        draft=draft,
        maintainer_can_modify=modifiable,
    )
    repo.pulls.append(pull)
    repo.git.set_ref(f"refs/pull/{pull.number}/head", pull.head_sha)
    repo.announce_pull(pull, "opened", by)
    if not draft:
        owners.ask(repo, pull)
    return pull


def edit(repo: Repository, pull: Pull, by: str, **changed: str | None) -> None:
    """Title, body and base; announced with what was there before."""
    before = {"title": pull.title, "body": pull.body, "base": pull.base}
    old_base_sha = pull.base_sha
    changed = {name: value for name, value in changed.items() if value != before[name]}
    if not changed:
        return
    base = changed.get("base")
    if base is not None:
        tip = repo.git.heads().get(base)
        if tip is None:
            raise invalid("PullRequest", "base", "invalid")
        if pull.state != "open":
            raise invalid("PullRequest", "base", "custom", "Cannot change the base branch of a closed pull request.")
        pull.base, pull.base_sha = base, tip
    pull.title = changed.get("title") or pull.title
    if "body" in changed:
        pull.body = changed["body"]
    pull.touch()
    changes: dict[str, object] = {name: {"from": before[name] or ""} for name in changed if name != "base"}
    if base is not None:
        changes["base"] = {"ref": {"from": before["base"]}, "sha": {"from": old_base_sha}}
    repo.announce_pull(pull, "edited", by, changes=changes)


def close(repo: Repository, pull: Pull, by: str) -> None:
    if pull.state == "closed":
        return
    pull.state, pull.closed_by, pull.closed = "closed", by, now()
    pull.touch()
    repo.announce_pull(pull, "closed", by)


def reopen(repo: Repository, pull: Pull, by: str) -> None:
    if pull.state == "open":
        return
    tip = repo.git.heads().get(pull.head)
    reason = None
    if pull.merged:
        reason = "state cannot be changed. The pull request cannot be reopened."
    elif tip is None:
        reason = f"state cannot be changed. The {pull.head} branch has been deleted."
    elif pull.force_pushed_while_closed:
        reason = f"state cannot be changed. The {pull.head} branch was force-pushed or recreated."
    elif any(o.state == "open" and (o.head, o.base) == (pull.head, pull.base) for o in repo.pulls):
        reason = f"state cannot be changed. There is already an open pull request from {pull.head} to {pull.base}."
    if reason:
        raise invalid("PullRequest", "state", "invalid", reason)
    pull.state, pull.closed_by, pull.closed = "open", None, None
    pull.head_sha, pull.base_sha = tip or pull.head_sha, repo.git.heads().get(pull.base, pull.base_sha)
    pull.touch()
    repo.announce_pull(pull, "reopened", by)


def make_ready(repo: Repository, pull: Pull, by: str) -> None:
    if pull.state == "open" and pull.draft:
        pull.draft = False
        pull.touch()
        repo.announce_pull(pull, "ready_for_review", by)
        owners.ask(repo, pull)


def make_draft(repo: Repository, pull: Pull, by: str) -> None:
    if pull.state == "open" and not pull.draft:
        pull.draft = True
        pull.touch()
        repo.announce_pull(pull, "converted_to_draft", by)


def ask_reviewers(repo: Repository, pull: Pull, users: Sequence[str], teams: Sequence[str]) -> None:
    if pull.by in users:
        raise Refused(422, "Review cannot be requested from pull request author.")
    full_names = [f"{repo.owner}/{slug}" for slug in teams]
    if any(repo.role(user) == "none" for user in users) or any(name not in repo.teams for name in full_names):
        raise Refused(422, NO_COLLABORATOR.format(repo.full_name))
    pull.requested_users += [user for user in users if user not in pull.requested_users]
    pull.requested_teams += [name for name in full_names if name not in pull.requested_teams]
    pull.touch()


def comment(repo: Repository, pull: Pull, by: str, text: str) -> Comment:
    if not text.strip():
        raise invalid("IssueComment", "body", "missing_field")
    if len(text) > LONGEST:
        raise invalid("IssueComment", "body", "custom", "body is too long (maximum is 65536 characters)")
    when = now()
    made = Comment(repo.hub.next_id(), by, text, when, when)
    pull.issue_comments.append(made)
    pull.touch()
    repo.announce_comment(pull, made)
    return made


def review(
    repo: Repository, pull: Pull, by: str, state: str, text: str, lines: Sequence[tuple[str, int, str]]
) -> Review:
    if state != "COMMENTED" and by == pull.by:
        verb = "approve" if state == "APPROVED" else "request changes on"
        raise Refused(422, "Unprocessable Entity", [f"Can not {verb} your own pull request"])
    if state != "APPROVED" and not text and not lines:
        raise Refused(422, "Unprocessable Entity", ["Body can't be blank"])
    when = now()
    made = Review(repo.hub.next_id(), by, state, text, pull.head_sha, when)
    said = [
        LineComment(repo.hub.next_id(), made.id, by, path, line, body, pull.head_sha, when)
        for path, line, body in lines
    ]
    pull.reviews.append(made)
    pull.line_comments += said
    pull.requested_users = [login for login in pull.requested_users if login != by]
    pull.requested_teams = [name for name in pull.requested_teams if by not in repo.teams[name].members]
    pull.touch()
    repo.announce_review(pull, made, said)
    return made
