"""The ring's bounds, and which of its requests go with a crash."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selfheal.exchange import Exchange
from selfheal.scrub import Scrubber
from selfheal.traffic import Ring, earlier_requests


def done(
    method: str,
    target: str,
    body: Any = None,
    answer: Any = None,
    status: int = 200,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Exchange:
    exchange = Exchange(method, target, [(b"content-type", b"application/json"), *headers])
    exchange.feed(json.dumps(body).encode() if body is not None else b"", False)
    exchange.begin_answer(status, [(b"content-type", b"application/json")])
    exchange.feed_answer(json.dumps(answer).encode())
    return exchange


def chosen(recent: list[Exchange], failing: Exchange) -> list[str]:
    return [f"{request['method']} {request['path']}" for request in earlier_requests(recent, failing, Scrubber())]


def test_changes_reads_and_refusals_are_chosen_in_the_order_they_were_answered() -> None:
    recent = [
        done("GET", "/products"),
        done("POST", "/carts", {}, {"id": 12}, 201),
        done("POST", "/carts/12/lines", {"sku": "A"}, {"id": 1}, 201),
        done("POST", "/carts/12/lines", {"sku": ""}, {"detail": "bad"}, 422),
        done("GET", "/carts/99", status=404),
        done("GET", "/carts/12", answer={"id": 12}),
        done("GET", "/broken", status=500),
    ]
    given = earlier_requests(recent, done("POST", "/carts/12/checkout"), Scrubber())
    assert [(request["method"], request["path"], request["status"]) for request in given] == [
        ("GET", "/products", 200),
        ("POST", "/carts", 201),
        ("POST", "/carts/12/lines", 201),
        ("POST", "/carts/12/lines", 422),
        ("GET", "/carts/99", 404),
        ("GET", "/carts/12", 200),
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


def test_reads_and_refusals_keep_their_places_beside_many_changes() -> None:
    recent = [done("GET", f"/reads/{number}") for number in range(20)]
    recent += [done("GET", f"/{name}/7", status=404) for name in "abcdefgh" for _ in range(3)]
    recent += [done("POST", "/carts", {"n": number}, {"id": 1000 + number}, 201) for number in range(60)]
    given = earlier_requests(recent, done("POST", "/x"), Scrubber())
    assert [request["status"] for request in given].count(201) == 24
    assert [request["status"] for request in given].count(200) == 10
    assert len({request["path"] for request in given if request["status"] == 404}) == 6


BEARER = (b"authorization", b"Bearer 8fj2-k39s-1m4n-x7q0")


@pytest.mark.parametrize(
    ("refusal", "sent"),
    [
        (done("GET", "/admin", status=401), True),
        (done("GET", "/admin", status=403, headers=(BEARER,)), False),  # a replay has another token, or none
        (done("POST", "/orders", {"n": 0}, status=422, headers=(BEARER,)), True),
        (done("POST", "/login", {"password": "hunter2-x9"}, status=400), False),  # what is hidden may be the reason
    ],
)
def test_a_refusal_is_sent_where_nothing_is_hidden_that_it_may_have_come_from(refusal: Exchange, sent: bool) -> None:
    assert bool(chosen([refusal], done("POST", "/x"))) is sent


@pytest.mark.parametrize("status", [0, 408, 429, 500, 503])
def test_what_says_nothing_about_the_request_is_not_remembered(status: int) -> None:
    ring = Ring()
    ring.add(done("GET", "/a", status=status))
    assert ring.snapshot() == []


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ["{}", "mug-{}", "mug"])
def test_one_route_with_a_thousand_names_leaves_the_others_their_places(method: str, status: int, name: str) -> None:
    ring = Ring()
    others = [done(method, f"/{route}", status=status) for route in ("a", "b", "products", "products/popular", "c/d")]
    for other in others:
        ring.add(other)
    for number in range(1000):
        word = name.format(number) if "{" in name else "".join("abcdefghij"[int(digit)] for digit in str(number))
        ring.add(done(method, f"/products/{word}", status=status))
    kept = ring.snapshot()
    if name == "mug":  # nothing tells a name from a route beside it
        others.remove(others[3])
    assert [other.target for other in others if other not in kept] == []
    assert kept[-1].target == f"/products/{word}"
    assert len(kept) == {200: {"GET": 50, "POST": 150}[method], 404: 30}[status]


def held(*roots: object) -> int:
    """Bytes of all that can be reached from the roots, each object once."""
    seen: dict[int, object] = {}
    waiting = list(roots)
    while waiting:
        one = waiting.pop()
        if id(one) in seen or one is None or isinstance(one, type):
            continue
        seen[id(one)] = one
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple)):
            waiting += one
        elif not isinstance(one, (str, bytes, int)):
            waiting += [getattr(one, name) for name in getattr(type(one), "__slots__", ())]
            waiting += getattr(one, "__dict__", {}).values()
    return sum(sys.getsizeof(one) for one in seen.values())


KINDS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST"]),
        "status": st.sampled_from([200, 422]),
        "path": st.sampled_from(["/same", "/items/{}", "/{}/of/its/own", "/{}" + "/long" * 1000, "/q?{}" + "x" * 7000]),
        "headers": st.sampled_from([0, 8, 150]),
        "body": st.sampled_from([0, 100, 9000, 70_000, 400_000]),
        "pieces": st.sampled_from([1, 30, 3000]),
        "answer": st.sampled_from([0, 500, 60_000]),
    }
)


@settings(max_examples=12, deadline=None)
@given(st.lists(KINDS, min_size=1, max_size=4))
def test_what_the_ring_holds_stays_within_its_bound(kinds: list[dict[str, Any]]) -> None:
    ring = Ring()
    for number in range(160):
        for kind in kinds:
            headers = [(b"x-%d" % one, b"v%d" % (number + one)) for one in range(kind["headers"])]
            exchange = Exchange(kind["method"], kind["path"].format(number), headers)
            for _ in range(kind["pieces"] if kind["body"] else 0):
                exchange.feed(bytes(max(1, kind["body"] // kind["pieces"])), True)
            exchange.begin_answer(kind["status"], [(b"content-type", b"application/json")])
            exchange.feed_answer(bytes(kind["answer"]))
            ring.add(exchange)
    ring.snapshot()
    assert held(ring) <= 2_500_000


def test_a_request_that_cannot_be_read_costs_only_itself() -> None:
    odd = done("POST", "/orders", 201)
    odd.headers = [("not", "bytes")]  # type: ignore[list-item]
    recent = [done("POST", "/orders", 201), odd, done("POST", "/carts", 201)]
    assert len(earlier_requests(recent, done("GET", "/orders", 0), Scrubber())) == 2


def test_a_long_name_takes_no_superlinear_time() -> None:
    body = json.dumps({"_" * 60_000 + "a_id": 1})
    odd = done("POST", "/orders", 201)
    odd.headers = [(b"content-type", b"application/json")]
    odd.feed(body.encode(), False)
    started = time.thread_time()
    earlier_requests([odd], odd, Scrubber())
    earlier_requests([odd], done("GET", "/orders?" + "_" * 7_000 + "a_id=1", 0), Scrubber())
    assert time.thread_time() - started < 1
