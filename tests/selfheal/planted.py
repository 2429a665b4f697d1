"""Secrets in all the places where they lie in practice: values of a frame, requests, the text around them."""

from __future__ import annotations

import dataclasses
import enum
import gzip
import json
import zlib
from collections import deque, namedtuple
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pydantic
from selfheal.exchange import Exchange

SECRETS = {  # place -> secret, all by a random generator
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
    CLIENT_SECRET = SECRETS["enum"]


def planted_values() -> dict[str, Any]:
    """Arguments of what crashes."""
    return {
        "config": {"merchantSecret": SECRETS["camel case"], "DB_PASSWORD": SECRETS["upper case"]},
        "stripe_api_key": SECRETS["with an affix"],
        "headers": {"x-Api-Key": SECRETS["dashes"], "authtoken": SECRETS["without separators"]},
        "nested": {
            "smtp": {"relay": {"Password": SECRETS["nested dict"]}},
            "hosts": [{"access_token": SECRETS["list of dicts"]}],
        },
        "text": json.dumps({"clientSecret": SECRETS["json in a string"]}),
        "deeper": json.dumps({"raw": json.dumps({"token": SECRETS["json in json in a string"]})}),
        "urls": [
            f"https://bob:{SECRETS['user of a url']}@example.test/x",
            f"http://{SECRETS['key of a url']}@sink.test/7",
            f"postgresql+psycopg://shop:{SECRETS['database url with a slash']}@db/shop",
            f"https://app.test/back#access_token={SECRETS['fragment']}&state=1",
        ],
        "answer": [(b"set-cookie", f"sid={SECRETS['answered cookie']}; Path=/".encode())],
        "model": Login(db_password=SECRETS["repr of a model"]),
        "held": f"saving {Mailbox('mx1', SECRETS['repr of a dataclass'])}",
        "gateway": Gateway(SECRETS["attribute"]),
        "slotted": Slotted(SECRETS["slot"]),
        "credential_pair": [Credentials("ann", SECRETS["named tuple"])],
        "space": SimpleNamespace(jwt=SECRETS["namespace"], n=1),
        "soap": f"<s:Login><s:Password>{SECRETS['xml element']}</s:Password></s:Login>",
        "node": f'<conn user="app" passwd="{SECRETS["xml attribute"]}" />',
        "query": f'mutation {{ login(user: "ann", password: "{SECRETS["graphql"]}") {{ id }} }}',
        "lines": f'{{"n": 1}}\n{{"n": 2, "auth_code": "{SECRETS["json lines"]}"}}\n',
        "posted": {"raw": f"user=ann&password={SECRETS['urlencoded in json']}&n=1"},
        "assertion": f"got {SECRETS['jwt']} from the client",
        "pem": f"-----BEGIN PRIVATE KEY-----\n{SECRETS['pem']}\n-----END PRIVATE KEY-----",
        "note": f"charged {SECRETS['card']} again",
        "bucket": f"s3 with {SECRETS['cloud key']} failed",
        "pairs": [["page", "2"], ["api_key", SECRETS["pairs"]]],
        "env": f"export A_SECRET={SECRETS['environment text']}\nDEBUG=1\n",
        "manifest": f"env:\n  - name: DB_PASSWORD\n    value: {SECRETS['yaml']}\n  - name: DEBUG\n    value: 1\n",
        "ini": f"[smtp]\nuser = ann\npassword = {SECRETS['ini']}\nport = 25\n",
        "command": ["backup", "--password", SECRETS["command line"], "--verbose"],
        "raw": f'{{"pin_code": "{SECRETS["bytes"]}"}}'.encode(),
        "queue": deque([("token", SECRETS["deque and set"])]),
        "seen": {f"otp={SECRETS['deque and set']}"},
        "member": Provider.CLIENT_SECRET,
        "packed": gzip.compress(SECRETS["compressed body"].encode()),
        "packed_too": zlib.compress(SECRETS["compressed body"].encode()),
        "settings": [{"name": "smtp_password", "value": SECRETS["setting by name"]}],
        "sql": (
            f"[SQL: UPDATE users SET password = '{SECRETS['sql literal']}' WHERE id = 4]",
            "[SQL: INSERT INTO users (name, password_hash) VALUES (?, ?)]\n"
            f"[parameters: ('ann', '{SECRETS['sql parameters by place']}')]",
            "[SQL: UPDATE u SET password=%(password)s]\n"
            f"[parameters: {{'password': '{SECRETS['sql parameters by name']}', 'id': 4}}]",
            f"INSERT INTO users (id, name, api_token) VALUES (4, 'ann', '{SECRETS['values of an insert']}')",
            f"DETAIL:  Failing row contains (4, ann, {SECRETS['failing row']}, null).",
        ),
        "invalid": "1 validation error for Login\nuser.password\n  String should have at least 20 characters "
        f"[type=string_too_short, input_value='{SECRETS['validation error']}', input_type=str]\n",
        "digest": f'Authorization: Digest username="ann", response="{SECRETS["digest header"]}"',
    }


def crash_at_module() -> None:
    raise LookupError("at the level of a module")


def recorded(body: bytes, content_type: str, *more: tuple[str, str], target: str = "/login") -> Exchange:
    headers = [("content-type", content_type), ("content-length", str(len(body))), *more]
    exchange = Exchange("POST", target, [(name.encode(), value.encode()) for name, value in headers])
    exchange.feed(body, False)
    exchange.begin_answer(200, [])
    return exchange


def planted_requests() -> list[Exchange]:
    multipart = f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{SECRETS["multipart"]}\r\n--b--\r\n'
    keyed = {"password": SECRETS["key of a mapping"], "seen": {SECRETS["key of a mapping"]: 1}}
    answered = recorded(json.dumps(keyed).encode(), "application/json")
    answered.begin_answer(200, [(b"content-type", b"application/json")])
    answered.feed_answer(json.dumps({f"token={SECRETS['key of an answer']}": {"id": 7}}).encode())
    return [
        recorded(
            b"",
            "",
            ("x-acme-auth-key", SECRETS["custom header"]),
            ("authorization", f"Bearer {SECRETS['bearer header']}"),
            ("cookie", f"theme=dark; sid={SECRETS['cookie']}"),
            ("proxy-authorization", f"Basic {SECRETS['proxy header']}"),
            ("referer", f"https://shop.test/?reset_token={SECRETS['referer']}"),
            target=f"/reset-token/{SECRETS['path']}?access_token={SECRETS['query string']}"
            f"&filter={quote(json.dumps({'apiToken': SECRETS['coded query string']}))}",
        ),
        recorded(f"user=ann&passwort={SECRETS['form']}".encode(), "application/x-www-form-urlencoded"),
        recorded(multipart.encode(), "multipart/form-data; boundary=b"),
        recorded(
            gzip.compress(json.dumps({"pw": SECRETS["compressed body"]}).encode()),
            "application/json",
            ("content-encoding", "gzip"),
        ),
        recorded(
            json.dumps({"cvc": 123, "card": {"security_code": SECRETS["earlier request"]}}).encode(), "application/json"
        ),
        answered,
    ]
