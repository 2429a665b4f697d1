"""Answers bound by a grammar or a schema, with the real llama.cpp; and grammars that would have ended it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.llm_service.client import CHAT, PLAIN, Service, joined
from tests.llm_service.conftest import Process

pytestmark = pytest.mark.xdist_group("llama")

QUESTION = [{"role": "user", "content": "Why?"}]
SCHEMA = {
    "type": "object",
    "properties": {"cause": {"enum": ["null", "type"]}, "line": {"type": "integer"}},
    "required": ["cause", "line"],
}


@pytest.mark.parametrize("path", [CHAT, PLAIN])
def test_a_grammar_binds_the_answer(llama: Service, path: str) -> None:
    prompt = {"messages": QUESTION} if path == CHAT else {"prompt": "x"}
    for seed in range(4):
        events = llama.events(path, **prompt, grammar='root ::= "yes" | "no"', temperature=2, seed=seed)
        assert joined(events) in ("yes", "no")


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "json_object", "schema": SCHEMA},
        {"type": "json_schema", "json_schema": {"name": "cause", "strict": True, "schema": SCHEMA}},
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_schema_binds_the_answer(llama: Service, wanted: dict[str, Any], stream: bool) -> None:
    body = {"messages": QUESTION, "response_format": wanted, "seed": 3, "max_tokens": 200}
    if stream:
        content = joined(llama.events(CHAT, **body))
    else:
        content = llama.post(CHAT, **body).json()["choices"][0]["message"]["content"]
    answer = json.loads(content)
    assert answer["cause"] in ("null", "type")
    assert isinstance(answer["line"], int)
    assert set(answer) == {"cause", "line"}


def test_any_object_is_json(llama: Service) -> None:
    for seed in range(3):
        body = {"messages": QUESTION, "response_format": {"type": "json_object"}, "max_tokens": 300, "seed": seed}
        choice = llama.post(CHAT, **body).json()["choices"][0]
        content = choice["message"]["content"]
        # The tiny model may find no end: then what comes is only the beginning of an object.
        assert re.match(r'\{\s*(\}|"|$)', content)
        assert choice["finish_reason"] == "length" or isinstance(json.loads(content), dict)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("grammar", "says"),
    [
        ('root ::= "a', "unexpected end of input"),
        ("root ::= nothing", "nothing"),
        ("root ::= [z-a", ""),
        ("root ::= " + "(" * 20_000 + '"a"' + ")" * 20_000, "nested 20000 deep"),
        ("root ::= <|im_end|>", "names a token"),
        ("words", ""),
    ],
)
def test_a_grammar_that_cannot_be_used_is_a_bad_request(llama: Process, grammar: str, says: str, stream: bool) -> None:
    worker = llama.worker
    answer = llama.post(PLAIN, prompt="x", grammar=grammar, max_tokens=2, stream=stream)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("invalid_grammar", "grammar")
    assert error["message"].startswith("the grammar cannot be used: ")
    assert says in error["message"]
    assert llama.post(PLAIN, prompt="x", max_tokens=1).status_code == 200
    assert llama.worker == worker


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"$ref": "#/nowhere"}, "nowhere"),
        ({"type": "string", "maxLength": 1_000_000}, "maxLength is 1000000"),
        ({"type": "array", "items": {"type": "array", "maxItems": 5000}}, "maxItems is 5000"),
        ({"enum": list(range(60_000))}, "its grammar is too large"),
        ({"properties": 5, "type": "object"}, ""),
    ],
)
def test_a_schema_that_cannot_be_kept_to_is_a_bad_request(llama: Process, schema: dict[str, Any], says: str) -> None:
    wanted = {"type": "json_schema", "json_schema": {"schema": schema}}
    answer = llama.post(CHAT, messages=QUESTION, response_format=wanted, max_tokens=2)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["param"] in ("response_format", "grammar")
    assert says in error["message"]
