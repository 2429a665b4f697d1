"""Runs a program for a bounded time and keeps the end of what it wrote. It does not know what the program is for."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

LOOK_SECONDS = 0.02
KEPT_BYTES = 64 * 2**10
_LAST_WORDS_SECONDS = 1.0  # for what is still in the pipe; somebody who left the group may hold it for ever


@dataclass(frozen=True)
class Ran:
    status: int | None  # negative for a signal; None when its time was over before it ended
    output: str  # both streams as they came; of much the end


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    seconds: float,
    look: Callable[[], None] = lambda: None,
) -> Ran:
    """Run it in a group of its own, of which nothing is left afterwards.

    `look` is called again and again meanwhile; what it raises ends the program. OSError when it cannot be started.
    """
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    kept = bytearray()
    reader = threading.Thread(target=_keep_end, args=(process.stdout, kept), daemon=True)
    reader.start()
    until = time.monotonic() + seconds
    ended = False
    try:
        while not (ended := _has_ended(process.pid)) and time.monotonic() < until:
            look()
            time.sleep(LOOK_SECONDS)
    finally:
        # Before it is waited for: until then nobody else's group can have its number.
        os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        reader.join(_LAST_WORDS_SECONDS)
    return Ran(status if ended else None, bytes(kept).decode("utf-8", "replace"))


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _keep_end(pipe: object, kept: bytearray) -> None:
    with cast(io.BufferedReader, pipe) as reader:
        while chunk := reader.read1(KEPT_BYTES):
            kept += chunk
            del kept[:-KEPT_BYTES]
