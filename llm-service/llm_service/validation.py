"""Judges the body of a completion request before it waits for anything, and brings it into one form.

Knows nothing of tokens: whether a prompt fits and a grammar parses is for the worker, which has the model.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from llm_service.errors import Refusal

CHAT = "/v1/chat/completions"
PLAIN = "/v1/completions"
LARGEST_BODY = 1 << 20
_LARGEST_GRAMMAR = 1 << 16
_MOST_MESSAGES = 1024
_MOST_STOPS = 16
_MOST_LOGPROBS = 20
_DEEPEST_SCHEMA = 64
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}

Check = Callable[[str, Any], Any]


@dataclass(frozen=True)
class Order:
    """A request that may be carried out: its path, and a body in the one form the worker takes."""

    path: str
    body: dict[str, Any]

    @property
    def stream(self) -> bool:
        return bool(self.body["stream"])

    @property
    def prefix(self) -> list[dict[str, str]]:
        """The leading system messages of a chat: what its next request is likely to begin with too."""
        messages: list[dict[str, str]] = self.body.get("messages", [])
        count = next((place for place, message in enumerate(messages) if message["role"] != "system"), len(messages))
        return messages[:count]


def read_object(data: bytes) -> dict[str, Any]:
    """Raises Refusal for what is no JSON object, or holds what cannot be written as UTF-8."""
    try:
        document = json.loads(data.decode("utf-8"), parse_constant=_no_constant)
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise Refusal(f"the body is not UTF-8: byte {error.start} cannot be read", code="invalid_json") from None
    except UnicodeEncodeError:
        raise Refusal("the body holds half of a surrogate pair, which is no character", code="invalid_json") from None
    except RecursionError:
        raise Refusal("the body is nested too deeply", code="invalid_json") from None
    except ValueError as error:
        raise Refusal(f"the body is not JSON: {error}"[:300], code="invalid_json") from None
    if not isinstance(document, dict):
        raise Refusal("the body must be a JSON object", code="invalid_json")
    return document


def read_order(path: str, data: bytes) -> Order:
    """Raises Refusal with the field, what is wrong with it and what would do."""
    given = read_object(data)
    fields = _CHAT_FIELDS if path == CHAT else _PLAIN_FIELDS
    _refuse_unknown(given, fields)
    body = {name: check(name, given[name]) for name, check in fields.items() if given.get(name) is not None}
    if "max_completion_tokens" in body:
        body["max_tokens"] = body.pop("max_completion_tokens")
    options = body.pop("stream_options", {})
    body.setdefault("stream", False)
    if options and not body["stream"]:
        raise Refusal("stream_options is only for stream: true", param="stream_options")
    body["include_usage"] = bool(options.get("include_usage"))
    # llama_cpp.server's own default of 1.1 harms code, which repeats itself rightly.
    body.setdefault("repeat_penalty", 1.0)
    if "grammar" in body and body.get("response_format", {}).get("type", "text") != "text":
        raise Refusal("grammar and response_format exclude each other; leave one out", param="grammar")
    if path == CHAT:
        return Order(path, _chat(body))
    if "prompt" not in body:
        raise Refusal("prompt is missing; give a text", param="prompt")
    return Order(path, body)


def read_messages(given: Mapping[str, Any]) -> list[dict[str, str]]:
    """The messages of a request that only counts them."""
    if "messages" not in given:
        raise Refusal("messages is missing; give a list of messages", param="messages")
    return _messages("messages", given["messages"])


def read_text(given: Mapping[str, Any], name: str) -> str:
    if name not in given:
        raise Refusal(f"{name} is missing; give a text", param=name)
    return _text(name, given[name])


def read_tokens(given: Mapping[str, Any]) -> list[int]:
    if "tokens" not in given:
        raise Refusal("tokens is missing; give a list of numbers", param="tokens")
    value = given["tokens"]
    if not isinstance(value, list):
        raise _bad("tokens", value, "a list of numbers")
    return [_token(f"tokens[{place}]", token) for place, token in enumerate(value)]


def _chat(body: dict[str, Any]) -> dict[str, Any]:
    if "messages" not in body:
        raise Refusal("messages is missing; give a list of messages", param="messages")
    if "top_logprobs" in body and not body.get("logprobs"):
        raise Refusal("top_logprobs is only for logprobs: true", param="top_logprobs")
    if body.get("logprobs"):
        body.setdefault("top_logprobs", 0)
    return body


def _refuse_unknown(given: Mapping[str, Any], fields: Mapping[str, Check]) -> None:
    """A misspelt field must not silently leave its default in force."""
    for name, value in given.items():
        if name in fields or name in _IGNORED:
            continue
        if name in _UNSUPPORTED:
            # Some clients send the neutral value of everything they know.
            if value not in (None, False, 0, "", [], {}, "none", "auto"):
                raise Refusal(f"{name[:60]} is not supported by this service", code="unsupported", param=name)
            continue
        near = difflib.get_close_matches(name[:60], fields, 1)
        hint = f"; is {near[0]} meant?" if near else ""
        raise Refusal(f"there is no field {name[:60]!r}{hint}", code="unknown_field", param=name[:60])


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _bad(name: str, value: object, wanted: str) -> Refusal:
    shown = json.dumps(value)
    return Refusal(f"{name} is {shown[:60]}{'…' if len(shown) > 60 else ''}; it must be {wanted}", param=name)


def _whole(low: int, high: int) -> Check:
    def check(name: str, value: Any) -> int:
        # A bool is an int to Python, and no number to anybody else.
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _bad(name, value, f"a whole number from {low} to {high}")
        return value

    return check


_token = _whole(0, (1 << 31) - 1)


def _number(low: float, high: float) -> Check:
    def check(name: str, value: Any) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise _bad(name, value, f"a number from {low:g} to {high:g}")
        return float(value)

    return check


def _one(name: str, value: Any) -> int:
    if value != 1 or isinstance(value, bool):
        raise _bad(name, value, "1: one answer per request; send the request again for another")
    return 1


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _bad(name, value, "true or false")
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _bad(name, value, "a text")
    return value


def _prompt(name: str, value: Any) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or not value:
        raise _bad(name, value, "a text that is not empty, or a list of one")
    return value


def _grammar(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value or len(value) > _LARGEST_GRAMMAR:
        raise _bad(name, value, f"a grammar in GBNF of at most {_LARGEST_GRAMMAR} characters")
    return value


def _stop(name: str, value: Any) -> list[str]:
    stops = [value] if isinstance(value, str) else value
    whole = isinstance(stops, list) and all(isinstance(stop, str) and 0 < len(stop) <= 1000 for stop in stops)
    if not whole or len(stops) > _MOST_STOPS:
        raise _bad(name, value, f"a text, or a list of up to {_MOST_STOPS}, none of them empty")
    return list(stops)


def _stream_options(name: str, value: Any) -> dict[str, bool]:
    if not isinstance(value, dict) or not isinstance(value.get("include_usage", False), bool):
        raise _bad(name, value, 'an object such as {"include_usage": true}')
    return {"include_usage": value.get("include_usage", False)}


def _response_format(name: str, value: Any) -> dict[str, Any]:
    """OpenAI's newer form with json_schema is brought into the older one that llama_cpp.server knows."""
    wanted = '{"type": "text"}, {"type": "json_object"} or {"type": "json_schema", "json_schema": {"schema": {…}}}'
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "text":
        return {"type": "text"}
    if kind == "json_object":
        schema = value.get("schema")
    elif kind == "json_schema" and isinstance(value.get("json_schema"), dict):
        schema = value["json_schema"].get("schema")
        if schema is None:
            raise _bad(name, value, wanted)
    else:
        raise _bad(name, value, wanted)
    if schema is None:
        return {"type": "json_object"}
    if not isinstance(schema, dict):
        raise _bad(f"{name}.schema", schema, "a JSON schema that is an object")
    if _depth(schema) > _DEEPEST_SCHEMA:
        raise Refusal(f"{name}.schema is nested more than {_DEEPEST_SCHEMA} deep", param=name)
    return {"type": "json_object", "schema": schema}


def _depth(schema: object) -> int:
    depth, level = 0, [schema]
    while level and depth <= _DEEPEST_SCHEMA:
        inner = [part for part in level if isinstance(part, dict | list)]
        level = [value for part in inner for value in (part.values() if isinstance(part, dict) else part)]
        depth += 1
    return depth


def _messages(name: str, value: Any) -> list[dict[str, str]]:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_MESSAGES:
        raise _bad(name, value, f"a list of 1 to {_MOST_MESSAGES} messages")
    return [_message(f"{name}[{place}]", message) for place, message in enumerate(value)]


def _message(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _bad(name, value, "an object with role and content")
    role = value.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise _bad(f"{name}.role", role, "system, user or assistant")
    return {"role": _ROLES[role], "content": _content(f"{name}.content", value.get("content"))}


def _content(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(_is_text_part(part) for part in value):
        return "".join(part["text"] for part in value)
    raise _bad(name, value, "a text, or a list of parts of type text")


def _is_text_part(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


_COMMON: dict[str, Check] = {
    "model": _text,  # there is one; clients must name something
    "max_tokens": _whole(1, 1 << 20),
    "temperature": _number(0, 5),
    "top_p": _number(0, 1),
    "min_p": _number(0, 1),
    "top_k": _whole(0, 1 << 20),
    "repeat_penalty": _number(0.1, 10),
    "presence_penalty": _number(-2, 2),
    "frequency_penalty": _number(-2, 2),
    "seed": _whole(0, (1 << 32) - 2),  # the next one is how llama.cpp writes that there is none
    "stop": _stop,
    "stream": _flag,
    "stream_options": _stream_options,
    "grammar": _grammar,
    "n": _one,
}
_CHAT_FIELDS: dict[str, Check] = {
    **_COMMON,
    "messages": _messages,
    "max_completion_tokens": _whole(1, 1 << 20),
    "logprobs": _flag,
    "top_logprobs": _whole(0, _MOST_LOGPROBS),
    "response_format": _response_format,
}
_PLAIN_FIELDS: dict[str, Check] = {
    **_COMMON,
    "prompt": _prompt,
    "logprobs": _whole(0, _MOST_LOGPROBS),
    "best_of": _one,
}
# Fields that change nothing about the answer here; clients send them to every server.
_IGNORED = frozenset(
    ("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "cache_prompt")
)
_UNSUPPORTED = frozenset(
    (
        *("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "suffix", "echo", "min_tokens"),
        *("mirostat_mode", "mirostat_tau", "mirostat_eta", "logit_bias", "logit_bias_type", "modalities", "audio"),
        "prediction",
    )
)
