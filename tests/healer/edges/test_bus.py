"""The bus, in one process and between several, and the order of a log that several write to."""

from __future__ import annotations

import logging
import queue
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from healer.edges.bus import Bus, shared
from healer.edges.bus.duty import DatabaseDuty, HomeDuty
from healer.edges.bus.postgres import PostgresLine
from healer.edges.bus.redis import RedisLine
from healer.edges.bus.shared import Line, SharedBus
from healer.edges.store import Store
from healer.model import BadInput
from sqlalchemy import make_url
from structlog.testing import capture_logs

from tests.postgres import Postgres
from tests.redis import PASSWORD, RedisServer, redis_server

__all__ = ["redis_server"]

Connect = Callable[[], Line]
BUS_ONLY = 15.0  # seconds: a follower of these tests does not look by itself


def append(store: Store, number: int) -> None:
    store.log.append("test.written", "t", {"number": number}, trace_id="", ui_hint="execution")


class Follower(threading.Thread):
    """Reads the log when the bus tells it to, and only then."""

    def __init__(self, store: Store, bus: Bus, until: int) -> None:
        super().__init__(daemon=True)
        self.seen: list[int] = []
        self._store, self._bus, self._until = store, bus, until
        self.ready = threading.Event()

    def run(self) -> None:
        with self._bus.follow() as news:
            self.ready.set()
            while not self.seen or self.seen[-1] < self._until:
                if not news.wait(BUS_ONLY):
                    return
                news.clear()
                after = self.seen[-1] if self.seen else 0
                self.seen += [event.id for event in self._store.log.after(after, 1000)]


@contextmanager
def member(url: str, connect: Connect) -> Iterator[tuple[Store, Bus]]:
    bus = SharedBus(connect)
    with closing(Store(url, bus.notify)) as store:
        store.migrate()
        bus.start()
        yield store, bus
        bus.stop()


def test_a_follower_is_woken_and_let_go():
    bus = Bus()
    with bus.follow() as news:
        assert not news.is_set()
        bus.notify()
        assert news.wait(1)
        news.clear()
    bus.notify()
    assert not news.is_set()


class ScriptedLine:
    """Hears what a test says; None breaks it. `telling` has whether each word gets through."""

    def __init__(self, said: queue.Queue[str | None], telling: queue.Queue[bool]) -> None:
        self._said = said
        self._telling = telling

    def tell(self, who: str) -> None:
        got_through = self._telling.get(timeout=5)
        self._telling.task_done()
        if not got_through:
            raise OSError("the line is broken")

    def listen(self) -> None:
        return

    def hear(self, seconds: float) -> set[str]:
        try:
            who = self._said.get(timeout=seconds)
        except queue.Empty:
            return set()
        if who is None:
            raise OSError("the line is broken")
        return {who}

    def close(self) -> None:
        return


Scripted = tuple[Bus, "queue.Queue[str | None]", "queue.Queue[bool]"]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.setattr(shared, "HEAR_SECONDS", 0.02)
    said: queue.Queue[str | None] = queue.Queue()
    telling: queue.Queue[bool] = queue.Queue()
    bus = SharedBus(lambda: ScriptedLine(said, telling))
    yield bus, said, telling
    telling.put(True)  # the last word
    bus.stop()


def test_after_a_lost_line_everybody_looks_for_what_was_said_meanwhile(scripted: Scripted):
    bus, said, _ = scripted
    with bus.follow() as news:
        bus.start()
        for word in ("another", None):
            said.put("another")
            while not said.empty():
                time.sleep(0.005)
            time.sleep(0.05)
            news.clear()
            said.put(word)
            assert news.wait(5), word


def test_a_word_that_did_not_get_through_is_said_again(scripted: Scripted):
    bus, _, telling = scripted
    bus.start()
    for got_through in (False, False, True):
        telling.put(got_through)
    bus.notify()
    deadline = time.monotonic() + 5
    while telling.unfinished_tasks:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def nothing_is_missed(url: str, connect: Connect, disturb: Callable[[random.Random], None], seed: int) -> None:
    """Two members; one writes while the lines of both are cut again and again, the other one hears of everything."""
    chance = random.Random(seed)
    with member(url, connect) as (writer, _), member(url, connect) as (reader, bus):
        number = 100
        last = writer.log.last_id() + number + 1
        following = Follower(reader, bus, last)
        following.start()
        following.ready.wait(5)
        disturbing = threading.Event()

        def disturber() -> None:
            while not disturbing.wait(chance.uniform(0.02, 0.2)):
                disturb(chance)

        troubled = threading.Thread(target=disturber)
        troubled.start()
        for one in range(number):
            append(writer, one)
            time.sleep(chance.expovariate(1 / 0.008))
        disturbing.set()
        troubled.join()
        disturb(chance)
        append(writer, number)  # nobody comes after it who would wake the reader
        following.join(BUS_ONLY)
        assert following.seen == list(range(1, last + 1))


def test_over_postgres_nothing_is_missed_while_its_connections_are_killed(postgres: Postgres):
    def kill(_chance: random.Random) -> None:
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'healer bus'")

    url = postgres.database()
    nothing_is_missed(url, lambda: PostgresLine(url), kill, seed=1)


def test_over_redis_nothing_is_missed_while_it_is_killed(
    tmp_path: Path, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
):
    def disturb(chance: random.Random) -> None:
        if chance.random() < 0.2:
            redis_server.restart()  # which forgets the stream
        else:
            redis_server.run("CLIENT", "KILL", "TYPE", "normal")

    caplog.set_level(logging.DEBUG)
    nothing_is_missed(f"sqlite:///{tmp_path / 'healer.db'}", lambda: RedisLine(redis_server.url), disturb, seed=2)
    assert PASSWORD not in caplog.text


def test_what_one_told_does_not_wake_itself_again(tmp_path: Path, redis_server: RedisServer):
    def words() -> object:
        return redis_server.run("XLEN", "healer:log")

    url = f"sqlite:///{tmp_path / 'healer.db'}"
    with member(url, lambda: RedisLine(redis_server.url)) as (store, bus), bus.follow() as news:
        deadline = time.monotonic() + 5
        while not words():
            assert time.monotonic() < deadline
            append(store, 0)
            time.sleep(0.05)
        time.sleep(0.2)
        news.clear()
        before = words()
        append(store, 1)
        assert news.wait(1)
        news.clear()
        while words() == before:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert not news.wait(0.2)


def test_several_writers_leave_no_gap_and_nothing_appears_before_what_was_seen(postgres: Postgres):
    url, writers, each = postgres.database(), 8, 25
    with ExitStack() as open_ones:
        stores = [open_ones.enter_context(closing(Store(url, audit_key="key"))) for _ in range(writers)]
        stores[0].migrate()
        begin = threading.Barrier(writers)

        def write(store: Store) -> None:
            begin.wait()
            for number in range(each):
                append(store, number)

        threads = [threading.Thread(target=write, args=(store,)) for store in stores]
        for thread in threads:
            thread.start()
        reader = open_ones.enter_context(closing(Store(url, audit_key="key")))
        seen: list[int] = []
        while any(thread.is_alive() for thread in threads):
            seen += [event.id for event in reader.log.after(seen[-1] if seen else 0)]
        seen += [event.id for event in reader.log.after(seen[-1] if seen else 0)]
        # Whoever reads on from the last id it saw misses nothing only if ids become visible in their order.
        assert seen == list(range(1, reader.log.last_id() + 1)) and len(seen) >= writers * each
        assert reader.auditor.verify().flaw is None


def test_the_duty_goes_to_another_when_its_session_ends(postgres: Postgres):
    url = postgres.database()
    with closing(DatabaseDuty(url)) as first, closing(DatabaseDuty(url)) as second:
        assert first.take() and not second.take()
        assert not first.lost()
        database = url.rpartition("/")[2].partition("?")[0]
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'healer duty'"
        postgres.run(f"{kill} AND datname = '{database}'")
        second.close()
        assert not first.lost()  # nobody was faster
        first.close()
        assert second.take() and first.lost()


class Way:
    """To a server on a Unix socket, over TCP; it can break without the server's noticing."""

    def __init__(self, socket_file: Path) -> None:
        self._file = socket_file
        self._ends: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def break_it(self) -> None:
        for end in self._ends:
            with suppress(OSError):  # broken before
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):  # closed before
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.break_it()

    def _accept(self) -> None:
        while True:
            try:
                end, _ = self._listening.accept()
            except OSError:
                return
            other = socket.socket(socket.AF_UNIX)
            other.connect(str(self._file))
            self._ends.append(end)
            for pair in ((end, other), (other, end)):
                threading.Thread(target=self._carry, args=pair, daemon=True).start()

    @staticmethod
    def _carry(this: socket.socket, that: socket.socket) -> None:
        with suppress(OSError):  # broken
            while data := this.recv(65536):
                that.sendall(data)


@pytest.fixture
def way(postgres: Postgres) -> Iterator[Way]:
    with closing(Way(postgres.folder / ".s.PGSQL.5432")) as made:
        yield made


def over(way: Way, url: str) -> str:
    return f"postgresql+psycopg://healer@127.0.0.1:{way.port}/{make_url(url).database}"


def test_a_session_of_its_own_that_the_server_takes_for_alive_costs_nobody_the_duty(postgres: Postgres, way: Way):
    url = postgres.database()
    with closing(DatabaseDuty(over(way, url))) as first, closing(DatabaseDuty(url)) as second:
        assert first.take() and not second.take()
        way.break_it()
        assert not first.lost() and not first.lost()
        assert not second.take()
        # That another has it is its to keep.
        first.close()
        deadline = time.monotonic() + 5
        while not second.take():
            assert time.monotonic() < deadline
        assert first.lost() and not second.lost()


def test_how_long_the_duty_is_not_proved_is_known_without_asking(postgres: Postgres, way: Way):
    duty = DatabaseDuty(over(way, postgres.database()))
    with closing(duty), capture_logs() as said:
        assert duty.take()
        time.sleep(0.05)
        before = time.monotonic()
        assert not duty.lost()
        assert duty.unproved() <= time.monotonic() - before
        way.close()
        for _ in range(3):
            assert not duty.lost()
        assert duty.unproved() <= time.monotonic() - before
        since = time.monotonic()
        time.sleep(0.05)
        assert duty.unproved() >= time.monotonic() - since > 0
    assert [line["event"].partition("; ")[0] for line in said] == [
        "the connection that holds the duty was lost",
        "the database does not answer",
    ]


def test_beside_a_file_a_second_healer_is_told_so(tmp_path: Path):
    with closing(HomeDuty(tmp_path / "healer.lock")) as first, closing(HomeDuty(tmp_path / "healer.lock")) as second:
        assert first.take()
        with pytest.raises(BadInput, match="another healer runs"):
            second.take()
