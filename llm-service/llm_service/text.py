"""Turns the bytes of tokens into text as they come: whole characters only, and nothing from a stop text on."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class Text:
    """`stopped` once a stop text has come; what follows is then ignored."""

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self.length = 0  # characters given out so far
        self.stopped = False
        self._stops = tuple(stops)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    @property
    def read(self) -> int:
        """Characters read so far: those given out and those held back."""
        return self.length + len(self._held)

    def add(self, data: bytes) -> str:
        """What may be shown now. The beginning of what may become a stop text is held back."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(data)
        found = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            self._held = self._held[: min(found)]
            return self._give(len(self._held))
        return self._give(len(self._held) - self._doubtful())

    def finish(self) -> str:
        """The rest, when no more bytes come."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(b"", final=True)
        return self._give(len(self._held))

    def _doubtful(self) -> int:
        """Length of the longest end that is the beginning of a stop text."""
        lengths = (
            length
            for stop in self._stops
            for length in range(min(len(stop) - 1, len(self._held)), 0, -1)
            if self._held.endswith(stop[:length])
        )
        return max(lengths, default=0)

    def _give(self, length: int) -> str:
        shown, self._held = self._held[:length], self._held[length:]
        self.length += length
        return shown
