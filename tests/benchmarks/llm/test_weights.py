"""The generated model is what it says: llama.cpp's own choice of types, the vocabulary's merges, finite logits."""

from __future__ import annotations

import base64
import ctypes
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gguf
import numpy as np
import pytest

from tests.benchmarks.llm import vocabulary, weights

_SMALL = weights.Shape(width=256, heads=4, kv_heads=2, feed=512, context=256)
_MERGED = [b"de", b"fe", b"def", b"\xc3\xa9"]


@pytest.fixture(scope="module")
def words() -> vocabulary.Vocabulary:
    tokens = [bytes([byte]) for byte in range(256)] + _MERGED
    ranked = b"\n".join(base64.b64encode(token) + b" %d" % rank for rank, token in enumerate(tokens))
    return vocabulary.build(ranked, 512)


@pytest.fixture(scope="module")
def model(words: vocabulary.Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return weights.write_model(tmp_path_factory.mktemp("model") / "small.gguf", _SMALL, words, lambda _: None)


# In a process of its own: a fault of native code, such as an illegal instruction, is then one test's failure.
LOADED = """
import json, sys
import numpy as np
from llama_cpp import Llama

model = Llama(sys.argv[1], n_ctx=64, n_threads=1, verbose=False)
texts = [("def<|im_end|>", True), ("fé", False)]
tokens = [model.tokenize(text.encode(), add_bos=False, special=special) for text, special in texts]
model.eval(list(range(60)))
logits = np.ctypeslib.as_array(model._ctx.get_logits_ith(-1), (512,))
json.dump({"tokens": tokens, "logits": logits.tolist()}, sys.stdout)
"""


@pytest.fixture(scope="module")
def loaded(model: Path) -> dict[str, Any]:
    """What llama.cpp makes of two texts, and of some tokens."""
    pytest.importorskip("llama_cpp")
    done = subprocess.run([sys.executable, "-c", LOADED, str(model)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_merges_are_found_again_from_the_ranks(words: vocabulary.Vocabulary) -> None:
    assert words.merges == ["d e", "f e", "de f", "Ã ©"]


def test_special_tokens_follow_the_ranked_ones_and_the_rest_is_padding(words: vocabulary.Vocabulary) -> None:
    assert words.tokens[260:263] == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    assert words.tokens[260 + 16] == "<|fim_prefix|>"
    assert len(words.tokens) == len(words.kinds) == len(words.spoken) == 512
    assert words.tokens[-1] == "[PAD511]"


def test_a_token_that_no_merge_makes_is_refused() -> None:
    with pytest.raises(ValueError, match="no merge"):
        vocabulary.build(b"YQ== 0\nYg== 1\nYw== 2\nYWJj 3", 300)


def test_types_are_those_that_llama_cpp_chooses(model: Path, tmp_path: Path) -> None:
    llama_cpp = pytest.importorskip("llama_cpp")
    fine, quantised = tmp_path / "fine.gguf", tmp_path / "quantised.gguf"
    _dequantise(model, fine)
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M
    parameters.nthread = 1
    code = llama_cpp.llama_model_quantize(str(fine).encode(), str(quantised).encode(), ctypes.byref(parameters))
    assert code == 0
    assert _types(model) == _types(quantised)


def test_values_are_spread_as_asked(model: Path) -> None:
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(model).tensors}
    for name, spread in (("blk.0.attn_q.weight", 256**-0.5), ("blk.0.ffn_down.weight", 512**-0.5)):
        values = gguf.dequantize(tensors[name].data, tensors[name].tensor_type)
        assert values.std() == pytest.approx(spread, rel=0.02)
        assert abs(values.mean()) < spread / 20


def test_llama_cpp_tokenizes_with_the_merges(loaded: dict[str, Any]) -> None:
    assert loaded["tokens"] == [[258, 262], [ord("f"), 259]]


def test_logits_are_finite_and_only_printable_tokens_are_spoken(
    loaded: dict[str, Any], words: vocabulary.Vocabulary
) -> None:
    logits = np.array(loaded["logits"], np.float32)
    assert np.isfinite(logits).all()
    spoken = np.array(words.spoken)
    assert (logits[~spoken] == 0).all()
    assert 1 < logits[spoken].std() < 10


def test_without_the_space_nothing_is_written(
    words: vocabulary.Vocabulary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(OSError, match="are needed"):
        weights.write_model(tmp_path / "small.gguf", _SMALL, words, lambda _: None)
    assert not list(tmp_path.iterdir())


def test_an_interrupted_run_leaves_nothing_behind(words: vocabulary.Vocabulary, tmp_path: Path) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights.write_model(tmp_path / "small.gguf", _SMALL, words, interrupt)
    assert not list(tmp_path.iterdir())


def _types(path: Path) -> dict[str, str]:
    return {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(path).tensors}


def _dequantise(path: Path, target: Path) -> None:
    """The same model in 32-bit floats, for llama.cpp to quantise."""
    writer = gguf.GGUFWriter(target, "qwen2")
    writer.add_context_length(_SMALL.context)
    writer.add_embedding_length(_SMALL.width)
    writer.add_block_count(_SMALL.layers)
    writer.add_feed_forward_length(_SMALL.feed)
    writer.add_head_count(_SMALL.heads)
    writer.add_head_count_kv(_SMALL.kv_heads)
    writer.add_layer_norm_rms_eps(1e-6)
    for tensor in gguf.GGUFReader(path).tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
        writer.add_tensor(tensor.name, np.ascontiguousarray(values, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
