"""The repository of one service, by GitPython: a bare mirror, read and written without a work tree.

It knows commits and branches; it knows nothing of incidents, proposals or forges.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TypeVar

from git import Actor, Blob, Commit, GitCommandError, Repo
from git.exc import GitError
from git.index.base import IndexFile
from git.objects.util import altz_to_utctz_str
from gitdb import IStream
from gitdb.exc import ODBError

from healer.model import CheckoutError, Suspect

T = TypeVar("T")

BOT = Actor("healer", "healer@localhost")
FILE_MODES = (0o100644, 0o100755)
REQUIREMENTS = re.compile(r"requirements[\w.-]*\.(txt|in)")
SKIPPED = frozenset({"__pycache__", ".git", ".pytest_cache", ".venv", ".mypy_cache", ".ruff_cache", "node_modules"})
ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")
BLAME_SECONDS = 2  # of git over a long history; a heal goes on without its answer
NAME_CHARACTERS, SUMMARY_CHARACTERS = 100, 200
LARGEST_SOURCE = 1_000_000  # bytes; larger .py files are generated, and no patch of ours belongs there
# Nothing of the user's or the repository's configuration may run a program or ask a person.
ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "3",
    "GIT_CONFIG_KEY_0": "core.hooksPath",
    "GIT_CONFIG_VALUE_0": os.devnull,
    "GIT_CONFIG_KEY_1": "safe.directory",
    "GIT_CONFIG_VALUE_1": "*",
    "GIT_CONFIG_KEY_2": "core.fsmonitor",
    "GIT_CONFIG_VALUE_2": "false",
}


class Checkout:
    """`repository` is any address git takes; `home` is where the mirror lives."""

    def __init__(self, home: Path, repository: str, branch: str) -> None:
        self.repository = repository
        self.branch = branch
        self._path = home
        self._lock = threading.RLock()
        self._repo: Repo | None = None

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
        try:
            repo = Repo.init(draft, bare=True, initial_branch=self.branch)
            self._do(f"cannot read {folder}", lambda _mirror: self._fill(repo, folder))
            repo.close()
            draft.chmod(0o755)
            draft.rename(target)  # a repository that bears its name is whole
        except OSError:
            if not target.exists():  # someone else was faster, which is as good
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _fill(self, repo: Repo, folder: Path) -> None:
        parents = []
        if (folder / ".git").exists() and _has_commits(folder):
            repo.git.fetch("--no-tags", "--no-recurse-submodules", str(folder), "HEAD", env=ENVIRONMENT)
            parents = [repo.commit("FETCH_HEAD")]
            repo.git.update_ref(f"refs/heads/{self.branch}", parents[0].hexsha)
        with tempfile.TemporaryDirectory() as work:
            index = IndexFile(repo, str(Path(work) / "index"))
            index.add([self._blob(repo, name, data, mode) for name, data, mode in _files_of(folder)])
            tree = index.write_tree()
        if not parents or parents[0].tree != tree:
            message = "Changes not committed\n" if parents else "Start of the service\n"
            Commit.create_from_tree(repo, tree, message, parents, head=True, author=BOT, committer=BOT)

    def fetch(self) -> str:
        """Bring the mirror up to date; the commit at the tip of the branch."""

        def work(repo: Repo) -> str:
            repo.git.fetch("--prune", "--no-tags", "--no-recurse-submodules", "origin", env=ENVIRONMENT)
            return self._resolve(repo, f"refs/remotes/origin/{self.branch}").hexsha

        return self._do(f"cannot fetch {self.branch} of {self.repository}", work)

    def sources(self, commit: str) -> dict[str, str]:
        """Path -> text of every Python file that is UTF-8."""
        return self._texts(commit, lambda name: name.endswith(".py"))

    def requirements(self, commit: str) -> dict[str, str]:
        """Path -> text of the files that may say what the service depends on."""
        return self._texts(commit, lambda name: name == "pyproject.toml" or REQUIREMENTS.fullmatch(name) is not None)

    def _texts(self, commit: str, wanted: Callable[[str], bool]) -> dict[str, str]:
        def work(repo: Repo) -> dict[str, str]:
            texts = {}
            for blob in _blobs(self._resolve(repo, commit)):
                if wanted(PurePosixPath(blob.path).name) and blob.size <= LARGEST_SOURCE:
                    try:
                        texts[str(blob.path)] = blob.data_stream.read().decode("utf-8")
                    except UnicodeDecodeError:
                        continue
            return texts

        return self._do(f"cannot read {commit[:10]}", work)

    def sizes(self, commit: str) -> dict[str, int]:
        """Path -> bytes of every regular file."""

        def work(repo: Repo) -> dict[str, int]:
            return {str(blob.path): blob.size for blob in _blobs(self._resolve(repo, commit))}

        return self._do(f"cannot read {commit[:10]}", work)

    def tar(self, commit: str, changes: Mapping[str, str] | None = None) -> bytes:
        """The tree of a commit, regular files only, with `changes` (path -> new text) laid over it."""

        def work(repo: Repo) -> bytes:
            out = io.BytesIO()
            overlay = dict(changes or {})
            with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for blob in _blobs(self._resolve(repo, commit)):
                    text = overlay.pop(str(blob.path), None)
                    data = blob.data_stream.read() if text is None else text.encode()
                    _add(archive, str(blob.path), data, blob.mode)
                for path, text in overlay.items():
                    _add(archive, path, text.encode(), 0o644)
            return out.getvalue()

        return self._do(f"cannot read {commit[:10]}", work)

    def export(self, commit: str, folder: Path) -> None:
        """Write a commit's files into `folder`, which must not exist. It appears whole or not at all."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            self._do(f"cannot read {commit[:10]}", lambda repo: _write(self._resolve(repo, commit), draft))
            draft.chmod(0o755)
            os.sync()
            draft.rename(folder)
        except OSError as error:
            if not folder.is_dir():
                raise CheckoutError(f"cannot write the release {folder}: {error}") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def commit(self, base: str, changes: Mapping[str, str], message: str, when: str) -> str:
        """A commit on top of `base`. The same arguments give the same commit; `when` is RFC 3339."""

        def work(repo: Repo) -> str:
            parent = self._resolve(repo, base)
            modes = {str(blob.path): blob.mode for blob in _blobs(parent)}
            with tempfile.TemporaryDirectory() as folder:
                # An index of its own: links and submodules of the tree stay as they are, and nothing is checked out.
                aside = {**ENVIRONMENT, "GIT_INDEX_FILE": str(Path(folder) / "index")}
                repo.git.read_tree(parent.hexsha, env=aside)
                for path, text in changes.items():
                    mode = modes.get(path, 0o100644)
                    entry = f"{mode:o},{self._blob(repo, path, text.encode(), mode).hexsha},{path}"
                    repo.git.update_index("--add", "--cacheinfo", entry, env=aside)
                tree = str(repo.git.write_tree(env=aside))
            return _create(repo, tree, message, [parent], when)

        return self._do("cannot commit", work)

    def push(self, commit: str, branch: str) -> None:
        """Put a commit on a branch of the repository. A branch that is there with other work is never overwritten."""

        def work(repo: Repo) -> None:
            repo.git.push("origin", f"{commit}:refs/heads/{branch}", env=ENVIRONMENT)

        self._do(f"cannot push {branch} to {self.repository}", work)

    def delete_branch(self, branch: str) -> None:
        def work(repo: Repo) -> None:
            if repo.git.ls_remote("origin", f"refs/heads/{branch}", env=ENVIRONMENT):
                repo.git.push("origin", "--delete", f"refs/heads/{branch}", env=ENVIRONMENT)

        self._do(f"cannot delete {branch} of {self.repository}", work)

    def merge(self, head: str, message: str, when: str) -> str:
        """Merge `head` into the branch and push it; the merge commit. Merged before: the commit that did it.

        Raises CheckoutError when the two cannot be merged without a person.
        """

        def work(repo: Repo) -> str:
            tip = self._resolve(repo, self.fetch())
            if self._holds(repo, tip.hexsha, head):
                return _merge_of(repo, tip, head)
            try:
                tree = repo.git.merge_tree("--write-tree", tip.hexsha, head, env=ENVIRONMENT).splitlines()[0]
            except GitCommandError as error:
                if error.status == 1:
                    raise CheckoutError(f"{self.branch} has changed in the same lines; retry the heal") from error
                raise
            merged = _create(repo, tree, message, [tip, self._resolve(repo, head)], when)
            repo.git.push("origin", f"{merged}:refs/heads/{self.branch}", env=ENVIRONMENT)
            return merged

        return self._do(f"cannot merge into {self.branch}", work)

    def blame(self, commit: str, file: str, line: int) -> Suspect:
        """The commit that last touched a line, but for its indentation, as it stands at `commit`."""

        def work(repo: Repo) -> Suspect:
            at = self._resolve(repo, commit).hexsha
            said = repo.git.blame(
                *("--porcelain", "-w", f"-L{line},{line}", at, "--", file),
                env=ENVIRONMENT,
                kill_after_timeout=BLAME_SECONDS,
            )
            found = self._resolve(repo, str(said).partition(" ")[0])
            when = found.authored_datetime.astimezone(UTC).isoformat().replace("+00:00", "Z")
            author = _without_addresses(str(found.author.name or ""))[:NAME_CHARACTERS]
            summary = _without_addresses(str(found.summary))[:SUMMARY_CHARACTERS]
            return Suspect(found.hexsha, author or "somebody", when, summary)

        return self._do(f"cannot tell who touched {file}:{line}", work)

    def same_files(self, one: str, other: str, files: Iterable[str]) -> bool:
        """Whether two commits hold the same text in all of `files`. A file that neither has is the same."""

        def work(repo: Repo) -> bool:
            trees = [
                {str(blob.path): blob.binsha for blob in _blobs(self._resolve(repo, name))} for name in (one, other)
            ]
            return all(trees[0].get(file) == trees[1].get(file) for file in files)

        return self._do("cannot compare commits", work)

    def is_ancestor(self, commit: str, descendant: str) -> bool:
        return self._do("cannot compare commits", lambda repo: self._holds(repo, descendant, commit))

    def merged_as(self, head: str) -> str | None:
        """The commit of the branch that brought `head` in, or None while it is not merged."""

        def work(repo: Repo) -> str | None:
            tip = self._resolve(repo, self.fetch())
            return _merge_of(repo, tip, head) if self._holds(repo, tip.hexsha, head) else None

        return self._do("cannot look for the merge", work)

    def _do(self, what: str, work: Callable[[Repo], T]) -> T:
        with self._lock:
            try:
                return work(self._open())
            except (GitError, ODBError, OSError, ValueError) as error:
                raise CheckoutError(f"{what}: {_said(error)}") from error

    def _open(self) -> Repo:
        if self._repo is None:
            if not (self._path / "HEAD").exists():
                self._path.parent.mkdir(parents=True, exist_ok=True)
                Repo.init(self._path, bare=True).close()
            repo = Repo(self._path)
            with repo.config_writer() as config:
                config.set_value('remote "origin"', "url", self.repository)
                config.set_value('remote "origin"', "fetch", "+refs/heads/*:refs/remotes/origin/*")
            self._repo = repo
        return self._repo

    def _resolve(self, repo: Repo, name: str) -> Commit:
        try:
            return repo.commit(name)
        except (ValueError, ODBError, GitError) as error:
            raise CheckoutError(f"{self.repository} has no {name}") from error

    def _holds(self, repo: Repo, commit: str, ancestor: str) -> bool:
        return bool(repo.is_ancestor(self._resolve(repo, ancestor), self._resolve(repo, commit)))

    @staticmethod
    def _blob(repo: Repo, path: str, data: bytes, mode: int) -> Blob:
        stored = repo.odb.store(IStream("blob", len(data), io.BytesIO(data)))
        return Blob(repo, stored.binsha, mode=mode, path=path)


def _without_addresses(text: str) -> str:
    """E-mail addresses stay in git, also where somebody has one for a name."""
    return " ".join(ADDRESS.sub("", text).split())


def _create(repo: Repo, tree: str, message: str, parents: list[Commit], when: str) -> str:
    stamp = datetime.fromisoformat(when.replace("Z", "+00:00"))
    date = f"{int(stamp.timestamp())} {altz_to_utctz_str(0)}"
    made = Commit.create_from_tree(
        repo, tree, message, parents, author=BOT, committer=BOT, author_date=date, commit_date=date
    )
    return made.hexsha


def _merge_of(repo: Repo, tip: Commit, head: str) -> str:
    """The first commit on the branch's own line that holds `head`."""
    found = tip
    for commit in repo.iter_commits(tip.hexsha, first_parent=True, max_count=1000):
        if not repo.is_ancestor(repo.commit(head), commit):
            break
        found = commit
    return found.hexsha


def _blobs(commit: Commit) -> Iterator[Blob]:
    """Regular files; links and submodules are left out."""
    for item in commit.tree.traverse():
        if isinstance(item, Blob) and item.mode in FILE_MODES:
            yield item


def _write(commit: Commit, folder: Path) -> None:
    for blob in _blobs(commit):
        path = PurePosixPath(str(blob.path))
        # Git refuses such names when it checks out; nothing checks a tree that was made by hand.
        if path.is_absolute() or {"..", ".git"}.intersection(path.parts):
            raise CheckoutError(f"{commit.hexsha[:10]} holds a file named {str(path)!r}")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(blob.data_stream.read())
        target.chmod(0o755 if blob.mode & 0o100 else 0o644)


def _add(archive: tarfile.TarFile, path: str, data: bytes, mode: int) -> None:
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(data), (0o755 if mode & 0o100 else 0o644)
    archive.addfile(info, io.BytesIO(data))


def _has_commits(folder: Path) -> bool:
    repo = Repo(folder)
    try:
        return repo.head.is_valid()
    finally:
        repo.close()


def _files_of(folder: Path) -> Iterator[tuple[str, bytes, int]]:
    """Regular files; of a git work tree those that git does not ignore, else those that look like source."""
    for path in _listed(folder) if (folder / ".git").exists() else _found(folder):
        if path.is_file() and not path.is_symlink():
            name = str(PurePosixPath(path.relative_to(folder)))
            yield name, path.read_bytes(), 0o100755 if os.access(path, os.X_OK) else 0o100644


def _listed(folder: Path) -> Iterator[Path]:
    repo = Repo(folder)
    try:
        names = repo.git.ls_files("-z", "--cached", "--others", "--exclude-standard", env=ENVIRONMENT)
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


def _said(error: Exception) -> str:
    if isinstance(error, GitCommandError):
        text = str(error.stderr or error.stdout or error).strip()
        lines = [line.strip(" '") for line in text.splitlines() if line.strip(" '")]
        # After the line that says what is wrong, git often adds advice.
        telling = [line for line in lines if line.startswith(("fatal:", "error:", "stderr: 'fatal:"))] or lines[-1:]
        return telling[0].removeprefix("stderr: '")[:300] if telling else str(error)
    return str(error)[:300]
