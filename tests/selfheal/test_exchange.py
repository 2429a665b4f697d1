"""Requests as they are reported: bodies of all kinds, what was cut, and the identifiers of answers."""

from __future__ import annotations

import base64
import gzip
import json
import time
from typing import Any

import pytest
from selfheal.exchange import MAX_BODY, Exchange, earlier_json, identifiers, request_json, target_of
from selfheal.scrub import Scrubber


def exchange_of(
    body: bytes = b"", content_type: str = "", *, extra: tuple[tuple[bytes, bytes], ...] = (), more: bool = False
) -> Exchange:
    headers = [(b"Content-Type", content_type.encode())] if content_type else []
    headers.append((b"Content-Length", str(len(body)).encode()))
    exchange = Exchange("POST", "/x?n=1", [*headers, *extra])
    exchange.feed(body, more)
    return exchange


MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n'
    b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    ("body", "content_type", "part"),
    [
        (b'{"a": [1, null]}', "application/json", {"json": {"a": [1, None]}}),
        (b'{"password": "x"}', "application/vnd.api+json; charset=utf-8", {"json": {"password": "[redacted]"}}),
        (b"null", "application/json", {"json": None}),
        (b'{"a": ', "application/json", {"body": '{"a": '}),
        (b'{"a": NaN}', "application/json", {"body": '{"a": NaN}'}),
        (b'{"a": 1e999}', "application/json", {"body": '{"a": 1e999}'}),
        (b"[" * 150 + b"]" * 150, "application/json", {"body": "[" * 150 + "]" * 150}),
        (
            gzip.compress(b"password", mtime=0),
            "application/gzip",
            {"body_b64": base64.b64encode(b"[redacted]").decode()},
        ),
        (b"[" * 100_000, "application/json", {"body": "[" * 100_000}),
        (
            b"a=1&a=2&b=x+y&token=z",
            "application/x-www-form-urlencoded",
            {"form": {"a": ["1", "2"], "b": "x y", "token": "[redacted]"}},
        ),
        (b"password=hunter2", "text/plain", {"body": "password=[redacted]"}),
        (b'{"a": 1}', "", {"body": '{"a": 1}'}),
        (b"\xff\x00\x01", "application/octet-stream", {"body_b64": base64.b64encode(b"\xff\x00\x01").decode()}),
        (MULTIPART, "multipart/form-data; boundary=b", {"body": MULTIPART.replace(b"hunter2", b"[redacted]").decode()}),
        (b"", "", {}),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bodies(body: bytes, content_type: str, part: dict[str, Any]) -> None:
    request = request_json(exchange_of(body, content_type), Scrubber())
    for name in ("method", "path", "headers"):
        request.pop(name)
    assert request == part


def test_a_secret_inside_a_binary_body_does_not_leave() -> None:
    request = request_json(exchange_of(b"\xff\x00 password=hunter2;\xfe", "application/octet-stream"), Scrubber())
    assert base64.b64decode(request["body_b64"]) == b"\xff\x00 password=[redacted];\xfe"


def test_a_compressed_body_travels_expanded_and_redacted() -> None:
    body = gzip.compress(b'{"password": "hunter2", "n": 1}')
    request = request_json(exchange_of(body, "application/json", extra=((b"content-encoding", b"gzip"),)), Scrubber())
    assert request["json"] == {"password": "[redacted]", "n": 1}
    assert request["headers"] == {"content-type": "application/json"}
    unknown = request_json(
        exchange_of(b"\x01\x02", "application/json", extra=((b"content-encoding", b"br"),)), Scrubber()
    )
    assert unknown["body"] == "[redacted]"


def test_what_was_cut_or_not_read_says_so() -> None:
    long = exchange_of(b"x" * (MAX_BODY + 1), "text/plain")
    long.feed(b"y" * MAX_BODY, False)
    assert long.size < 2 * MAX_BODY
    request = request_json(long, Scrubber())
    assert request["truncated"] is True
    assert request["body"] == "x" * 16384
    unread = request_json(exchange_of(b'{"a": 1', "application/json", more=True), Scrubber())
    assert (unread["truncated"], unread["body"]) == (True, '{"a": 1')
    assert "truncated" not in request_json(exchange_of(b"x" * MAX_BODY, "text/plain"), Scrubber())


def test_hostile_multipart_headers_take_no_superlinear_time() -> None:
    request_json(exchange_of(b'name="a"\n' * 25_000, "multipart/form-data; boundary=b"), Scrubber())


def test_identifiers_of_an_answer() -> None:
    answer = {
        "id": 7,
        "cartId": "c-1",
        "lines": [{"id": 9, "qty": 2, "product_id": 3}],
        "a/b": {"order_number": "N1"},
        "token_id": "hidden",
        "total": "3.10",
        "code": "4111111111111111",
        "ref": None,
        "uuid": True,
    }
    assert identifiers(answer, Scrubber()) == {
        "/id": 7,
        "/cartId": "c-1",
        "/lines/0/id": 9,
        "/lines/0/product_id": 3,
        "/a~1b/order_number": "N1",
    }
    assert len(identifiers([{"id": n} for n in range(100)], Scrubber())) == 40


@pytest.mark.parametrize(
    ("content_type", "chunks", "ids"),
    [
        (b"application/json", [b'{"id"', b": 5}"], {"/id": 5}),
        (b"application/json", [b'{"id": 5, "x": "' + b"y" * 70_000 + b'"}'], {}),
        (b"text/html", [b'{"id": 5}'], {}),
        (b"application/json", [b'{"id": '], {}),
    ],
)
def test_answers_are_read_when_they_are_small_json(
    content_type: bytes, chunks: list[bytes], ids: dict[str, Any]
) -> None:
    exchange = exchange_of(b'{"a": 1}', "application/json")
    exchange.begin_answer(201, [(b"content-type", content_type)])
    for chunk in chunks:
        exchange.feed_answer(chunk)
    shown = earlier_json(exchange, Scrubber())
    assert (shown["status"], shown["ids"]) == (201, ids)
    json.dumps(shown)


def test_headers_that_can_be_read_only_once_are_left_to_the_server() -> None:
    headers = iter([(b"content-type", b"application/json")])
    exchange = exchange_of()
    exchange.begin_answer(200, headers)
    assert next(headers) == (b"content-type", b"application/json")


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        ({"path": "/a b", "raw_path": b"/a%20b", "query_string": b"x=%20"}, "/a%20b?x=%20"),
        ({"path": "/a b", "raw_path": None, "query_string": b""}, "/a%20b"),
        ({"path": "/a"}, "/a"),
    ],
)
def test_targets(scope: dict[str, Any], target: str) -> None:
    assert target_of(scope) == target


def test_a_request_of_odd_form_is_still_one_that_the_healer_takes() -> None:
    request = request_json(Exchange("m-search", "*", []), Scrubber())
    assert (request["method"], request["path"]) == ("OTHER", "/*")


@pytest.mark.parametrize(
    "piece", [b'name="x"', b'name="', b";name=\n", b'\r\n--name="a"\r\n\r\n', b"a\n", b'name="x"\n' * 9, b"\r\n--b"]
)
def test_a_hostile_body_of_parts_takes_no_superlinear_time(piece: bytes) -> None:
    started = time.thread_time()
    request_json(exchange_of(piece * (100_000 // len(piece)), "multipart/form-data; boundary=b"), Scrubber())
    assert time.thread_time() - started < 3


def test_a_body_that_is_too_long_when_it_is_expanded_says_so() -> None:
    body = gzip.compress(b"x" * (MAX_BODY + 1))
    request = request_json(exchange_of(body, "text/plain", extra=((b"content-encoding", b"gzip"),)), Scrubber())
    assert (request["truncated"], len(request["body"])) == (True, 16 * 1024)


def test_names_in_an_answer_that_hold_a_secret_are_not_told() -> None:
    assert identifiers({"password=hunter2": {"id": 7}, "order": {"id": 8}, "x" * 300 + "_id": 9}, Scrubber()) == {
        "/order/id": 8
    }
