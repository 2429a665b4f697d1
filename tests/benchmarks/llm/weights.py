"""`python -m tests.benchmarks.llm.weights PATH`: a model of Qwen2.5-Coder-1.5B's shape that talks nonsense.

What speed and memory depend on is real: architecture, sizes, Q4_K_M's choice of types, vocabulary, chat template.
The weights are random: drawn as quantised blocks, so nothing larger than the finished file is ever written.
"""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

from tests.benchmarks.llm import vocabulary
from tests.benchmarks.llm.vocabulary import Vocabulary

_RESERVE = 200_000_000  # a disk that is full to the last byte stops more than this program
_LOUDNESS = 3.0  # standard deviation of the logits, about as in a trained model
_TEMPLATE = (
    "{% if messages[0].role != 'system' %}<|im_start|>system\n"
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_F32, _Q4, _Q6 = gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.Q4_K, gguf.GGMLQuantizationType.Q6_K

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Shape:
    """Rows of every matrix are as long as `width` or `feed`; both must be multiples of 256, a quantised block."""

    layers: int = 28
    width: int = 1536
    heads: int = 12
    kv_heads: int = 2
    feed: int = 8960
    context: int = 32768

    @property
    def kv_width(self) -> int:
        return self.width // self.heads * self.kv_heads


@dataclass(frozen=True)
class _Tensor:
    name: str
    kind: gguf.GGMLQuantizationType
    rows: int
    columns: int
    spread: float  # standard deviation of its values

    @property
    def stored(self) -> tuple[int, ...]:
        """Its shape in bytes as it lies in the file; a vector of floats has no blocks."""
        block, size = gguf.GGML_QUANT_SIZES[self.kind]
        row = self.columns // block * size
        return (row,) if self.kind is _F32 else (self.rows, row)

    @property
    def bytes(self) -> int:
        return math.prod(self.stored)


def write_model(path: Path, shape: Shape, words: Vocabulary, say: Callable[[str], None]) -> Path:
    """Writes the file beside its final name and moves it there when it is whole; raises OSError without the space."""
    tensors = list(_tensors(shape, len(words.tokens)))
    size = sum(tensor.bytes for tensor in tensors)
    path.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(path.parent).free
    if free < size + _RESERVE:
        raise OSError(f"{path.parent} has {free / 1e9:.1f} GB left; {(size + _RESERVE) / 1e9:.1f} GB are needed")
    partial = path.with_name(path.name + ".partial")
    try:
        _write(partial, shape, words, tensors, say)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _write(path: Path, shape: Shape, words: Vocabulary, tensors: list[_Tensor], say: Callable[[str], None]) -> None:
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name("random weights of Qwen2.5-Coder-1.5B's shape")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(words.tokens)
    writer.add_token_types(words.kinds)
    writer.add_token_merges(words.merges)
    writer.add_bos_token_id(words.number("<|endoftext|>"))
    writer.add_eos_token_id(words.number("<|im_end|>"))
    writer.add_pad_token_id(words.number("<|endoftext|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(_TEMPLATE)
    for tensor in tensors:
        stored = np.dtype(np.float32 if tensor.kind is _F32 else np.uint8)
        dimensions = (tensor.columns,) if tensor.kind is _F32 else tensor.stored
        kind = None if tensor.kind is _F32 else tensor.kind
        writer.add_tensor_info(tensor.name, dimensions, stored, tensor.bytes, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    random = np.random.default_rng(7)
    spoken = np.array(words.spoken)
    for number, tensor in enumerate(tensors, 1):
        writer.write_tensor_data(_drawn(tensor, random, spoken))
        if number % 84 == 0 or number == len(tensors):
            say(f"{number} of {len(tensors)} tensors")
    writer.close()


def _tensors(shape: Shape, words: int) -> Iterator[_Tensor]:
    """The types are those that llama.cpp chooses for Q4_K_M; the output is separate, as in Qwen's own GGUF file."""
    yield _Tensor("token_embd.weight", _Q4, words, shape.width, 1.0)
    yield _Tensor("output_norm.weight", _F32, 1, shape.width, 0.0)
    yield _Tensor("output.weight", _Q6, words, shape.width, _LOUDNESS / math.sqrt(shape.width))
    by_width, by_feed = 1 / math.sqrt(shape.width), 1 / math.sqrt(shape.feed)
    for layer in range(shape.layers):
        finer = _Q6 if _more_bits(layer, shape.layers) else _Q4
        block = f"blk.{layer}"
        for part, rows, kind in (("q", shape.width, _Q4), ("k", shape.kv_width, _Q4), ("v", shape.kv_width, finer)):
            yield _Tensor(f"{block}.attn_{part}.weight", kind, rows, shape.width, by_width)
            yield _Tensor(f"{block}.attn_{part}.bias", _F32, 1, rows, 0.1)
        yield _Tensor(f"{block}.attn_output.weight", _Q4, shape.width, shape.width, by_width)
        yield _Tensor(f"{block}.attn_norm.weight", _F32, 1, shape.width, 0.0)
        yield _Tensor(f"{block}.ffn_norm.weight", _F32, 1, shape.width, 0.0)
        yield _Tensor(f"{block}.ffn_gate.weight", _Q4, shape.feed, shape.width, by_width)
        yield _Tensor(f"{block}.ffn_up.weight", _Q4, shape.feed, shape.width, by_width)
        yield _Tensor(f"{block}.ffn_down.weight", finer, shape.width, shape.feed, by_feed)


def _more_bits(layer: int, layers: int) -> bool:
    """The first and last eighth, and every third layer between them."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def _drawn(tensor: _Tensor, random: np.random.Generator, spoken: npt.NDArray[np.bool_]) -> npt.NDArray[np.generic]:
    if tensor.kind is _F32:
        values = random.standard_normal(tensor.columns) * tensor.spread
        return (values + 1.0 if tensor.name.endswith("norm.weight") else values).astype(np.float32)
    steps = np.full(tensor.rows, tensor.spread)
    if tensor.name == "output.weight":
        # The logits of all other tokens are 0, so that answers are ASCII text which no end token cuts short.
        steps[~spoken] = 0.0
    blocks = _q4_blocks if tensor.kind is _Q4 else _q6_blocks
    return blocks(steps, tensor.columns // 256, random).reshape(tensor.stored)


def _q4_blocks(spreads: npt.NDArray[np.float64], blocks: int, random: np.random.Generator) -> Bytes:
    """Two half floats (step, offset), eight 6-bit scales and offsets (all 1), 256 4-bit values: step·(value - 7.5)."""
    made = random.integers(0, 256, (len(spreads), blocks, 144), np.uint8)
    steps = spreads / math.sqrt((16**2 - 1) / 12)
    made[..., 0:4] = np.stack([steps, 7.5 * steps], axis=1).astype(np.float16).view(np.uint8)[:, None, :]
    made[..., 4:12] = 0x01
    made[..., 12:16] = 0x11
    return made


def _q6_blocks(spreads: npt.NDArray[np.float64], blocks: int, random: np.random.Generator) -> Bytes:
    """256 6-bit values in two parts, sixteen 8-bit scales (all 1), one half float: step·(value - 32)."""
    made = random.integers(0, 256, (len(spreads), blocks, 210), np.uint8)
    steps = spreads / math.sqrt((64**2 - 1) / 12)
    made[..., 192:208] = 1
    made[..., 208:210] = steps.astype(np.float16)[:, None].view(np.uint8)[:, None, :]
    return made


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m tests.benchmarks.llm.weights PATH", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    started = time.monotonic()
    print("Qwen2.5's vocabulary …")
    try:
        write_model(path, Shape(), vocabulary.fetch(), print)
    except OSError as error:
        print(f"no model was made: {error}", file=sys.stderr)
        return 1
    print(f"{path}: {path.stat().st_size / 1e6:,.0f} MB in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
