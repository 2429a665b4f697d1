"""Group commit: whoever adds a line knows afterwards that it is written, and how many wrote at once shows nowhere."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest
from healer.edges.store import Store
from sqlalchemy import event

everywhere = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)

THREADS, LINES = 12, 30


def add(store: Store, key: str, **payload: object) -> None:
    once = payload.pop("once", None)
    store.log.append("line", key, payload, trace_id="t", ui_hint="patch", once=once)


def lines(store: Store, after: int = 0) -> list[str]:
    return [f"{one.key} {one.payload['n']}" for one in store.log.after(after, 100_000) if one.type == "line"]


@contextmanager
def at_once(store: Store, *calls: Callable[[], None]) -> Iterator[list[Future[None]]]:
    """The outcome of each call. All of them wait in one group during the block, and are written at its end."""
    outcomes: list[Future[None]] = []
    with ThreadPoolExecutor(len(calls)) as pool, store._database._writing:  # so nobody gets to write
        for number, call in enumerate(calls, 1):
            outcomes.append(pool.submit(call))
            deadline = time.monotonic() + 10
            while len(store.log._group._waiting) < number:
                assert time.monotonic() < deadline
                time.sleep(0.001)
        yield outcomes


def commits(store: Store) -> list[object]:
    seen: list[object] = []
    event.listen(store._database.engine, "commit", seen.append)
    return seen


@everywhere
def test_lines_that_wait_together_are_one_transaction_in_their_order(store):
    made = commits(store)
    with at_once(store, *(lambda n=n: add(store, "k", n=n) for n in range(6))) as outcomes:
        assert not any(one.done() for one in outcomes)
    assert [one.exception() for one in outcomes] == [None] * 6
    assert len(made) == 1
    assert lines(store) == [f"k {n}" for n in range(6)]
    assert store.auditor.verify().flaw is None


@everywhere
def test_each_of_many_threads_finds_its_lines_written_and_in_its_order(store):
    together = Barrier(THREADS)

    def work(key: str) -> None:
        together.wait()
        for n in range(LINES):
            add(store, key, n=n)
            assert f"{key} {n}" in lines(store)

    keys = [f"k{number}" for number in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, keys))
    found = store.log.after(0, 100_000)
    assert [one.id for one in found] == list(range(1, len(found) + 1))
    assert [one.timestamp for one in found] == sorted(one.timestamp for one in found)
    for key in keys:
        assert [one.payload["n"] for one in found if one.key == key] == list(range(LINES))
    audit = store.auditor.verify()
    assert (audit.flaw, audit.head.count) == (None, THREADS * LINES)


@everywhere
def test_a_name_is_written_once_also_within_a_group(store):
    with at_once(store, *(lambda n=n: add(store, "k", n=n, once="name") for n in range(3))) as outcomes:
        pass
    assert [one.exception() for one in outcomes] == [None] * 3
    assert lines(store) == ["k 0"]


@everywhere
def test_a_line_that_cannot_be_written_keeps_no_other_out(store):
    bad: list[Callable[[], None]] = [lambda: add(store, "k", n=object())]
    if not store._database.sqlite:
        bad.append(lambda: add(store, "\0", n=0))  # which only the server finds wrong
    for wrong in bad:
        before = store.log.last_id()
        good = [lambda n=n: add(store, "k", n=n) for n in range(4)]
        with at_once(store, *good[:2], wrong, *good[2:]) as outcomes:
            pass
        assert [one.exception() is None for one in outcomes] == [True, True, False, True, True]
        assert sorted(lines(store, before)) == [f"k {n}" for n in range(4)]
    assert store.auditor.verify().flaw is None


@everywhere
@pytest.mark.parametrize("moment", ["begin", "commit"])
def test_everybody_is_told_when_the_database_fails_and_the_next_line_is_written(store, moment):
    tried: list[object] = []

    def fail(connection: object) -> None:
        tried.append(connection)
        raise OSError("the disk is full")

    with at_once(store, *(lambda n=n: add(store, "k", n=n) for n in range(4))) as outcomes:
        event.listen(store._database.engine, moment, fail)
    event.remove(store._database.engine, moment, fail)
    assert [str(one.exception()) for one in outcomes] == ["the disk is full"] * 4
    assert len(tried) == 1, "a commit that may have been made is not made again"
    add(store, "k", n=9)
    assert lines(store) == ["k 9"]
    assert store.auditor.verify().flaw is None


_ENDLESS = """
import itertools, os, sys, threading
from healer.edges.store import Store

store = Store(sys.argv[1], audit_key="key")

def write(key):
    for n in itertools.count():
        store.log.append("line", key, {"n": n}, trace_id="t", ui_hint="patch")
        os.write(1, f"{key} {n}\\n".encode())

for number in range(8):
    threading.Thread(target=write, args=(f"k{number}",)).start()
"""


@everywhere
def test_a_kill_loses_no_line_that_was_told_as_written(store):
    url = store._database.engine.url.render_as_string(hide_password=False)
    for kill_after in (1, 100, 250):
        before = store.log.last_id()
        command = [sys.executable, "-c", _ENDLESS, url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = [process.stdout.readline().strip() for _ in range(kill_after)]
            process.kill()
            told += process.stdout.read().split("\n")[:-1]
        add(store, "afterwards", n=0)  # a server may still be at the last commit; this waits for it
        found = [line for line in lines(store, before) if not line.startswith("afterwards")]
        assert set(told) <= set(found)
        assert len(found) <= len(told) + 8, "beyond these, one of each thread was not told yet"
        assert len(set(found)) == len(found)
        audit = store.auditor.verify()
        assert (audit.flaw, audit.head.last_id) == (None, store.log.last_id())
