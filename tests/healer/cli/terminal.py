"""`healer` in a process of its own, on a terminal."""

from __future__ import annotations

import os
import select
import sys
import termios
import time

from tests import children


class Terminal:
    def __init__(self, *words: str, columns: int = 100) -> None:
        self._ours, its = os.openpty()
        termios.tcsetwinsize(its, (24, columns))
        environment = {**os.environ, "TERM": "xterm-256color"}
        command = [sys.executable, "-m", "healer.cli", *words]
        self.process = children.start(command, stdin=its, stdout=its, stderr=its, env=environment)
        os.close(its)
        self.shown = ""

    def until(self, text: str) -> None:
        """Raises AssertionError when it does not come, after what has been shown before."""
        begun, deadline = len(self.shown), time.monotonic() + 40
        while text not in self.shown[begun:]:
            assert time.monotonic() < deadline, self.shown
            assert self._read(), self.shown

    def ended(self) -> int:
        while self._read():
            pass
        return self.process.wait(40)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def _read(self) -> bool:
        """Whether it may show more."""
        if not select.select([self._ours], [], [], 0.2)[0]:
            return True
        try:
            read = os.read(self._ours, 65536)
        except OSError:  # EIO: all that had the terminal open are gone
            return False
        self.shown += read.decode(errors="replace")
        return bool(read)
