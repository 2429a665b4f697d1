import json
from typing import Any

import pytest
from healer.model import Difference, Exchange, Replay, Request
from healer.stages.traffic import differences

from tests.healer.samples import a_replay, answered, crashed

REQUESTS = (Request("GET", "/orders?page=1"), Request("POST", "/orders/1/pay"))


def said(body: Any, status: int = 200, kind: str = "application/json") -> Exchange:
    return Exchange(status, {"content-type": kind}, body if isinstance(body, str) else json.dumps(body))


def found(before: Exchange, after: Exchange, again: Exchange | None = None) -> tuple[Difference, ...]:
    def once_more() -> Replay:
        return a_replay(again or before, crashed())

    return differences(REQUESTS, a_replay(before, crashed()), a_replay(after, answered(404)), once_more)


@pytest.mark.parametrize(
    ("before", "after", "what", "matters"),
    [
        (said({}), said({}, 404), "status 200, now 404", True),
        (said({}), said("", kind="text/html; charset=utf-8"), "content type application/json, now text/html", True),
        (said({"a": {"b": 1}}), said({"a": {}}), "body: /a/b is gone", True),
        (said({"a": 1}), said({"a": 1, "b": 2}), "body: /b is new", True),
        (said({"a": 1}), said({"a": "1"}), "body: /a is a text where it was a number", True),
        (said({"a": None}), said({"a": 0}), "body: /a is a number where it was null", True),
        (said({"a": True}), said({"a": 1}), "body: /a is a number where it was true or false", True),
        (said([{"a": 1}]), said([{"a": None}]), "body: /0/a is null where it was a number", True),
        (said([1, 2]), said([]), "body: / has 0 items where it had 2", True),
        (said([1, 2]), said([1]), "body: / has 1 items where it had 2", False),
        (said({"a": 1}), said({"a": 1.5}), "body: /a is 1.5 where it was 1", False),
        (
            said("old", kind="text/plain"),
            said("new text", kind="text/plain"),
            "body: 3 characters, now 8 others",
            False,
        ),
        (said("old", kind="text/plain"), said("", kind="text/plain"), "body: was not empty", True),
    ],
)
def test_what_differs_and_whether_it_matters(before: Exchange, after: Exchange, what: str, matters: bool) -> None:
    assert found(before, after) == (Difference("GET /orders", what, matters),)


def test_nothing_is_run_again_where_nothing_differs() -> None:
    same = a_replay(said({"a": [1]}), crashed())

    def again() -> Replay:
        raise AssertionError("not needed")

    assert differences(REQUESTS, same, same, again) == ()


def test_what_the_same_code_answers_otherwise_is_not_the_patchs_doing() -> None:
    before = said({"at": 1, "id": "x", "list": [{"n": 1}], "total": 5})
    again = said({"at": 2, "id": "y", "list": [{"n": 2}], "total": 5})
    assert found(before, said({"at": 3, "id": "z", "list": [{"n": 3}], "total": 5}), again) == ()
    kept = found(before, said({"at": 3, "id": None, "list": [{"n": None}], "total": 6}), again)
    assert [one.what for one in kept] == ["body: /total is 6 where it was 5"]


def test_differences_that_matter_come_first_and_all_are_bounded() -> None:
    many = {str(number): number for number in range(50)}
    kept = found(said({**many, "z": 1}), said({**{key: value + 1 for key, value in many.items()}, "z": "1"}))
    assert len(kept) == 20
    assert [one.matters for one in kept] == [True] + [False] * 19


def test_a_body_as_deep_as_a_hostile_one_is_compared_without_harm() -> None:
    deep = "[" * 50_000 + "]" * 50_000
    assert found(said(deep), said(deep + " "))[0].matters is False
