"""The line between a warden and its job: JSON over a pair of sockets, one step asked for and answered at a time.

Each step carries a random nonce that its answer must repeat. The warden's end takes nothing that it has not asked for;
what an answer means is not its business.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Mapping
from typing import Any

_READ_BYTES = 1 << 16
_DEEPEST = 12


class Tampered(Exception):
    """Something came that an honest job does not send; the text says what."""


class JobEnd:
    """The end inside the jail. It blocks: the warden keeps the time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._received = bytearray()
        self._nonce = ""

    def receive(self) -> dict[str, Any]:
        """The next step. Raises EOFError when the warden is gone."""
        while b"\n" not in self._received:
            data = os.read(self._descriptor, _READ_BYTES)
            if not data:
                raise EOFError
            self._received += data
        line, _, rest = self._received.partition(b"\n")
        self._received = rest
        step: dict[str, Any] = json.loads(line)
        self._nonce = step.pop("nonce")
        return step

    def send(self, message: Mapping[str, object]) -> None:
        view = memoryview(json.dumps({"nonce": self._nonce, **message}).encode() + b"\n")
        while view:
            view = view[os.write(self._descriptor, view) :]


class WardenEnd:
    """The end outside. It never blocks: what does not fit yet is kept until `exchange` is called again."""

    def __init__(self, end: socket.socket, most: int) -> None:
        """`most`: bytes that the answer to one step may have."""
        end.setblocking(False)
        self._end, self._most = end, most
        self._to_send = bytearray()
        self._received = bytearray()
        self._taken = 0  # bytes of this step's answer so far
        self._nonce = ""
        self.open = True

    @property
    def descriptor(self) -> int:
        return self._end.fileno()

    @property
    def waits_to_send(self) -> bool:
        return bool(self._to_send)

    @property
    def flooded(self) -> bool:
        return self._taken > self._most

    def begin(self, step: Mapping[str, object]) -> None:
        """Raises Tampered when something lies there already."""
        self.expect_nothing()
        self._nonce, self._taken = secrets.token_hex(8), 0
        self._to_send += json.dumps({"nonce": self._nonce, **step}).encode() + b"\n"
        self._send()

    def expect_nothing(self) -> None:
        """Raises Tampered when the job has sent more than its answer."""
        self._receive()
        if self._received:
            raise Tampered("it sent something that was not asked for")

    def exchange(self) -> None:
        """Send and receive what there is. Raises Tampered for an answer to what was not sent yet."""
        self._send()
        self._receive()
        if self._to_send and self._received:
            raise Tampered("it answered before it was asked")

    def take(self) -> dict[str, Any] | None:
        """The next message of the step, once it is whole. Raises Tampered when it is none."""
        end = self._received.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            raise Tampered("it sent something that is not JSON") from None
        if not isinstance(message, dict) or message.pop("nonce", None) != self._nonce:
            raise Tampered("it sent an answer to something else than it was asked")
        if _is_deep(message):
            raise Tampered("it sent something nested deeper than any answer")
        return message

    def _send(self) -> None:
        while self._to_send and self.open:
            try:
                del self._to_send[: self._end.send(self._to_send)]
            except BlockingIOError:
                return
            except OSError:  # the job has closed its end
                self.open = False

    def _receive(self) -> None:
        while self.open and not self.flooded:
            try:
                data = self._end.recv(_READ_BYTES)
            except BlockingIOError:
                return
            except ConnectionResetError:  # closed before it had read everything
                data = b""
            self.open = bool(data)
            self._received += data
            self._taken += len(data)


def _is_deep(message: object) -> bool:
    """Whether who writes it anew could run out of stack."""
    level = [message]
    for _ in range(_DEEPEST):
        level = [
            part
            for value in level
            if isinstance(value, (dict, list))
            for part in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True
