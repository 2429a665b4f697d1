"""What a release needs of the disk: room that leaves the service some, and that what was written is there to stay.

It knows nothing of releases.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from healer.model import DeploymentError

AT_ONCE = 8  # files
RESERVE = 64 * 2**20  # bytes that the service may need on the same disk; of a small one a twentieth
_BLOCK = 512  # what st_blocks counts in


def check_room(folder: Path, needed: int = 0) -> None:
    """Raise DeploymentError unless so many bytes more leave the reserve untouched."""
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    reserve = min(RESERVE, disk.f_blocks * disk.f_frsize // 20)
    if free < needed + reserve:
        raise DeploymentError(
            f"no room in {folder}: {needed + reserve:,} bytes must be free, {reserve:,} of them for the service "
            f"itself, and {free:,} are; make room there, it is tried again"
        )


def used(folder: Path) -> int:
    """Bytes that a folder takes on its disk."""
    return sum(path.lstat().st_blocks * _BLOCK for path in (folder, *_inside(folder)))


def settle(folder: Path) -> None:
    """Have a folder and all in it on the disk, so that no loss of power can leave a part of it."""
    paths = [path for path in (*_inside(folder), folder) if not path.is_symlink()]
    with ThreadPoolExecutor(AT_ONCE) as pool:  # together they wait for the disk a few times, not once for each
        for _ in pool.map(sync, paths):
            pass


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _inside(folder: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(folder):
        yield from (Path(name, entry) for entry in (*files, *folders))
