"""A bare repository on disk, by git's plumbing: commits made from texts, merges without a work tree.

It knows nothing of pull requests and people.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NOBODY = "0" * 40
CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[http]
\treceivepack = true
[uploadpack]
\tallowAnySHA1InWant = true
\tallowFilter = true
[gc]
\tauto = 0
[receive]
\tautogc = false
\tdenyDeleteCurrent = ignore
"""
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
}


@dataclass(frozen=True)
class Person:
    name: str
    email: str


@dataclass(frozen=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    authored: datetime
    committer: Person
    committed: datetime
    message: str


@dataclass(frozen=True)
class FileChange:
    path: str
    status: str  # added | removed | modified
    additions: int
    deletions: int


class Git:
    def __init__(self, path: Path, default_branch: str) -> None:
        self.path = path
        for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "refs/pull", "hooks"):
            (path / folder).mkdir(parents=True)
        (path / "config").write_text(CONFIG)
        self.point_head(default_branch)
        self._commits: dict[str, Commit] = {}
        self._changes: dict[tuple[str, str], tuple[FileChange, ...]] = {}
        self._between: dict[tuple[str, str], tuple[str, ...]] = {}

    def run(
        self, *arguments: str, given: bytes | None = None, codes: Sequence[int] = (0,), **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            ["git", "--git-dir", str(self.path), *arguments],
            check=False,
            input=given,
            capture_output=True,
            env={**ENVIRONMENT, **environment},
        )
        if done.returncode not in codes:
            raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
        return done

    def text(self, *arguments: str) -> str:
        return self.run(*arguments).stdout.decode(errors="replace").strip()

    def point_head(self, branch: str) -> None:
        (self.path / "HEAD").write_text(f"ref: refs/heads/{branch}\n")

    def heads(self) -> dict[str, str]:
        """Branches and their tips, read from the files: asking git for them takes fifty times as long."""
        found = {}
        packed = self.path / "packed-refs"
        if packed.exists():
            for line in packed.read_text().splitlines():
                sha, _, ref = line.partition(" ")
                if ref.startswith("refs/heads/"):
                    found[ref.removeprefix("refs/heads/")] = sha
        home = self.path / "refs" / "heads"
        for folder, _, files in os.walk(home):
            for file in files:
                path = Path(folder, file)
                # A push may delete it in this moment.
                with suppress(FileNotFoundError):
                    if path.suffix != ".lock":
                        found[str(path.relative_to(home))] = path.read_text().strip()
        return found

    def set_ref(self, ref: str, sha: str) -> None:
        path = self.path / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        written = path.with_name(path.name + ".lock")
        written.write_text(sha + "\n")
        written.rename(path)

    def delete_ref(self, ref: str) -> None:
        self.run("update-ref", "-d", ref)

    def commit_files(
        self, branch: str, parent: str | None, files: Mapping[str, str | bytes | None], author: Person, message: str
    ) -> str:
        """A commit at the tip of the branch; a file that is None is deleted."""
        when = f"{int(datetime.now(UTC).timestamp())} +0000"
        who = f"{author.name} <{author.email}> {when}".encode()
        text = message.encode()
        stream = [
            b"commit refs/heads/%s\nmark :1\nauthor %s\ncommitter %s\n" % (branch.encode(), who, who),
            b"data %d\n%s\n" % (len(text), text),
        ]
        if parent:
            stream.append(b"from %s\n" % parent.encode())
        for path, content in files.items():
            if content is None:
                stream.append(b"D %s\n" % path.encode())
                continue
            data = content if isinstance(content, bytes) else content.encode()
            stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
        stream.append(b"\nget-mark :1\ndone\n")
        if not parent and branch in self.heads():
            self.delete_ref(f"refs/heads/{branch}")
        made = self.run("fast-import", "--quiet", "--force", "--done", "--cat-blob-fd=1", given=b"".join(stream))
        return made.stdout.decode().strip()

    def commit_tree(
        self, tree: str, parents: Sequence[str], message: str, author: Person, committer: Person, authored: str = ""
    ) -> str:
        arguments = [part for parent in parents for part in ("-p", parent)]
        when = f"{int(datetime.now(UTC).timestamp())} +0000"
        made = self.run(
            "commit-tree",
            tree,
            *arguments,
            given=message.encode(),
            GIT_AUTHOR_NAME=author.name,
            GIT_AUTHOR_EMAIL=author.email,
            GIT_AUTHOR_DATE=authored or when,
            GIT_COMMITTER_NAME=committer.name,
            GIT_COMMITTER_EMAIL=committer.email,
            GIT_COMMITTER_DATE=when,
        )
        return made.stdout.decode().strip()

    def merged_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of a merge, None when it conflicts or they have nothing in common."""
        if self.merge_base(ours, theirs) is None:
            return None
        done = self.run("merge-tree", "--write-tree", ours, theirs, codes=(0, 1))
        return done.stdout.decode().splitlines()[0] if done.returncode == 0 else None

    def replayed(self, base: str, head: str, committer: Person) -> str | None:
        """The commits of `head` that `base` lacks, each laid on `base`; None on a conflict."""
        tip = base
        for sha in self.text("rev-list", "--reverse", "--no-merges", f"{base}..{head}").split():
            commit = self.commit(sha)
            # A commit with the new tip's tree beside this one: what both come from is this one's parent.
            beside = self.commit_tree(self.commit(tip).tree, commit.parents, "beside", committer, committer)
            tree = self.merged_tree(beside, sha)
            if tree is None:
                return None
            authored = f"{int(commit.authored.timestamp())} +0000"
            tip = self.commit_tree(tree, [tip], commit.message, commit.author, committer, authored)
        return tip

    def is_ancestor(self, older: str, newer: str) -> bool:
        return self.run("merge-base", "--is-ancestor", older, newer, codes=(0, 1)).returncode == 0

    def merge_base(self, one: str, other: str) -> str | None:
        return self.run("merge-base", one, other, codes=(0, 1)).stdout.decode().strip() or None

    def resolved(self, name: str) -> str | None:
        """The commit that a branch, tag or (short) sha names."""
        heads = self.heads()
        if name in heads:
            return heads[name]
        if name.startswith("-"):
            return None
        done = self.run("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}", codes=(0, 1, 128))
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def commit(self, sha: str) -> Commit:
        if sha not in self._commits:
            layout = "%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B"
            fields = self.text("show", "-s", f"--format={layout}", sha).split("\0")
            self._commits[sha] = Commit(
                fields[0],
                fields[1],
                tuple(fields[2].split()),
                Person(fields[3], fields[4]),
                datetime.fromtimestamp(int(fields[5]), UTC),
                Person(fields[6], fields[7]),
                datetime.fromtimestamp(int(fields[8]), UTC),
                fields[9].strip(),
            )
        return self._commits[sha]

    def log(self, *revisions: str, count: int = 250) -> list[str]:
        return self.text("rev-list", f"--max-count={count}", *revisions).split()

    def between(self, base: str, head: str) -> tuple[str, ...]:
        """The commits of `head` that `base` lacks, newest first; both are shas."""
        if (base, head) not in self._between:
            self._between[base, head] = tuple(self.log(f"{base}..{head}"))
        return self._between[base, head]

    def changes(self, base: str, head: str) -> tuple[FileChange, ...]:
        """What `head` changed since it parted from `base`; both are shas."""
        if (base, head) not in self._changes:
            self._changes[base, head] = tuple(self._compared(base, head))
        return self._changes[base, head]

    def _compared(self, base: str, head: str) -> Iterator[FileChange]:
        words = {"A": "added", "D": "removed"}
        span = f"{base}...{head}" if self.merge_base(base, head) else f"{base}..{head}"
        parts = iter(self.text("diff", "--no-renames", "--raw", "--numstat", "-z", span).split("\0"))
        status = {}
        for part in parts:
            if part.startswith(":"):
                status[next(parts)] = words.get(part.split()[4][0], "modified")
            elif part:
                added, deleted, path = part.split("\t", 2)
                counts = [int(count) if count.isdigit() else 0 for count in (added, deleted)]
                yield FileChange(path, status.get(path, "modified"), *counts)

    def entries(self, commit: str, folder: str) -> list[tuple[str, str, int, str]]:
        """Kind, sha, size and path of what is in a folder."""
        listed = self.text("ls-tree", "-z", "--long", commit, "--", folder.rstrip("/") + "/").rstrip("\0")
        found = []
        for line in listed.split("\0"):
            facts, path = line.split("\t")
            _, kind, sha, size = facts.split()
            found.append((kind, sha, 0 if size == "-" else int(size), path))
        return found

    def blob(self, commit: str, path: str) -> tuple[str, str, bytes] | None:
        """Kind, sha and content of what is at this path."""
        listed = self.text("ls-tree", "-z", commit, "--", path.rstrip("/")).rstrip("\0")
        if not listed:
            return None
        _, kind, sha = listed.split("\t")[0].split()
        return kind, sha, self.run("cat-file", kind, sha).stdout if kind == "blob" else b""
