"""What the fake remembers: people, tokens, pull requests and what was said about them.

Plain objects that change; what may happen to them is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

ROLES = ("none", "read", "triage", "write", "maintain", "admin")


def now() -> datetime:
    """GitHub tells whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class User:
    id: int
    login: str
    kind: str = "User"  # User | Bot | Organization
    name: str = ""
    email: str = ""


@dataclass
class Team:
    id: int
    organization: str
    slug: str
    members: tuple[str, ...] = ()


@dataclass
class Token:
    """A fine-grained personal access token."""

    login: str
    permissions: dict[str, str]
    repositories: tuple[str, ...] | None = None  # None: all that its owner may see
    expires: datetime | None = None
    used: int = 0
    limit: int = 5000
    resets_at: float = 0.0
    blocked_until: float = 0.0  # secondary limit
    writes: list[float] = field(default_factory=list)

    def permits(self, name: str, level: str) -> bool:
        given = self.permissions.get(name, "none")
        return ROLES.index(given) >= ROLES.index(level)


@dataclass
class Comment:
    id: int
    by: str
    body: str
    created: datetime
    updated: datetime
    reactions: list[tuple[int, str, str]] = field(default_factory=list)  # id, login, content


@dataclass
class LineComment:
    id: int
    review: int
    by: str
    path: str
    line: int
    body: str
    commit: str
    created: datetime
    reactions: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass
class Review:
    id: int
    by: str
    state: str  # APPROVED | CHANGES_REQUESTED | COMMENTED | DISMISSED | PENDING
    body: str
    commit: str
    submitted: datetime


@dataclass
class Check:
    id: int
    name: str
    conclusion: str | None  # None: still running
    started: datetime
    completed: datetime | None


@dataclass
class Status:
    id: int
    context: str
    state: str
    created: datetime


@dataclass
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    default: bool = False


@dataclass
class Pull:
    """A pull request; `comments`, `labels` and `reviewers` read as a person would list them."""

    id: int
    number: int
    by: str
    title: str
    body: str | None
    head: str
    base: str
    head_sha: str
    base_sha: str
    created: datetime
    updated: datetime
    draft: bool = False
    state: str = "open"  # open | closed
    merged: bool = False
    merged_by: str | None = None
    merge_commit_sha: str | None = None
    closed_by: str | None = None
    closed: datetime | None = None
    maintainer_can_modify: bool = False
    labels: list[str] = field(default_factory=list)
    requested_users: list[str] = field(default_factory=list)
    requested_teams: list[str] = field(default_factory=list)
    issue_comments: list[Comment] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    line_comments: list[LineComment] = field(default_factory=list)
    owners_asked: bool = False
    judged: tuple[str, str] | None = None  # head and base for which mergeability was asked
    mergeable: bool | None = None
    force_pushed_while_closed: bool = False

    @property
    def comments(self) -> list[tuple[str, str]]:
        return [(comment.by, comment.body) for comment in self.issue_comments]

    @property
    def reviewers(self) -> list[str]:
        return [*self.requested_users, *self.requested_teams]

    def touch(self) -> None:
        self.updated = now()


@dataclass
class Hook:
    id: int
    url: str
    secret: str
    events: tuple[str, ...] = ("*",)
    active: bool = True
    created: datetime = field(default_factory=now)
    last: tuple[int | None, str, str | None] = (None, "unused", None)  # code, status, message


@dataclass
class Protection:
    reviews: int = 0
    pushes: bool = True  # refused: changes come through pull requests only
