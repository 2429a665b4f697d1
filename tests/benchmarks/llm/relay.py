"""Stands between healer and llm service in the bench: random weights would only write nonsense.

The service does all the work of an answer, for as many tokens as the reference has, and each part of what it writes is
replaced by a part of the reference.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

ASKED_FOR = re.compile(r"corrected (?:function|method) `(\w+)`")


@dataclass
class Relay:
    """`references` is by name of the function; `sizes` collects (tokens of the prompt, tokens of the answer)."""

    service: str
    url: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    sizes: list[tuple[int, int]] = field(default_factory=list)

    def reference(self, body: dict[str, Any]) -> str:
        """What to answer; the code of an unknown function is left out, so that nothing is healed by it."""
        name = ASKED_FOR.findall(body["messages"][-1]["content"])
        return self.references.get(name[-1] if name else "", "There is no reference for this function.")


@contextmanager
def relaying(service: str) -> Iterator[Relay]:
    """`service`: address of the llm service, without /v1."""
    relay = Relay(service)
    upstream = httpx.Client(base_url=service, timeout=300, trust_env=False)

    class Handler(_Handler):
        pass

    Handler.relay, Handler.upstream = relay, upstream
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    relay.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield relay
    finally:
        server.shutdown()
        server.server_close()
        upstream.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    relay: Relay
    upstream: httpx.Client

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._pass(self.upstream.get(self.path))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/v1/chat/completions" and body["max_tokens"] > 1:
            self._answer(body)
        else:
            self._pass(self.upstream.post(self.path, json=body))

    def _pass(self, answer: httpx.Response) -> None:
        self.send_response(answer.status_code)
        for name in ("content-type", "retry-after"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def _answer(self, body: dict[str, Any]) -> None:
        text = self.relay.reference(body)
        tokens = self.upstream.post("/extras/tokenize/count", json={"input": text}).json()["count"]
        prompt = self.upstream.post("/extras/chat/count", json={"messages": body["messages"]}).json()["count"]
        self.relay.sizes.append((prompt, tokens))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        size = -(-len(text) // tokens)
        parts = [text[at : at + size] for at in range(0, len(text), size)]
        try:
            with self.upstream.stream("POST", self.path, json={**body, "max_tokens": tokens}) as answer:
                answer.raise_for_status()
                for line in answer.iter_lines():
                    if line.startswith("data: {") and parts and _content(line):
                        self._chunk({"content": parts.pop(0)}, None)
            self._chunk({"content": "".join(parts)}, None)
            self._chunk({}, "stop")
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:  # the healer has heard the end of the code
            pass

    def _chunk(self, delta: dict[str, str], finish: str | None) -> None:
        chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")


def _content(line: str) -> bool:
    choices = json.loads(line.removeprefix("data: ")).get("choices") or [{}]
    return bool(choices[0].get("delta", {}).get("content"))
