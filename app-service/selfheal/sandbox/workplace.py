# ruff: noqa: PTH101, PTH106, PTH108, PTH118, PTH207 (pathlib is slower and knows no descriptors)
"""The directory in which jobs get theirs: made when a server starts, gone when it ends, also after one that was killed.

It knows nothing of what jobs put there.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import stat
import tempfile
from collections.abc import Iterator

_PREFIX = "selfheal-sandbox-"


@contextlib.contextmanager
def workplace() -> Iterator[str]:
    """Its path. The lock on it lives as long as the server or one of its wardens does."""
    _remove_abandoned()
    root = tempfile.mkdtemp(prefix=_PREFIX)
    lock = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.chmod(root, 0o711)  # noqa: S103 - jobs with a uid of their own pass through, and list nothing
    try:
        yield root
    finally:
        remove(root)
        os.close(lock)


def remove(path: str) -> None:
    """A folder, whatever a job made of it: it may be closed, or deeper than any path is long. Follows no link."""
    with contextlib.suppress(OSError):
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            os.unlink(path)
            return
        os.chmod(path, 0o700)
        top = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            while _remove_a_level(top):
                pass
        finally:
            os.close(top)
        os.rmdir(path)


def _remove_a_level(top: int) -> bool:
    """Files go; folders within folders move up to `top`, so that none has to be reached by a long way.

    False: there is nothing more that can be removed.
    """
    found = False
    for name in os.listdir(top):
        with contextlib.suppress(OSError):
            if not stat.S_ISDIR(os.lstat(name, dir_fd=top).st_mode):
                os.unlink(name, dir_fd=top)
                continue
            os.chmod(name, 0o700, dir_fd=top)
            folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=top)
            try:
                found = _empty(folder, top) or found
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=top)
    return found


def _empty(folder: int, top: int) -> bool:
    """Whether something of it was moved to `top`."""
    moved = False
    for name in os.listdir(folder):
        if stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
            os.chmod(name, 0o700, dir_fd=folder)  # who moves a folder must be able to write to it
            os.rename(name, os.urandom(16).hex(), src_dir_fd=folder, dst_dir_fd=top)
            moved = True
        else:
            os.unlink(name, dir_fd=folder)
    return moved


def _remove_abandoned() -> None:
    for path in glob.glob(os.path.join(tempfile.gettempdir(), f"{_PREFIX}*")):
        with contextlib.suppress(OSError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(lock).st_uid == os.geteuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    remove(path)
            finally:
                os.close(lock)
