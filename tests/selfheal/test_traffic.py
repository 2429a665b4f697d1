"""The ring's bounds, and which of its requests go with a crash."""

from __future__ import annotations

import json
from typing import Any

from selfheal.exchange import Exchange
from selfheal.scrub import Scrubber
from selfheal.traffic import Ring, earlier_requests


def done(method: str, target: str, body: Any = None, answer: Any = None, status: int = 200) -> Exchange:
    exchange = Exchange(method, target, [(b"content-type", b"application/json")])
    exchange.feed(json.dumps(body).encode() if body is not None else b"", False)
    exchange.begin_answer(status, [(b"content-type", b"application/json")])
    exchange.feed_answer(json.dumps(answer).encode())
    return exchange


def chosen(recent: list[Exchange], failing: Exchange) -> list[str]:
    return [f"{request['method']} {request['path']}" for request in earlier_requests(recent, failing, Scrubber())]


def test_changes_and_good_reads_are_chosen_in_the_order_they_were_answered() -> None:
    recent = [
        done("GET", "/products"),
        done("POST", "/carts", {}, {"id": 12}, 201),
        done("POST", "/carts/12/lines", {"sku": "A"}, {"id": 1}, 201),
        done("POST", "/carts/12/lines", {"sku": ""}, {"detail": "bad"}, 422),
        done("GET", "/carts/99", status=404),
        done("GET", "/carts/12", answer={"id": 12}),
    ]
    assert chosen(recent, done("POST", "/carts/12/checkout")) == [
        "GET /products",
        "POST /carts",
        "POST /carts/12/lines",
        "GET /carts/12",
    ]


def test_related_changes_win_over_newer_ones_where_room_is_short() -> None:
    story = [
        done("POST", "/products", {"sku": "MUG-1"}, {"id": 501, "sku": "MUG-1"}, 201),
        done("POST", "/carts", {}, {"id": 12}, 201),
        done("POST", "/carts/12/lines", {"product_id": 501, "quantity": 2}, {"id": 77}, 201),
        done("POST", "/checkout", {"cart_id": 12}, {"order_id": 900, "number": "2026-000900"}, 201),
    ]
    others = [done("POST", "/carts", {"n": number}, {"id": 1000 + number}, 201) for number in range(60)]
    picked = chosen([*story, *others], done("POST", "/orders/900/returns", {"line_id": 77}))
    assert picked[:4] == ["POST /products", "POST /carts", "POST /carts/12/lines", "POST /checkout"]
    assert len(picked) == 40


def test_equal_numbers_of_other_kinds_do_not_relate() -> None:
    noise = [done("POST", "/reviews", {"stars": 12}, {"id": 12}, 201) for _ in range(50)]
    cart = done("POST", "/carts", {}, {"id": 12}, 201)
    assert "POST /carts" in chosen([cart, *noise], done("GET", "/carts/12"))


def test_at_most_ten_reads_and_256_kb_are_given() -> None:
    reads = [done("GET", f"/products/{number}") for number in range(40)]
    assert chosen(reads, done("POST", "/x")) == [f"GET /products/{number}" for number in range(30, 40)]
    large = [done("POST", "/files", {"text": "x" * 50_000}, {"id": number}, 201) for number in range(20)]
    given = earlier_requests(large, done("POST", "/x"), Scrubber())
    assert 4 <= len(given) <= 5
    assert given[-1]["ids"] == {"/id": 19}


def test_the_reads_speak_for_as_many_routes_as_they_can() -> None:
    recent = [done("GET", f"/{route}") for route in ("products", "categories", "stores")]
    recent += [done("GET", f"/carts/{number}", answer={"id": number}) for number in range(20)]
    picked = chosen(recent, done("POST", "/carts/7/checkout"))
    assert {"GET /products", "GET /categories", "GET /stores", "GET /carts/7"} <= set(picked)
    assert len(picked) == 10


def test_the_failing_request_and_secrets_are_not_among_them() -> None:
    failing = done("POST", "/login", {"password": "hunter2-x"}, status=201)
    given = earlier_requests([failing, done("POST", "/login", {"password": "hunter2-x"})], failing, Scrubber())
    assert len(given) == 1
    assert "hunter2" not in json.dumps(given)


def test_polling_does_not_push_out_changes() -> None:
    ring = Ring()
    first = done("POST", "/carts", {}, {"id": 1}, 201)
    ring.add(first)
    for number in range(500):
        ring.add(done("GET", "/health"))
        ring.add(done("GET", f"/products/{number}"))
    kept = ring.snapshot()
    assert first in kept
    assert [exchange.target for exchange in kept].count("/health") == 1
    assert len(kept) <= 51


def test_the_ring_is_bounded_in_requests_and_bytes() -> None:
    ring = Ring()
    for _ in range(400):
        ring.add(done("POST", "/a", {}))
    assert len(ring.snapshot()) == 150
    for number in range(100):
        ring.add(done("POST", "/a", {"text": "x" * 100_000}))
        ring.add(done("GET", f"/b/{number}", answer={"text": "x" * 50_000}))
    kept = ring.snapshot()
    assert sum(exchange.size for exchange in kept) <= 2_000_000
    assert kept[-1].target == "/b/99"
