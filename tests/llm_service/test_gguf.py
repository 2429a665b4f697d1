"""The header check: whole files pass, everything else is refused with a reason and without a crash."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llm_service.gguf import IncompleteError, ModelError, read_header


def test_a_whole_file_passes(tiny_model: Path) -> None:
    header = read_header(tiny_model)
    assert (header.version, header.architecture, header.tensors) == (3, "qwen2", 26)
    # The writer pads the last tensor, so the file may be longer than it must be, by less than one alignment.
    assert tiny_model.stat().st_size - 32 < header.size <= tiny_model.stat().st_size


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a GGUF file: it begins with nothing"),
        (b"PK\x03\x04" + bytes(100), "not a GGUF file: it begins with 'PK"),
        (b"<!doctype html>" + b" " * 100, "not a GGUF file: it begins with '<!do'"),
        (b"GGUF", "not a GGUF file"),
        (b"GGUF" + struct.pack("<I", 1) + bytes(100), "GGUF version 1;"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(100), "GGUF version 50331648;"),
        (b"GGUF" + struct.pack("<I", 3), "incomplete: it ends after 8 bytes"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 0), "damaged: it claims 0 tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 1 << 60), "damaged: it claims 1 tensors and 1152921504606846976"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, 1 << 62), "incomplete"),
        (b"GGUF" + struct.pack("<IQQQ1sI", 3, 1, 1, 1, b"k", 77), "unknown type 77"),
        (b"GGUF" + struct.pack("<IQQQ1sIIQ", 3, 1, 1, 1, b"k", 9, 8, 1 << 40), "an array of 1099511627776"),
        (b"GGUF" + struct.pack("<IQQQ1sIB", 3, 1, 1, 1, b"k", 7, 1), "names no model architecture"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError) as refusal:
        read_header(path)
    assert says in str(refusal.value)


@pytest.mark.parametrize("part", [0.001, 0.01, 0.1, 0.5, 0.999])
def test_a_download_that_stopped_is_called_incomplete(tiny_model: Path, tmp_path: Path, part: float) -> None:
    whole = tiny_model.read_bytes()
    path = tmp_path / "model.gguf"
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(IncompleteError, match="incomplete"):
        read_header(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(8, 9000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_header_never_raises_anything_else(
    tiny_model: Path, tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(tiny_model.read_bytes())
    for position, value in changes:
        content[position] = value
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    try:
        read_header(path)
    except ModelError as refusal:
        assert str(refusal)
