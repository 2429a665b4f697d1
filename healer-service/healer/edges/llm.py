"""An OpenAI-compatible server: which model it serves, how long a prompt is, and its answer as it comes.

It decides nothing. What the server says is untrusted: bounded in size and time, and never followed anywhere.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from healer.model import LlmError, Message, Prompt

CONTEXT = 4096  # tokens, where the server does not say
ANSWER_SECONDS = 180.0
SILENT_SECONDS = 90.0  # between two parts of an answer; reading a long prompt takes a slow machine most of it
LONGEST_LINE = 1 << 18
LARGEST_BODY = 1 << 16
CHARACTERS_PER_TOKEN = 24  # no token of a text is longer on average: what exceeds it is no honest answer
SOON = 2.0
FOR_A_PERSON = ("missing", "refused", "unavailable")  # states of our llm-service that do not pass by themselves


@dataclass(frozen=True)
class Served:
    name: str
    context: int  # tokens for prompt and answer together
    sha256: str = ""  # of the weights' file, where the server tells

    @property
    def origin(self) -> str:
        return f"{self.name}@{self.sha256[:8]}" if self.sha256 else self.name


@dataclass(frozen=True)
class Piece:
    """A part of an answer. The last one says why it ended: stop, or length for the bound on tokens."""

    text: str
    finish: str = ""


class Llm:
    """`address` is the base with /v1, as OpenAI's clients take it. Raises LlmError."""

    def __init__(self, address: str, model: str = "", key: str = "") -> None:
        self._address = address.rstrip("/")
        self._model = model
        headers = {"authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(10.0, read=SILENT_SECONDS)
        # No proxies of the environment and no redirects: prompts go to this address and nowhere else.
        self._http = httpx.Client(headers=headers, timeout=timeout, trust_env=False, follow_redirects=False)
        self._counter: Counter | None = None

    def close(self) -> None:
        self._http.close()

    def served(self) -> Served:
        answer = self._get_json("/models")
        entries = [entry for entry in _list(answer.get("data")) if isinstance(entry, dict) and entry.get("id")]
        named = [entry for entry in entries if entry["id"] == self._model]
        if self._model and not named:
            known = ", ".join(str(entry["id"])[:60] for entry in entries[:5]) or "none"
            raise LlmError(f"HEALER_LLM_MODEL: {self._address} serves no model {self._model!r}, but {known}")
        if not entries:
            raise LlmError(f"{self._address} serves no model")
        entry = (named or entries)[0]
        meta = _dict(entry.get("meta"))
        sizes = (entry.get("context"), entry.get("max_model_len"), meta.get("n_ctx"))
        context = next((size for size in sizes if isinstance(size, int) and size > 0), CONTEXT)
        sha256 = entry.get("sha256")
        return Served(str(entry["id"])[:100], context, sha256 if isinstance(sha256, str) else "")

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of the whole chat by the server's own tokenizer; an estimate that is too high where it has none."""
        for counter in (self._counter,) if self._counter else COUNTERS:
            found = counter(self, messages)
            if found is not None:
                self._counter = counter
                return found
        self._counter = None  # another server may stand there now
        return self.count(messages)

    def warm(self, messages: Sequence[Message]) -> None:
        """Have the server read the beginning that all prompts share."""
        for _ in self.answer(Prompt(tuple(messages), 1), temperature=0.0, seed=0):
            pass

    def answer(self, prompt: Prompt, *, temperature: float, seed: int) -> Generator[Piece, None, None]:
        """The answer as it comes. Closing the iterator ends the request, and a good server then stops writing."""
        body: dict[str, Any] = {
            "messages": _json(prompt.messages),
            "stream": True,
            "max_tokens": prompt.answer_tokens,
            "temperature": temperature,
            "seed": seed,
        }
        if self._model:
            body["model"] = self._model
        try:
            with self._http.stream("POST", f"{self._address}/chat/completions", json=body) as response:
                if response.status_code != 200:
                    raise self._refused(response.status_code, response.headers, _bounded(response))
                yield from _pieces(response, prompt.answer_tokens * CHARACTERS_PER_TOKEN)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def post_root(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """A call beside the API, as servers have it for tokens; None where this one does not know it."""
        root = self._address.removesuffix("/v1")
        try:
            with self._http.stream("POST", root + path, json=body) as response:
                data = _bounded(response, LARGEST_BODY * 16)
                if response.status_code in (429, 503):
                    raise self._refused(response.status_code, response.headers, data)
                return _object(data) if response.status_code == 200 else None
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    @property
    def model(self) -> str:
        return self._model

    def _get_json(self, path: str) -> dict[str, Any]:
        try:
            with self._http.stream("GET", self._address + path, timeout=10) as response:
                data = _bounded(response)
                if response.status_code != 200:
                    raise self._refused(response.status_code, response.headers, data)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        found = _object(data)
        if found is None:
            raise LlmError(f"{self._address}{path} is no OpenAI-compatible server; HEALER_LLM_URL is its base with /v1")
        return found

    def _unreachable(self, error: httpx.HTTPError) -> LlmError:
        what = str(error) or type(error).__name__
        return LlmError(f"the model's server at {_shown(self._address)} does not answer: {what[:200]}", SOON)

    def _refused(self, status: int, headers: httpx.Headers, data: bytes) -> LlmError:
        answer = _object(data) or {}
        error = _dict(answer.get("error"))
        detail = str(answer.get("detail") or error.get("message") or f"status {status}")[:300]
        if isinstance(answer.get("command"), str):
            detail += f" ({answer['command'][:200]})"
        if status in (401, 403):
            return LlmError(f"the model's server refuses the key: {detail}; set HEALER_LLM_KEY")
        passing = status == 429 or (status >= 500 and answer.get("state") not in FOR_A_PERSON)
        wait = _seconds(headers.get("retry-after")) if passing else None
        return LlmError(f"the model's server says: {detail}", wait)


def _pieces(response: httpx.Response, most_characters: int) -> Iterator[Piece]:
    until = time.monotonic() + ANSWER_SECONDS
    finish = ""
    written = 0
    for line in _lines(response):
        if time.monotonic() > until:
            raise LlmError(f"the answer took longer than {ANSWER_SECONDS:.0f} seconds")
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            break
        chunk = _object(data)
        if chunk is None:
            raise LlmError("the model's server sent a part that is no JSON object")
        if chunk.get("error"):
            error = chunk["error"]
            said = error.get("message") if isinstance(error, dict) else error
            raise LlmError(f"the model's server broke off: {str(said)[:300]}", SOON)
        for choice in _list(chunk.get("choices"))[:1]:
            finish = _dict(choice).get("finish_reason") or finish
            text = _dict(_dict(choice).get("delta")).get("content")
            if isinstance(text, str) and text:
                written += len(text)
                if written > most_characters:
                    raise LlmError("the answer is longer than the number of tokens that was asked for")
                yield Piece(text)
    if not finish:
        raise LlmError("the model's server broke off in the middle of an answer", SOON)
    yield Piece("", str(finish))


def _lines(response: httpx.Response) -> Iterator[bytes]:
    rest = b""
    for data in response.iter_bytes():
        *lines, rest = (rest + data).split(b"\n")
        yield from lines
        if len(rest) > LONGEST_LINE:
            raise LlmError("the model's server sent a line without an end")
    yield rest


def _bounded(response: httpx.Response, most: int = LARGEST_BODY) -> bytes:
    data = bytearray()
    for part in response.iter_bytes():
        data += part
        if len(data) > most:
            break
    return bytes(data)


def _object(data: bytes) -> dict[str, Any] | None:
    with suppress(ValueError, RecursionError):
        found = json.loads(data)
        if isinstance(found, dict):
            return found
    return None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _seconds(text: str | None) -> float:
    try:
        return min(max(float(text or SOON), 0.1), 30.0)
    except ValueError:
        return SOON


def _shown(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _json(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


Counter = Callable[["Llm", Sequence[Message]], int | None]


def _by_own_service(llm: Llm, messages: Sequence[Message]) -> int | None:
    return _number(llm.post_root("/extras/chat/count", {"messages": _json(messages)}))


def _by_vllm(llm: Llm, messages: Sequence[Message]) -> int | None:
    return _number(llm.post_root("/tokenize", {"model": llm.model, "messages": _json(messages)}))


def _by_llama_server(llm: Llm, messages: Sequence[Message]) -> int | None:
    rendered = (llm.post_root("/apply-template", {"messages": _json(messages)}) or {}).get("prompt")
    if not isinstance(rendered, str):
        return None
    body = {"content": rendered, "add_special": True, "parse_special": True}
    tokens = (llm.post_root("/tokenize", body) or {}).get("tokens")
    return len(tokens) if isinstance(tokens, list) else None


def _by_estimate(_llm: Llm, messages: Sequence[Message]) -> int:
    """Code has some 3.4 characters a token with Qwen's vocabulary; other scripts have up to a token a byte."""
    texts = [message.content for message in messages]
    letters = sum(len(text) for text in texts)
    others = sum(len(text.encode(errors="replace")) for text in texts) - letters
    return int(letters / 2.5) + others + 8 * len(texts) + 8


COUNTERS: tuple[Counter, ...] = (_by_own_service, _by_vllm, _by_llama_server, _by_estimate)


def _number(answer: dict[str, Any] | None) -> int | None:
    found = (answer or {}).get("count")
    return found if isinstance(found, int) and found >= 0 else None
