"""How far a download is: a bar on a terminal, plain lines where it is a log. Decides nothing."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tqdm import tqdm

from llm_service.download import Progress

_STEP = 5  # per cent from one line to the next


@dataclass(frozen=True)
class Terminal:
    name: str

    def say(self, message: str) -> None:
        tqdm.write(f"pull: {message}", file=sys.stderr)

    def begin(self, total: int, done: int) -> Progress:
        bar: Progress = tqdm(total=total, initial=done, unit="B", unit_scale=True, desc=self.name, dynamic_ncols=True)
        return bar


class Log:
    def say(self, message: str) -> None:
        print(f"pull: {message}", file=sys.stderr, flush=True)

    def begin(self, total: int, done: int) -> Progress:
        if done:
            self.say(f"going on at {100 * done // total} %")
        return _Lines(self, total, done)


class _Lines:
    def __init__(self, log: Log, total: int, done: int) -> None:
        self._log = log
        self._total = total
        self._done = done
        self._said = self._step()

    def update(self, count: int, /) -> None:
        self._done += count
        if self._step() > self._said:
            self._said = self._step()
            self._log.say(f"{self._said} %")

    def close(self) -> None:
        """A log has nothing to give back."""

    def _step(self) -> int:
        return 100 * self._done // self._total // _STEP * _STEP
