"""Reads a file that an option names, and no more of it than it may have."""

from __future__ import annotations

from pathlib import Path

from healer.model import BadInput


def read_bounded(path: Path, option: str, largest: int) -> bytes:
    """`largest` in bytes. Raises BadInput that names the option."""
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise BadInput(f"{option}: cannot read {str(path)!r}: {error.strerror}") from None
    if len(data) > largest:
        raise BadInput(f"{option}: {str(path)!r} is larger than {largest} bytes")
    return data
