"""The event stream: what each client gets, whoever else listens, however slow it is, and when it ends."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from healer.edges.bus import Bus
from healer.edges.store import Store
from healer.pipeline.parts import Parts
from healer.web import feed as feeding
from healer.web.access import Access
from healer.web.application import Web, create_app
from healer.web.feed import Feed


class Listener:
    """Reads one stream as far as it is told."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self.ids: list[int] = []
        self._stream = stream

    async def until(self, last: int) -> None:
        while not self.ids or self.ids[-1] < last:
            self._take(await asyncio.wait_for(anext(self._stream), 5))

    async def to_the_end(self) -> None:
        async with asyncio.timeout(5):
            async for piece in self._stream:
                self._take(piece)

    def _take(self, piece: bytes) -> None:
        for block in piece.decode().split("\n\n"):
            if block.startswith("id: "):
                number, data = block.split("\n")
                assert json.loads(data.removeprefix("data: "))["id"] == int(number.removeprefix("id: "))
                self.ids.append(int(number.removeprefix("id: ")))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A new database; making its tables takes longer than most of these tests."""
    path = tmp_path_factory.mktemp("empty") / "healer.db"
    with closing(Store(f"sqlite:///{path}")) as store:
        store.migrate()
    return path.read_bytes()


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def store(tmp_path: Path, empty: bytes, bus: Bus) -> Iterator[Store]:
    (tmp_path / "healer.db").write_bytes(empty)
    with closing(Store(f"sqlite:///{tmp_path / 'healer.db'}", bus.notify)) as made:
        yield made


@pytest.fixture
def feed(store: Store, bus: Bus) -> Feed:
    return Feed(store.log, bus)


def append(store: Store, number: int, size: int = 1) -> None:
    for _ in range(number):
        store.log.append("t", "k", {"x": "x" * size}, trace_id="", ui_hint="execution")


def ids(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


def test_each_stream_gets_everything_from_where_it_begins_once_and_in_order(store: Store, feed: Feed):
    append(store, 30)

    async def listen() -> None:
        old, middle, new = (Listener(feed.stream(after)) for after in (0, 17, 30))
        await old.until(30)
        async with asyncio.timeout(10):
            for turn in range(20):
                await asyncio.to_thread(append, store, 3)
                last = 30 + 3 * (turn + 1)
                await new.until(last)
                if turn % 7 == 0:
                    await old.until(last)
            await middle.until(90)
            await old.until(90)
        assert (old.ids, middle.ids, new.ids) == (ids(1, 90), ids(18, 90), ids(31, 90))

    asyncio.run(listen())


def test_what_many_threads_write_at_once_comes_to_all_streams_once_and_in_order(store: Store, feed: Feed):
    async def listen() -> None:
        listeners = [Listener(feed.stream(0)) for _ in range(20)]
        writing = [asyncio.to_thread(append, store, 50) for _ in range(8)]
        await asyncio.gather(*writing, *(one.until(400) for one in listeners))
        assert [one.ids for one in listeners] == [ids(1, 400)] * 20

    asyncio.run(listen())


def test_what_falls_out_of_the_ring_comes_from_the_database(store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feeding, "RING_EVENTS", 10)
    monkeypatch.setattr(feeding, "BLOCK_BYTES", 2000)
    monkeypatch.setattr(feeding, "AT_ONCE", 7)

    async def listen() -> None:
        slow, quick = Listener(feed.stream(0)), Listener(feed.stream(0))
        await asyncio.to_thread(append, store, 1)
        await slow.until(1)
        await asyncio.to_thread(append, store, 60, 300)
        await quick.until(61)
        await slow.until(61)
        assert slow.ids == quick.ids == ids(1, 61)

    asyncio.run(listen())


def test_what_is_read_behind_the_ring_is_sent_and_not_read_again(
    store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feeding, "BLOCK_BYTES", 2000)
    append(store, 60, 300)
    reads: list[int] = []
    after = store.log.after
    monkeypatch.setattr(store.log, "after", lambda *given: reads.append(given[0]) or after(*given))

    async def listen() -> None:
        old = Listener(feed.stream(0))
        await old.until(60)
        assert old.ids == ids(1, 60)

    asyncio.run(listen())
    assert reads.count(0) == 1
    assert not set(reads) & set(range(1, 60))


def test_who_does_not_read_holds_up_nobody_and_no_memory(store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feeding, "RING_BYTES", 100_000)

    async def listen() -> None:
        asleep, awake = Listener(feed.stream(0)), Listener(feed.stream(0))
        await asyncio.to_thread(append, store, 1)
        await asleep.until(1)  # and then its laptop is shut
        for _ in range(10):
            await asyncio.to_thread(append, store, 20, 2000)
            await awake.until(store.log.last_id())
        ring = feed._ring
        assert ring is not None and ring._bytes <= 100_000 and ring.begin > 100
        await asleep.until(201)
        assert asleep.ids == ids(1, 201)

    asyncio.run(listen())


def test_an_id_of_another_log_begins_at_the_end_of_this_one(store: Store, feed: Feed):
    append(store, 3)
    assert asyncio.run(feed.start_of(10**18)) == asyncio.run(feed.start_of(None)) == 3
    assert asyncio.run(feed.start_of(1)) == 1


def test_a_stream_ends_with_the_healer_and_with_the_right_to_listen(
    store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feeding, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(feeding, "CHECK_SECONDS", 0.05)
    allowed = True

    async def listen() -> None:
        nonlocal allowed
        guest, resident = Listener(feed.stream(0, lambda: allowed)), Listener(feed.stream(0))
        append(store, 1)
        await guest.until(1)
        await resident.until(1)
        allowed = False
        await guest.to_the_end()
        append(store, 1)
        await resident.until(2)
        assert (guest.ids, feed.streams) == ([1], 1)
        feed.end()
        await resident.to_the_end()
        assert feed.streams == 0

    asyncio.run(listen())


def test_what_another_process_wrote_is_found_without_a_word_of_it(
    store: Store, feed: Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feeding, "LOOK_SECONDS", 0.02)

    async def listen() -> None:
        listener = Listener(feed.stream(0))
        append(store, 1)
        await listener.until(1)
        with closing(Store(f"sqlite:///{tmp_path / 'healer.db'}")) as other:
            append(other, 2)
        await listener.until(3)
        assert listener.ids == [1, 2, 3]

    asyncio.run(listen())


def test_an_idle_stream_is_kept_alive(store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feeding, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(feeding, "KEEP_ALIVE_SECONDS", 0.05)

    async def listen() -> list[bytes]:
        stream = feed.stream(0)
        return [await asyncio.wait_for(anext(stream), 5) for _ in range(3)]

    assert asyncio.run(listen()) == [b"retry: 1000\n\n", *[b"event: alive\ndata:\n\n"] * 2]


def test_a_database_that_is_away_ends_a_stream_behind_the_ring_alone(
    store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.CRITICAL)
    append(store, 2)

    async def listen() -> None:
        current = Listener(feed.stream(2))
        append(store, 1)
        await current.until(3)
        real = store.log.after

        def away(_after: int, _limit: int) -> object:
            raise OSError("no database")

        monkeypatch.setattr(store.log, "after", away)
        behind = Listener(feed.stream(0))
        await behind.to_the_end()
        assert behind.ids == []
        append(store, 1)
        await asyncio.sleep(0.05)
        monkeypatch.setattr(store.log, "after", real)
        append(store, 1)
        await current.until(5)
        assert current.ids == [3, 4, 5]

    asyncio.run(listen())


@pytest.fixture
def http(store: Store, bus: Bus) -> Iterator[TestClient]:
    dispatch = SimpleNamespace(take_all=None)
    web = Web(Parts(store, {}, "", 0), dispatch, bus, Access("operator", {}), "", lambda: "")  # type: ignore[arg-type]
    web.feed.end()  # so that each stream is over as soon as it has begun
    with TestClient(create_app(web, None), headers={"authorization": "Bearer operator"}) as client:  # type: ignore[arg-type]
        yield client


def test_what_is_no_event_is_refused(http: TestClient):
    for last in ("x", "-1", "1 2", "1" * 20, "1e3", "²"):
        answer = http.get("/api/v1/events", headers={"last-event-id": last.encode("latin-1")})
        assert answer.status_code == 400 and "Last-Event-ID" in answer.json()["detail"], last
    for after in ("x", "-1", "1.5"):
        assert http.get("/api/v1/events", params={"after": after}).status_code == 400, after


def test_the_answer_is_not_held_back_by_a_proxy(http: TestClient):
    answer = http.get("/api/v1/events", params={"after": 1}, headers={"last-event-id": "2"})
    assert answer.status_code == 200 and answer.text == "retry: 1000\n\n"
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"


def test_a_browsers_own_word_comes_before_the_address():
    assert feeding.first_id({"last-event-id": "5"}, 2) == 5
    assert feeding.first_id({}, 2) == 2
    assert feeding.first_id({"last-event-id": ""}, None) is None
