"""Bodies in chunks, as a server hands them on: what is too much is not read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from healer.web import bodies
from healer.web.bodies import LARGEST_BODY, BoundBodies
from starlette.types import Message, Receive, Scope, Send

KIB = b"x" * 1024


def status(path: str, messages: list[Message], headers: list[tuple[bytes, bytes]]) -> tuple[int, list[Message]]:
    """What is answered, and what the application was given."""
    given: list[Message] = []
    sent: list[Message] = []

    async def application(_scope: Scope, receive: Receive, send: Send) -> None:
        while not given or given[-1].get("more_body", False):
            given.append(await receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "path": path, "headers": headers}
    asyncio.run(BoundBodies(application)(scope, receive, send))
    return sent[0]["status"], given


def chunks(number: int) -> list[Message]:
    return [{"type": "http.request", "body": KIB, "more_body": left > 1} for left in range(number, 0, -1)]


def test_chunks_are_counted_and_the_rest_is_not_read() -> None:
    messages = chunks(1000)
    assert status("/signin", messages, []) == (413, [])
    assert len(messages) == 1000 - 65


def test_what_is_announced_as_too_much_is_not_read_at_all() -> None:
    for length in (str(LARGEST_BODY + 1), "9" * 5000):
        messages = chunks(1)
        assert status("/signin", messages, [(b"content-length", length.encode())]) == (413, [])
        assert len(messages) == 1


def test_who_sends_too_slowly_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "READING_SECONDS", 0.05)
    sent: list[Message] = []

    async def application(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise AssertionError("it has nothing to answer to")

    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(BoundBodies(application)({"type": "http", "path": "/signin", "headers": []}, receive, send))
    assert sent[0]["status"] == 408


def test_the_largest_body_reaches_the_application_whole() -> None:
    answered, given = status("/signin", chunks(64), [(b"content-length", b"65536")])
    assert (answered, b"".join(message["body"] for message in given)) == (200, KIB * 64)


def test_who_goes_away_meanwhile_is_seen_to_be_gone() -> None:
    gone: Message = {"type": "http.disconnect"}
    assert status("/signin", [*chunks(2)[:1], gone], []) == (200, [gone])


@pytest.mark.parametrize("name", ["orders-api", "api"])
def test_a_service_may_be_called_like_a_part_of_sentrys_address(name: str) -> None:
    assert status(f"/api/v1/services/{name}/examples/store", chunks(100), []) == (413, [])


@pytest.mark.parametrize("path", ["/api/v1/reports", "/webhooks/github", "/api/1/store", "/under/api/1/envelope/"])
def test_what_a_route_bounds_itself_is_left_to_it(path: str) -> None:
    assert len(status(path, chunks(100), [])[1]) == 100
