"""Runs an operator's command, in bounded time. It outlives a killed healer, and what it leaves running stays.

Unlike what `running` runs, it may be what starts the service. So it writes to a file instead of a pipe that would break
with the healer, and one whose healer is gone is known again by a mark: two must never be at work together.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from healer.model import DeploymentError

LOOK_SECONDS = 0.1
GRACE_SECONDS = 5.0  # from asking it to end to killing it
LARGEST_OUTPUT = 8 * 2**20  # bytes; what was written before is forgotten then
READ_OUTPUT = 16 * 2**10
SHOWN_LINES, SHOWN_CHARACTERS = 5, 600
_STYLING = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")


@dataclass(frozen=True)
class Ended:
    status: int | None  # negative for a signal; None when it was still at work after its time
    said: str  # the last lines that it wrote


class Program:
    """`mark`: a file that names the process at work. `folder`: where the command is run."""

    def __init__(self, mark: Path, folder: Path, seconds: float) -> None:
        self._mark = mark
        self._folder = folder
        self._seconds = seconds

    def check_idle(self) -> None:
        """Raises DeploymentError while one of a killed healer is at work, and ends it when its time is over."""
        process = self._left_behind()
        if process is None:
            return
        if time.time() - self._mark.stat().st_mtime < self._seconds:
            raise DeploymentError(f"the command of a healer that was stopped is still at work (process {process})")
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> Ended:
        """Raises DeploymentError when it cannot be started."""
        try:
            self._mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=self._mark.parent) as output:
                # Each write goes to the end, so that the file can be emptied while it is written.
                fcntl.fcntl(output, fcntl.F_SETFL, fcntl.fcntl(output, fcntl.F_GETFL) | os.O_APPEND)
                process = subprocess.Popen(
                    command,
                    env=environment,
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                with suppress(OSError):  # a full disk must not leave it alone
                    self._mark.write_text(f"{process.pid} {_started(process.pid)}")
                status = self._waited_for(process, output)
                self._mark.unlink(missing_ok=True)
                return Ended(status, _last_lines(output))
        except OSError as error:
            raise DeploymentError(f"cannot run {command[0]!r} in {self._folder}: {error.strerror}") from error

    def _waited_for(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> int | None:
        until = time.monotonic() + self._seconds
        while time.monotonic() < until:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(LOOK_SECONDS)
            if os.fstat(output.fileno()).st_size > LARGEST_OUTPUT:
                os.ftruncate(output.fileno(), 0)
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        with suppress(ProcessLookupError):  # its children too
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None

    def _left_behind(self) -> int | None:
        try:
            number, started = self._mark.read_text().split()
            return int(number) if _started(int(number)) == started else None
        except (OSError, ValueError):
            return None


def _started(process: int) -> str:
    """When a process began, as the kernel counts it: with its number it names one process. "" when it has ended."""
    try:
        state, *fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state in "ZX" else fields[18]


def _last_lines(output: IO[bytes]) -> str:
    size = os.fstat(output.fileno()).st_size
    text = os.pread(output.fileno(), READ_OUTPUT, max(0, size - READ_OUTPUT)).decode("utf-8", "replace")
    lines = ["".join(c for c in line if c.isprintable()).strip() for line in _STYLING.sub("", text).splitlines()]
    return " / ".join([line for line in lines if line][-SHOWN_LINES:])[-SHOWN_CHARACTERS:]
