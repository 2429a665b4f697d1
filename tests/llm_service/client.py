"""A running service as its clients see it, some of them rude. Starts nothing and judges nothing."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

CHAT = "/v1/chat/completions"
PLAIN = "/v1/completions"
_PATIENCE = 60.0  # seconds, for what takes a moment on a machine that is not busy

# One for all, because making one takes longer than asking; without keep-alive, which would hold up a service's end.
_CLIENT = httpx.Client(timeout=_PATIENCE, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

T = TypeVar("T")


def until(found: Callable[[], T]) -> T:
    """The first answer that is true; fails with the last one where none comes."""
    end = time.monotonic() + _PATIENCE
    while not (answer := found()):
        assert time.monotonic() < end, f"still {answer!r}"
        time.sleep(0.01)
    return answer


@dataclass(frozen=True)
class Service:
    url: str

    def get(self, path: str) -> httpx.Response:
        return _CLIENT.get(self.url + path)

    def post(self, path: str, *, headers: dict[str, str] | None = None, **body: object) -> httpx.Response:
        return _CLIENT.post(self.url + path, json=body, headers=headers)

    def post_bytes(self, path: str, data: bytes) -> httpx.Response:
        return _CLIENT.post(self.url + path, content=data)

    def post_later(self, path: str, **body: Any) -> Future[httpx.Response]:
        """The same from a thread of its own."""
        answer: Future[httpx.Response] = Future()

        def ask() -> None:
            try:
                answer.set_result(self.post(path, **body))
            except Exception as error:  # for the one who asks for the result
                answer.set_exception(error)

        Thread(target=ask, daemon=True).start()
        return answer

    def open(self, path: str, **body: object) -> socket.socket:
        """A request whose client can hang up at any moment: by closing the socket."""
        address = urlsplit(self.url)
        assert address.hostname
        connection = socket.create_connection((address.hostname, address.port or 80), timeout=_PATIENCE)
        data = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        connection.sendall(head.encode() + data)
        return connection

    def events(self, path: str, *, headers: dict[str, str] | None = None, **body: object) -> list[dict[str, Any]]:
        """The events of a whole stream without the one that says it is done, which must be the last."""
        with _CLIENT.stream("POST", self.url + path, json={**body, "stream": True}, headers=headers) as answer:
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = [line for line in answer.iter_lines() if line]
        assert lines.pop() == "data: [DONE]"
        return [json.loads(line.removeprefix("data: ")) for line in lines]

    def wait(self, wanted: Callable[[httpx.Response], bool]) -> httpx.Response:
        """The first answer of /health/ready that is as wanted."""
        last: list[httpx.Response] = []

        def found() -> bool:
            last[:] = [self.get("/health/ready")]
            return wanted(last[0])

        try:
            until(found)
        except AssertionError:
            raise AssertionError(f"still {last[0].status_code}: {last[0].text}") from None
        return last[0]

    def become(self, state: str) -> dict[str, Any]:
        """What /health/ready says in that state."""
        body: dict[str, Any] = self.wait(lambda answer: state_of(answer) == state).json()
        return body

    def numbers(self) -> dict[str, float]:
        """The metrics: `name{label="value"}` to number."""
        lines = [line for line in self.get("/metrics").text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def requests(self) -> dict[str, float]:
        """How many completion requests ended in each way; those that nothing ended in are left out."""
        head, tail = 'llm_requests_total{outcome="', '"}'
        return {
            name.removeprefix(head).removesuffix(tail): number
            for name, number in self.numbers().items()
            if name.startswith(head) and number
        }


def state_of(ready: httpx.Response) -> str:
    body = ready.json()
    state: str = body.get("state", body["status"])
    return state


def joined(events: list[dict[str, Any]]) -> str:
    """The text of a stream's events, of either kind of completion."""
    choices = [event["choices"][0] for event in events if event["choices"]]
    return "".join(choice["delta"].get("content") or "" if "delta" in choice else choice["text"] for choice in choices)
