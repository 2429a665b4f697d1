"""A compressed body, expanded piece by piece while it comes in, so that a bomb is found after its first pieces.

It knows nothing of what is inside.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]

from healer.model import BadInput

PIECE = 64 * 2**10

_TAKEN = "gzip, deflate, br and identity"


class Expander(Protocol):
    """All of them give pieces of about PIECE bytes at most, however much is behind what they were given."""

    def pieces(self, data: bytes) -> Iterator[bytes]: ...

    def close(self) -> None:
        """Raises BadInput when the body ended too early."""


def expander_of(encoding: str) -> Expander:
    """Raises BadInput for an encoding that is not taken. `encoding`: the header Content-Encoding."""
    name = encoding.strip().lower()
    if "," in name:
        raise BadInput(f"Content-Encoding: {encoding[:80]} has several encodings; send one of {_TAKEN}")
    if name in ("", "identity"):
        return _Plain()
    if name in ("gzip", "x-gzip"):
        return _Zlib(zlib.MAX_WBITS | 16)
    if name == "deflate":
        return _Zlib(None)
    if name == "br":
        return _Brotli()
    raise BadInput(f"Content-Encoding: {encoding[:80]} is not taken; send one of {_TAKEN}")


class _Plain:
    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield data

    def close(self) -> None:
        pass


class _Zlib:
    def __init__(self, window: int | None) -> None:
        """`window`: None for what is called deflate, which is sent with zlib's header and without it."""
        self._start = b""
        self._stream = zlib.decompressobj(window) if window is not None else None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if self._stream is None:
            self._start += data
            if len(self._start) < 2:
                return
            data, self._start = self._start, b""
            has_header = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
        for at in range(0, len(data), PIECE):  # zlib copies what it has not used yet after every piece
            yield from self._expanded(self._stream, data[at : at + PIECE])

    def _expanded(self, stream: zlib._Decompress, data: bytes) -> Iterator[bytes]:
        while True:
            if stream.eof:
                raise BadInput("something follows after the end of the compressed body; send it alone")
            try:
                piece = stream.decompress(data, PIECE)
            except zlib.error as error:
                raise BadInput(f"the body is not compressed as Content-Encoding says: {error}") from None
            if piece:
                yield piece
            data = stream.unconsumed_tail or stream.unused_data
            if not data and (stream.eof or len(piece) < PIECE):
                return

    def close(self) -> None:
        if self._start or (self._stream is not None and not self._stream.eof):
            raise BadInput("the compressed body ends too early; send it whole")


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._started = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if not data:
            return
        self._started = True
        while True:
            try:
                piece = self._stream.process(data, output_buffer_limit=PIECE)
            except brotli.error as error:
                raise BadInput(f"the body is not compressed as Content-Encoding says: {error}") from None
            if not piece:
                return
            yield piece
            if self._stream.is_finished():
                return
            data = b""

    def close(self) -> None:
        if self._started and not self._stream.is_finished():
            raise BadInput("the compressed body ends too early; send it whole")
