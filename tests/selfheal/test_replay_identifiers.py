"""How recorded identifiers are replaced by those a replay was given."""

from __future__ import annotations

from typing import Any

import pytest
from selfheal.replay.identifiers import Identifiers, resolve

# what was recorded for which path, and what the replay answered
ORDER = ("/orders", {"/id": 57, "/lines/0/id": 300}, {"id": 1, "lines": [{"id": 2}]})
USER = ("/users", {"/id": 57}, {"id": 9})
TEXT = ("/carts", {"/token": "abc123", "/reference": "R-1"}, {"token": "xyz789", "reference": "R-2"})
SAME = ("/users", {"/id": 57}, {"id": 57})
NESTED = ("/checkout", {"/order/id": 57}, {"order": {"id": 4}})
NAMED = ("/checkout", {"/order_id": 57, "/orderNumber": "N7"}, {"order_id": 6, "orderNumber": "N1"})
FLAG = ("/orders", {"/id": True, "/number": 5, "/code": "gone"}, {"id": False, "number": [5]})


def identifiers(*learned: tuple[str, dict[str, Any], Any]) -> Identifiers:
    known = Identifiers()
    for path, recorded, answer in learned:
        known.learn(path, recorded, {pointer: resolve(answer, pointer) for pointer in recorded})
    return known


@pytest.mark.parametrize(
    ("learned", "path", "wanted"),
    [
        ([ORDER], "/orders/57", "/orders/1"),
        ([ORDER], "/orders/57/lines/300", "/orders/1/lines/2"),
        ([ORDER], "/orders/5/lines/57x", "/orders/5/lines/57x"),
        ([ORDER], "/archive/57", "/archive/1"),
        ([ORDER], "/search?order_id=57&page=57", "/search?order_id=1&page=57"),
        ([ORDER, USER], "/users/57/orders/57", "/users/9/orders/1"),
        ([USER, ORDER], "/users/57/orders/57", "/users/9/orders/1"),
        ([ORDER, SAME], "/users/57/orders/57", "/users/57/orders/1"),
        ([TEXT], "/carts/abc123?ref=R-1&q=a%20b", "/carts/xyz789?ref=R-2&q=a+b"),
        ([TEXT], "/carts/abc1234?q=a%20b", "/carts/abc1234?q=a%20b"),
        ([NESTED], "/orders/57", "/orders/4"),
        ([FLAG], "/orders/True/5/gone", "/orders/True/5/gone"),
        ([], "/orders/57", "/orders/57"),
    ],
)
def test_paths(learned: list[tuple[str, dict[str, Any], Any]], path: str, wanted: str) -> None:
    assert identifiers(*learned).path(path) == wanted


@pytest.mark.parametrize(
    ("learned", "value", "wanted"),
    [
        ([ORDER], {"order_id": 57, "orderId": 57, "quantity": 57}, {"order_id": 1, "orderId": 1, "quantity": 57}),
        ([ORDER], {"order_id": "57"}, {"order_id": "1"}),
        ([ORDER], {"order_ids": [57, 58]}, {"order_ids": [1, 58]}),
        ([ORDER], {"order": {"id": 57}, "product": {"id": 57}}, {"order": {"id": 1}, "product": {"id": 57}}),
        ([ORDER], {"user_id": 57, "note": "57"}, {"user_id": 57, "note": "57"}),
        ([ORDER], {"order_id": True, "line_id": None}, {"order_id": True, "line_id": None}),
        (
            [TEXT],
            ["abc123", {"any": "abc123", "text": "say abc123"}],
            ["xyz789", {"any": "xyz789", "text": "say abc123"}],
        ),
        ([NAMED], {"order_id": 57, "order": "N7"}, {"order_id": 6, "order": "N1"}),
    ],
)
def test_values(learned: list[tuple[str, dict[str, Any], Any]], value: object, wanted: object) -> None:
    assert identifiers(*learned).value(value) == wanted


@pytest.mark.parametrize(
    ("pointer", "wanted"),
    [
        ("/a/0/b", 1),
        ("/a/1", None),
        ("/a/x", None),
        ("/c~1d~0", 2),
        ("/a/0/b/c", None),
        ("", {"a": [{"b": 1}], "c/d~": 2}),
    ],
)
def test_json_pointers(pointer: str, wanted: object) -> None:
    assert resolve({"a": [{"b": 1}], "c/d~": 2}, pointer) == wanted
