"""The tokens and merges of Qwen2.5, taken out of a wheel that ships them. Knows nothing about weights.

With the real ones a prompt has as many tokens here as with the real model, and token counts are what speed is about.
"""

from __future__ import annotations

import base64
import itertools
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import gguf

_WHEEL = "dashscope==2.0.2 --hash=sha256:0602d1800f7433bdb7953560986eaf5146454ed3988636c0a91963ba24e74258"
_MEMBER = "dashscope/resources/qwen.tiktoken"
_SIZE = 151936  # of Qwen2.5's embedding; the tokens are fewer

_CONTROL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
_VISIBLE = (
    "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>",
    "<|repo_name|>", "<|file_sep|>",
)  # fmt: skip


@dataclass(frozen=True)
class Vocabulary:
    tokens: list[str]
    kinds: list[int]
    merges: list[str]
    spoken: list[bool]  # printable ASCII: what a model may say so that its nonsense is text

    def number(self, token: str) -> int:
        return self.tokens.index(token)


def fetch() -> Vocabulary:
    """Downloads the wheel (2.4 MB, kept in pip's cache) and reads it; raises OSError when it cannot be had."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = folder / "wanted.txt"
        wanted.write_text(_WHEEL + "\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        done = subprocess.run([*command, "-r", wanted, "-d", folder], capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"the wheel with Qwen's vocabulary could not be downloaded: {done.stderr.strip()}")
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            return build(wheel.read(_MEMBER), _SIZE)


def build(ranked: bytes, size: int) -> Vocabulary:
    """From lines `base64 rank` as tiktoken writes them, with Qwen2.5's special tokens, padded to `size`."""
    ranks: dict[bytes, int] = {}
    for line in ranked.splitlines():
        token, _, rank = line.partition(b" ")
        ranks[base64.b64decode(token)] = int(rank)
    letters = byte_letters()
    known = sorted(ranks, key=ranks.__getitem__)
    tokens = [_spelled(token, letters) for token in known]
    kinds = [gguf.TokenType.NORMAL] * len(known)
    merges = [
        f"{_spelled(left, letters)} {_spelled(right, letters)}"
        for left, right in (_parts(token, ranks) for token in known if len(token) > 1)
    ]
    tokens += [*_CONTROL, *_VISIBLE]
    kinds += [gguf.TokenType.CONTROL] * len(_CONTROL) + [gguf.TokenType.USER_DEFINED] * len(_VISIBLE)
    padding = range(len(tokens), size)
    tokens += [f"[PAD{number}]" for number in padding]
    kinds += [gguf.TokenType.UNUSED] * len(padding)
    spoken = [_speakable(token) for token in known]
    spoken += [False] * (len(tokens) - len(known))
    return Vocabulary(tokens, [int(kind) for kind in kinds], merges, spoken)


def byte_letters() -> list[str]:
    """GPT-2's printable letter for each of the 256 bytes."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


def _spelled(token: bytes, letters: list[str]) -> str:
    return "".join(letters[byte] for byte in token)


def _speakable(token: bytes) -> bool:
    return all(byte == 10 or 32 <= byte < 127 for byte in token)


def _parts(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The two tokens that were merged into this one: what byte pair encoding leaves when only older ranks exist."""
    parts = [token[place : place + 1] for place in range(len(token))]
    while len(parts) > 2:
        pairs = [ranks.get(left + right, ranks[token]) for left, right in itertools.pairwise(parts)]
        first = min(range(len(pairs)), key=pairs.__getitem__)
        if pairs[first] >= ranks[token]:
            raise ValueError(f"{token!r} is no merge of two tokens")
        parts[first : first + 2] = [parts[first] + parts[first + 1]]
    return parts[0], parts[1]
