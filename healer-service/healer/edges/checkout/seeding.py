"""A new repository made from a folder's files, with the folder's history where it has one. It changes no folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from git import Commit, Repo
from git.index.base import IndexFile

from healer.edges.checkout.commits import BOT, stored

SKIPPED = frozenset({"__pycache__", ".git", ".pytest_cache", ".venv", ".mypy_cache", ".ruff_cache", "node_modules"})


def make(target: Path, folder: Path, branch: str, environment: Mapping[str, str]) -> None:
    repo = Repo.init(target, bare=True, initial_branch=branch)
    try:
        repo.git.update_environment(**environment)
        _fill(repo, folder, branch, environment)
    finally:
        repo.close()


def _fill(repo: Repo, folder: Path, branch: str, environment: Mapping[str, str]) -> None:
    parents = []
    if (folder / ".git").exists() and _has_commits(folder):
        repo.git.fetch("--no-tags", "--no-recurse-submodules", "--update-shallow", str(folder), "HEAD")
        parents = [repo.commit("FETCH_HEAD")]
        repo.git.update_ref(f"refs/heads/{branch}", parents[0].hexsha)
    with tempfile.TemporaryDirectory() as work:
        index = IndexFile(repo, str(Path(work) / "index"))
        index.add([stored(repo, name, data, mode) for name, data, mode in _files_of(folder, environment)])
        tree = index.write_tree()
    if not parents or parents[0].tree != tree:
        message = "Changes not committed\n" if parents else "Start of the service\n"
        Commit.create_from_tree(repo, tree, message, parents, head=True, author=BOT, committer=BOT)


def _has_commits(folder: Path) -> bool:
    repo = Repo(folder)
    try:
        return repo.head.is_valid()
    finally:
        repo.close()


def _files_of(folder: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, bytes, int]]:
    """Regular files; of a git work tree those that git does not ignore, else those that look like source."""
    for path in _listed(folder, environment) if (folder / ".git").exists() else _found(folder):
        if path.is_file() and not path.is_symlink():
            name = str(PurePosixPath(path.relative_to(folder)))
            yield name, path.read_bytes(), 0o100755 if os.access(path, os.X_OK) else 0o100644


def _listed(folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    repo = Repo(folder)
    try:
        names = repo.git.ls_files("-z", "--cached", "--others", "--exclude-standard", env=environment)
    finally:
        repo.close()
    for name in sorted(set(filter(None, names.split("\0")))):
        yield folder / name


def _found(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if name not in SKIPPED and not Path(root, name, "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            if not name.endswith((".db", ".pyc")):
                yield Path(root, name)
