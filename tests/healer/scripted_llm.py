"""An OpenAI-compatible server that plays answers it was given. Strict: a request the API does not describe is refused.

It answers as OpenAI's reference for chat completions says: a stream of `chat.completion.chunk` objects, then [DONE].
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "scripted-coder"
SHA256 = "5eed" * 16
FIELDS = {"messages", "stream", "max_tokens", "temperature", "seed", "model"}
WORD = 8  # characters a part of the stream has


@dataclass
class Play:
    """One answer: its text, and what goes wrong with it."""

    text: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)  # of a status other than 200
    break_after: int | None = None  # parts, then the connection is cut
    finish: str = "stop"
    pause: float = 0.0  # seconds before each part


class ScriptedLlm:
    def __init__(self, plays: Sequence[Play | str] = (), key: str = "") -> None:
        self.key = key
        self._lock = threading.Lock()
        self.play(*plays)
        script = self

        class Handler(_Handler):
            llm = script

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket.settimeout(1)  # a client that is killed before it was accepted leaves accept() waiting
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def play(self, *plays: Play | str) -> None:
        """What to answer from now on; the last one again and again."""
        with self._lock:
            self.asked: list[dict[str, Any]] = []
            self._plays = [Play(play) if isinstance(play, str) else play for play in plays]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next(self, body: dict[str, Any]) -> Play:
        """The play whose turn it is. The warm-up takes none."""
        with self._lock:
            if body["max_tokens"] == 1:
                return Play("x", finish="length")
            self.asked.append(body)
            return self._plays.pop(0) if len(self._plays) > 1 else self._plays[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    llm: ScriptedLlm

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if not self._known(("/v1/models",)):
            return
        entry = {"id": MODEL, "object": "model", "created": 1, "owned_by": "tests", "sha256": SHA256, "context": 4096}
        self._json(200, {"object": "list", "data": [entry]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not self._known(("/v1/chat/completions", "/extras/chat/count")):
            return
        problem = _problem(body, self.path)
        if problem:
            self._json(400, {"error": {"message": problem, "type": "invalid_request_error"}})
        elif self.path == "/extras/chat/count":
            self._json(200, {"count": sum(len(m["content"]) // 3 + 4 for m in body["messages"]) + 3})
        else:
            self._play(self.llm.next(body))

    def _play(self, play: Play) -> None:
        if play.status != 200:
            self._json(play.status, play.body, play.headers)
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        parts = [play.text[at : at + WORD] for at in range(0, len(play.text), WORD)]
        try:
            for number, part in enumerate(parts):
                if number == play.break_after:
                    return
                time.sleep(play.pause)
                self._chunk({"role": "assistant", "content": part} if number == 0 else {"content": part})
            self._chunk({}, play.finish)
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:  # the client has heard enough
            pass

    def _chunk(self, delta: dict[str, str], finish: str | None = None) -> None:
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
        chunk["choices"] = [{"index": 0, "delta": delta, "finish_reason": finish}]
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def _known(self, paths: tuple[str, ...]) -> bool:
        if self.llm.key and self.headers.get("authorization") != f"Bearer {self.llm.key}":
            self._json(401, {"error": {"message": "wrong key", "type": "invalid_request_error"}})
        elif self.path not in paths:
            self._json(404, {"error": {"message": f"no such path: {self.path}", "type": "invalid_request_error"}})
        else:
            return True
        return False

    def _json(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _problem(body: dict[str, Any], path: str) -> str:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages must be a list with something in it"
    for message in messages:
        if set(message) != {"role", "content"} or message["role"] not in ("system", "user", "assistant"):
            return f"unknown message {sorted(message)}"
        if not isinstance(message["content"], str):
            return "content must be text"
    if path == "/extras/chat/count":
        return "" if set(body) == {"messages"} else "count takes messages and nothing else"
    if unknown := set(body) - FIELDS:
        return f"unknown field {sorted(unknown)[0]}"
    if body.get("stream") is not True or not isinstance(body.get("seed"), int):
        return "stream and seed are asked for"
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        return "max_tokens must be a positive number"
    if not 0 <= body.get("temperature", 1) <= 2:
        return "temperature must be from 0 to 2"
    return ""


@contextmanager
def scripted(*plays: Play | str, key: str = "") -> Iterator[ScriptedLlm]:
    llm = ScriptedLlm(plays, key)
    try:
        yield llm
    finally:
        llm.close()
