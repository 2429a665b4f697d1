"""The line between the supervisor and one worker: orders out; acknowledgements and figures in.

It does not know when to give which order, or what it means that one is not acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import json

from .meter import Figures


class Channel:
    """Reads all the time: an answer that comes after its time is not taken for the next order's."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.figures = Figures()  # the last that the worker told
        self._reader = reader
        self._writer = writer
        self._awaited: dict[bytes, asyncio.Future[bytes]] = {}
        self._over = False
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def hear(self, word: bytes) -> bytes:
        """The next line that begins with `word`; empty once the worker's end is closed."""
        if self._over:
            return b""
        if word not in self._awaited:
            self._awaited[word] = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._awaited[word])

    async def ask(self, order: bytes, acknowledgement: bytes) -> bytes:
        """Gives an order and waits until it is acknowledged; see `hear`."""
        self._writer.write(order + b"\n")
        return await self.hear(acknowledgement)

    def close(self) -> None:
        self._listening.cancel()
        self._writer.close()

    async def _listen(self) -> None:
        try:
            async for line in self._reader:
                word = line.partition(b" ")[0].strip()
                if line.startswith(b"{"):
                    word = b"figures"
                    with contextlib.suppress(ValueError):  # a release may bring another version of this package
                        self.figures = Figures.of(json.loads(line))
                awaited = self._awaited.pop(word, None)
                if awaited is not None:
                    awaited.set_result(line)
        except OSError:
            pass  # a worker that was killed with something unread resets the connection
        finally:
            self._over = True
            for awaited in self._awaited.values():
                awaited.set_result(b"")
