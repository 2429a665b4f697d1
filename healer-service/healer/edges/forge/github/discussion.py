"""What people say about a pull request, read as seldom as can be, and what the healer says there, once."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from github.GithubObject import GithubObject, NotSet
from github.IssueComment import IssueComment
from github.PaginatedList import PaginatedList
from github.PullRequest import PullRequest
from github.PullRequestComment import PullRequestComment
from github.PullRequestReview import PullRequestReview

from healer.edges.forge.github import words
from healer.edges.forge.github.calls import PER_PAGE, Calls
from healer.model import Remark

KEPT = 100  # the newest
SEARCHED = 1000  # comments, for one of ours
LONGEST = 4000
SETTLED_SECONDS = 5.0
READ = "Pull requests: read-only"
WRITE = "Pull requests: read and write"

_KINDS = {"APPROVED": "approval", "CHANGES_REQUESTED": "changes", "COMMENTED": "comment"}
_MARKER = "<!-- healer:{} -->"
_NO_KEY = re.compile(r"[^A-Za-z0-9._:/-]|-(?=-)")
_OURS = re.compile(r"<!-- healer:\S+ -->\s*\Z")

Listed = TypeVar("Listed", bound=GithubObject)


class Discussion:
    """Of one pull request, as far as it was read."""

    def __init__(self) -> None:
        self._state = ""
        self._state_since = 0.0
        self._read = ""  # the settled state that is in the remarks
        self._since: datetime | None = None
        self._comments: dict[int, Remark] = {}
        self._lines: dict[int, tuple[int, str]] = {}  # comment on a line -> review, text
        self._remarks: tuple[Remark, ...] = ()

    def settled(self, pull: PullRequest) -> str:
        """Changes whenever somebody says something; "" while more may come within the second of GitHub's stamp."""
        state = f"{at(pull.updated_at)} {pull.comments}+{pull.review_comments}"
        if state != self._state:
            self._state, self._state_since = state, time.monotonic()
        return state if time.monotonic() - self._state_since >= SETTLED_SECONDS else ""

    def remarks(self, calls: Calls, pull: PullRequest) -> tuple[Remark, ...]:
        with calls.asking(f"read what is said about pull request #{pull.number}", READ):
            state = self.settled(pull)
            if not state or state != self._read:
                self._take_in(pull)
                self._read = state
            return self._remarks

    def _take_in(self, pull: PullRequest) -> None:
        since = self._since or NotSet
        comments = _newest(pull.as_issue().get_comments(since=since))
        submitted = _newest(pull.get_reviews())  # before their lines: one that comes in between has its lines then
        on_lines = list(islice(pull.get_review_comments(sort="created", direction="desc", since=since), KEPT))
        self._comments |= {one.id: _comment(one) for one in comments if not _is_ours(one)}
        self._comments = dict(sorted(self._comments.items())[-KEPT:])
        self._lines |= {one.id: (one.pull_request_review_id, _line(one)) for one in on_lines}
        self._lines = dict(sorted(self._lines.items())[-KEPT:])
        reviews = [_review(one, self._lines) for one in submitted if not _is_ours(one)]
        said = [*self._comments.values(), *(review for review in reviews if review is not None)]
        self._remarks = tuple(sorted(said, key=lambda remark: (remark.at, remark.id))[-KEPT:])
        stamps = [one.updated_at for one in comments] + [one.updated_at for one in on_lines]
        if stamps:
            self._since = max(stamps) - timedelta(seconds=1)


def say(calls: Calls, pull: PullRequest, login: str, key: str, text: str) -> None:
    """Once for each key."""
    what = f"comment on pull request #{pull.number}"
    marker = _MARKER.format(_NO_KEY.sub("_", key))
    with calls.asking(what, READ):
        for comment in _newest(pull.as_issue().get_comments(), SEARCHED):
            # Others could write the marker to keep us silent.
            if marker in (comment.body or "") and login in ("", _login(comment)):
                return
    with calls.asking(what, WRITE, writes=True):
        pull.create_issue_comment(f"{text}\n\n{marker}")


def at(moment: datetime | None) -> str:
    """RFC 3339, UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment is not None else ""


def _newest(listing: PaginatedList[Listed], most: int = KEPT) -> list[Listed]:
    """Of a list that is oldest first. One that fits on a page costs one request, and PyGithub's own way two."""
    first = listing.get_page(0)
    return first if len(first) < PER_PAGE else list(islice(listing.reversed, most))


def _is_ours(said: Any) -> bool:
    """By the marker: whoever lends the healer a token of their own may still talk to it."""
    return _OURS.search(said.body or "") is not None


def _login(said: IssueComment | PullRequestReview) -> str:
    return said.user.login if said.user else "ghost"  # whose account is deleted, as GitHub itself calls them


def _comment(comment: IssueComment) -> Remark:
    text = words.block(comment.body, LONGEST)
    return Remark(f"comment-{comment.id}", "comment", _login(comment), text, at(comment.created_at))


def _review(review: PullRequestReview, lines: dict[int, tuple[int, str]]) -> Remark | None:
    kind = _KINDS.get(review.state)
    if kind is None:
        return None
    on_lines = [text for _, (of, text) in sorted(lines.items()) if of == review.id]
    text = words.block("\n".join(filter(None, [review.body, *on_lines])), LONGEST)
    if not text and kind == "comment":
        return None
    return Remark(f"review-{review.id}", kind, _login(review), text, at(review.submitted_at))


def _line(comment: PullRequestComment) -> str:
    number = comment.line or comment.original_line
    where = f"{words.line(comment.path)}:{number}" if number else words.line(comment.path)
    return f"{where}: {words.block(comment.body, LONGEST)}"
