"""Redaction by name and by form, in every container a secret travels in; and what must not be redacted."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selfheal.patterns import is_card_number, is_secret_name
from selfheal.scrub import Scrubber

SECRET_NAMES = """
    password Password PASSWORD pAsSwOrD db_password userPassword password_confirmation new-password passwd pwd
    passphrase secret client_secret clientSecret secret_key SECRET_KEY_BASE token access_token accessToken
    refreshToken tokens X-Admin-Token X-Auth-Token authtoken Authorization proxy-authorization auth auth_header
    Cookie Set-Cookie session_cookie api_key apiKey apikey API-KEY x-api-key stripe_api_key STRIPE_API_KEY
    private_key signing_key aws_secret_access_key credentials db_creds csrf_token X-CSRFToken jwt bearer otp pin
    card_pin cvv cvc cvv2 card_number cardNumber credit_card creditCardNumber cc_number session_id sessionid
    PHPSESSID ssn iban connection_string sentry_dsn X-Selfheal-Key X-Amz-Signature user.password
"""
ORDINARY_NAMES = """
    cart_id id order_number coupon_code coupon sku name email quantity total price status tracking_code
    passenger compass bypass author authors secretary tokenizer keyboard monkey key primary_key sort_key
    idempotency_key pinned shipping spinner panel company discard cardboard card gift_card_design reference
    user_agent country state code session signal accept content-type x-request-id line lines return_policy
    variant option hidden
"""


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_names_of_secrets_are_known_in_any_casing_with_any_affix(name: str) -> None:
    assert is_secret_name(name)
    assert Scrubber().data({name: "s3cr3t-value"}) == {name: "[redacted]"}


@pytest.mark.parametrize("name", ORDINARY_NAMES.split())
def test_names_of_ordinary_fields_are_left_alone(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "value",
    [
        {"cart_id": 12, "coupon": "SUMMER-20", "order_number": "2026-000417", "number": 20261120000417},
        {"sku": "MUG-4111-BLUE", "ean": "4006381333931", "tracking_code": "1Z999AA10123456784"},
        {"id": "6f1c7c64-4111-4111-8111-111111111111", "created_at": "2026-11-20T12:00:00.123456Z"},
        {"note": "leave it at the door: second floor", "query": "a=1&b=2", "url": "https://shop.test/orders/7?page=2"},
        {"iban_country": None, "password": None, "token": "", "has_token": False},
        {"max_tokens": 512, "token_count": 3, "password_length": 12, "milliseconds": 1795176000123},
        {"text": "the bearer of this coupon; basic information; token expired; wrong password given"},
    ],
)
def test_ordinary_values_come_through_unchanged(value: dict[str, Any]) -> None:
    assert Scrubber().data(value) == value


def test_none_flags_and_empty_values_of_secret_names_are_shown_because_crashes_come_from_them() -> None:
    value: dict[str, Any] = {"password": None, "token": "", "api_key": False, "credentials": {}, "tokens": []}
    assert Scrubber().data(value) == value


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
BASIC = base64.b64encode(b"bob:hunter2-basic").decode()
TEXTS = [
    ("Authorization: Bearer abcDEF123456", "abcDEF123456"),
    ("sent bearer 0a1b2c3d4e", "0a1b2c3d4e"),
    (f"Authorization: Basic {BASIC}", BASIC),
    (f"header was Basic {BASIC}", BASIC),
    (f"got {JWT} from the client", JWT[:20]),
    (f"cut off: {JWT[:45]}", JWT[:20]),
    ("connect to postgresql+psycopg://shop:hunter2@db:5432/shop failed", "hunter2"),
    ("postgres://shop:hun/ter2@db/shop", "hun/ter2"),
    ("redis://:hunter2pw@cache:6379/0", "hunter2pw"),
    ("https://user:p%40ss-word1@example.test/x", "p%40ss-word1"),
    ("http://0123456789abcdef@healer:8001/1", "0123456789abcdef"),
    ("card 4111 1111 1111 1111 was refused", "4111 1111 1111 1111"),
    ("card=5555-5555-5555-4444", "5555-5555-5555-4444"),
    ("378282246310005", "378282246310005"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----", "MIIEabc"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEcut", "MIIEcut"),
    ("key sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc used", "4eC39HqLyjWDarjtT1zdp7dc"),
    ("AKIA" + "IOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    ("ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijklmnop"),
    ("xoxb-" + "123456789012-abcdefghijkl", "abcdefghijkl"),
    ("$2b$12$" + "R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW is stored", "R9h/cIPz0gi"),
    ("pbkdf2_sha256$870000$" + "s4ltS4lt$b64b64b64b64b64b64=", "s4ltS4lt"),
    ("posted to https://hooks.slack.com/services/" + "T02AB3CDE/B07XYZ12K/aB3dE5fG7hJ9kL1m", "aB3dE5fG7hJ9kL1m"),
    ("login(user='bob', password='hunter2')", "hunter2"),
    ("password=hunter2&user=bob", "hunter2"),
    ("password: hunter2", "hunter2"),
    ("the password is hunter2!", "hunter2"),
    ("wrong password 'correct horse'", "correct horse"),
    ('{"user": "bob", "db_password": "hun\\"ter2", "n": 1}', "ter2"),
    (json.dumps({"raw": json.dumps({"password": "hunter2", "n": 1})}), "hunter2"),
    ("{'api_key': 'abc-def', 'n': 1}", "abc-def"),
    ("{'X-Api-Key': b'abc-def'}", "abc-def"),
    ("[(b'authorization', b'Custom abc-def'), (b'host', b'x')]", "abc-def"),
    ("Settings(db_password=SecretStr('abc-def'), debug=True)", "abc-def"),
    ("--password=hunter2 --verbose", "hunter2"),
    ("Cookie: session=abc-def; theme=dark", "abc-def"),
    ("GET /reset?token=abc-def&x=1", "abc-def"),
    ("headers['X-Api-Key'] = 'abc-def'", "abc-def"),
]


@pytest.mark.parametrize(("text", "secret"), TEXTS)
def test_secrets_inside_texts(text: str, secret: str) -> None:
    clean = Scrubber().text(text)
    assert secret not in clean
    assert "[redacted]" in clean


def test_the_rest_of_a_text_stays() -> None:
    scrub = Scrubber()
    assert scrub.text("login(user='bob', password='x1', n=3)") == "login(user='bob', password='[redacted]', n=3)"
    assert scrub.text('{"token": "x1", "id": 7}') == '{"token": "[redacted]", "id": 7}'
    assert scrub.text("postgres://shop:hunter2@db/shop") == "postgres://shop:[redacted]@db/shop"


@pytest.mark.parametrize(
    ("line", "clean"),
    [
        ("    password = form.password", "    password = form.password"),
        ("    token = read_token(request)", "    token = read_token(request)"),
        ('API_KEY = "abc-def"', 'API_KEY = "[redacted]"'),
        ("API_KEY: str = 'abc-def'", "API_KEY: str = '[redacted]'"),
        ('key = os.getenv("API_KEY", "default-key-1")', 'key = os.getenv("API_KEY", "[redacted]")'),
        ('if field in ("password", "email"):', 'if field in ("password", "email"):'),
        ("db = 'postgres://shop:hunter2@db/shop'", "db = 'postgres://shop:[redacted]@db/shop'"),
    ],
)
def test_source_lines_lose_literals_and_keep_code(line: str, clean: str) -> None:
    assert Scrubber().source(line) == clean


@pytest.mark.parametrize(
    ("target", "clean"),
    [
        ("/returns?x=1&y=%20a", "/returns?x=1&y=%20a"),
        ("/a%2Fb/c", "/a%2Fb/c"),
        ("/x?token=abc&n=1", "/x?token=[redacted]&n=1"),
        ("/x?access%5Ftoken=abc", "/x?access%5Ftoken=[redacted]"),
        ("/x?next=http%3A%2F%2Fu%3Ahunter2%40h%2F", "/x?next=http://u:[redacted]@h/"),
        ("/password-reset/f3b1c5d7e9a1b3c5d7", "/password-reset/[redacted]"),
        (f"/verify/{JWT}", "/verify/[redacted]"),
        ("/tokens/15", "/tokens/15"),
    ],
)
def test_paths_and_query_strings(target: str, clean: str) -> None:
    assert Scrubber().target(target) == clean


def test_headers() -> None:
    raw = [
        (b"X-Admin-Token", b"sandbox"),
        (b"Authorization", b"Bearer abc"),
        (b"Cookie", b"a=1"),
        (b"Cookie", b"b=2"),
        (b"Accept", b"text/html"),
        (b"Accept", b"*/*"),
        (b"Referer", b"https://x.test/?token=abc-def"),
        (b"Content-Length", b"12"),
    ]
    assert Scrubber().headers(raw) == {
        "x-admin-token": "[redacted]",
        "authorization": "[redacted]",
        "cookie": "[redacted]",
        "accept": "text/html, */*",
        "referer": "https://x.test/?token=[redacted]",
    }


def test_a_secret_once_found_is_found_again_everywhere() -> None:
    scrub = Scrubber()
    scrub.data({"password": "Tr0ub4dor&3"})
    scrub.headers([(b"authorization", b"Bearer tok-77-abc")])
    swept = scrub.sweep(
        {"message": "no user with Tr0ub4dor&3", "list": ["x tok-77-abc y"], "quoted": quote("Tr0ub4dor&3"), "n": 1}
    )
    assert swept == {"message": "no user with [redacted]", "list": ["x [redacted] y"], "quoted": "[redacted]", "n": 1}


def test_ordinary_words_are_not_searched_for_even_when_they_were_a_password() -> None:
    scrub = Scrubber()
    scrub.data({"password": "orders", "pin": 1234, "token": "token"})
    assert scrub.sweep("/orders/1234/token") == "/orders/1234/token"


def test_further_names_can_be_given() -> None:
    scrub = Scrubber(["customer_note"])
    assert scrub.data({"Customer_Note": "x", "note": "y"}) == {"Customer_Note": "[redacted]", "note": "y"}
    assert scrub.text("customer_note='a b c'") == "customer_note='[redacted]'"


def test_own_patterns_are_hidden_in_texts_and_numbers() -> None:
    scrub = Scrubber(patterns=[re.compile("CUST-[0-9]{8}"), re.compile("77[0-9]{2}|")])
    value = {"a": "of CUST-00000001", "b": 7712, "CUST-00000002": [771]}
    assert scrub.data(value) == {"a": "of [redacted]", "b": "[redacted]", "[redacted]": [771]}
    assert scrub.target("/c/CUST-00000003") == "/c/[redacted]"
    assert scrub.source("if of == 'CUST-00000004':") == "if of == '[redacted]':"
    assert scrub.sweep({"at": "Decimal('7712')"}) == {"at": "Decimal('[redacted]')"}


def test_pairs_and_said_names() -> None:
    scrub = Scrubber()
    assert scrub.data([["api_key", "abc"], ["page", "2"]]) == [["api_key", "[redacted]"], ["page", "2"]]
    assert scrub.data({"name": "password", "value": "x"}) == {"name": "password", "value": "[redacted]"}
    assert scrub.data({"fields": ["password", "email"]}) == {"fields": ["password", "email"]}


def test_card_numbers_given_as_numbers() -> None:
    assert Scrubber().data({"a": 4111111111111111, "b": 4111111111111112}) == {"a": "[redacted]", "b": 4111111111111112}
    assert is_card_number("4111-1111-1111-1111")


affix = st.sampled_from(["", "db_", "stripe_", "x-", "old-", "the "])
secret_name = st.builds(
    lambda before, name, upper: before + "".join(c.upper() if u else c for c, u in zip(name, upper, strict=False)),
    affix,
    st.sampled_from(["password", "api_key", "secret", "access_token", "authorization", "card_number", "credentials"]),
    st.lists(st.booleans(), min_size=16, max_size=16),
)
plain = st.one_of(st.none(), st.booleans(), st.integers(0, 9999), st.sampled_from(["blue", "a b", "ünï", "", "x=1"]))
ordinary = st.dictionaries(st.sampled_from(["id", "name", "lines", "note"]), plain, max_size=3)
SECRET = "Zq9-hidden-7Wk"


def nested(name: str, others: list[Any], path: list[bool]) -> Any:
    value: Any = {name: SECRET, "beside": others}
    for listed in path:
        value = [value, 1] if listed else {"inner": value, "n": 2}
    return value


@settings(derandomize=True, max_examples=80, deadline=None)
@given(secret_name, st.lists(ordinary, max_size=2), st.lists(st.booleans(), max_size=6))
def test_a_secret_leaves_in_no_container(name: str, others: list[Any], path: list[bool]) -> None:
    value = nested(name, others, path)
    scrub = Scrubber()
    assert SECRET not in json.dumps(scrub.data(value))
    assert SECRET not in scrub.text(json.dumps(value))
    assert SECRET not in scrub.text(repr(value))
    assert SECRET not in scrub.target("/x?" + urlencode({name: SECRET, "page": 2}))
    assert SECRET not in json.dumps(scrub.fields([("page", "2"), (name, SECRET)]))


@settings(derandomize=True, max_examples=80, deadline=None)
@given(
    st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ORDINARY_NAMES.split()), inner),
    )
)
def test_structures_without_secrets_are_unchanged(value: Any) -> None:
    assert Scrubber().data(value) == value


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.text(st.sampled_from("password=:'\"\\@/ eyJ.-{}[](),\n0123456789%&?"), max_size=200))
def test_any_text_is_survived(text: str) -> None:
    scrub = Scrubber()
    scrub.text(text)
    scrub.source(text)
    scrub.target(text)


# With a pattern that backtracks over them, any of these takes minutes or hours.
HOSTILE = [
    ("", "a."),
    ("", "-"),
    ("", "password "),
    ("", "x"),
    ("", "'\\"),
    ("", "1 "),
    ("", "http://"),
    ("", "=:"),
    ("", "eyJ"),
    ("", "\\"),
    ("", "redis://a:"),
    ("", "<token>"),
    ("", "token="),
    ("", "key="),
    ("", "key=["),
    ("", "key={"),
    ("", "key=a("),
    ("", "name='"),
    ("", "cookie:"),
    ("", "failing row contains ("),
    ("", "password '"),
    ("", "-----BEGIN "),
    ("", "--a "),
    ("", "bearer "),
    ("", "<a:b>"),
    ("", "export TOKEN="),
    ("", "token:| "),
    ("", "[parameters: ("),
    ("pw values ('", "a"),
    ("password values (", "\\'"),
    ("password values ('", "''"),
    ('password values ("', '\\"'),
    ("token='", "\\"),
    ("cookie:", "\n"),
]


@pytest.mark.parametrize(("start", "piece"), HOSTILE)
def test_hostile_texts_take_no_superlinear_time(start: str, piece: str) -> None:
    text = start + piece * (100_000 // len(piece))
    started = time.thread_time()
    Scrubber().text(text)
    Scrubber().source(text[:400])
    assert time.thread_time() - started < 3


def test_a_line_of_escapes_without_an_end_is_read_at_once() -> None:
    started = time.thread_time()
    Scrubber().source("x = '" + "\\n" * 190)
    assert time.thread_time() - started < 1


def test_sweeping_secrets_that_nearly_stand_everywhere_is_quick() -> None:
    scrub = Scrubber()
    secrets = ["-" * 1999 + character for character in "abcdefghij"]
    scrub.remember(secrets)
    started = time.thread_time()
    assert scrub.sweep("-" * 200_000 + "|".join(secrets)).count("[redacted]") == 10
    assert time.thread_time() - started < 2


def test_a_secret_inside_of_a_word_stays_there() -> None:
    scrub = Scrubber()
    scrub.remember("Tr0ub4")
    assert scrub.sweep("Tr0ub4 xTr0ub4 Tr0ub4x (Tr0ub4)") == "[redacted] xTr0ub4 Tr0ub4x ([redacted])"


def test_the_value_after_an_empty_one_of_a_statement_is_hidden() -> None:
    assert Scrubber().text("INSERT INTO u (name, token) VALUES ('', 'abc-def')").endswith("VALUES ('', '[redacted]')")
