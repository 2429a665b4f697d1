"""The model in the worker: llama-cpp-python's Llama with a way of writing an answer that can be stopped and measured.

Both of llama_cpp.server's completion routes end in `create_completion`. One request at a time: who calls has the turn.
"""

from __future__ import annotations

import ctypes
import secrets
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt
from fastapi import HTTPException
from llama_cpp import llama_chat_format
from llama_cpp.llama_chat_format import ChatFormatterResponse, Jinja2ChatFormatter
from llama_cpp.llama_speculative import LlamaDraftModel
from numpy.lib.stride_tricks import sliding_window_view

from llm_service.errors import Refusal
from llm_service.native import NativeLog, Switch, grammar_problem
from llm_service.text import Text

# Where a step is larger the buffers for it are too, and two cores are no faster with it.
_STEP = 256
_LEAST_GUESSED, _MOST_GUESSED = 4, 16  # tokens at a time
_ALIKE = (4, 3)  # last tokens that must have stood before to guess that what follows does too
# No honest prompt has longer tokens on average; much longer text takes the tokenizer minutes.
_BYTES_PER_TOKEN = 32
_LONGEST_TOKEN = 1024  # bytes
_LEAST_LOGPROB = -9999.0  # JSON has no infinity


class Stopped(HTTPException):
    """The request ended before its answer did. An HTTPException, because the server's routes print any other."""

    def __init__(self) -> None:
        super().__init__(499, "stopped")


@dataclass
class Turn:
    """What became of one request."""

    refusal: Refusal | None = None
    name: str = ""
    model: str = ""
    created: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0  # between the first token and the last
    evaluated: bool = False

    def refuse(self, refusal: Refusal) -> Stopped:
        """The routes between here and the one who answers would lose it: they know only texts."""
        self.refusal = refusal
        return Stopped()

    @property
    def usage(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
        }


class Model(llama_cpp.Llama):  # type: ignore[misc]
    """Raises ValueError, RuntimeError or AssertionError when llama.cpp cannot load the file."""

    def __init__(self, path: Path, name: str, context: int, threads: int, native: NativeLog) -> None:
        super().__init__(
            str(path),
            n_ctx=context,
            n_batch=_STEP,
            n_ubatch=_STEP,
            n_threads=threads,
            n_threads_batch=threads,
            flash_attn=True,
            # Mapped, the file would lie in memory beside the copy that is laid out for this processor: 1.9 GB, not 1.3.
            use_mmap=False,
            use_mlock=False,  # refused without privileges, and the page cache may do with the weights what it likes
            logits_all=False,  # True keeps the scores of the whole context: 2.5 GB for a vocabulary of 152,000
            verbose=False,
        )
        self.name = name
        self.turn = Turn()
        self.switch = Switch(self.ctx)
        self._native = native
        template = self.metadata.get("tokenizer.chat_template", llama_chat_format.CHATML_CHAT_TEMPLATE)
        texts = (
            self._model.token_get_text(token) if token != -1 else "" for token in (self.token_eos(), self.token_bos())
        )
        self._template = Jinja2ChatFormatter(template, *texts)
        self.chat_handler = llama_chat_format.chat_formatter_to_chat_completion_handler(self._formatted)

    def chat_tokens(self, messages: list[dict[str, str]]) -> list[int]:
        """The prompt that these messages make, the start of the answer included. Raises Refusal."""
        return self.tokens(self._rendered(messages))

    def tokens(self, text: str) -> list[int]:
        """Safe beside a running completion. Raises Refusal where no number of tokens in the context could hold it."""
        tokens: list[int] = self.tokenize(self._readable(text), add_bos=False, special=True)
        return tokens

    def text(self, tokens: list[int]) -> str:
        """Raises Refusal for a number that is no token."""
        unknown = next((token for token in tokens if token >= self._n_vocab), None)
        if unknown is not None:
            raise Refusal(f"there is no token {unknown}; the highest is {self._n_vocab - 1}", param="tokens")
        return b"".join(self._bytes(token) for token in tokens).decode("utf-8", "replace")

    def create_completion(
        self,
        prompt: str | list[int],
        *,
        max_tokens: int | None = None,
        stop: list[str] | None = None,
        logprobs: int | None = None,
        seed: int | None = None,
        grammar: llama_cpp.LlamaGrammar | None = None,
        stream: bool = False,
        **sampling: Any,
    ) -> dict[str, Any] | Iterator[dict[str, Any]]:
        turn = self.turn
        try:
            tokens = self._begin(prompt) if isinstance(prompt, str) else prompt
            if len(tokens) >= self._n_ctx:
                raise _too_long(f"{len(tokens)} tokens", self._n_ctx)
            if grammar is not None and (problem := grammar_problem(self._model.vocab, grammar._grammar, self._native)):
                raise Refusal(f"the grammar cannot be used: {problem}", code="invalid_grammar", param="grammar")
        except Refusal as refusal:
            raise turn.refuse(refusal) from None
        turn.name, turn.model, turn.created = f"cmpl-{uuid.uuid4()}", self.name, int(time.time())
        turn.prompt_tokens = len(tokens)
        self.set_seed(secrets.randbits(32) if seed is None else seed)
        self.draft_model = _Copying() if logprobs is None else None  # a note's scores are those of a single token
        chosen = {name: sampling[name] for name in _SAMPLING if name in sampling}
        generated = self.generate(tokens, temp=sampling.get("temperature", 0.8), grammar=grammar, **chosen)
        room = self._n_ctx - len(tokens)
        pieces = self._pieces(turn, generated, min(max_tokens or room, room), Text(stop or ()), logprobs)
        chunks = (_chunk(turn, *piece) for piece in pieces)
        return chunks if stream else _joined(turn, list(chunks))

    def eval(self, tokens: list[int]) -> None:
        guessed = self.turn.evaluated and len(tokens) > 1
        if not self.turn.evaluated:
            self.turn.evaluated = True
            self.turn.cached_tokens = self.turn.prompt_tokens - len(tokens)
        try:
            if guessed:
                self._eval_guess(tokens)
            else:
                super().eval(tokens)
        except RuntimeError:
            # What the context holds beyond n_tokens is dropped by the next call, but the scores may be of neither.
            self._requires_eval = True
            if self.switch:
                raise Stopped from None
            raise

    def _eval_guess(self, tokens: list[int]) -> None:
        """As the inherited one, with scores behind each token: `generate` keeps of a guess what it draws itself."""
        self._ctx.kv_cache_seq_rm(-1, self.n_tokens, -1)
        self._batch.set_batch(batch=tokens, n_past=self.n_tokens, logits_all=True)
        self._ctx.decode(self._batch)
        self.input_ids[self.n_tokens : self.n_tokens + len(tokens)] = tokens
        self.n_tokens += len(tokens)
        self._requires_eval = False

    def _rendered(self, messages: list[dict[str, str]]) -> str:
        try:
            return str(self._template(messages=messages).prompt)
        except Exception as error:
            # The template is a program that came with the file; it refuses with exceptions of every kind.
            raise Refusal(
                f"the model's chat template refuses these messages: {error}"[:500], param="messages"
            ) from None

    def _formatted(self, *, messages: list[dict[str, str]], **_: object) -> ChatFormatterResponse:
        try:
            prompt = self._rendered(messages)
            self._readable(prompt)
        except Refusal as refusal:
            raise self.turn.refuse(refusal) from None
        return ChatFormatterResponse(prompt=prompt, added_special=True)

    def _readable(self, text: str) -> bytes:
        data = text.encode()
        if len(data) > self._n_ctx * _BYTES_PER_TOKEN:
            raise _too_long(f"{len(data):,} bytes", self._n_ctx)
        return data

    def _begin(self, prompt: str) -> list[int]:
        start = [self.token_bos()] if self._model.add_bos_token() and self.token_bos() != -1 else []
        return start + self.tokens(prompt)

    def _pieces(
        self, turn: Turn, generated: Iterator[int], most: int, text: Text, logprobs: int | None
    ) -> Iterator[tuple[str, dict[str, Any] | None, str | None]]:
        """Text, what is known of its tokens, and at the end the reason why it ends."""
        notes: list[_Note] = []
        reason = "length"
        started = 0.0
        for token in generated:
            now = time.perf_counter()
            started = started or now
            turn.seconds = now - started
            if llama_cpp.llama_vocab_is_eog(self._model.vocab, token):
                reason = "stop"
                break
            turn.completion_tokens += 1
            if logprobs is not None:
                notes.append(self._note(token, text.read, logprobs))
            piece = text.add(self._bytes(token))
            if text.stopped:
                reason = "stop"
            if piece or text.stopped:
                shown = [note for note in notes if note.offset < text.length]
                notes = notes[len(shown) :]
                if piece:
                    yield piece, _legacy(shown) if logprobs is not None else None, None
            if text.stopped or turn.completion_tokens >= most:
                break
        if rest := text.finish():
            yield rest, _legacy(notes) if logprobs is not None else None, None
        yield "", None, reason

    def _note(self, token: int, offset: int, count: int) -> _Note:
        """Read while the context still holds the scores that the token was drawn from: before the next is asked for."""
        scores = np.ctypeslib.as_array(self._ctx.get_logits_ith(-1), shape=(self._n_vocab,))
        chances = scores - scores.max()
        chances -= np.log(np.exp(chances).sum())
        return _Note(self._shown(token), offset, _finite(chances[token]), self._best(chances, count))

    def _best(self, chances: npt.NDArray[np.single], count: int) -> dict[str, float]:
        if count == 0:
            return {}
        best = np.argpartition(chances, -count)[-count:]
        return {self._shown(int(token)): _finite(chances[token]) for token in best[np.argsort(-chances[best])]}

    def _shown(self, token: int) -> str:
        """As OpenAI writes a token that is only a part of a character: it must stay apart from the others."""
        data = self._bytes(token, special=True)
        try:
            return data.decode()
        except UnicodeDecodeError:
            return "bytes:" + "".join(f"\\x{byte:02x}" for byte in data)

    def _bytes(self, token: int, special: bool = False) -> bytes:
        """Not detokenize(): that one loses tokens of more than 32 bytes, as long indentations are."""
        buffer = ctypes.create_string_buffer(_LONGEST_TOKEN)
        length = llama_cpp.llama_token_to_piece(self._model.vocab, token, buffer, _LONGEST_TOKEN, 0, special)
        return buffer.raw[: max(length, 0)]


class _Copying(LlamaDraftModel):  # type: ignore[misc]
    """Guesses that a text goes on as it did where its last tokens stood before: a corrected function mostly repeats the
    one in the prompt. One step for several tokens takes less than a step for each, which has all weights read again.
    """

    def __init__(self) -> None:
        self._size = _LEAST_GUESSED
        self._at = 0
        self._guess: npt.NDArray[np.intc] = np.empty(0, np.intc)

    def __call__(self, ids: npt.NDArray[np.intc], /, **_: Any) -> npt.NDArray[np.intc]:
        if len(self._guess):
            right = np.array_equal(ids[self._at : self._at + len(self._guess)], self._guess)
            self._size = min(2 * self._size, _MOST_GUESSED) if right else _LEAST_GUESSED
        self._at, self._guess = len(ids), self._after_the_like(ids)[: self._size].copy()
        return self._guess

    def _after_the_like(self, ids: npt.NDArray[np.intc]) -> npt.NDArray[np.intc]:
        for size in _ALIKE:
            if len(ids) > size:
                places = np.flatnonzero((sliding_window_view(ids[:-1], size) == ids[-size:]).all(axis=1))
                if len(places):
                    return ids[places[-1] + size :]
        return ids[:0]


@dataclass(frozen=True)
class _Note:
    """What is known of a token: itself, where its text begins, and how likely it and the likeliest ones were."""

    token: str
    offset: int
    chance: float
    best: dict[str, float]


_SAMPLING = ("top_k", "top_p", "min_p", "typical_p", "repeat_penalty", "frequency_penalty", "presence_penalty")


def _chunk(turn: Turn, text: str, notes: dict[str, Any] | None, reason: str | None) -> dict[str, Any]:
    choice = {"text": text, "index": 0, "logprobs": notes, "finish_reason": reason}
    return {
        "id": turn.name,
        "object": "text_completion",
        "created": turn.created,
        "model": turn.model,
        "choices": [choice],
    }


def _joined(turn: Turn, chunks: list[dict[str, Any]]) -> dict[str, Any]:
    choices = [chunk["choices"][0] for chunk in chunks]
    known = [choice["logprobs"] for choice in choices if choice["logprobs"]]
    notes = {name: [entry for part in known for entry in part[name]] for name in known[0]} if known else None
    whole = _chunk(turn, "".join(choice["text"] for choice in choices), notes, choices[-1]["finish_reason"])
    return {**whole, "usage": turn.usage}


def _legacy(notes: list[_Note]) -> dict[str, Any]:
    """The form of /v1/completions, which llama-cpp-python turns into that of chats."""
    return {
        "tokens": [note.token for note in notes],
        "text_offset": [note.offset for note in notes],
        "token_logprobs": [note.chance for note in notes],
        "top_logprobs": [note.best for note in notes],
    }


def _finite(chance: np.single) -> float:
    return max(float(chance), _LEAST_LOGPROB)


def _too_long(size: str, context: int) -> Refusal:
    return Refusal(
        f"the prompt has {size}, and the context is {context} tokens for prompt and answer together; shorten it",
        code="context_length_exceeded",
        param="prompt",
    )
