"""Where a DSN leads to: keys, answers and bounds, on the real routes with a real store."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import repeat

import brotli
import pytest
from healer.web.sentry.envelope import LARGEST_EVENT
from healer.web.sentry.routes import LARGEST_ENVELOPE

from tests.healer.web.sentry.entrance import AUTH, KEY, OPERATOR, Answer, Entrance

PATH = "/api/1/envelope/"
EVENT = {"platform": "python", "exception": {"values": [{"type": "KeyError", "value": "'x'"}]}}
GZIP = ("content-encoding", "gzip")


@pytest.fixture(scope="module")
def entrance(tmp_path_factory):
    made = Entrance(tmp_path_factory.mktemp("entrance"))
    yield made
    made.close()


def an_envelope(number: int, event: object = EVENT, **headers: object) -> bytes:
    payload = json.dumps(event).encode()
    lines = [{"event_id": f"{number:032x}", **headers}, {"type": "event", "length": len(payload)}]
    return b"\n".join([*(json.dumps(line).encode() for line in lines), payload, b""])


def is_problem(answer: Answer, status: int, *words: str) -> None:
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    for word in words:
        assert word in answer.json["detail"]


def is_taken(answer: Answer, number: int) -> None:
    assert (answer.status, answer.json) == (200, {"id": f"{number:032x}"})


def count(entrance: Entrance) -> int:
    return sum(one["count"] for one in entrance.get("/api/v1/incidents").json["incidents"])


def test_a_services_name_does_not_make_an_address_sentrys(entrance):
    for name in ("orders-api", "api"):
        answer = entrance.post(f"/api/v1/services/{name}/examples/store", b"", OPERATOR)
        is_problem(answer, 404, "has no example 'store'")


def test_an_event_becomes_an_incident_and_the_same_again_is_counted(entrance):
    before = count(entrance)
    for number in (1, 2, 2):
        is_taken(entrance.post(PATH, an_envelope(number), AUTH), number)
    assert count(entrance) == before + 2
    report = next(one for one in entrance.reports() if one["exception"]["type"] == "KeyError")
    assert (bool(report["approximate"]), report["platform"], report["client"]) == (True, "python", "sentry")


ADDRESSES = (PATH, PATH[:-1], f"/healing/here{PATH}", f"/x/{PATH[1:-1]}")


@pytest.mark.parametrize("path", ADDRESSES)
def test_both_places_are_there_under_any_path(entrance, path):
    is_taken(entrance.post(path, an_envelope(3), AUTH), 3)
    single = json.dumps({**EVENT, "event_id": f"{4:032x}"}).encode()
    is_taken(entrance.post(path.replace("envelope", "store"), single, AUTH), 4)


def test_a_single_event_without_an_id_is_given_one(entrance):
    answer = entrance.post("/api/1/store/", json.dumps(EVENT).encode(), AUTH)
    assert (answer.status, len(answer.json["id"])) == (200, 32)


@pytest.mark.parametrize("path", ["/api//envelope/", "/api/1/envelope/more", "/api/1/logs/"])
def test_nothing_else_is_there(entrance, path):
    is_problem(entrance.post(path, an_envelope(5), AUTH), 404)


def test_the_key_is_looked_for_in_order(entrance):
    query, dsn = f"{PATH}?sentry_version=7&sentry_key={KEY}", f"https://{KEY}:secret@shop.test/healing/1"
    is_taken(entrance.post(query, an_envelope(6)), 6)
    is_taken(entrance.post(query, an_envelope(6), ("x-sentry-auth", "Sentry sentry_key=wrong")), 6)
    is_taken(entrance.post(f"{PATH}?sentry_key=wrong", an_envelope(6, dsn=dsn)), 6)
    is_taken(entrance.post(PATH, an_envelope(6), ("authorization", f"Sentry sentry_version=7,sentry_key={KEY}")), 6)
    is_taken(entrance.post(f"{PATH}?sentry_key=", an_envelope(6), AUTH), 6)
    is_problem(entrance.post(f"{PATH}?sentry_key=wrong", an_envelope(6), AUTH), 403)
    is_problem(entrance.post(query, an_envelope(6, dsn="https://wrong@shop.test/1"), AUTH), 403)


@pytest.mark.parametrize(
    "headers", [(), (("x-sentry-auth", "Sentry sentry_key=wrong"),), (("authorization", f"Bearer sentry_key={KEY}"),)]
)
@pytest.mark.parametrize("body", [an_envelope(7), b'{"event_id":"7"}\n{"type":"session"}\n{}', b"{}"])
def test_without_a_right_key_it_is_403(entrance, headers, body):
    before = count(entrance)
    is_problem(entrance.post(PATH, body, *headers), 403, "DSN")
    is_problem(entrance.post("/api/1/store/", body, *headers), 403, "DSN")
    assert count(entrance) == before


def test_a_wrong_key_is_told_before_the_body_is_read(entrance):
    def body() -> Iterator[bytes]:
        yield b'{"event_id":"7"}\n{"type":"event","length":1000000}\n'
        yield from repeat(b"x" * 1000, 10)
        raise AssertionError("read on")

    is_problem(entrance.post(PATH, body()), 403)


@pytest.mark.parametrize(
    ("name", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress), ("identity", bytes)],
)
def test_every_encoding_is_taken(entrance, name, encode):
    is_taken(entrance.post(PATH, encode(an_envelope(8)), AUTH, ("content-encoding", name)), 8)
    single = json.dumps({**EVENT, "event_id": f"{8:032x}"}).encode()
    is_taken(entrance.post("/api/1/store/", encode(single), AUTH, ("content-encoding", name)), 8)


DROPPED = ("transaction", "session", "sessions", "client_report", "attachment", "feedback", "log", "statsd", "check_in")


@pytest.mark.parametrize("kind", DROPPED)
def test_what_is_no_event_is_answered_and_dropped(entrance, kind):
    before = count(entrance)
    item = b'\n{"type":"%s","length":2}\n{}\n' % kind.encode()
    is_taken(entrance.post(PATH, b'{"event_id":"%032x"}' % 9 + item, AUTH), 9)
    for without in (b"{}", b'{"event_id":"\\ud800"}', b'{"event_id":["9"]}'):
        answer = entrance.post(PATH, without + item, AUTH)
        assert (answer.status, answer.json) == (200, {})
    assert count(entrance) == before


def test_a_message_is_answered_and_dropped(entrance):
    before = count(entrance)
    is_taken(entrance.post(PATH, an_envelope(10, {"message": "hello", "level": "info"}), AUTH), 10)
    assert count(entrance) == before


@pytest.mark.parametrize(
    ("body", "encoding", "word"),
    [
        (b"", "", "first line is no JSON"),
        (b'{}\n{"type":"event"}\n{', "", "the event is no JSON"),
        (b'{}\n{"type":"event"}\n[]', "", "must be a JSON object"),
        (an_envelope(11), "gzip", "Content-Encoding"),
        (gzip.compress(an_envelope(11), mtime=0)[:-4], "gzip", "too early"),
        (an_envelope(11), "gzip, br", "several encodings"),
        (an_envelope(11), "zstd", "not taken"),
    ],
)
def test_what_cannot_be_read_is_400(entrance, body, encoding, word):
    is_problem(entrance.post(PATH, body, AUTH, ("content-encoding", encoding)), 400, word)


def test_what_is_too_large_is_413(entrance):
    beyond = ("content-length", str(LARGEST_ENVELOPE + 1))
    is_problem(entrance.post(PATH, an_envelope(12), AUTH, beyond), 413, str(LARGEST_ENVELOPE))
    is_problem(entrance.post(PATH, repeat(b"{" + b" " * 60_000, 400), AUTH), 400)
    attachment = b'{}\n{"type":"attachment","length":30000000}\n'
    is_problem(entrance.post(PATH, [attachment, *repeat(bytes(2**20), 21)], AUTH), 413, str(LARGEST_ENVELOPE))
    large = {**EVENT, "extra": "x" * LARGEST_EVENT}
    is_problem(entrance.post(PATH, an_envelope(12, large), AUTH), 413, str(LARGEST_EVENT))
    is_problem(entrance.post("/api/1/store/", gzip.compress(json.dumps(large).encode()), AUTH, GZIP), 413)
    assert entrance.post(PATH, an_envelope(12), AUTH, ("content-length", "many")).status == 200


def a_bomb(gigabytes: int) -> Iterator[bytes]:
    """Zeros as gzip, without compressing so many: the same flushed block again and again."""
    stream = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    stream.compress(bytes(2**20))
    stream.flush(zlib.Z_FULL_FLUSH)
    block = stream.compress(bytes(2**20)) + stream.flush(zlib.Z_FULL_FLUSH)
    yield b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    for _ in range(gigabytes * 1024 // 64):
        yield block * 64


START = b'{"event_id":"13"}\n{"type":"attachment"}\n'
BOMBS = {
    "ten gigabytes as gzip": (lambda: a_bomb(10), "gzip", 400),
    "of an attachment, as brotli": (lambda: [brotli.compress(START + bytes(60 * 2**20), quality=1)], "br", 413),
    "of empty lines": (lambda: [gzip.compress(START + b"\n" * (21 * 2**20), 1)], "gzip", 413),
    "of items": (lambda: [gzip.compress(b"{}\n" + b'{"type":"x"}\n\n' * 2**20, 1)], "gzip", 400),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_a_second_and_little_memory(entrance, name):
    made, encoding, status = BOMBS[name]
    body = made()
    tracemalloc.start()
    try:
        started = time.process_time()
        answer = entrance.post(PATH, body, AUTH, ("content-encoding", encoding))
        seconds = time.process_time() - started
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seconds < 1
    assert peak < 8 * 2**20
    is_problem(answer, status)


@pytest.mark.parametrize("project", ["9" * 5000, "shop"])
def test_the_key_says_whose_event_it_is_whatever_the_number(entrance, project):
    path = PATH.replace("/1/", f"/{project}/")
    assert path != PATH
    is_problem(entrance.post(path, an_envelope(1)), 403, "key")
    is_taken(entrance.post(path, an_envelope(0xABC), AUTH), 0xABC)
