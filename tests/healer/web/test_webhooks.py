"""Deliveries from whom nobody knows: nothing is read of what cannot be signed, and little is held of what may be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from healer.edges.bus import Bus
from healer.edges.store import Store
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts
from healer.web import webhooks
from healer.web.access import Access
from healer.web.application import Web, create_app
from starlette.types import Message

from tests.github.deliveries import signature

SECRET, KEY = "a-secret-of-some-length", "key"
BODY = json.dumps({"zen": "x" * 150_000}).encode()
NAMED = {"x-github-event": "push", "x-github-delivery": "one"}
UNKNOWN = {**NAMED, "x-hub-signature-256": "sha256=" + "0" * 64}
PIECE = 16 * 2**10


class Forge:
    """One delivery on its way: its body comes when a test says so."""

    def __init__(self, app: Any, headers: dict[str, str], path: str = "/webhooks/github") -> None:
        self.pieces: asyncio.Queue[Message] = asyncio.Queue()
        self.read = 0
        self.answer: dict[str, Any] = {}
        self._scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        self.done = asyncio.ensure_future(app(self._scope, self._receive, self._send))

    def give(self, body: bytes, *, more: bool = True) -> None:
        for start in range(0, len(body), PIECE):
            last = not more and start + PIECE >= len(body)
            self.pieces.put_nowait({"type": "http.request", "body": body[start : start + PIECE], "more_body": not last})

    def go_away(self) -> None:
        self.pieces.put_nowait({"type": "http.disconnect"})

    async def answered(self) -> int:
        await asyncio.wait_for(self.done, 10)
        return int(self.answer["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.answer["headers"])

    async def _receive(self) -> Message:
        message = await self.pieces.get()
        self.read += len(message.get("body", b""))
        return message

    async def _send(self, message: Message) -> None:
        self.answer = {**message, **self.answer}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(f"sqlite:///{tmp_path / 'healer.db'}")) as made:
        made.migrate()
        yield made


def an_app(store: Store, secret: str = SECRET) -> Any:
    parts = Parts(store, {}, "", 0)
    access = Access("", {KEY: "shop"})
    return create_app(Web(parts, Dispatch(parts, None), Bus(), access, secret, str), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "secret", "status"),
    [
        ({"x-hub-signature-256": None}, SECRET, 401),
        ({"x-hub-signature-256": "sha256="}, SECRET, 401),
        ({"x-hub-signature-256": "sha256=" + "0" * 63}, SECRET, 401),
        ({"x-hub-signature-256": "sha256=" + "g" * 64}, SECRET, 401),
        ({"x-hub-signature-256": "sha1=" + "0" * 40}, SECRET, 401),
        ({}, "", 401),
        ({"x-github-event": None}, SECRET, 400),
        ({"x-github-delivery": None}, SECRET, 400),
        ({"x-github-delivery": "x" * 65}, SECRET, 400),
    ],
)
def test_what_cannot_be_taken_is_refused_unread(
    store: Store, changed: dict[str, str | None], secret: str, status: int
) -> None:
    headers = {name: value for name, value in (UNKNOWN | changed).items() if value is not None}

    async def deliver() -> tuple[int, int]:
        forge = Forge(an_app(store, secret), headers)
        return await forge.answered(), forge.read

    assert asyncio.run(deliver()) == (status, 0)


def test_what_is_signed_is_taken_in_pieces_and_what_is_not_leaves_nothing(store: Store) -> None:
    async def deliver() -> list[int]:
        app, statuses = an_app(store), []
        for body, signed in ((BODY, signature(SECRET, BODY)), (BODY[:-1], signature(SECRET, BODY))):
            forge = Forge(app, {**NAMED, "x-hub-signature-256": signed})
            forge.give(body, more=False)
            statuses.append(await forge.answered())
        return statuses

    assert asyncio.run(deliver()) == [202, 401]
    (waiting,) = store.deliveries.waiting()
    assert (waiting.id, waiting.body) == ("one", json.loads(BODY))


def test_only_so_much_is_held_of_strangers_and_all_of_it_is_given_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_UNCHECKED", 3 * webhooks.LEAST_UNCHECKED)

    async def deliver() -> None:
        app = an_app(store)
        idle, fed = Forge(app, UNKNOWN), Forge(app, UNKNOWN)
        fed.give(b"x" * 2 * webhooks.LEAST_UNCHECKED)
        while fed.read < 2 * webhooks.LEAST_UNCHECKED:
            await asyncio.sleep(0.001)
        one_more = Forge(app, UNKNOWN)
        assert (await one_more.answered(), one_more.read) == (503, 0)
        assert one_more.headers[b"retry-after"] == b"5"
        fed.give(b"x" * PIECE)
        assert await fed.answered() == 503, "who goes on beyond it is ended, too"
        idle.go_away()
        await asyncio.wait_for(idle.done, 10)
        for _ in range(4):
            honest = Forge(app, {**NAMED, "x-hub-signature-256": signature(SECRET, BODY)})
            honest.give(BODY, more=False)
            assert await honest.answered() == 202

    asyncio.run(deliver())


def test_who_sends_too_slowly_is_ended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "READING_SECONDS", 0.05)

    async def deliver() -> int:
        forge = Forge(an_app(store), UNKNOWN)
        forge.give(b"x")
        return await forge.answered()

    assert asyncio.run(deliver()) == 408


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/webhooks/github", UNKNOWN),
        ("/api/v1/reports", {"x-selfheal-key": KEY}),
        ("/api/1/store/", {"x-sentry-auth": f"Sentry sentry_key={KEY}"}),
        ("/signin", {}),
    ],
)
def test_who_goes_away_in_the_middle_is_no_fault(store: Store, path: str, headers: dict[str, str]) -> None:
    async def leave() -> None:
        sender = Forge(an_app(store), headers, path)
        sender.give(b"{")
        sender.go_away()
        await sender.answered()  # raises what a server would log

    asyncio.run(leave())
