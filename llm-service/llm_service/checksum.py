"""The SHA-256 of a large file, computed out of the way of everything else. Remembers nothing."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

_PART = 1 << 20


def sha256(path: Path, wanted: Callable[[], bool]) -> str | None:
    """Blocks for seconds, in a thread of its own. None once nobody wants it any more; raises OSError."""
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)  # of this thread alone, on Linux
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_PART):
            if not wanted():
                return None
            digest.update(part)
    return digest.hexdigest()
