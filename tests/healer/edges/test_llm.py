"""The edge to an OpenAI-compatible server, over real HTTP; the servers here are scripted, some of them hostile."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from healer.edges.llm import Llm
from healer.model import LlmError, Message, Prompt

from tests.healer.scripted_llm import MODEL, SHA256, Play, scripted

MESSAGES = (Message("system", "Repair it."), Message("user", "def f(): ..."))
PROMPT = Prompt(MESSAGES, 200)


def said(llm: Llm) -> str:
    return "".join(piece.text for piece in llm.answer(PROMPT, temperature=0.0, seed=1))


@contextmanager
def serving(respond: Callable[[str, bytes], bytes]) -> Iterator[str]:
    """A server of any manners: `respond` gets the path and body and gives the whole response, head included."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, connection.makefile("rb") as lines:
                    path = lines.readline().split()[1].decode()
                    length = 0
                    while (line := lines.readline().strip()) != b"":
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.partition(b":")[2])
                    body = lines.read(length)
                    try:
                        connection.sendall(respond(path, body))
                    except OSError:
                        continue

        threading.Thread(target=run, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        listener.close()


def ok(data: bytes | dict[str, Any], kind: str = "application/json") -> bytes:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\nconnection: close\r\n\r\n%s" % (kind.encode(), body)


def stream(*events: str) -> Callable[[str, bytes], bytes]:
    return lambda _path, _body: ok("".join(f"data: {event}\n\n" for event in events).encode(), "text/event-stream")


NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def test_an_answer_comes_in_pieces_and_says_how_it_ended():
    with scripted(Play("x" * 30, finish="length")) as server, closing(Llm(server.url)) as llm:
        pieces = list(llm.answer(PROMPT, temperature=0.7, seed=3))
    assert [piece.text for piece in pieces] == ["x" * 8, "x" * 8, "x" * 8, "x" * 6, ""]
    assert pieces[-1].finish == "length"
    asked = server.asked[0]
    assert (asked["temperature"], asked["seed"], asked["max_tokens"]) == (0.7, 3, 200)
    assert asked["messages"][0] == {"role": "system", "content": "Repair it."}
    assert "model" not in asked


def test_what_is_served_is_known_by_name_and_hash():
    with scripted() as server, closing(Llm(server.url)) as llm:
        served = llm.served()
    assert served.origin == f"{MODEL}@{SHA256[:8]}"
    assert served.context == 4096


@pytest.mark.parametrize(
    ("entry", "context"),
    [
        ({"id": "m", "meta": {"n_ctx": 8192}}, 8192),  # llama-server
        ({"id": "m", "max_model_len": 2048}, 2048),  # vLLM
        ({"id": "m"}, 4096),  # Ollama
    ],
)
def test_other_servers_tell_their_context_in_their_own_way(entry, context):
    with serving(lambda _path, _body: ok({"data": [entry]})) as url, closing(Llm(url)) as llm:
        served = llm.served()
    assert (served.origin, served.context) == ("m", context)


def test_a_model_that_is_not_served_is_named_with_those_that_are():
    with scripted() as server, closing(Llm(server.url, "qwen")) as llm, pytest.raises(LlmError, match=MODEL) as error:
        llm.served()
    assert "HEALER_LLM_MODEL" in str(error.value)
    assert error.value.wait is None


def test_the_key_goes_along_and_a_wrong_one_is_told_without_it():
    with scripted("yes", key="s3cret") as server:
        with closing(Llm(server.url, MODEL, "s3cret")) as llm:
            assert said(llm) == "yes"
        assert server.asked[0]["model"] == MODEL
        with closing(Llm(server.url, key="wr0ng")) as llm, pytest.raises(LlmError, match="HEALER_LLM_KEY") as error:
            said(llm)
    assert "wr0ng" not in str(error.value)


def vllm(path: str, body: bytes) -> bytes:
    return ok({"count": 41, "tokens": []}) if path == "/tokenize" and b"messages" in body else NOT_FOUND


def llama_server(path: str, body: bytes) -> bytes:
    if path == "/apply-template":
        return ok({"prompt": "".join(m["content"] for m in json.loads(body)["messages"])})
    if path == "/tokenize":
        return ok({"tokens": list(json.loads(body).get("content", "").split())})
    return NOT_FOUND


@pytest.mark.parametrize(
    ("server", "count"),
    [(vllm, 41), (llama_server, 4), (lambda _path, _body: NOT_FOUND, 32)],
    ids=["vllm", "llama-server", "estimate"],
)
def test_tokens_are_counted_as_the_server_can(server, count):
    with serving(server) as url, closing(Llm(url)) as llm:
        assert llm.count(MESSAGES) == count
        assert llm.count(MESSAGES) == count


def test_the_estimate_is_never_too_low_for_other_scripts():
    with serving(lambda _path, _body: NOT_FOUND) as url, closing(Llm(url)) as llm:
        text = "価格が見つかりません" * 20
        assert llm.count([Message("user", text)]) >= len(text)


@pytest.mark.parametrize(
    ("play", "wait", "says"),
    [
        (Play("", 429, {"retry-after": "3"}, {"error": {"message": "the queue is full"}}), 3.0, "the queue is full"),
        (Play("", 503, {"retry-after": "5"}, {"detail": "loading it", "state": "loading"}), 5.0, "loading it"),
        (Play("", 500, {}, {"error": {"message": "it broke"}}), 2.0, "it broke"),
        (Play("", 503, {}, {"detail": "no file", "state": "missing", "command": "pull it"}), None, "no file .pull it"),
        (Play("", 400, {}, {"error": {"message": "context_length_exceeded"}}), None, "context_length_exceeded"),
        (Play("x" * 99, break_after=2), 2.0, "broke off in the middle|does not answer"),
    ],
)
def test_trouble_says_whether_waiting_helps(play, wait, says):
    with scripted(play) as server, closing(Llm(server.url)) as llm, pytest.raises(LlmError, match=says) as error:
        said(llm)
    assert error.value.wait == wait


def test_nobody_there_is_worth_another_try():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with closing(Llm(f"http://127.0.0.1:{port}/v1")) as llm, pytest.raises(LlmError, match="does not answer") as error:
        llm.served()
    assert error.value.wait is not None


@pytest.mark.parametrize(
    ("respond", "says"),
    [
        (lambda _path, _body: b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\ndata: " + b"x" * 400_000, "without an end"),
        (stream(*['{"choices":[{"delta":{"content":"%s"}}]}' % ("y" * 2000)] * 9), "longer than"),
        (stream("[1]"), "no JSON object"),
        (stream('{"error": {"message": "out of memory"}}'), "out of memory"),
        (stream('{"choices": []}', "[DONE]"), "broke off in the middle"),
        (
            lambda _path, _body: b"HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            "status 307",
        ),
        (lambda _path, _body: b"nonsense\r\n\r\n", "does not answer"),
    ],
    ids=["line", "length", "json", "error", "end", "redirect", "http"],
)
def test_a_server_of_bad_manners_is_refused(respond, says):
    with serving(respond) as url, closing(Llm(url)) as llm, pytest.raises(LlmError, match=says):
        said(llm)


def test_an_answer_that_is_closed_early_ends_the_request():
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def write() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(ok(b"", "text/event-stream"))
                try:
                    while True:
                        connection.sendall(b'data: {"choices":[{"delta":{"content":"z"}}]}\n\n')
                        time.sleep(0.005)
                except OSError:
                    gone.set()

        threading.Thread(target=write, daemon=True).start()
        with closing(Llm(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")) as llm:
            with closing(llm.answer(PROMPT, temperature=0.0, seed=1)) as pieces:
                assert next(pieces).text == "z"
            assert gone.wait(5)
