"""Commits and merges made in the mirror, without a work tree. Nothing is pushed here."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from git import Actor, Blob, Commit, GitCommandError, Repo
from git.objects.util import altz_to_utctz_str
from gitdb import IStream

from healer.edges.checkout import trees
from healer.model import CheckoutError

BOT = Actor("healer", "healer@localhost")
NEW_FILE = "100644"
_ASIDE = "2000-01-01T00:00:00Z"  # of commits that only hold trees for a merge


def changed(repo: Repo, parent: Commit, changes: Mapping[str, str], message: str, when: str) -> str:
    modes = {str(blob.path): blob.mode for blob in trees.blobs(parent)}
    with tempfile.TemporaryDirectory() as folder:
        # An index of its own: links and submodules of the tree stay as they are, and nothing is checked out.
        aside = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        repo.git.read_tree(parent.hexsha, env=aside)
        for path, text in changes.items():
            mode = modes.get(path, int(NEW_FILE, 8))
            entry = f"{mode:o},{stored(repo, path, text.encode(), mode).hexsha},{path}"
            repo.git.update_index("--add", "--cacheinfo", entry, env=aside)
        tree = str(repo.git.write_tree(env=aside))
    return create(repo, tree, message, [parent], when)


def create(repo: Repo, tree: str, message: str, parents: Sequence[Commit], when: str) -> str:
    stamp = datetime.fromisoformat(when.replace("Z", "+00:00"))
    date = f"{int(stamp.timestamp())} {altz_to_utctz_str(0)}"
    made = Commit.create_from_tree(
        repo, tree, message, list(parents), author=BOT, committer=BOT, author_date=date, commit_date=date
    )
    return made.hexsha


def stored(repo: Repo, path: str, data: bytes, mode: int) -> Blob:
    kept = repo.odb.store(IStream("blob", len(data), io.BytesIO(data)))
    return Blob(repo, kept.binsha, mode=mode, path=path)


def merged_tree(repo: Repo, ours: str, theirs: str) -> str | None:
    """None when the two cannot be merged without a person."""
    try:
        return str(repo.git.merge_tree("--write-tree", ours, theirs)).splitlines()[0]
    except GitCommandError as error:
        if error.status == 1:
            return None
        raise


def parted(repo: Repo, base: Commit, ours: Commit, theirs: Commit) -> str | None:
    """What both sides did, as if they had parted at `base`, whatever the real history says; None when they conflict."""
    start = create(repo, base.tree.hexsha, "base\n", [], _ASIDE)
    parent = [repo.commit(start)]
    sides = [create(repo, commit.tree.hexsha, "side\n", parent, _ASIDE) for commit in (ours, theirs)]
    return merged_tree(repo, *sides)


def laid_on(repo: Repo, base: Commit, head: Commit, onto: Commit) -> dict[str, str] | None:
    tree = parted(repo, base, onto, head)
    if tree is None:
        return None
    return {
        difference.path: _new_text(repo, difference) for difference in trees.differences(repo, onto.tree.hexsha, tree)
    }


def _new_text(repo: Repo, difference: trees.Difference) -> str:
    path = difference.path
    if not difference.after_mode:
        raise CheckoutError(f"{path} is deleted; what is laid on another commit may only change and add files")
    if int(difference.after_mode, 8) not in trees.FILE_MODES:
        raise CheckoutError(f"{path} is no file, but has the mode {difference.after_mode}; only texts may change")
    if difference.after_mode != (difference.before_mode or NEW_FILE):
        modes = f"{difference.before_mode or 'nothing'} to {difference.after_mode}"
        raise CheckoutError(f"{path} changes its mode from {modes}; only texts may change")
    text = trees.text_at(repo, difference.after_mode, difference.after)
    if text is None:
        raise CheckoutError(f"{path} is no text in UTF-8 of at most {trees.LARGEST_SOURCE} bytes")
    return text
