"""Brings one file of the hub to its place on the disk, whole and verified or not at all. Prints nothing itself.

What has arrived so far lies in a hidden folder beside the target, under a name with the checksum that it is to have: a
later run goes on with it and never mixes two files.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from llm_service.gguf import ModelError, read_header
from llm_service.hub import Hub, Remote
from llm_service.problem import PullError

_STAGING = ".pull"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Progress(Protocol):
    def update(self, count: int, /) -> object: ...
    def close(self) -> None: ...


class Watcher(Protocol):
    """Tells a person what happens."""

    def say(self, message: str) -> None: ...
    def begin(self, total: int, done: int) -> Progress: ...


def shown(size: int) -> str:
    for unit, width in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= width:
            return f"{size / width:.2f} {unit}"
    return f"{size} bytes"


def is_there(target: Path, remote: Remote, watcher: Watcher, *, force: bool) -> bool:
    """Whether the target is this very file. Raises PullError when it is another one that may not be replaced."""
    try:
        if target.is_dir():
            raise PullError(f"{target} is a folder; name a file in it", 2)
        if not target.exists():
            return False
        size = target.stat().st_size
        if size == remote.size:
            watcher.say(f"{target} is there; comparing its checksum")
            if _sha256(target) == remote.sha256:
                return True
    except OSError as error:
        raise PullError(f"{target} cannot be looked at: {error.strerror}; {_remedy(target, error)}") from error
    if force:
        return False
    what = "of the same size" if size == remote.size else f"of {size:,} bytes, not {remote.size:,}"
    raise PullError(f"{target} is another file, {what}; --force replaces it, --to names another place")


def bring(hub: Hub, remote: Remote, target: Path, watcher: Watcher) -> None:
    """Raises PullError; the target is then what it was before."""
    target = Path(os.path.realpath(target))  # a link stays one, and what it names is replaced
    with _staging(target.parent) as staging:
        partial = staging / f"{target.name}.{remote.sha256[:16]}.part"
        try:
            done = _arrived(partial, remote)
            _require_space(target.parent, remote.size - done, done)
            _fetch(hub, remote, partial, done, watcher)
            watcher.say("checking it")
            _verify(partial, remote)
            partial.chmod(0o644)
            partial.replace(target)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise _full(partial, remote, target.parent) from error
            place = target.parent if error.filename2 else partial
            raise PullError(f"{place} cannot be written to: {error.strerror}; {_remedy(place, error)}") from error
        _flush(target.parent)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """The hidden folder, and a lock: two runs must not write into one file. It goes when it is empty at the end."""
    staging = folder / _STAGING
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, handle)
            _lock(handle, folder)
            staging.mkdir(exist_ok=True)
            # Tried, not asked for: modes do not tell what a network file system or a read-only mount will do.
            with NamedTemporaryFile(dir=staging):
                pass
        except OSError as error:
            raise PullError(f"{folder} cannot be written to: {error.strerror}; {_remedy(staging, error)}") from error
        try:
            yield staging
        finally:
            with suppress(OSError):
                staging.rmdir()


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise PullError(f"another download into {folder} is running; wait until it has ended") from None
    except OSError:
        return  # some network file systems have no locks


def _full(partial: Path, remote: Remote, folder: Path) -> PullError:
    done = partial.stat().st_size if partial.exists() else 0
    what = f"the disk is full: {shown(done)} of {shown(remote.size)} are there and kept"
    return PullError(f"{what}; free {shown(remote.size - done)} at {folder} and run it again")


def _remedy(path: Path, error: OSError) -> str:
    if error.errno == errno.EROFS:
        return "it lies on a read-only file system: mount it writable, or name another place by --to"
    if error.errno not in (errno.EACCES, errno.EPERM):
        return "name another place by --to"
    nearest, owner = _nearest(path)
    user = os.geteuid()
    if owner == user:
        return f"it helps to run: chmod u+rwX {nearest}"
    who = f"{nearest} belongs to {_name(owner)} and this runs as {_name(user)}: run it as {_name(owner)}"
    if nearest not in (path, path.parent) or len(nearest.absolute().parts) < 3:
        return f"{who}, or name another place by --to"  # no folder of the system is proposed to be given away
    option = "-R " if nearest.name == _STAGING else ""
    return f"{who}, or first: sudo chown {option}{user} {nearest}"


def _nearest(path: Path) -> tuple[Path, int]:
    """The path, or the first folder above it that can be looked at; and its owner."""
    for candidate in (path, *path.parents):
        with suppress(OSError):
            return candidate, candidate.stat().st_uid
    return path, os.geteuid()


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _arrived(partial: Path, remote: Remote) -> int:
    """Bytes of the partial file; partial files of what the target was to be earlier are removed."""
    for other in partial.parent.glob("*.part"):
        if other != partial and Path(other.stem).stem == Path(partial.stem).stem:
            other.unlink()
    if not partial.exists():
        return 0
    if partial.stat().st_size > remote.size:
        partial.unlink()
        return 0
    return partial.stat().st_size


def _require_space(folder: Path, needed: int, done: int) -> None:
    free = shutil.disk_usage(folder).free
    if free >= needed:
        return
    there = f" ({shown(done)} are there already)" if done else ""
    what = f"{folder} has {shown(free)} free and {shown(needed)} are needed{there}"
    raise PullError(f"{what}; free {shown(needed - free)}, or name another disk by --to")


def _fetch(hub: Hub, remote: Remote, partial: Path, done: int, watcher: Watcher) -> None:
    progress = watcher.begin(remote.size, done)
    try:
        with partial.open("ab") as file:
            for piece in hub.read(remote, done, watcher.say):
                file.write(piece)
                file.flush()
                progress.update(len(piece))
            os.fsync(file.fileno())
    finally:
        progress.close()


def _verify(partial: Path, remote: Remote) -> None:
    problem = ""
    found = _sha256(partial)
    if found != remote.sha256:
        problem = f"its sha256 is {found} and the hub says {remote.sha256}; run it again to begin anew"
    else:
        try:
            read_header(partial)
        except ModelError as error:
            problem = f"{error}; name another file"
    if problem:
        partial.unlink()
        raise PullError(f"what arrived is not kept: {problem}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(folder: Path) -> None:
    """So that the new name outlives a power cut; not every file system can."""
    handle = os.open(folder, os.O_RDONLY)
    with suppress(OSError):
        os.fsync(handle)
    os.close(handle)
