"""A job's own view of the files: everything is read-only but its folder, which lies in memory and is bounded there.

What Landlock does not know (modes, owners, times, files without a name) the kernel then refuses or counts by itself. It
decides nothing about who may read what.
"""

from __future__ import annotations

import os
import shutil

from . import kernel

_MOST_NEW_FILES = 20_000
_PAGE = 4096


def separate(directory: str, spare_bytes: int, uid: int | None) -> int:
    """Needs the right to mount. An empty folder covers `directory`; answers the descriptor of what it covers.

    `uid`: whose it is, user and group; None: of this process's.
    """
    files, size = _contents(directory)
    covered = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.make_read_only("/")
    bounds = f"size={size + spare_bytes},nr_inodes={files + _MOST_NEW_FILES}"
    user, group = (os.getuid(), os.getgid()) if uid is None else (uid, uid)
    kernel.mount_memory(directory, f"{bounds},mode=700,uid={user},gid={group}")
    return covered


def fill(directory: str, covered: int) -> None:
    """For the owner: copy what the folder held before it was covered, and let go of that."""
    shutil.copytree(f"/proc/self/fd/{covered}", directory, symlinks=True, dirs_exist_ok=True, copy_function=shutil.copy)
    os.close(covered)


def _contents(directory: str) -> tuple[int, int]:
    """Files and folders below, and the bytes they take in memory."""
    files = size = 0
    waiting = [directory]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                files += 1
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    size += -(-entry.stat(follow_symlinks=False).st_size // _PAGE) * _PAGE
    return files, size
