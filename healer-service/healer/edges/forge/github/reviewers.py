"""Whom to ask for a review: one person or team, never the pull request's author and never a bot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from github.NamedUser import NamedUser
from github.PullRequest import PullRequest
from github.Repository import Repository

from healer.edges.forge.github.calls import Calls, Refusal

LOGIN = re.compile(r"[A-Za-z0-9_-]{1,39}")  # the underscore is in those of managed users
MOST_ASKED = 10  # of a long list of owners nobody may be a collaborator
_TEAM = re.compile(r"@([A-Za-z0-9_-]{1,39})/([A-Za-z0-9._-]{1,100})")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_NEEDS = "Pull requests: read and write"


def ask(calls: Calls, repository: Repository, pull: PullRequest, owners: Sequence[str], suspect: str) -> str:
    """Who was asked, or is asked or has reviewed already; "" when nobody can be."""
    asked = _asked(pull) or _has_reviewed(calls, pull)
    if asked:
        return asked
    tried: set[str] = set()
    for login, team in _candidates(calls, repository, owners, suspect):
        known = (login or f"@{team}").lower()
        if known in tried or len(tried) == MOST_ASKED:
            continue
        tried.add(known)
        if login and login.lower() == _author(pull):
            continue
        asked = _request(calls, pull, login, team)
        if asked:
            return asked
    return ""


def _candidates(calls: Calls, repository: Repository, owners: Sequence[str], suspect: str) -> Iterator[tuple[str, str]]:
    """Login or team, the other one empty."""
    for owner in owners:
        team = _TEAM.fullmatch(owner)
        if team and team[1].lower() == repository.full_name.partition("/")[0].lower():
            yield "", team[2]
        elif owner.startswith("@") and LOGIN.fullmatch(owner[1:]):
            yield owner[1:], ""
    if not _COMMIT.fullmatch(suspect):
        return
    try:
        with calls.asking(f"read who wrote {suspect[:10]}", "Contents: read-only"):
            author = repository.get_commit(suspect).author
            login = author.login if isinstance(author, NamedUser) and author.type == "User" else ""
    except Refusal as error:
        if error.status not in (403, 404, 422):
            raise
        return
    if login and LOGIN.fullmatch(login):
        yield login, ""


def _request(calls: Calls, pull: PullRequest, login: str, team: str) -> str:
    try:
        with calls.asking(f"ask for a review of pull request #{pull.number}", _NEEDS, writes=True):
            if team:
                pull.create_review_request(team_reviewers=[team])
            else:
                pull.create_review_request(reviewers=[login])
    except Refusal as error:
        # No collaborator; or a team, which this token may not look up.
        if error.status == 422 or (team and error.status in (403, 404)):
            return ""
        raise
    with calls.asking(f"read pull request #{pull.number}"):
        pull.update()
        return _asked(pull)  # GitHub also says yes and then asks nobody


def _asked(pull: PullRequest) -> str:
    if pull.requested_reviewers:
        return pull.requested_reviewers[0].login
    if pull.requested_teams:
        return f"{pull.base.repo.full_name.partition('/')[0]}/{pull.requested_teams[0].slug}"
    return ""


def _has_reviewed(calls: Calls, pull: PullRequest) -> str:
    with calls.asking(f"read the reviews of pull request #{pull.number}", "Pull requests: read-only"):
        for review in islice(pull.get_reviews(), 100):
            who = review.user
            if who and who.type == "User" and who.login.lower() != _author(pull) and review.state != "PENDING":
                return who.login
    return ""


def _author(pull: PullRequest) -> str:
    return pull.user.login.lower() if pull.user else ""
