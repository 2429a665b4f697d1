"""How likely the answer's tokens were, checked against llama.cpp asked directly."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.llm_service.client import CHAT, PLAIN, Service, joined

pytestmark = pytest.mark.xdist_group("llama")

QUESTION = [{"role": "user", "content": "Why?"}]
RENDERED = "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"


# In a process of its own: a fault of native code, such as an illegal instruction, is then one test's failure.
DIRECT = """
import json, sys
import numpy as np
from llama_cpp import Llama

model = Llama(sys.argv[1], n_ctx=512, n_threads=1, logits_all=True, flash_attn=True, verbose=False)
prompt, answer = (model.tokenize(text.encode(), add_bos=False, special=True) for text in sys.argv[2:])
model.eval(prompt + answer)
scores = np.array(model.scores[len(prompt) - 1 : len(prompt) + len(answer) - 1], dtype=np.double)
chances = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
json.dump({"tokens": answer, "chances": chances.tolist()}, sys.stdout)
"""


@dataclass(frozen=True)
class Direct:
    """What llama-cpp-python itself makes of an answer."""

    tokens: list[int]
    chances: list[list[float]]  # for each of them the logarithm of each token's chance to be there


def _direct(model: Path, prompt: str, answer: str) -> Direct:
    command = [sys.executable, "-c", DIRECT, str(model), prompt, answer]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Direct(**json.loads(done.stdout))


# Only printable letters, and not the one pair that is a token of its own: then a letter is a token.
LETTERS = "root ::= [c-z0-9]+"
BODY: dict[str, Any] = {"max_tokens": 12, "temperature": 0, "grammar": LETTERS}


def test_a_completion_s_are_llama_cpp_s_own(llama: Service, tiny_model: Path) -> None:
    choice = llama.post(PLAIN, prompt="x", **BODY, logprobs=3).json()["choices"][0]
    notes = choice["logprobs"]
    assert "".join(notes["tokens"]) == choice["text"]
    assert notes["text_offset"] == list(range(12))
    direct = _direct(tiny_model, "x", choice["text"])
    assert len(direct.tokens) == 12
    for place, (token, wanted) in enumerate(zip(direct.tokens, direct.chances, strict=True)):
        assert math.isclose(notes["token_logprobs"][place], wanted[token], abs_tol=0.01)
        best = list(notes["top_logprobs"][place].values())
        assert best == sorted(best, reverse=True)
        assert np.allclose(best, np.sort(wanted)[::-1][:3], atol=0.01)


def test_a_chat_s_are_the_same(llama: Service, tiny_model: Path) -> None:
    choice = llama.post(CHAT, messages=QUESTION, **BODY, logprobs=True, top_logprobs=2).json()["choices"][0]
    notes = choice["logprobs"]["content"]
    answer = choice["message"]["content"]
    assert "".join(note["token"] for note in notes) == answer
    direct = _direct(tiny_model, RENDERED, answer)
    for note, token, wanted in zip(notes, direct.tokens, direct.chances, strict=True):
        assert math.isclose(note["logprob"], wanted[token], abs_tol=0.01)
        best = [other["logprob"] for other in note["top_logprobs"]]
        assert np.allclose(best, np.sort(wanted)[::-1][:2], atol=0.01)


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
