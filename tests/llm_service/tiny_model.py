"""Makes a GGUF file of the real architecture for tests that cannot have the real weights. It talks nonsense."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

_HEADS = 4
_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def _byte_letters() -> list[str]:
    """GPT-2's printable letter for each of the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


def write_model(path: Path, width: int = 64, layers: int = 2) -> Path:
    """Writes a qwen2 model of random weights with a vocabulary of single bytes: about 400 KB, and it talks nonsense.

    A wider and deeper one takes its time over a prompt.
    """
    feed = 2 * width
    tokens = [*_byte_letters(), "ab", "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    kinds = [gguf.TokenType.NORMAL] * (len(tokens) - 3) + [gguf.TokenType.CONTROL] * 3
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_context_length(1024)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(len(tokens) - 1)
    writer.add_pad_token_id(len(tokens) - 3)
    writer.add_chat_template(_TEMPLATE)
    random = np.random.default_rng(7)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) * 0.2).astype(np.float32))

    add("token_embd.weight", len(tokens), width)
    add("output_norm.weight", width)
    for layer in range(layers):
        block = f"blk.{layer}"
        for part in ("q", "k", "v"):
            add(f"{block}.attn_{part}.weight", width, width)
            add(f"{block}.attn_{part}.bias", width)
        add(f"{block}.attn_output.weight", width, width)
        add(f"{block}.attn_norm.weight", width)
        add(f"{block}.ffn_norm.weight", width)
        add(f"{block}.ffn_gate.weight", feed, width)
        add(f"{block}.ffn_up.weight", feed, width)
        add(f"{block}.ffn_down.weight", width, feed)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
