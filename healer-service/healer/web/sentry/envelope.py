"""Takes an envelope apart while it comes in: its headers, and the one event in it. Everything else is let go unread.

A line of JSON, then items: a line of JSON each and a payload, as long as its `length` says, else up to the line's end.
"""

from __future__ import annotations

import json
from typing import Any

from healer.model import BadInput
from healer.web.reading import TooLarge

LARGEST_EVENT = 2**20  # bytes
LONGEST_LINE = 64 * 2**10
MOST_ITEMS = 1000

_HEADERS, _ITEM, _COUNTED, _UNCOUNTED, _AFTER = range(5)  # what is read next


class Envelope:
    def __init__(self) -> None:
        self.headers: dict[str, Any] | None = None  # None until they are read
        self.event: bytes | None = None
        self._waiting = bytearray()
        self._searched = 0  # so many of the waiting bytes hold no end of line
        self._next = _HEADERS
        self._keeps = False  # the payload that is being read
        self._left = 0  # bytes of it
        self._items = 0

    def feed(self, piece: bytes) -> None:
        """Raises BadInput for what is no envelope, TooLarge for an event beyond the bound."""
        self._waiting += piece
        while self._step():
            pass

    def close(self) -> None:
        """All has been fed. Raises as feed() does."""
        if self._next in (_HEADERS, _ITEM, _UNCOUNTED) and (self._waiting or self._next == _HEADERS):
            self.feed(b"\n")
        if self._next == _UNCOUNTED and self._keeps:
            self._keep(b"")
        if self._next == _COUNTED:
            missing = self._left - len(self._waiting)
            raise BadInput(f"the envelope ends {missing} bytes before the end of an item; check its `length`")

    def _step(self) -> bool:
        """Whether there is more to do with what waits."""
        if self._next == _COUNTED:
            return self._counted()
        if self._next == _AFTER:
            return self._after()
        if self._next == _ITEM:
            self._drop(len(self._waiting) - len(self._waiting.lstrip(b"\r\n")))
        line = self._line()
        if line is None:
            return False
        if self._next == _HEADERS:
            self.headers = _object(line, "the envelope's first line")
            self._next = _ITEM
        elif self._next == _ITEM:
            self._begin(_object(line, "an item's first line"))
        else:
            self._keep(line)
            self._next = _ITEM
        return True

    def _line(self) -> bytes | None:
        end = self._waiting.find(b"\n", self._searched)
        length = len(self._waiting) if end < 0 else end
        if self._next != _UNCOUNTED and length > LONGEST_LINE:
            raise BadInput(f"a line of the envelope's headers has more than {LONGEST_LINE} bytes")
        if self._next == _UNCOUNTED and not self._keeps:
            self._drop(length)
            length = 0
        if length > LARGEST_EVENT:
            raise TooLarge(f"an event has at most {LARGEST_EVENT} bytes")
        self._searched = length
        if end < 0:
            return None
        line = bytes(self._waiting[:length])
        self._drop(length + 1)
        return line

    def _begin(self, headers: dict[str, Any]) -> None:
        self._items += 1
        if self._items > MOST_ITEMS:
            raise BadInput(f"an envelope has at most {MOST_ITEMS} items")
        kind, length = headers.get("type"), headers.get("length")
        if not isinstance(kind, str):
            raise BadInput("an item of the envelope has no `type`")
        self._keeps = kind == "event"
        if self._keeps and self.event is not None:
            raise BadInput("an envelope has at most one event; send the others in envelopes of their own")
        if length is None:
            self._next = _UNCOUNTED
            return
        if not isinstance(length, int) or isinstance(length, bool) or length < 0:
            raise BadInput(f"the `length` of an item is a number of bytes, not {ascii(length)[:80]}")
        if self._keeps and length > LARGEST_EVENT:
            raise TooLarge(f"an event has at most {LARGEST_EVENT} bytes, not {length}")
        self._next, self._left = _COUNTED, length

    def _counted(self) -> bool:
        if self._keeps:
            if len(self._waiting) < self._left:
                return False
            self._keep(bytes(self._waiting[: self._left]))
        skipped = min(self._left, len(self._waiting))
        self._drop(skipped)
        self._left -= skipped
        if self._left:
            return False
        self._next = _AFTER
        return True

    def _after(self) -> bool:
        """Between a payload with a length and the next item is the end of a line."""
        if self._waiting[:2] == b"\r\n" or self._waiting[:1] == b"\n":
            self._next = _ITEM
        elif self._waiting and self._waiting != b"\r":
            raise BadInput("an item goes on after its `length`; check it")
        return self._next == _ITEM

    def _keep(self, payload: bytes) -> None:
        if self._keeps:
            self.event = payload

    def _drop(self, count: int) -> None:
        del self._waiting[:count]
        self._searched = 0


def _object(line: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{what} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadInput(f"{what} must be a JSON object, not {type(value).__name__}")
    return value
