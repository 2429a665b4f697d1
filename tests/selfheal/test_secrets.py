"""Sixty secrets, each planted in another place of one crash: none of them is in the bytes that leave. And what must not
be taken for a secret, because a crash cannot be understood without it."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from selfheal.frames import Tree
from selfheal.report import Draft
from selfheal.scrub import Scrubber
from selfheal.settings import read_settings

from tests.selfheal.planted import SECRETS, planted_requests, planted_values, recorded
from tests.selfheal.test_report import load, raised

SOURCE = """
SIGNING_KEY = {module!r}
from tests.selfheal.planted import crash_at_module
RESULT = None


def crash():
    PASSWORD = {literal!r}  # a literal in the code, which is shown around the line that fails
    try:
        connect({cause!r})
    except OSError as error:
        raise ExceptionGroup("two", [failed(error), member()])


def connect(db_secret):
    raise OSError("no login with password {message} here")


def failed(error):
    try:
        raise RuntimeError("password: {own}", {{"token": {argument!r}}}) from error
    except RuntimeError as caught:
        return caught


def member():
    try:
        raise ValueError("the api key is {member}")
    except ValueError as caught:
        return caught


def top():
    exec(compile("crash_at_module()", __file__, "exec"), globals())
"""


def _leaving(tmp_path: Path) -> bytes:
    settings, tree = read_settings({"root": str(tmp_path)}, {}), Tree(str(tmp_path))
    module = load(
        tmp_path / "shop",
        "planted",
        SOURCE.format(
            module=SECRETS["module level"],
            literal=SECRETS["source line"],
            cause=SECRETS["frame of the cause"],
            message=SECRETS["message of the cause"],
            own=SECRETS["exception message"],
            argument=SECRETS["argument of the exception"],
            member=SECRETS["member of a group"],
        ),
    )
    requests = planted_requests()
    drafts = [Draft(raised(module.crash), failing, requests, settings, tree) for failing in requests]
    drafts.append(
        Draft(raised(module.top), None, [], settings, tree, mechanism=f"job token={SECRETS['name of a job']}")
    )
    values = list(planted_values().items())
    for start in range(0, len(values), 8):
        some = dict(values[start : start + 8])
        holder = load(tmp_path / "shop", f"holder{start}", f"def crash({', '.join(some)}):\n    return 1 / 0\n")
        error = raised(functools.partial(holder.crash, **some))
        drafts.append(Draft(error, None, [], settings, tree))
    return b"\n".join(draft.write() for draft in drafts)


def _found(left: bytes) -> set[str]:
    text = left.decode("ascii")
    return {place for place, secret in SECRETS.items() if secret in text or quote(secret) in text}


def test_none_of_the_planted_secrets_leaves_the_process(tmp_path: Path) -> None:
    assert _found(_leaving(tmp_path)) == set()


def test_all_of_them_would_leave_without_the_redaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scrubber, "hides", lambda *_: False)
    for name in ("text", "source", "octets"):
        monkeypatch.setattr(Scrubber, name, lambda _, text: text)
    assert set(SECRETS) - _found(_leaving(tmp_path)) == set()
    assert len(set(SECRETS.values())) == len(SECRETS) >= 60


INNOCENT = [
    {"cart_id": 12, "order_number": "2026-000417", "sku": "MUG-BLUE-4111"},
    {"ean": "4006381333931", "tracking_code": "1Z999AA10123456784", "isbn": "978-3-16-148410-0"},
    {"id": "6f1c7c64-4111-4111-8111-111111111111"},
    {"commit": "5f0c1d2e3b4a59687766554433221100ffeeddcc"},
    {"etag": 'W/"33a64df551425fcc55e4d42a148795d9f25f89d4"'},
    {"created_at": "2026-11-20T12:00:00.123456Z", "timestamp": 1795176000},
    {"email": "ann@example.test", "name": "Ann Keyes", "phone": "+49 30 901820"},
    {"note": "leave it at the door: second floor, key under the mat"},
    {"url": "https://shop.test/orders/7?page=2&sort=price"},
    {"path": "/var/lib/shop/tokens/readme.txt"},
    {"coupon": "SUMMER-20", "code": "DE-BE", "status_code": 404},
    {"max_tokens": 512, "token_count": 3, "password_length": 12, "token_type": "bearer"},
    {"password": None, "token": "", "has_token": False, "secrets": []},
    {"author": "B. Arer", "authors": 3, "passenger": "Ann", "compass": "north"},
    {"keyboard": "qwerty", "monkey": "Koko", "primary_key": "order_id", "sort_key": "price"},
    {"idempotency_key": "order-7-attempt-2", "cache_key": "orders:7", "key": "total"},
    {"discard": True, "cardboard": "brown", "gift_card_design": "flowers", "shipping": "DHL"},
    {"session": "morning", "company": "Pinnacle", "country": "ES", "signal": 9},
    {"total": "1234.50", "price": 19.9, "quantity": -1, "ratio": 1e-9, "big": 20261120000417},
    {"query": "SELECT id, name FROM orders WHERE id = 7 AND state = 'open'"},
    {"sql": "INSERT INTO orders (id, name) VALUES (7, 'Ann')"},
    {"html": '<a href="/orders/7">order</a> <b class="total">19.90</b>'},
    {"xml": "<order><id>7</id><name>Ann</name></order>"},
    {"yaml": "order:\n  id: 7\n  name: Ann Keyes\n"},
    {"ini": "[shop]\nname = Ann Keyes\nport = 25\n"},
    {"args": ["--verbose", "--output", "report.csv", "-n", "3"]},
    {"text": "the bearer of this coupon; basic information; token expired; wrong password given"},
    {"message": "'NoneType' object has no attribute 'days'"},
    {"message": "invalid literal for int() with base 10: '3,5'"},
    {"message": "time data '31/12/26' does not match format '%Y-%m-%d'"},
    {"accept": "text/html,application/xhtml+xml;q=0.9", "user_agent": "Mozilla/5.0 (X11; Linux x86_64)"},
    {"ip": "192.168.10.44", "mac": "00:1B:44:11:3A:B7", "host": "db-1.internal:5432"},
    {"base64": "SGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXh0"},
    {"hex": "deadbeefcafebabe0123456789abcdef"},
    {"locale": "de_DE.UTF-8", "currency": "EUR", "timezone": "Europe/Berlin"},
    {"fields": ["password", "email"], "order_by": ["-created", "name"]},
    {"pairs": [["page", "2"], ["sort", "price"]], "point": [3, 4]},
    {"name": "size", "value": "XL"},
    {"lines": [{"sku": "GIFT-CARD", "qty": 1}], "return_policy": {"days": 14}},
    {"description": "Passport cover, 13 x 9 cm, secretary's choice"},
    {"version": "2.75.0", "build": "20261120.4", "python": "3.11.7"},
]


@pytest.mark.parametrize("value", INNOCENT, ids=lambda value: next(iter(value)))
def test_what_a_crash_is_understood_by_stays(value: dict[str, Any], tmp_path: Path) -> None:
    module = load(tmp_path / "shop", "innocent", "def crash(held):\n    return held.missing\n")
    settings = read_settings({"root": str(tmp_path)}, {})
    exchange = recorded(json.dumps(value).encode(), "application/json")
    report = Draft(raised(lambda: module.crash(value)), exchange, [], settings, Tree(str(tmp_path))).build()
    assert report["request"]["json"] == value
    assert report["frames"][-1]["locals"] == {"held": repr(value)}
    assert re.search("redacted", json.dumps(report)) is None
