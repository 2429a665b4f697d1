"""Starts programs that end with this process, also when it is killed. What else ends them is the starter's matter."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# Linux tells a child of the end of the thread that started it: so it is always this one, which stays to the end.
_THREAD = ThreadPoolExecutor(1)


def start(command: Iterable[object], *, end_by: str = "KILL", **options: Any) -> subprocess.Popen[Any]:
    """`end_by`: the signal that it gets then; `options` are Popen's."""
    bound = ["setpriv", "--pdeathsig", end_by, "--", *(str(word) for word in command)]
    return _THREAD.submit(subprocess.Popen, bound, **options).result()
