"""The directory of releases as the supervisor reads it: one directory a release, the symlink `current`, and packages.

It does not write there; the healer does.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_NAME = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z._-]{0,63}")


def find_release(releases: Path, name: object) -> str:
    """`name`, if it is a real directory directly in `releases`. Raises ValueError with the reason for a person."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("a release is named by 1 to 64 letters, digits, dots, dashes or underscores, no dot first")
    path = releases / name
    if path.is_symlink() or not path.is_dir():
        raise ValueError(f"there is no release {name} in {releases}")
    return name


def current_release(releases: Path) -> str | None:
    """Where the symlink `current` points, if that is a release."""
    try:
        target = releases / (releases / "current").readlink()
        if target.parent.resolve() != releases.resolve():
            return None
        return find_release(releases, target.name)
    except (OSError, ValueError):
        return None


def packages_of(releases: Path, name: str) -> Path | None:
    """The directory of packages that a release brings, where it does. Raises OSError when they are gone.

    The release names it by the symlink `.environment`. Resolved, since it is shared: modules from there must not look
    like the release's own. Anything else of that name (a folder, a link that leads elsewhere) is the repository's.
    """
    link = releases / name / ".environment"
    if not link.is_symlink():
        return None
    target = Path(os.path.normpath(link.parent / link.readlink()))
    shared = Path(os.path.normpath(releases / ".environments"))
    return target.resolve(strict=True) if target.parent == shared else None
