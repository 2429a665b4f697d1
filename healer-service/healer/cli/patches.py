"""A unified diff as git, `diff -u` or a person makes it, applied to a project's files in a repository of its own.

Nothing is written into the project, and no path of the diff reaches the disk: git applies it to an index only.
"""

from __future__ import annotations

import io
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from git import Blob, GitCommandError, Repo
from git.index.base import IndexFile
from gitdb import IStream

from healer.edges.checkout import ENVIRONMENT
from healer.model import BadInput, Change

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_QUOTED = re.compile(r"\\([abfnrtv\"\\]|[0-7]{1,3})")
_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, '"': 34, "\\": 92}
_LINK, _SUBMODULE = "120000", "160000"


@dataclass(frozen=True)
class Section:
    """What a diff says of one file. `old` and `new` are without a/ and b/; None for a file that is not there."""

    text: str
    old: str | None
    new: str | None
    modes: tuple[str, str]  # before and after as far as they are named, else ""
    binary: bool

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name in (self.new, self.old) if name is not None))


def changes_of(project: Path, patch: str) -> tuple[Change, ...]:
    """What the patch makes of the project's files. Raises BadInput for one that is none, or does not apply.

    What must not be applied (links, submodules, binary files, paths that leave the project) comes without its text.
    """
    sections = list(_sections(patch))
    if not sections:
        raise BadInput("--patch: it holds no change to any file; give a unified diff, as `git diff` prints it")
    refused = [change for section in sections for change in _untouchable(project, section)]
    names = {change.file for change in refused}
    harmless = [section for section in sections if not names.intersection(section.names)]
    return (*refused, *(_applied(project, harmless) if harmless else ()))


def _sections(patch: str) -> Iterator[Section]:
    """The diff cut into files; lines of a hunk are counted, so that none is taken for a header."""
    lines = patch.split("\n")
    start, at, begun = None, 0, False
    while at < len(lines):
        line = lines[at].rstrip("\r")
        following = lines[at + 1] if at + 1 < len(lines) else ""
        opens = line.startswith("diff --git ")
        if opens or (line.startswith("--- ") and following.startswith("+++ ") and (start is None or begun)):
            if start is not None:
                yield _section(lines[start:at])
            start, begun = at, not opens
        elif line.startswith("--- ") and following.startswith("+++ "):
            begun = True
        hunk = _HUNK.match(line)
        at += 1
        if hunk and start is not None:
            at = _end_of_hunk(lines, at, int(hunk[2] or 1), int(hunk[3] or 1))
    if start is not None:
        yield _section(lines[start:])


def _end_of_hunk(lines: list[str], at: int, old: int, new: int) -> int:
    while at < len(lines) and (old > 0 or new > 0):
        sign = lines[at][:1]
        if sign not in (" ", "+", "-", "\\", "", "\r"):
            break
        old -= sign in (" ", "-", "", "\r")
        new -= sign in (" ", "+", "", "\r")
        at += 1
    return at


def _section(lines: list[str]) -> Section:
    said: dict[str, str] = {}
    head = []
    for line in lines:
        if line.startswith("@@ "):
            break
        head.append(line.rstrip("\r"))
    for line in head:
        for word in (
            "old mode",
            "new mode",
            "new file mode",
            "deleted file mode",
            "rename from",
            "rename to",
            "copy to",
            "---",
            "+++",
            "index",
        ):
            if line.startswith(word + " "):
                said.setdefault(word, line[len(word) + 1 :])
    old, new = _named(said.get("---")), _named(said.get("+++"))
    if "---" not in said:
        old, new = _in_title(head[0])
        old = None if "new file mode" in said else old
        new = None if "deleted file mode" in said else new
    mode = said.get("index", "").partition(" ")[2].strip()
    before = said.get("old mode") or said.get("deleted file mode") or ("" if "new file mode" in said else mode)
    after = said.get("new mode") or said.get("new file mode") or ("" if "deleted file mode" in said else mode)
    binary = any(line.startswith(("GIT binary patch", "Binary files ")) for line in head)
    renamed = (
        _plain(said["rename to"]) if "rename to" in said else _plain(said["copy to"]) if "copy to" in said else new
    )
    source = _plain(said["rename from"]) if "rename from" in said else old
    return Section("\n".join(lines), source, renamed, (before.strip(), after.strip()), binary)


def _in_title(line: str) -> tuple[str | None, str | None]:
    """`diff --git a/x b/x`: the only place that names a file whose mode alone changes."""
    rest = line.removeprefix("diff --git ")
    quoted = re.fullmatch(r'("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)', rest)
    if quoted:
        return _named(quoted[1]), _named(quoted[2])
    middle = len(rest) // 2  # both names are the same, and may hold spaces
    return _named(rest[:middle]), _named(rest[middle + 1 :])


def _named(text: str | None) -> str | None:
    """The path without its a/ or b/; None for /dev/null."""
    if text is None:
        return None
    path = _plain(text.partition("\t")[0] if not text.startswith('"') else text)
    if path == "/dev/null":
        return None
    return path if path.startswith("/") else re.sub(r"^[^/]+/", "", path, count=1) if _has_prefix(path) else path


def _has_prefix(path: str) -> bool:
    return path.startswith(("a/", "b/", "i/", "w/", "c/", "o/", "old/", "new/"))


def _plain(text: str) -> str:
    """A name as git quotes it, in plain."""
    text = text.rstrip("\r\n")
    match = re.match(r'"((?:[^"\\]|\\.)*)"', text)
    if match is None:
        return text
    out = bytearray()
    rest = match[1]
    while rest:
        escape = _QUOTED.match(rest)
        if escape:
            out += bytes([_ESCAPES[escape[1]] if escape[1] in _ESCAPES else int(escape[1], 8) & 255])
            rest = rest[escape.end() :]
        else:
            out += rest[0].encode("utf-8", "surrogateescape")
            rest = rest[1:]
    return out.decode("utf-8", "surrogateescape")


def _untouchable(project: Path, section: Section) -> Iterator[Change]:
    before, after = section.modes
    for name in section.names:
        path = PurePosixPath(name)
        leaves = path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or not path.parts
        inside_git = any(part.lower() in (".git", "git~1") for part in path.parts)
        link = _LINK in section.modes or _is_link(project, path)
        if leaves or inside_git:
            yield Change(name, "", "changed", before or "100644", after or "100644")
        elif _SUBMODULE in section.modes:
            yield Change(name, "", "changed", before, after)
        elif link:
            yield Change(name, "", "changed", before or _LINK, after or _LINK)
        elif section.binary:
            yield Change(name, "", "\0", before, after or "100644")


def _is_link(project: Path, path: PurePosixPath) -> bool:
    """Whether the file, or a folder on the way to it, is a link already."""
    return any((project / part).is_symlink() for part in (path, *path.parents) if part.parts)


def _applied(project: Path, sections: list[Section]) -> Iterator[Change]:
    with tempfile.TemporaryDirectory(prefix="healer-check-") as folder:
        repo = Repo.init(Path(folder) / "project.git", bare=True)
        try:
            yield from _in_index(repo, Path(folder), project, sections)
        finally:
            repo.close()


def _in_index(repo: Repo, folder: Path, project: Path, sections: list[Section]) -> Iterator[Change]:
    index = IndexFile(repo, str(folder / "index"))
    names = dict.fromkeys(name for section in sections for name in _readings(section))
    there = [blob for name in names if (blob := _blob(repo, project, name)) is not None]
    index.add(there)
    index.write()
    _apply(repo, folder, sections)
    before = {str(blob.path): blob for blob in there}
    after = {
        str(path): entry for (path, stage), entry in IndexFile(repo, str(folder / "index")).entries.items() if not stage
    }
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or (old.binsha, old.mode) != (new.binsha, new.mode):
            yield Change(
                name,
                _text(repo, old.binsha) if old is not None else "",
                _text(repo, new.binsha) if new is not None else "",
                f"{old.mode:o}" if old is not None else "",
                f"{new.mode:o}" if new is not None else "",
            )


def _readings(section: Section) -> Iterator[str]:
    """The names that a section may mean: a diff may be without a/ and b/, or have something else in their place."""
    for name in section.names:
        yield name
        if "/" in name and not section.text.startswith("diff --git "):
            yield name.partition("/")[2]


def _blob(repo: Repo, project: Path, name: str) -> Blob | None:
    path = project / name
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    data = path.read_bytes()
    stored = repo.odb.store(IStream("blob", len(data), io.BytesIO(data)))
    return Blob(repo, stored.binsha, mode=0o100755 if status.st_mode & 0o100 else 0o100644, path=name)


def _text(repo: Repo, binsha: bytes) -> str:
    """What is not UTF-8 stays recognisable as that."""
    return repo.odb.stream(binsha).read().decode("utf-8", "surrogateescape")  # type: ignore[no-any-return]


def _apply(repo: Repo, folder: Path, sections: list[Section]) -> None:
    """As it is; else with counts corrected and line ends of the other kind, which is what goes wrong by hand."""
    text = "\n".join(section.text for section in sections)
    text = text if text.endswith("\n") else text + "\n"
    bare = all(_has_no_prefix(section) for section in sections)
    first = None
    for reading in dict.fromkeys((text, text.replace("\r\n", "\n"), text.replace("\r\n", "\n").replace("\n", "\r\n"))):
        file = folder / "fix.patch"
        file.write_bytes(reading.encode("utf-8", "surrogateescape"))
        for options in (
            ("-p0",) if bare else ("-p1",),
            ("-p0" if bare else "-p1", "--recount"),
            ("-p1",) if bare else ("-p0",),
        ):
            try:
                repo.git.apply("--cached", "--whitespace=nowarn", *options, str(file), env=_environment(folder))
            except GitCommandError as error:
                first = first or error
            else:
                return
    assert first is not None
    raise BadInput(_explained(str(first.stderr), sections))


def _has_no_prefix(section: Section) -> bool:
    marked = [line for line in section.text.split("\n")[:12] if line.startswith(("--- ", "+++ ", "diff --git "))]
    names = [
        line.split(" ")[-2 if line.startswith("diff") else 1].strip('"') for line in marked if "/dev/null" not in line
    ]
    return not any(_has_prefix(name) or "/" in name for name in names)


def _environment(folder: Path) -> Mapping[str, str]:
    return {**ENVIRONMENT, "GIT_INDEX_FILE": str(folder / "index"), "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}


def _explained(said: str, sections: list[Section]) -> str:
    failed = re.search(r"patch failed: (.+?):(\d+)", said)
    if failed:
        section = next((s for s in sections if failed[1] in s.names), None)
        starts = [int(match[1]) for match in map(_HUNK.match, section.text.split("\n")) if match] if section else []
        number = 1 + max((index for index, start in enumerate(starts) if start <= int(failed[2])), default=0)
        return f"--patch: {failed[1]}: hunk {number} (line {failed[2]}) does not apply; is it made for these files?"
    line = next(
        (line for line in said.replace("'", "\n").split("\n") if "error:" in line or "fatal:" in line), said.strip()
    )
    return f"--patch: it does not apply: {re.sub(r'^.*?(error|fatal): ', '', line)[:200].strip()}"
