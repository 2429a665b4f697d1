"""The repository of one service, by GitPython: fetched into a bare mirror, and written without a work tree.

It knows commits and branches; it knows nothing of incidents, proposals or forges.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from git import Repo

from healer.edges.checkout import commits, history, remote, seeding
from healer.edges.checkout.access import ANYBODY, Access
from healer.edges.checkout.mirror import Mirror
from healer.model import CheckoutError, Suspect

SEED_BRANCH = "main"


class Checkout(Mirror):
    """`repository` is an address that git takes; `home` is where the mirror lives. All methods raise CheckoutError.

    Without a `branch` it is the default branch there, also when that gets another name. `depth`: so many commits of
    each branch are fetched at first, all when 0.
    """

    def __init__(
        self, home: Path, repository: str, branch: str | None, access: Access = ANYBODY, depth: int = 0
    ) -> None:
        super().__init__(home, repository, access)
        self._branch = branch
        self._default = ""
        self._depth = depth

    @property
    def branch(self) -> str:
        """The one that is set, else the default branch as the last fetch saw it; before the first it asks."""
        if self._branch or self._default:
            return self._branch or self._default
        if Path(self.repository).is_absolute() and not Path(self.repository).exists():
            return SEED_BRANCH
        self._default = self._do(f"cannot ask {self._shown} for its default branch", remote.default_branch)
        return self._default

    def seed(self, folder: Path) -> None:
        """Make the repository (bare) from a folder's files when it does not exist yet.

        Where the folder is a git work tree, its history comes along, and what was not committed is one commit more.
        """
        target = Path(self.repository)
        if target.exists():
            return
        if not folder.is_dir():
            raise CheckoutError(f"seed: {folder} is no folder; name one, or a repository that exists")
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        branch = self._branch or SEED_BRANCH
        try:
            self._do(f"cannot read {folder}", lambda _: seeding.make(draft, folder, branch, self._environment()))
            draft.chmod(0o755)
            draft.rename(target)  # a repository that bears its name is whole
        except OSError:
            if not target.exists():  # someone else was faster, which is as good
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def fetch(self) -> str:
        """Bring the mirror up to date: the branch and what is proposed. The commit at the tip of the branch."""

        def work(repo: Repo) -> str:
            if self._branch:
                remote.fetch(repo, self._branch, self._depth)
            else:
                self._default = remote.fetch_default(repo, self._depth)
            return self._resolve(repo, remote.BASE).hexsha

        return self._do(f"cannot fetch {self._branch or 'the default branch'} of {self._shown}", work)

    def tip(self, branch: str) -> str | None:
        """The commit that a branch is at there, None when there is none of that name."""
        return self._do(f"cannot look for {branch} of {self._shown}", lambda repo: remote.tip(repo, branch))

    def bring(self, branch: str) -> str:
        """Fetch one branch; its commit."""
        return self._do(f"cannot fetch {branch} of {self._shown}", lambda repo: remote.bring(repo, branch))

    def push(self, commit: str, branch: str, expected: str | None = None) -> None:
        """Put a commit on a branch there: a new one, or one that is at `expected`. Other work is never overwritten."""

        def work(repo: Repo) -> None:
            remote.push(repo, self._resolve(repo, commit).hexsha, branch, expected)

        self._do(f"cannot push {branch} to {self._shown}", work)

    def delete_branch(self, branch: str, expected: str | None = None) -> None:
        """Gone is as good. With `expected`, only while it is at that commit."""
        self._do(f"cannot delete {branch} of {self._shown}", lambda repo: remote.delete(repo, branch, expected))

    def commit(self, base: str, changes: Mapping[str, str], message: str, when: str) -> str:
        """A commit on top of `base`. The same arguments give the same commit; `when` is RFC 3339."""
        return self._do(
            "cannot commit",
            lambda repo: commits.changed(repo, self._resolve(repo, base), changes, message, when),
        )

    def laid_on(self, base: str, head: str, onto: str) -> dict[str, str] | None:
        """Path -> new text: what `head` changed against `base`, on top of `onto`. None when they conflict."""

        def work(repo: Repo) -> dict[str, str] | None:
            return commits.laid_on(repo, *(self._resolve(repo, name) for name in (base, head, onto)))

        return self._do(f"cannot lay {head[:10]} on {onto[:10]}", work)

    def revert(self, tip: str, first: str, last: str, message: str, when: str) -> str | None:
        """A commit on `tip` that takes back what came after `first` until `last`; what others changed since stays.

        `tip` itself when nothing of it is left there, None when a person must decide. The same arguments give the same
        commit; `when` is RFC 3339.
        """

        def work(repo: Repo) -> str | None:
            onto, before, after = (self._resolve(repo, name) for name in (tip, first, last))
            tree = commits.parted(repo, after, onto, before)
            if tree is None:
                return None
            return onto.hexsha if tree == onto.tree.hexsha else commits.create(repo, tree, message, [onto], when)

        return self._do(f"cannot take {last[:10]} back", work)

    def between(self, first: str, last: str) -> tuple[Suspect, ...]:
        """The commits after `first` until `last`, the newest first, without merges."""
        return self._compare(first, last, history.between)

    def before(self, merged: str, line: str, since: str | None = None) -> str | None:
        """Where the branch was before `merged` brought in the commit with this line in its message.

        A rebase brings several, which are looked for after `since`. None where the history here is cut off before it.
        """

        def work(repo: Repo) -> str | None:
            start = self._resolve(repo, since) if since is not None else None
            return history.before(repo, self._resolve(repo, merged), line, start)

        return self._do(f"cannot tell what {merged[:10]} brought", work)

    def changes_nothing(self, head: str, tip: str) -> bool:
        """Whether `tip` would stay as it is if `head` were merged into it."""

        def work(repo: Repo) -> bool:
            onto, proposed = self._resolve(repo, tip), self._resolve(repo, head)
            return commits.merged_tree(repo, onto.hexsha, proposed.hexsha) == onto.tree.hexsha

        return self._do(f"cannot compare {head[:10]} with {tip[:10]}", work)

    def merge(self, head: str, message: str, when: str) -> str:
        """Merge `head` into the branch and push it; the merge commit. Merged before: the commit that did it.

        Raises CheckoutError when the two cannot be merged without a person.
        """

        def work(repo: Repo) -> str:
            tip, proposed = self._resolve(repo, self.fetch()), self._resolve(repo, head)
            if repo.is_ancestor(proposed, tip):
                return history.merge_of(repo, tip, proposed)
            tree = commits.merged_tree(repo, tip.hexsha, proposed.hexsha)
            if tree is None:
                raise CheckoutError(f"{self.branch} has changed in the same lines; lay it on {tip.hexsha[:10]} first")
            merged = commits.create(repo, tree, message, [tip, proposed], when)
            remote.push(repo, merged, self.branch, tip.hexsha)
            return merged

        return self._do("cannot merge", work)

    def merged_as(self, head: str) -> str | None:
        """The commit of the branch that brought `head` in, or None while it is not merged."""

        def work(repo: Repo) -> str | None:
            tip, proposed = self._resolve(repo, self.fetch()), self._resolve(repo, head)
            return history.merge_of(repo, tip, proposed) if repo.is_ancestor(proposed, tip) else None

        return self._do("cannot look for the merge", work)
