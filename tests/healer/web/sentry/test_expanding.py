"""Bodies of every encoding, in any slices; and bombs, which are made without making what is in them."""

from __future__ import annotations

import gzip
import os
import tracemalloc
import zlib
from functools import partial

import brotli
import pytest
from healer.model import BadInput
from healer.web.sentry.expanding import PIECE, expander_of

BODY = b"".join(os.urandom(8).hex().encode() for _ in range(8_000)) + bytes(3 * PIECE)


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


COMPRESSED = {
    "gzip": partial(gzip.compress, compresslevel=1),
    "X-Gzip": partial(gzip.compress, compresslevel=1),
    "deflate": partial(zlib.compress, level=1),
    "deflate ": raw_deflate,  # of some clients, without zlib's header
    "br": partial(brotli.compress, quality=1),
}
ENCODINGS = {"": bytes, "identity": bytes, **COMPRESSED}


def expanded(encoding: str, body: bytes, slice_size: int = 65536) -> bytes:
    expander = expander_of(encoding)
    slices = (body[at : at + slice_size] for at in range(0, len(body), slice_size))
    found = b"".join(piece for one in slices for piece in expander.pieces(one))
    expander.close()
    return found


@pytest.mark.parametrize(("body", "slice_size"), [(b"{}" * 3000, 1), (BODY, 997), (BODY, 10**7)])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_body_is_expanded_however_it_is_sliced(encoding, body, slice_size):
    assert expanded(encoding, ENCODINGS[encoding](body), slice_size) == body


@pytest.mark.parametrize("encoding", COMPRESSED)
@pytest.mark.parametrize(
    "damaged",
    [
        lambda body: body[:-1],
        lambda body: body[: len(body) // 2],
        lambda body: body[:1],
        lambda body: body + b"x",
        lambda body: body + body,
        lambda body: b"\xff" * 40,
    ],
    ids=["last byte", "half", "one byte", "one more", "twice", "noise"],
)
def test_a_damaged_body_is_refused(encoding, damaged):
    for slice_size in (1000, 10**7):
        with pytest.raises(BadInput):
            expanded(encoding, damaged(COMPRESSED[encoding](BODY)), slice_size)


@pytest.mark.parametrize("encoding", ["gzip, br", "gzip,gzip", "zstd", "compress", "x" * 10_000])
def test_another_encoding_is_refused_with_those_that_are_taken(encoding):
    with pytest.raises(BadInput, match="gzip, deflate, br and identity") as refused:
        expander_of(encoding)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("encoding", COMPRESSED)
def test_a_bomb_comes_out_in_small_pieces(encoding):
    body = COMPRESSED[encoding](bytes(16 * 2**20))
    tracemalloc.start()
    try:
        sizes = [len(piece) for piece in expander_of(encoding).pieces(body)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(sizes) == 16 * 2**20
    assert max(sizes) < 2 * PIECE
    assert peak < 2**20
