"""A bare mirror of a repository: opened, and its commits read. It asks nobody and changes no branch.

It knows commits; it knows nothing of incidents, proposals or forges.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from git import Commit, Repo
from git.exc import GitError
from gitdb.exc import ODBError

from healer.edges.checkout import history, remote, trees
from healer.edges.checkout.access import Access, Connection, without_user
from healer.edges.checkout.errors import said
from healer.model import Change, CheckoutError, Suspect

T = TypeVar("T")

REQUIREMENTS = re.compile(r"requirements[\w.-]*\.(txt|in)")
KEPT_SOURCES = 2  # commits; a heal reads the same one again and again


class Mirror:
    """All methods raise CheckoutError."""

    def __init__(self, home: Path, repository: str, access: Access) -> None:
        self.repository = repository
        self._shown = without_user(repository)
        self._access = access
        self._path = home
        self._lock = threading.RLock()
        self._repo: Repo | None = None
        self._connection: Connection | None = None
        self._sources: dict[str, dict[str, str]] = {}

    def sources(self, commit: str) -> dict[str, str]:
        """Path -> text of every Python file that is UTF-8."""

        def work(repo: Repo) -> dict[str, str]:
            at = self._resolve(repo, commit)
            if at.hexsha not in self._sources:
                found = trees.texts(at, lambda name: name.endswith(".py"))
                self._sources = dict([*self._sources.items(), (at.hexsha, found)][-KEPT_SOURCES:])
            return dict(self._sources[at.hexsha])

        return self._do(f"cannot read {commit[:10]}", work)

    def requirements(self, commit: str) -> dict[str, str]:
        """Path -> text of the files that may say what the service depends on."""

        def wanted(name: str) -> bool:
            return name == "pyproject.toml" or REQUIREMENTS.fullmatch(name) is not None

        return self._read(commit, lambda _, at: trees.texts(at, wanted))

    def text(self, commit: str, path: str) -> str | None:
        """Of one regular file; None where there is none, or it is no UTF-8 of at most 200 KB."""
        return self._read(commit, lambda _, at: trees.text(at, path))

    def sizes(self, commit: str) -> dict[str, int]:
        """Path -> bytes of every regular file."""
        return self._read(commit, lambda _, at: {str(blob.path): blob.size for blob in trees.blobs(at)})

    def tar(self, commit: str, changes: Mapping[str, str] | None = None) -> bytes:
        """The tree of a commit, regular files only, with `changes` (path -> new text) laid over it."""
        return self._read(commit, lambda _, at: trees.tar(at, changes or {}))

    def export(self, commit: str, folder: Path) -> None:
        """Write a commit's files into `folder`, which must not exist. Where that fails a part of them is left there."""

        def work(repo: Repo) -> None:
            trees.write(self._resolve(repo, commit), folder)

        self._do(f"cannot write {commit[:10]} to {folder}", work)

    def changed(self, base: str, head: str) -> tuple[Change, ...]:
        """The texts that differ, and where links and submodules lead; binary files are left out."""
        return self._compare(base, head, lambda repo, *two: trees.changes(repo, *(at.hexsha for at in two)))

    def unshown(self, base: str, head: str) -> tuple[str, ...]:
        """What `changed` tells nothing of, or not all: each path, and what is there."""
        return self._compare(base, head, lambda repo, *two: trees.unshown(repo, *(at.hexsha for at in two)))

    def blame(self, commit: str, file: str, line: int) -> Suspect:
        """The commit that last touched a line, but for its indentation, as it stands at `commit`."""
        return self._do(
            f"cannot tell who touched {file}:{line}",
            lambda repo: history.blame(repo, self._resolve(repo, commit), file, line),
        )

    def authors(self, base: str, head: str) -> tuple[str, ...]:
        """Names of those who committed between two commits, the first one first, but for the healer."""
        return self._compare(base, head, history.authors)

    def subjects(self, commit: str, count: int = 50) -> tuple[str, ...]:
        """First lines of the last messages, newest first, without merges."""
        return self._read(commit, lambda repo, at: history.subjects(repo, at, count))

    def fork(self, base: str, head: str) -> str | None:
        """The commit where two parted, None when they have none in common here."""
        return self._compare(base, head, history.fork)

    def same_files(self, one: str, other: str, files: Iterable[str]) -> bool:
        """Whether two commits hold the same text in all of `files`. A file that neither has is the same."""

        def work(_: Repo, *two: Commit) -> bool:
            ids = [{str(blob.path): blob.binsha for blob in trees.blobs(at)} for at in two]
            return all(ids[0].get(file) == ids[1].get(file) for file in files)

        return self._compare(one, other, work)

    def is_ancestor(self, commit: str, descendant: str) -> bool:
        return self._compare(commit, descendant, lambda repo, older, newer: repo.is_ancestor(older, newer))

    def _read(self, commit: str, work: Callable[[Repo, Commit], T]) -> T:
        return self._do(f"cannot read {commit[:10]}", lambda repo: work(repo, self._resolve(repo, commit)))

    def _compare(self, one: str, other: str, work: Callable[[Repo, Commit, Commit], T]) -> T:
        def both(repo: Repo) -> T:
            return work(repo, self._resolve(repo, one), self._resolve(repo, other))

        return self._do("cannot compare commits", both)

    def _do(self, what: str, work: Callable[[Repo], T]) -> T:
        with self._lock:
            try:
                return work(self._open())
            except CheckoutError as error:
                problem = str(error)
            except (GitError, ODBError, OSError, ValueError) as error:
                problem = said(error, self._access)
        # Not where it was caught: what git printed, addresses and all, would go with it into logs.
        raise CheckoutError(f"{what}: {problem}")

    def _environment(self) -> Mapping[str, str]:
        if self._connection is None:
            self._connection = Connection(self.repository, self._access)
        return self._connection.environment

    def _open(self) -> Repo:
        if self._repo is None:
            environment = self._environment()
            if not (self._path / "HEAD").exists():
                self._path.parent.mkdir(parents=True, exist_ok=True)
                Repo.init(self._path, bare=True).close()
            repo = Repo(self._path)
            repo.git.update_environment(**environment)
            with repo.config_writer() as config:
                config.set_value('remote "origin"', "url", self.repository)
                config.set_value('remote "origin"', "fetch", remote.PROPOSALS)
            self._repo = repo
        return self._repo

    def _resolve(self, repo: Repo, name: str) -> Commit:
        try:
            return repo.commit(name)
        except (ValueError, ODBError, GitError) as error:
            raise CheckoutError(f"{self._shown} has no {name}") from error
