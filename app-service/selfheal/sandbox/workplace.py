# ruff: noqa: PTH101, PTH118, PTH207 (pathlib is slower and knows no descriptors)
"""The directory in which jobs get theirs: made when a server starts, gone when it ends, also after one that was killed.

It knows nothing of what jobs put there.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import shutil
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
        shutil.rmtree(root, ignore_errors=True)
        os.close(lock)


def _remove_abandoned() -> None:
    for path in glob.glob(os.path.join(tempfile.gettempdir(), f"{_PREFIX}*")):
        with contextlib.suppress(OSError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(lock).st_uid == os.geteuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)
