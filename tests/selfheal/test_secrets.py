"""Sixty secrets, each planted in another place of one crash: none of them is in the bytes that leave. And what must not
be taken for a secret, because a crash cannot be understood without it."""

from __future__ import annotations

import dataclasses
import enum
import functools
import gzip
import json
import re
import zlib
from collections import deque, namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pydantic
import pytest
from selfheal.exchange import Exchange
from selfheal.frames import Tree
from selfheal.report import Draft
from selfheal.scrub import Scrubber
from selfheal.settings import read_settings

from tests.selfheal.test_report import load, raised

S = {  # place -> secret, all by a random generator
    "camel case": "q7Zt4mPx9LwR",
    "upper case": "Hn-20dkM_x1",
    "with an affix": "b8Xk2mmQ07",
    "dashes": "zK0aa81pLm",
    "without separators": "0pQw93kdLz",
    "nested dict": "n3St-4d.91x",
    "list of dicts": "L1st-0f-77Kd",
    "json in a string": "js0n-1n-Str",
    "json in json in a string": "dE3per-9x2K",
    "user of a url": "uRl.pw-81kz",
    "key of a url": "9f3c0a77d1e2",
    "database url with a slash": "sl/ash77Kq",
    "query string": "qu3rY-5tr1ng",
    "coded query string": "c0d%3DedQ9x",
    "fragment": "fr4gMent-x0z",
    "path": "Zx81mQ0pLk92nVt3Wq",
    "custom header": "hdr-99-xKcd",
    "bearer header": "br7er-Tk0m2x",
    "digest header": "d1gest5Response0x",
    "cookie": "c00kie-vAl-8",
    "answered cookie": "s3t-c00kie-4x",
    "proxy header": "cHJveHk6c2VjcmV0LXB3LTk=",
    "referer": "r3ferer-9kQ",
    "repr of a model": "m0del-r3pr-2",
    "repr of a dataclass": "dat4class-7Kz",
    "attribute": "attr-1but3-9w",
    "slot": "sl0t-v4lue-x1",
    "named tuple": "tupl3-n4med-0",
    "namespace": "n4mesp4ce-7x",
    "exception message": "mess4ge-88kQ",
    "argument of the exception": "arg-0f-Err-5z",
    "message of the cause": "c4use-k93-mQ",
    "frame of the cause": "caus3-l0cal-7",
    "member of a group": "gr0up-m3mb3r-4",
    "sql literal": "sq1-L1teral-9",
    "sql parameters by place": "p4rams-sql-0w",
    "sql parameters by name": "p4r4ms-n4me-2",
    "values of an insert": "1nsert-vals-8",
    "failing row": "f4iling-r0w-6",
    "form": "f0rm-f1eld-3x",
    "multipart": "mult1p4rt-9Lq",
    "compressed body": "gz1p-b0dy-77x",
    "xml element": "xm1-el3ment-5",
    "xml attribute": "xm1-4ttr-8kZ",
    "graphql": "gr4phQl-arg-1",
    "json lines": "js0n-l1nes-6w",
    "urlencoded in json": "f0rm-in-js0n-4",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.Qm0pLk92nVt3WqZx81",
    "pem": "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
    "card": "4539 1488 0343 6467",
    "cloud key": "AKIAZZ9PLKQ3MNB7VCXD",
    "pairs": "p41rs-0f-h3ad",
    "environment text": "env t3xt with sp4ces",
    "yaml": "y4ml-bl0ck-9x",
    "ini": "1ni-f1le-v4l 7",
    "command line": "cmd-l1ne-0pt-3",
    "bytes": "byt3s-l1teral-5",
    "deque and set": "d3que-set-91k",
    "enum": "en0m-m3mber-2q",
    "source line": "s0urce-l1ne-4Z",
    "earlier request": "e4rlier-r3q-7",
    "module level": "m0dule-l3vel-1",
    "setting by name": "s3tting-n4me-6",
    "validation error": "v4l1dat10n-8x",
    "key of a mapping": "k3y-0f-a-m4p-2",
    "key of an answer": "k3y-0f-4nswer",
    "name of a job": "j0b-n4me-7Qx",
}


class Login(pydantic.BaseModel):
    user: str = "ann"
    db_password: str = ""


@dataclasses.dataclass
class Mailbox:
    host: str
    imap_pwd: str


class Gateway:
    def __init__(self, key: str) -> None:
        self.merchantKey = key
        self.endpoint = "https://pay.test"


class Slotted:
    __slots__ = ("refresh_token",)

    def __init__(self, token: str) -> None:
        self.refresh_token = token


Credentials = namedtuple("Credentials", "login passphrase")


class Provider(enum.Enum):
    CLIENT_SECRET = S["enum"]


def _values() -> dict[str, Any]:
    """Arguments of what crashes."""
    return {
        "config": {"merchantSecret": S["camel case"], "DB_PASSWORD": S["upper case"]},
        "stripe_api_key": S["with an affix"],
        "headers": {"x-Api-Key": S["dashes"], "authtoken": S["without separators"]},
        "nested": {"smtp": {"relay": {"Password": S["nested dict"]}}, "hosts": [{"access_token": S["list of dicts"]}]},
        "text": json.dumps({"clientSecret": S["json in a string"]}),
        "deeper": json.dumps({"raw": json.dumps({"token": S["json in json in a string"]})}),
        "urls": [
            f"https://bob:{S['user of a url']}@example.test/x",
            f"http://{S['key of a url']}@sink.test/7",
            f"postgresql+psycopg://shop:{S['database url with a slash']}@db/shop",
            f"https://app.test/back#access_token={S['fragment']}&state=1",
        ],
        "answer": [(b"set-cookie", f"sid={S['answered cookie']}; Path=/".encode())],
        "model": Login(db_password=S["repr of a model"]),
        "held": f"saving {Mailbox('mx1', S['repr of a dataclass'])}",
        "gateway": Gateway(S["attribute"]),
        "slotted": Slotted(S["slot"]),
        "credential_pair": [Credentials("ann", S["named tuple"])],
        "space": SimpleNamespace(jwt=S["namespace"], n=1),
        "soap": f"<s:Login><s:Password>{S['xml element']}</s:Password></s:Login>",
        "node": f'<conn user="app" passwd="{S["xml attribute"]}" />',
        "query": f'mutation {{ login(user: "ann", password: "{S["graphql"]}") {{ id }} }}',
        "lines": f'{{"n": 1}}\n{{"n": 2, "auth_code": "{S["json lines"]}"}}\n',
        "posted": {"raw": f"user=ann&password={S['urlencoded in json']}&n=1"},
        "assertion": f"got {S['jwt']} from the client",
        "pem": f"-----BEGIN PRIVATE KEY-----\n{S['pem']}\n-----END PRIVATE KEY-----",
        "note": f"charged {S['card']} again",
        "bucket": f"s3 with {S['cloud key']} failed",
        "pairs": [["page", "2"], ["api_key", S["pairs"]]],
        "env": f"export A_SECRET={S['environment text']}\nDEBUG=1\n",
        "manifest": f"env:\n  - name: DB_PASSWORD\n    value: {S['yaml']}\n  - name: DEBUG\n    value: 1\n",
        "ini": f"[smtp]\nuser = ann\npassword = {S['ini']}\nport = 25\n",
        "command": ["backup", "--password", S["command line"], "--verbose"],
        "raw": f'{{"pin_code": "{S["bytes"]}"}}'.encode(),
        "queue": deque([("token", S["deque and set"])]),
        "seen": {f"otp={S['deque and set']}"},
        "member": Provider.CLIENT_SECRET,
        "packed": gzip.compress(S["compressed body"].encode()),
        "packed_too": zlib.compress(S["compressed body"].encode()),
        "settings": [{"name": "smtp_password", "value": S["setting by name"]}],
        "sql": (
            f"[SQL: UPDATE users SET password = '{S['sql literal']}' WHERE id = 4]",
            "[SQL: INSERT INTO users (name, password_hash) VALUES (?, ?)]\n"
            f"[parameters: ('ann', '{S['sql parameters by place']}')]",
            "[SQL: UPDATE u SET password=%(password)s]\n"
            f"[parameters: {{'password': '{S['sql parameters by name']}', 'id': 4}}]",
            f"INSERT INTO users (id, name, api_token) VALUES (4, 'ann', '{S['values of an insert']}')",
            f"DETAIL:  Failing row contains (4, ann, {S['failing row']}, null).",
        ),
        "invalid": "1 validation error for Login\nuser.password\n  String should have at least 20 characters "
        f"[type=string_too_short, input_value='{S['validation error']}', input_type=str]\n",
        "digest": f'Authorization: Digest username="ann", response="{S["digest header"]}"',
    }


SOURCE = """
SIGNING_KEY = {module!r}
from tests.selfheal.test_secrets import crash_at_module
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


def crash_at_module() -> None:
    raise LookupError("at the level of a module")


def _request(body: bytes, content_type: str, *more: tuple[str, str], target: str = "/login") -> Exchange:
    headers = [("content-type", content_type), ("content-length", str(len(body))), *more]
    exchange = Exchange("POST", target, [(name.encode(), value.encode()) for name, value in headers])
    exchange.feed(body, False)
    exchange.begin_answer(200, [])
    return exchange


def _requests() -> list[Exchange]:
    multipart = f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{S["multipart"]}\r\n--b--\r\n'
    keyed = {"password": S["key of a mapping"], "seen": {S["key of a mapping"]: 1}}
    answered = _request(json.dumps(keyed).encode(), "application/json")
    answered.begin_answer(200, [(b"content-type", b"application/json")])
    answered.feed_answer(json.dumps({f"token={S['key of an answer']}": {"id": 7}}).encode())
    return [
        _request(
            b"",
            "",
            ("x-acme-auth-key", S["custom header"]),
            ("authorization", f"Bearer {S['bearer header']}"),
            ("cookie", f"theme=dark; sid={S['cookie']}"),
            ("proxy-authorization", f"Basic {S['proxy header']}"),
            ("referer", f"https://shop.test/?reset_token={S['referer']}"),
            target=f"/reset-token/{S['path']}?access_token={S['query string']}"
            f"&filter={quote(json.dumps({'apiToken': S['coded query string']}))}",
        ),
        _request(f"user=ann&passwort={S['form']}".encode(), "application/x-www-form-urlencoded"),
        _request(multipart.encode(), "multipart/form-data; boundary=b"),
        _request(
            gzip.compress(json.dumps({"pw": S["compressed body"]}).encode()),
            "application/json",
            ("content-encoding", "gzip"),
        ),
        _request(
            json.dumps({"cvc": 123, "card": {"security_code": S["earlier request"]}}).encode(), "application/json"
        ),
        answered,
    ]


def _leaving(tmp_path: Path) -> bytes:
    settings, tree = read_settings({"root": str(tmp_path)}, {}), Tree(str(tmp_path))
    module = load(
        tmp_path / "shop",
        "planted",
        SOURCE.format(
            module=S["module level"],
            literal=S["source line"],
            cause=S["frame of the cause"],
            message=S["message of the cause"],
            own=S["exception message"],
            argument=S["argument of the exception"],
            member=S["member of a group"],
        ),
    )
    requests = _requests()
    drafts = [Draft(raised(module.crash), failing, requests, settings, tree) for failing in requests]
    drafts.append(Draft(raised(module.top), None, [], settings, tree, mechanism=f"job token={S['name of a job']}"))
    values = list(_values().items())
    for start in range(0, len(values), 8):
        some = dict(values[start : start + 8])
        holder = load(tmp_path / "shop", f"holder{start}", f"def crash({', '.join(some)}):\n    return 1 / 0\n")
        error = raised(functools.partial(holder.crash, **some))
        drafts.append(Draft(error, None, [], settings, tree))
    return b"\n".join(draft.write() for draft in drafts)


def _found(left: bytes) -> set[str]:
    text = left.decode("ascii")
    return {place for place, secret in S.items() if secret in text or quote(secret) in text}


def test_none_of_the_planted_secrets_leaves_the_process(tmp_path: Path) -> None:
    assert _found(_leaving(tmp_path)) == set()


def test_all_of_them_would_leave_without_the_redaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scrubber, "hides", lambda *_: False)
    for name in ("text", "source", "octets"):
        monkeypatch.setattr(Scrubber, name, lambda _, text: text)
    assert set(S) - _found(_leaving(tmp_path)) == set()
    assert len(set(S.values())) == len(S) >= 60


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
    exchange = _request(json.dumps(value).encode(), "application/json")
    report = Draft(raised(lambda: module.crash(value)), exchange, [], settings, Tree(str(tmp_path))).build()
    assert report["request"]["json"] == value
    assert report["frames"][-1]["locals"] == {"held": repr(value)}
    assert re.search("redacted", json.dumps(report)) is None
