# ruff: noqa: PTH102, PTH118, PTH123 (pathlib is slower and knows no descriptors)
"""Unpacks the repository that comes with a job: regular files only, all of them below one new directory.

It follows no link and restores no owner; a name that points outside refuses the whole archive.
"""

from __future__ import annotations

import os
import tarfile
from typing import BinaryIO, cast

_MOST_FILES = 50_000
_DEEPEST = 200  # folders within folders; whoever walks through the tree later may not climb down for ever
_CHUNK = 1 << 20


class UnusableArchive(Exception):
    """The archive breaks a rule; the text says which."""


class _Bounded:
    """A reader that ends after `size` bytes, whatever the stream has after them."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self.left = size
        self.cut_short = False

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        data = self._stream.read(wanted) if wanted else b""
        self.left -= len(data)
        self.cut_short = self.cut_short or (bool(wanted) and not data)
        return data


def _checked_parts(name: str) -> list[str]:
    if name.startswith("/") or "\0" in name:
        raise UnusableArchive(f"the archive holds an absolute name: {name[:200]!r}")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UnusableArchive(f"the archive holds a name that points outside: {name[:200]!r}")
    if len(parts) > _DEEPEST:
        raise UnusableArchive(f"the archive nests folders deeper than {_DEEPEST}: {name[:200]!r}")
    return parts


def _write(source: BinaryIO, target: str, mode: int, owner: int | None) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with open(handle, "wb") as file:
        while True:
            data = source.read(_CHUNK)
            if not data:
                break
            file.write(data)
        if owner is not None:
            os.fchown(file.fileno(), owner, owner)


def _make_directories(root: str, parts: list[str], made: set[str], owner: int | None) -> str:
    path = root
    for part in parts:
        path = os.path.join(path, part)
        if path not in made:
            os.mkdir(path, 0o755)
            if owner is not None:
                os.chown(path, owner, owner)
            made.add(path)
    return path


def unpack(stream: BinaryIO, size: int, root: str, owner: int | None = None) -> None:
    """`size` bytes of uncompressed tar from `stream` into the empty folder `root`; `owner`: uid and gid of the files.

    Links and devices are left out (repositories do hold links). Raises UnusableArchive, OSError, and EOFError when the
    stream ends early.
    """
    bounded = _Bounded(stream, size)
    made: set[str] = set()
    total = files = 0
    try:
        with tarfile.open(fileobj=cast(BinaryIO, bounded), mode="r|") as archive:
            for member in archive:
                parts = _checked_parts(member.name)
                if not member.isreg() or not parts:
                    continue
                total, files = total + member.size, files + 1
                if total > size or files > _MOST_FILES:  # a sparse member claims more than was sent
                    raise UnusableArchive("the archive unpacks to more than it may")
                source = archive.extractfile(member)
                if source is None:
                    continue
                folder = _make_directories(root, parts[:-1], made, owner)
                mode = 0o755 if member.mode & 0o100 else 0o644
                _write(cast(BinaryIO, source), os.path.join(folder, parts[-1]), mode, owner)
    except (tarfile.TarError, ValueError, ArithmeticError, LookupError) as error:  # tarfile lets all of them through
        if size and not bounded.cut_short:
            raise UnusableArchive(f"the archive cannot be read: {error}") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise UnusableArchive("the archive uses one name for a file and for a folder") from error
    while bounded.left and not bounded.cut_short:
        bounded.read(_CHUNK)
    if bounded.cut_short:
        raise EOFError("the archive ended early")
