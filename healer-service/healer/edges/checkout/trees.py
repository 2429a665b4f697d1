"""The files of a commit: read, packed and written out. Links and submodules are left out; no filter is ever run."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from git import Blob, Commit, Repo

from healer.model import Change, CheckoutError

FILE_MODES = (0o100644, 0o100755)
LARGEST_SOURCE = 1_000_000  # bytes; larger .py files are generated, and no patch of ours belongs there
LARGEST_TEXT = 200_000
BLOCK = 4096  # bytes; what files take on most disks is whole ones
_SUBMODULE = "160000"
_NONE = "000000"


@dataclass(frozen=True)
class Difference:
    """A path that two trees do not have alike. A mode is "" and an id all zeros where there is none."""

    path: str
    before_mode: str
    after_mode: str
    before: str
    after: str


def blobs(commit: Commit) -> Iterator[Blob]:
    for item in commit.tree.traverse():
        if isinstance(item, Blob) and item.mode in FILE_MODES:
            yield item


def texts(commit: Commit, wanted: Callable[[str], bool]) -> dict[str, str]:
    found = {}
    for blob in blobs(commit):
        if wanted(PurePosixPath(blob.path).name) and blob.size <= LARGEST_SOURCE:
            text = _text(blob.data_stream.read())
            if text is not None:
                found[str(blob.path)] = text
    return found


def text(commit: Commit, path: str) -> str | None:
    try:
        item = commit.tree / path
    except (KeyError, ValueError):
        return None
    if not isinstance(item, Blob) or item.mode not in FILE_MODES or item.size > LARGEST_TEXT:
        return None
    return _text(item.data_stream.read())


def tar(commit: Commit, changes: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    overlay = dict(changes)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for blob in blobs(commit):
            new = overlay.pop(str(blob.path), None)
            _add(archive, str(blob.path), blob.data_stream.read() if new is None else new.encode(), blob.mode)
        for path, new in overlay.items():
            _add(archive, path, new.encode(), 0o644)
    return out.getvalue()


def write(commit: Commit, folder: Path) -> None:
    folder.mkdir(parents=True)
    files = list(blobs(commit))
    needed = sum(-(-blob.size // BLOCK) * BLOCK for blob in files)
    if needed > (free := shutil.disk_usage(folder).free):
        raise CheckoutError(f"its files need {needed:,} bytes, and {free:,} are free there")
    for blob in files:
        path = PurePosixPath(str(blob.path))
        # Git refuses such names when it checks out; nothing checks a tree that was made by hand.
        if path.is_absolute() or {"..", ".git"}.intersection(path.parts):
            raise CheckoutError(f"{commit.hexsha[:10]} holds a file named {str(path)!r}")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(blob.data_stream.read())
        target.chmod(0o755 if blob.mode & 0o100 else 0o644)


def differences(repo: Repo, one: str, other: str) -> Iterator[Difference]:
    """Of two trees or commits; a renamed file is one that is gone and one that is new."""
    fields = str(repo.git.diff_tree("-r", "-z", "--raw", "--no-renames", one, other)).split("\0")
    for head, path in zip(fields[::2], fields[1::2], strict=False):
        before_mode, after_mode, before, after, _letter = head.removeprefix(":").split(" ")
        yield Difference(path, before_mode.replace(_NONE, ""), after_mode.replace(_NONE, ""), before, after)


def changes(repo: Repo, one: str, other: str) -> tuple[Change, ...]:
    """The texts that differ, and the links (their text is where they lead) and submodules (a commit's id)."""
    found = []
    for difference in differences(repo, one, other):
        before = text_at(repo, difference.before_mode, difference.before)
        after = text_at(repo, difference.after_mode, difference.after)
        if before is not None and after is not None:
            modes = (difference.before_mode, difference.after_mode)
            found.append(Change(difference.path, before, after, *modes))
    return tuple(found)


def unshown(repo: Repo, one: str, other: str) -> tuple[str, ...]:
    """What differs beyond the texts of regular files: each path, and what is there."""
    named = ((difference.path, _beyond_text(repo, difference)) for difference in differences(repo, one, other))
    return tuple(f"{path} ({what})" for path, what in named if what)


def _beyond_text(repo: Repo, difference: Difference) -> str:
    modes = [mode for mode in (difference.before_mode, difference.after_mode) if mode]
    if _SUBMODULE in modes:
        return "a submodule"
    if not all(int(mode, 8) in FILE_MODES for mode in modes):
        return "a link"
    if None in (
        text_at(repo, difference.before_mode, difference.before),
        text_at(repo, difference.after_mode, difference.after),
    ):
        return "not text, or too large"
    if difference.after_mode and int(difference.after_mode, 8) != int(difference.before_mode or "100644", 8):
        return "executable" if int(difference.after_mode, 8) & 0o100 else "not executable any more"
    return ""


def text_at(repo: Repo, mode: str, id: str) -> str | None:
    """ "" where there is no file; None for what is no text, or too large for one of ours."""
    if not mode:
        return ""
    if mode == _SUBMODULE:
        return f"{id}\n"
    blob = Blob(repo, bytes.fromhex(id))
    data = blob.data_stream.read() if blob.size <= LARGEST_SOURCE else b"\0"
    return None if b"\0" in data else _text(data)


def _text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _add(archive: tarfile.TarFile, path: str, data: bytes, mode: int) -> None:
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(data), (0o755 if mode & 0o100 else 0o644)
    archive.addfile(info, io.BytesIO(data))
