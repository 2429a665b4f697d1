"""The request of an event, as one that can be sent again; and whether it is whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from healer.web.sentry.request import request_of

JSON = {"content-type": "application/json", "content-length": "9"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Content-Length": "9"}
PARTS = {"content-type": "multipart/form-data; boundary=x", "content-length": "90"}


def made(**parts: Any) -> dict[str, Any]:
    meta = parts.pop("meta", None)
    event: dict[str, Any] = {"request": {"method": "POST", "url": "http://shop.test/orders", **parts}}
    request = request_of({**event, "_meta": {"request": {"data": meta}}} if meta else event)
    assert request is not None
    return request


@pytest.mark.parametrize(
    ("url", "query", "path"),
    [
        ("http://127.0.0.1:8000/orders", None, "/orders"),
        ("http://shop.test", "", "/"),
        ("http://shop.test?a=1", None, "/?a=1"),
        ("/orders", "a=1&b=x%20y", "/orders?a=1&b=x%20y"),
        ("https://u:p@[::1]:8/orders?a=1#top", "", "/orders?a=1"),
        ("http://shop.test/orders?a=1", "a=2", "/orders?a=2"),
        ("http://shop.test/küche/a b", "q=ä ö&p=100%", "/k%C3%BCche/a%20b?q=%C3%A4%20%C3%B6&p=100%25"),
        ("/orders", [["a", "1"], ["b", "x y"], "odd"], "/orders?a=1&b=x+y"),
        ("/orders", {"a": 1, "b": None}, "/orders?a=1&b="),
        ("/orders", "?token=[Filtered]", "/orders?token=[redacted]"),
        ("/orders", [["token", "[Filtered]"]], "/orders?token=%5Bredacted%5D"),
        ("//evil.test/orders", None, "/evil.test/orders"),
        ("/\ud800", "\ud800", "/%3F??"),
    ],
)
def test_the_path_can_be_sent(url, query, path):
    assert made(url=url, query_string=query)["path"] == path


@pytest.mark.parametrize(
    "parts", [{"url": ""}, {"url": None}, {"url": ["/"]}, {"method": "GE T"}, {"method": "x" * 21}]
)
def test_what_cannot_be_sent_is_no_request(parts):
    assert request_of({"request": {"method": "GET", "url": "/", **parts}}) is None
    assert request_of({"request": "GET /"}) is None
    assert request_of({}) is None


def test_a_request_without_a_method_is_a_get():
    assert made(method=None)["method"] == "GET"
    assert made(method="patch")["method"] == "PATCH"


def test_headers_come_in_two_shapes_and_without_what_belongs_to_the_body():
    given = {"Accept": "*/*", "Authorization": "[Filtered]", "Content-Length": "0", "X": 7, "Y": None}
    wanted = {"accept": "*/*", "authorization": "[redacted]", "x": "7", "y": ""}
    assert made(headers=given)["headers"] == wanted
    assert made(headers=[[name, value] for name, value in given.items()])["headers"] == wanted


@pytest.mark.parametrize(
    ("headers", "cookies", "sent"),
    [
        ({}, {"a": "1", "session": "[Filtered]", "odd": "1; b=2"}, "a=1"),
        ({"Cookie": "[Filtered]"}, [["a", "1"], ["b", "2"]], "a=1; b=2"),
        ({"Cookie": "c=3"}, {"a": "1"}, "c=3"),
        ({"Cookie": "[Filtered]"}, {"a": "[Filtered]"}, "[redacted]"),
        ({}, {}, None),
        ({}, "a=1", None),
    ],
)
def test_cookies_are_kept_unless_they_were_filtered(headers, cookies, sent):
    assert made(headers=headers, cookies=cookies)["headers"].get("cookie") == sent


BODIES: dict[str, tuple[dict[str, str], Any, dict[str, Any]]] = {
    "JSON": (JSON, {"a": ["x", 1, None]}, {"json": {"a": ["x", 1, None]}}),
    "JSON as text": (JSON, '{"a": 1}', {"json": {"a": 1}}),
    "JSON that is a number": (JSON, 7, {"json": 7}),
    "JSON that is filtered": (JSON, {"password": "[Filtered]"}, {"json": {"password": "[redacted]"}}),
    "JSON that is broken": (JSON, '{"a": ', {"body": '{"a": '}),
    "JSON that is cut": (JSON, '{"a": "xxx...', {"body": '{"a": "xxx...', "truncated": True}),
    "JSON that is empty": (JSON, {}, {"json": {}}),
    "JSON of another type": ({"content-type": "application/problem+json"}, "[1]", {"json": [1]}),
    "infinite numbers": (JSON, [float("inf")], {"json": ["inf"]}),
    "a form": (FORM, {"a": "1", "b": ["2", "3"]}, {"form": {"a": "1", "b": ["2", "3"]}}),
    "a form as text": (FORM, "a=1&b=2&b=3&c=", {"form": {"a": "1", "b": ["2", "3"], "c": ""}}),
    "a form that is none": (FORM, "&", {"body": "&"}),
    "a form that is cut": (FORM, "a=1&b=xx...", {"body": "a=1&b=xx...", "truncated": True}),
    "text": ({"content-type": "text/plain"}, "hello [Filtered]", {"body": "hello [redacted]"}),
    "left out": (JSON, None, {"truncated": True}),
    "filtered as a whole": (JSON, "[Filtered]", {"truncated": True}),
    "left out in chunks": ({"transfer-encoding": "chunked"}, "", {"truncated": True}),
    "none": ({"content-length": "0"}, None, {}),
    "none, as some say it": ({}, {}, {}),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_what_its_type_says(name):
    headers, data, wanted = BODIES[name]
    request = made(headers=headers, data=data)
    assert {key: value for key, value in request.items() if key not in ("method", "path", "headers")} == wanted


def test_the_fields_of_a_multipart_form_are_sent_as_a_form():
    request = made(headers=PARTS, data={"a": "1", "file": ""}, meta={"file": {"": {"rem": [["!raw", "x"]]}}})
    assert (request["form"], request["truncated"]) == ({"a": "1", "file": ""}, True)
    assert request["headers"] == {}


def test_a_body_that_is_nested_too_deeply_is_left_out():
    data: Any = []
    for _ in range(250):
        data = [data]
    assert made(headers=JSON, data=data)["truncated"] is True
    assert "json" not in made(headers=JSON, data=data)


@pytest.mark.parametrize(
    ("meta", "cut"),
    [
        ({"": {"rem": [["!raw", "x"]]}}, True),
        ({"": {"rem": [["!config", "x"]]}}, True),
        ({"a": {"0": {"": {"rem": [["!limit", "x", 1021, 1024]], "len": 5000}}}}, True),
        ({"a": {"": {"len": 25}}}, True),
        ({"password": {"": {"rem": [["!config", "s"]]}}}, False),
        ({"password": {"": {"rem": [["!config", "s"]], "len": 9}}}, False),
        ({"": {"rem": "odd"}}, False),
        ([1], False),
    ],
)
def test_what_an_sdk_says_of_a_body_makes_it_cut_or_not(meta, cut):
    assert made(headers=JSON, data={"a": "x"}, meta=meta).get("truncated", False) is cut


@pytest.mark.parametrize("data", [[[]] * 20_000, json.dumps([[]] * 20_000)])
def test_a_body_of_too_many_parts_is_not_read(data):
    request = made(headers=JSON, data=data)
    assert "json" not in request
    assert request.get("truncated", False) is isinstance(data, list)
