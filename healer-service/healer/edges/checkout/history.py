"""What the history of a repository says: who changed what, which commits hold which. E-mail addresses stay in git."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path

from git import Commit, Repo

from healer.edges.checkout.commits import BOT
from healer.model import CheckoutError, Suspect

BLAME_SECONDS = 2  # of git over a long history; a heal goes on without its answer
NAME_CHARACTERS, SUMMARY_CHARACTERS = 100, 200
WEB_COMMITTER = "noreply@github.com"  # of what people do on GitHub's pages
_ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")
_MOST_COMMITS = 1000
_MOST_REBASED = 50


def blame(repo: Repo, commit: Commit, file: str, line: int) -> Suspect:
    said = repo.git.blame(
        *("--porcelain", "-w", f"-L{line},{line}", commit.hexsha, "--", file), kill_after_timeout=BLAME_SECONDS
    )
    found = repo.commit(str(said).partition(" ")[0])
    if found.hexsha in _boundary(repo):
        raise CheckoutError("the history here is cut off before the commit that touched it last")
    return _told(found)


def authors(repo: Repo, base: Commit, head: Commit) -> tuple[str, ...]:
    """Whoever committed from `base` to `head` but for the healer, the first one first."""
    names = []
    for commit in repo.iter_commits(f"{base.hexsha}..{head.hexsha}", reverse=True):
        if commit.committer.email != BOT.email:
            person = commit.author if commit.committer.email == WEB_COMMITTER else commit.committer
            names.append(_name(person.name))
    return tuple(dict.fromkeys(names))


def between(repo: Repo, base: Commit, head: Commit) -> tuple[Suspect, ...]:
    """Commits from `base` to `head`, the newest first, without merges."""
    found = repo.iter_commits(f"{base.hexsha}..{head.hexsha}", no_merges=True, max_count=_MOST_COMMITS)
    return tuple(_told(commit) for commit in found)


def before(repo: Repo, merged: Commit, line: str, since: Commit | None) -> str | None:
    """Where a branch was before `merged` brought in the commit with this line in its message.

    A merge or a squash is one commit of the branch. A rebase is as many as there were, the one with the line first;
    it is looked for after `since`. None where the history is cut off before it.
    """
    found = merged
    if len(merged.parents) == 1:
        span = f"{since.hexsha}..{merged.hexsha}" if since is not None else merged.hexsha
        for commit in repo.iter_commits(span, first_parent=True, max_count=_MOST_REBASED):
            if len(commit.parents) != 1:
                break
            if line in str(commit.message).splitlines():
                found = commit
                break
    return found.parents[0].hexsha if found.parents and found.hexsha not in _boundary(repo) else None


def subjects(repo: Repo, commit: Commit, count: int) -> tuple[str, ...]:
    return tuple(_summary(found) for found in repo.iter_commits(commit.hexsha, max_count=count, no_merges=True))


def fork(repo: Repo, base: Commit, head: Commit) -> str | None:
    found = repo.merge_base(base, head)
    return found[0].hexsha if found else None


def merge_of(repo: Repo, tip: Commit, head: Commit) -> str:
    """The first commit on the branch's own line that holds `head`."""
    found = tip
    for commit in repo.iter_commits(tip.hexsha, first_parent=True, max_count=_MOST_COMMITS):
        if not repo.is_ancestor(head, commit):
            break
        found = commit
    return found.hexsha


def _boundary(repo: Repo) -> frozenset[str]:
    """Commits of a shallow history whose parents are not here: everything older looks as if they had made it."""
    file = Path(repo.git_dir) / "shallow"
    return frozenset(file.read_text().split()) if file.exists() else frozenset()


def _told(commit: Commit) -> Suspect:
    when = commit.authored_datetime.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return Suspect(commit.hexsha, _name(commit.author.name), when, _summary(commit))


def _summary(commit: Commit) -> str:
    return _without_addresses(str(commit.summary))[:SUMMARY_CHARACTERS]


def _name(name: str | None) -> str:
    return _without_addresses(str(name or ""))[:NAME_CHARACTERS] or "somebody"


def _without_addresses(text: str) -> str:
    """Also where somebody has one for a name."""
    return " ".join(_ADDRESS.sub("", text).split())
