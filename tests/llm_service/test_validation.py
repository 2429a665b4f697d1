"""What the body of a request may be: judged before it waits for anything, and brought into one form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llm_service.errors import Refusal
from llm_service.settings import Settings
from llm_service.validation import read_object, read_order

from tests.llm_service.bodies import bodies
from tests.llm_service.client import CHAT, PLAIN, Service
from tests.llm_service.scripted import ScriptedEngine, serving

USER = {"role": "user", "content": "Why?"}


def _order(path: str, **body: Any) -> dict[str, Any]:
    return read_order(path, json.dumps(body).encode()).body


def _refusal(path: str, **body: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        _order(path, **body)
    assert refusal.value.status == 400
    return refusal.value


def test_defaults_are_written_out() -> None:
    common = {"stream": False, "include_usage": False, "repeat_penalty": 1.0}
    assert _order(PLAIN, prompt="x") == {"prompt": "x", **common}
    assert _order(CHAT, messages=[USER]) == {"messages": [USER], **common}


def test_null_is_as_if_left_out() -> None:
    assert _order(PLAIN, prompt="x", stop=None, seed=None, stream=None, logprobs=None) == _order(PLAIN, prompt="x")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"stop": "end"}, {"stop": ["end"]}),
        ({"stop": ["a", "b"]}, {"stop": ["a", "b"]}),
        ({"max_completion_tokens": 5}, {"max_tokens": 5}),
        ({"temperature": 1}, {"temperature": 1.0}),
        ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": True, "include_usage": True}),
        ({"logprobs": True}, {"logprobs": True, "top_logprobs": 0}),
        ({"response_format": {"type": "text"}}, {"response_format": {"type": "text"}}),
        ({"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "null"}}}},
            {"response_format": {"type": "json_object", "schema": {"type": "null"}}},
        ),
        # What clients send to every server, and what would change nothing.
        ({"user": "me", "store": False, "tools": [], "tool_choice": "none", "logit_bias": {}, "n": 1}, {"n": 1}),
    ],
)
def test_each_form_becomes_one(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    order = _order(CHAT, messages=[USER], **given)
    assert order == {**_order(CHAT, messages=[USER]), **wanted}


def test_messages_become_plain() -> None:
    parts = [{"type": "text", "text": "Wh"}, {"type": "text", "text": "y?"}]
    given = [{"role": "developer", "content": "Fix."}, {"role": "user", "content": parts, "name": "me"}]
    order = read_order(CHAT, json.dumps({"messages": given}).encode())
    assert order.body["messages"] == [{"role": "system", "content": "Fix."}, USER]
    assert order.prefix == [{"role": "system", "content": "Fix."}]
    assert _order(PLAIN, prompt=["x"])["prompt"] == "x"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("messages", [], "messages is []; it must be a list of 1 to 1024 messages"),
        ("messages", "Why?", 'messages is "Why?"'),
        ("messages", ["Why?"], 'messages[0] is "Why?"; it must be an object with role and content'),
        ("messages", [USER, {"role": "tool", "content": ""}], 'messages[1].role is "tool"; it must be system, user'),
        ("messages", [{"role": "user"}], "messages[0].content is null; it must be a text"),
        ("messages", [{"role": ["user"], "content": ""}], "messages[0].role"),
        ("messages", [{"role": "user", "content": [{"type": "image_url"}]}], "messages[0].content"),
        ("max_tokens", 0, "max_tokens is 0; it must be a whole number from 1 to 1048576"),
        ("max_tokens", -1, "max_tokens"),
        ("max_tokens", 1.5, "max_tokens"),
        ("max_tokens", True, "max_tokens is true"),
        ("max_tokens", "9" * 100, "9…; it must be"),
        ("temperature", -0.1, "temperature is -0.1; it must be a number from 0 to 5"),
        ("temperature", "hot", "temperature"),
        pytest.param("temperature", 10**400, "temperature is 1000", id="temperature-huge"),
        ("top_p", 2, "top_p"),
        ("seed", -1, "seed"),
        ("seed", (1 << 32) - 1, "seed"),  # llama.cpp takes it for none
        ("n", 2, "n is 2; it must be 1: one answer per request"),
        ("stream", "yes", 'stream is "yes"; it must be true or false'),
        ("stop", "", 'stop is ""'),
        ("stop", ["x"] * 17, "up to 16"),
        ("stop", [1], "stop"),
        ("logprobs", 3, "logprobs is 3; it must be true or false"),
        ("top_logprobs", 21, "top_logprobs is 21; it must be a whole number from 0 to 20"),
        ("top_logprobs", 3, "top_logprobs is only for logprobs: true"),
        ("stream_options", {"include_usage": True}, "stream_options is only for stream: true"),
        ("stream_options", [], "stream_options is []"),
        ("grammar", " ", "grammar"),
        ("grammar", "root ::= \0", "grammar"),
        ("response_format", {"type": "xml"}, 'response_format is {"type": "xml"}; it must be {"type": "text"}'),
        ("response_format", {"type": "json_schema"}, "response_format"),
        ("response_format", {"type": "json_schema", "json_schema": {}}, "response_format"),
        ("response_format", {"type": "json_object", "schema": 1}, "response_format.schema is 1"),
        ("response_format", "json", "response_format"),
        ("tools", [{"type": "function"}], "tools is not supported by this service"),
        ("max_token", 5, "there is no field 'max_token'; is max_tokens meant?"),
        ("z" * 100, 5, "there is no field 'zzz"),
        ("prompt", "x", "there is no field 'prompt'"),
    ],
)
def test_what_cannot_be_done_is_named(name: str, value: Any, says: str) -> None:
    refusal = _refusal(CHAT, **{"messages": [USER], name: value})
    assert says in str(refusal)
    assert len(str(refusal)) < 300
    assert refusal.param
    assert name.startswith(refusal.param.partition("[")[0].partition(".")[0])


def test_what_is_missing_is_named() -> None:
    assert str(_refusal(CHAT)) == "messages is missing; give a list of messages"
    assert str(_refusal(PLAIN)) == "prompt is missing; give a text"
    assert _refusal(PLAIN, prompt="").param == _refusal(PLAIN, prompt=["a", "b"]).param == "prompt"


def test_what_excludes_each_other_is_refused() -> None:
    body = {"messages": [USER], "grammar": 'root ::= "x"'}
    assert "exclude each other" in str(_refusal(CHAT, **body, response_format={"type": "json_object"}))
    assert _order(CHAT, **body, response_format={"type": "text"})["grammar"]


def test_a_schema_may_not_be_nested_without_end() -> None:
    schema: dict[str, Any] = {}
    for _ in range(100):
        schema = {"items": schema}
    answer = _refusal(CHAT, messages=[USER], response_format={"type": "json_object", "schema": schema})
    assert "nested more than 64 deep" in str(answer)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON"),
        (b'{"prompt": NaN}', "NaN is no JSON number"),
        (b'{"prompt": "\xff"}', "the body is not UTF-8: byte 12 cannot be read"),
        (b'{"prompt": "\\ud800"}', "half of a surrogate pair"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"seed": ' + b"9" * 5000 + b"}", "the body is not JSON"),
        (b'["prompt"]', "the body must be a JSON object"),
        (b'"prompt"', "the body must be a JSON object"),
    ],
)
def test_what_is_no_object_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_object(data)
    assert says in str(refusal.value)
    assert (refusal.value.status, refusal.value.code) == (400, "invalid_json")


@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from([CHAT, PLAIN]), data=st.one_of(st.binary(max_size=200), bodies().map(json.dumps)))
def test_nothing_but_a_refusal_comes_of_any_body(path: str, data: bytes | str) -> None:
    try:
        order = read_order(path, data if isinstance(data, bytes) else data.encode())
    except Refusal as refusal:
        assert 400 <= refusal.status < 500
        assert str(refusal)
    else:
        # Its one form is read as itself again, but for the field that only the worker knows.
        again = {name: value for name, value in order.body.items() if name != "include_usage"}
        assert read_order(path, json.dumps(again).encode()).body == {**order.body, "include_usage": False}


@pytest.fixture(scope="module")
def service(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(Settings(model=tiny_model), ScriptedEngine(tmp_path_factory.mktemp("worker"))) as service:
        service.become("ready")
        yield service


def test_a_refusal_is_what_openai_s_clients_read(service: Service) -> None:
    answer = service.post(CHAT, messages=[USER], temperature="hot", stream=True)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert "retry-after" not in answer.headers
    assert answer.json() == {
        "error": {
            "message": 'temperature is "hot"; it must be a number from 0 to 5',
            "type": "invalid_request_error",
            "code": "invalid_value",
            "param": "temperature",
        }
    }


@pytest.mark.parametrize("path", [CHAT, PLAIN])
def test_a_body_that_is_too_large_is_refused(service: Service, path: str) -> None:
    answer = service.post(path, prompt="x" * 5_000_000)
    assert answer.status_code == 413
    assert answer.json()["error"]["message"] == "the body is larger than 1,048,576 bytes"
    assert answer.json()["error"]["code"] == "body_too_large"
    # The service is as it was.
    assert service.post(PLAIN, prompt="say:1").json() == {"text": "1"}


def test_a_body_that_only_claims_its_size_is_refused_unread(service: Service) -> None:
    with service.open(PLAIN, prompt="say:1") as client:
        while b"}" not in client.recv(4096):
            pass
        client.sendall(f"POST {PLAIN} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 413 ")
