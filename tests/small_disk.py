"""A disk of 4 MB for a test, in user and mount namespaces of its own. Where there are none the test fails: none else
shows what a full disk does."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

REMEDY = (
    "allow them: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu, "
    "kernel.unprivileged_userns_clone=1 on Debian; in a container --security-opt seccomp=unconfined"
)


def on_small_disk(folder: Path, command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command that finds the disk at `folder`."""
    assert shutil.which("unshare"), "unshare is needed: apt-get install util-linux"
    mounting = ["unshare", "-Urm", "sh", "-c", 'mount -t tmpfs -o size=4m none "$0" && exec "$@"', str(folder)]
    tried = subprocess.run([*mounting, "true"], capture_output=True, text=True, check=False)
    reason = tried.stderr.strip()
    assert tried.returncode == 0, f"user and mount namespaces are needed, and none can be had ({reason}); {REMEDY}"
    return subprocess.run([*mounting, *command], capture_output=True, text=True, check=False, **options)
