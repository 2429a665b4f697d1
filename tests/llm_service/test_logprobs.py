"""How likely the answer's tokens were, checked against llama.cpp asked directly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.llm_service.client import CHAT, PLAIN, Service, joined

pytestmark = pytest.mark.xdist_group("llama")

QUESTION = [{"role": "user", "content": "Why?"}]
RENDERED = "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def direct(tiny_model: Path, llama: Service) -> Iterator[Any]:
    """llama-cpp-python itself, with all scores kept."""
    from llama_cpp import Llama

    model = Llama(str(tiny_model), n_ctx=512, n_threads=1, logits_all=True, flash_attn=True, verbose=False)
    yield model
    model.close()


def _chances(direct: Any, prompt: str, answer: bytes) -> np.ndarray[Any, np.dtype[np.double]]:
    """For each of the answer's bytes the logarithm of each token's chance to be there."""
    tokens = direct.tokenize(prompt.encode() + answer, add_bos=False, special=True)
    direct.reset()
    direct.eval(tokens)
    scores = np.array(direct.scores[len(tokens) - len(answer) - 1 : len(tokens) - 1], dtype=np.double)
    normal: np.ndarray[Any, np.dtype[np.double]] = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return normal


# Only printable letters, and not the one pair that is a token of its own: then a letter is a token.
LETTERS = "root ::= [c-z0-9]+"
BODY: dict[str, Any] = {"max_tokens": 12, "temperature": 0, "grammar": LETTERS}


def _token(direct: Any, letter: str) -> int:
    (token,) = direct.tokenize(letter.encode(), add_bos=False)
    found: int = token
    return found


def test_a_completion_s_are_llama_cpp_s_own(llama: Service, direct: Any) -> None:
    choice = llama.post(PLAIN, prompt="x", **BODY, logprobs=3).json()["choices"][0]
    notes = choice["logprobs"]
    assert "".join(notes["tokens"]) == choice["text"]
    assert notes["text_offset"] == list(range(12))
    wanted = _chances(direct, "x", choice["text"].encode())
    for place, letter in enumerate(notes["tokens"]):
        assert math.isclose(notes["token_logprobs"][place], wanted[place][_token(direct, letter)], abs_tol=0.01)
        best = list(notes["top_logprobs"][place].values())
        assert best == sorted(best, reverse=True)
        assert np.allclose(best, np.sort(wanted[place])[::-1][:3], atol=0.01)


def test_a_chat_s_are_the_same(llama: Service, direct: Any) -> None:
    choice = llama.post(CHAT, messages=QUESTION, **BODY, logprobs=True, top_logprobs=2).json()["choices"][0]
    notes = choice["logprobs"]["content"]
    answer = choice["message"]["content"]
    assert "".join(note["token"] for note in notes) == answer
    wanted = _chances(direct, RENDERED, answer.encode())
    for place, note in enumerate(notes):
        assert math.isclose(note["logprob"], wanted[place][_token(direct, note["token"])], abs_tol=0.01)
        assert np.allclose(
            [other["logprob"] for other in note["top_logprobs"]], np.sort(wanted[place])[::-1][:2], atol=0.01
        )


def test_the_greedy_token_is_the_likeliest(llama: Service) -> None:
    notes = llama.post(PLAIN, prompt="x", max_tokens=8, temperature=0, logprobs=20).json()["choices"][0]["logprobs"]
    for token, chance, best in zip(notes["tokens"], notes["token_logprobs"], notes["top_logprobs"], strict=True):
        assert next(iter(best.items())) == (token, chance)
        assert len(best) == 20
        assert 0 < sum(math.exp(other) for other in best.values()) <= 1.0001


def test_a_stream_tells_the_same(llama: Service) -> None:
    whole = llama.post(PLAIN, prompt="x", **BODY, logprobs=1).json()["choices"][0]["logprobs"]
    events = llama.events(PLAIN, prompt="x", **BODY, logprobs=1)
    parts = [event["choices"][0]["logprobs"] for event in events if event["choices"][0]["logprobs"]]
    assert len(parts) == 12
    for name in ("tokens", "text_offset"):
        assert [entry for part in parts for entry in part[name]] == whole[name]
    told = [entry for part in parts for entry in part["token_logprobs"]]
    assert np.allclose(told, whole["token_logprobs"], atol=0.01)

    chat = llama.events(CHAT, messages=QUESTION, **BODY, logprobs=True)
    notes = [note for event in chat for note in (event["choices"][0]["logprobs"] or {"content": []})["content"]]
    assert "".join(note["token"] for note in notes) == joined(chat)
    assert all(note["top_logprobs"] == [] for note in notes)


def test_none_come_unasked_and_none_of_what_is_not_shown(llama: Service) -> None:
    assert llama.post(PLAIN, prompt="x", **BODY).json()["choices"][0]["logprobs"] is None
    assert llama.post(CHAT, messages=QUESTION, **BODY).json()["choices"][0]["logprobs"] is None
    body = {**BODY, "grammar": 'root ::= "1234567"', "stop": "345", "logprobs": 0}
    notes = llama.post(PLAIN, prompt="x", **body).json()["choices"][0]["logprobs"]
    assert notes["tokens"] == ["1", "2"]
    assert notes["top_logprobs"] == [{}, {}]


def test_a_part_of_a_character_is_told_by_its_bytes(llama: Service) -> None:
    notes = llama.post(PLAIN, prompt="x", grammar='root ::= "€"', logprobs=1).json()["choices"][0]["logprobs"]
    assert notes["tokens"] == ["bytes:\\xe2", "bytes:\\x82", "bytes:\\xac"]
