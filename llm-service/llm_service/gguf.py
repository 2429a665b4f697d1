"""Reads a GGUF file's header and says whether the file is whole. Loads no weights and does not judge the architecture.

llama.cpp runs in our own process and trusts much of what it reads, so a foreign or partial file is refused here.
Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)  # version 1 had 32-bit counts; no current llama.cpp reads it
_SMALLEST = 24  # magic, version, number of tensors, number of metadata entries
_MOST_ENTRIES = 65536
_MOST_TENSORS = 65536
_MOST_ELEMENTS = 1 << 22  # of an array that must be walked; vocabularies have some 300,000
_DEEPEST_ARRAY = 4
_STRING, _ARRAY, _UINT32 = 8, 9, 4
_SCALARS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # value type → bytes

# ggml type → (elements in a block, bytes of a block). Types missing here are only checked by their offset.
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66),
    17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136),
    24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
}  # fmt: skip


class ModelError(Exception):
    """The file cannot be served; the message is one sentence for the person who put it there."""


class IncompleteError(ModelError):
    """The file ends too early: a download that stopped."""


@dataclass(frozen=True)
class Header:
    version: int
    architecture: str
    tensors: int
    size: int  # bytes the whole file must have at least


def read_header(path: Path) -> Header:
    """Raises ModelError when the file is not a whole GGUF file, OSError when it cannot be read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8 or not start.startswith(_MAGIC):
            raise ModelError(f"it is not a GGUF file: it begins with {_shown(start)}, not with 'GGUF'")
        (version,) = struct.unpack_from("<I", start, 4)
        if version not in _VERSIONS:
            raise ModelError(f"it is GGUF version {version}; versions {_VERSIONS[0]} and {_VERSIONS[1]} can be read")
        if size < _SMALLEST:
            raise IncompleteError(f"it is incomplete: it ends after {size} bytes, inside its header")
        header = _Reader(file, size).header(version)
    if size < header.size:
        raise IncompleteError(f"it is incomplete: {size:,} bytes of at least {header.size:,}")
    return header


def _shown(start: bytes) -> str:
    return repr(start[:4].decode("ascii", "replace")) if start else "nothing"


class _Reader:
    """Walks the header front to back; every step is checked against the end of the file.

    Not through mmap: that ends the process with SIGBUS when somebody truncates the file meanwhile.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._left = size - 8
        self._alignment = 32
        self._architecture = ""

    def header(self, version: int) -> Header:
        tensors, entries = self._number("<Q"), self._number("<Q")
        if not 0 < tensors <= _MOST_TENSORS or entries > _MOST_ENTRIES:
            raise ModelError(f"its header is damaged: it claims {tensors} tensors and {entries} metadata entries")
        for _ in range(entries):
            self._entry()
        if not self._architecture:
            raise ModelError("its header names no model architecture")
        last = max(self._tensor_end() for _ in range(tensors))
        begin = -(-(self._size - self._left) // self._alignment) * self._alignment
        return Header(version, self._architecture, tensors, begin + last)

    def _entry(self) -> None:
        key = self._string()
        kind = self._number("<I")
        if key == b"general.architecture" and kind == _STRING:
            self._architecture = self._string().decode("utf-8", "replace")
        elif key == b"general.alignment" and kind == _UINT32:
            self._alignment = self._number("<I")
            if self._alignment == 0 or self._alignment % 8:
                raise ModelError(f"its header is damaged: an alignment of {self._alignment}")
        else:
            self._skip(kind)

    def _tensor_end(self) -> int:
        """Bytes from the start of the weights to the end of this tensor."""
        self._string()
        dimensions = self._number("<I")
        if not 0 < dimensions <= 4:
            raise ModelError(f"its header is damaged: a tensor of {dimensions} dimensions")
        elements = 1
        for _ in range(dimensions):
            elements *= self._number("<Q")
        kind, offset = self._number("<I"), self._number("<Q")
        block, width = _BLOCKS.get(kind, (1, 0))
        return offset + elements // block * width

    def _skip(self, kind: int, depth: int = 0) -> None:
        if kind == _STRING:
            self._string()
        elif kind in _SCALARS:
            self._read(_SCALARS[kind])
        elif kind == _ARRAY and depth < _DEEPEST_ARRAY:
            inner, count = self._number("<I"), self._number("<Q")
            if inner in _SCALARS:
                self._read(_SCALARS[inner] * count)
                return
            if count > _MOST_ELEMENTS:
                raise ModelError(f"its header is damaged: it claims an array of {count} elements")
            for _ in range(count):
                self._skip(inner, depth + 1)
        else:
            raise ModelError(f"its header is damaged: a metadata value of unknown type {kind}")

    def _string(self) -> bytes:
        return self._read(self._number("<Q"))

    def _number(self, layout: str) -> int:
        (value,) = struct.unpack(layout, self._read(struct.calcsize(layout)))
        return int(value)

    def _read(self, length: int) -> bytes:
        # Compared with what is left first: a damaged length may be larger than the memory.
        data = self._file.read(length) if length <= self._left else b""
        self._left -= length
        if len(data) < length:
            raise IncompleteError(f"it is incomplete: it ends after {self._size:,} bytes, inside its header")
        return data
