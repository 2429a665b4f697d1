"""Each rule refuses what it names, in the shapes it comes in, and lets the honest repair beside it through."""

from __future__ import annotations

import re
import textwrap
import time
from pathlib import Path

import pytest
from healer.model import Candidate, Change
from healer.stages.guardrails import NEVER_OFF, RULES, Policy, check, modules_of
from hypothesis import given, settings
from hypothesis import strategies as st

BASE = '''"""Orders of a small shop."""

import logging
import os
import secrets
import sqlite3
from html import escape

import selfheal
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException
from fastapi.middleware.cors import CORSMiddleware

from .auth import current_user, require_role
from .limits import limiter
from .logs import redact

log = logging.getLogger(__name__)
app = FastAPI()
selfheal.init()
app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"])
router = APIRouter(dependencies=[Depends(current_user)])
ORDERS = {"a1": {"owner": "u1", "items": [], "note": None}}
ADMIN_ROLES = {"admin"}
LIMIT = int(os.environ.get("ORDERS_LIMIT", "50"))


def connect():
    return sqlite3.connect("shop.db")


@app.get("/orders/{key}")
def show(key: str, user: dict = Depends(current_user)):
    order = ORDERS[key]
    if order["owner"] != user["id"]:
        raise HTTPException(403, "not yours")
    return order


@app.get("/mean/{key}")
@limiter.limit("5/minute")
def mean(key: str, limit: int = 10):
    order = ORDERS.get(key)
    if order is None:
        raise HTTPException(404, "no such order")
    prices = [item["price"] for item in order["items"]][:limit]
    log.info("mean of %s", redact(order))
    return {"mean": sum(prices) / len(prices)}


@app.post("/orders/{key}/cancel")
def cancel(key: str, token: str = Header()):
    require_role(token, "admin")
    if not secrets.compare_digest(token, os.environ["SHOP_TOKEN"]):
        raise HTTPException(401, "wrong token")
    del ORDERS[key]
    return {"cancelled": key}


@app.get("/page/{key}")
def page(key: str):
    order = ORDERS[key]
    return "<p>" + escape(order["note"]) + "</p>"


def find(connection, name, limit):
    rows = connection.execute("SELECT id FROM orders WHERE name = ? AND owner_id = ? LIMIT ?", (name, 1, limit))
    return rows.fetchall()


def is_staff(user):
    return user["role"] in ADMIN_ROLES


def _quantity(text):
    return int(text)
'''
POLICY = Policy(("shop",), dependencies=frozenset({"fastapi", "selfheal"}), imported=frozenset({"shop"}))


def broken(after: str, *, before: str = BASE, file: str = "shop/app.py", policy: Policy = POLICY) -> set[int]:
    return {one.number for one in check(Candidate("x", "x", (Change(file, before, after),)), policy)}


def sub(*pairs: tuple[str, str]) -> str:
    text = BASE
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


RESULT = 'return {"mean": sum(prices) / len(prices)}'


def mean(body: str, imports: str = "") -> str:
    """The handler of /mean with another end."""
    lines = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return sub(("    " + RESULT, lines), ("import logging\n", f"import logging\n{imports}\n"))


BAD = [
    (1, mean(f"try:\n    {RESULT}\nexcept Exception:\n    raise HTTPException(400)")),
    (1, mean(f"E = (ValueError, Exception)\ntry:\n    {RESULT}\nexcept E as e:\n    raise HTTPException(400)")),
    (1, mean(f"try:\n    {RESULT}\nexcept* Exception:\n    raise HTTPException(400)")),
    (
        1,
        sub(
            (
                "def is_staff",
                (
                    "@app.exception_handler(Exception)\ndef oops(request, exc):\n"
                    '    return {"detail": "x"}\n\n\ndef is_staff'
                ),
            )
        ),
    ),
    (
        1,
        mean(
            f"try:\n    {RESULT}\nexcept Any as e:\n    raise HTTPException(400)",
            "from builtins import Exception as Any",
        ),
    ),
    (2, mean(f"try:\n    {RESULT}\nexcept ZeroDivisionError:\n    return {{'mean': 0}}")),
    (2, mean("out = {'mean': 0}\ntry:\n    out = {'mean': sum(prices) / len(prices)}\nfinally:\n    return out")),
    (2, mean(f"from contextlib import suppress as quiet\nwith quiet(ZeroDivisionError):\n    {RESULT}\nreturn {{}}")),
    (
        2,
        mean(
            f"try:\n    {RESULT}\nexcept ZeroDivisionError:\n    log.warning('x')\n"
            f"    result = None\nreturn {{'mean': None}}"
        ),
    ),
    (
        2,
        sub(
            (
                "def is_staff",
                (
                    "class quiet:\n    def __enter__(self):\n        return self\n\n"
                    "    def __exit__(self, *a):\n        return True\n\n\ndef is_staff"
                ),
            ),
            ("    " + RESULT + "\n", '    with quiet():\n        return {"mean": sum(prices) / len(prices)}\n'),
        ),
    ),
    (3, mean(f"if key == 'ord-1042':\n    return {{'mean': 0}}\n{RESULT}")),
    (3, mean(f"match key:\n    case 'a1':\n        return {{'mean': 0}}\n{RESULT}")),
    (3, mean(f"if key in ('x77', 'x78'):\n    raise HTTPException(404)\n{RESULT}")),
    (3, mean(f"if key.startswith('ord-10'):\n    return {{'mean': 0}}\n{RESULT}")),
    (3, mean(f"known = {{'a17': 0}}\nif key in known:\n    return {{'mean': known[key]}}\n{RESULT}")),
    (4, sub(('    if order["owner"] != user["id"]:\n        raise HTTPException(403, "not yours")\n', ""))),
    (4, sub(('    if order["owner"] != user["id"]:', '    if order["owner"] and order["owner"] != user["id"]:'))),
    (
        4,
        sub(
            ("def show(key: str, user: dict = Depends(current_user)):", "def show(key: str, user: dict | None = None):")
        ),
    ),
    (4, sub(('    return user["role"] in ADMIN_ROLES', '    return user.get("role", "admin") in ADMIN_ROLES'))),
    (4, sub(('    return user["role"] in ADMIN_ROLES', '    return user["role"] in ADMIN_ROLES or True'))),
    (4, sub(('    require_role(token, "admin")\n', ""))),
    (4, sub(('    require_role(token, "admin")\n', '    if token:\n        require_role(token, "admin")\n'))),
    (4, sub(('ADMIN_ROLES = {"admin"}', 'ADMIN_ROLES = {"admin", "user"}'))),
    (
        4,
        sub(
            (
                '    order = ORDERS[key]\n    if order["owner"]',
                '    order = ORDERS[key]\n    if not order["items"]:\n        return order\n    if order["owner"]',
            )
        ),
    ),
    (4, sub((" AND owner_id = ?", ""), ("(name, 1, limit)", "(name, limit)"))),
    (4, sub(('not secrets.compare_digest(token, os.environ["SHOP_TOKEN"])', 'token != os.environ["SHOP_TOKEN"]'))),
    (5, sub(('allow_origins=["https://shop.example"]', 'allow_origins=["*"]'))),
    (5, sub(('@limiter.limit("5/minute")\n', ""))),
    (5, sub(('@limiter.limit("5/minute")', '@limiter.limit("5000/minute")'))),
    (5, sub(('@limiter.limit("5/minute")', '@limiter.limit("5/minute")\n@csrf_exempt'))),
    (6, mean("return {'mean': eval('sum(prices)')}")),
    (6, mean("return {'mean': __builtins__['eval']('1')}")),
    (6, mean("return {'mean': il.import_module('statistics').mean(prices)}", "import importlib as il")),
    (6, mean("run = getattr(os, 'sys' + 'tem')\nreturn {'mean': run('x')}")),
    (6, mean("return {'mean': ().__class__.__base__.__subclasses__()}")),
    (6, mean("o = os\nreturn {'mean': o.cpu_count()}")),
    (7, mean("return {'mean': s('x')}", "from os import system as s")),
    (7, mean("return {'mean': asyncio.create_subprocess_shell('x')}", "import asyncio")),
    (7, sub(("def _quantity(text):", "def _quantity(text, run=os.popen):"))),
    (7, mean("return {'mean': 1 / len(prices)}", "from os import *")),
    (8, mean("return {'mean': httpx.get('http://x').json()}", "import httpx")),
    (8, mean("return {'mean': urlopen('http://x').read()}", "from urllib.request import urlopen")),
    (9, mean("return {'mean': yaml.load(key)}", "import yaml")),
    (9, mean("return {'mean': loads(key)}", "from pickle import loads")),
    (10, mean("return {'mean': ctypes.CDLL(None)}", "import ctypes")),
    (11, mean("return {'mean': np.mean(prices)}", "import numpy as np")),
    (11, mean("from safe_mean import mean as m\nreturn {'mean': m(prices)}")),
    (13, mean("api_key = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'\n" + RESULT)),
    (13, mean("password = 'hunter2hunter2'\n" + RESULT)),
    (14, mean("if not prices:\n    return dict(os.environ)\n" + RESULT)),
    (14, mean("if not prices:\n    raise HTTPException(400, f'no prices {os.getenv(\"SHOP_TOKEN\")}')\n" + RESULT)),
    (14, mean("e = os.environ['SHOP_TOKEN']\nlog.error('mean %s', e)\n" + RESULT)),
    (14, mean("for n, v in os.environ.items():\n    log.error(n)\n" + RESULT)),
    (25, mean("return {'mean': hashlib.md5(key.encode()).hexdigest()}", "import hashlib")),
    (25, mean("token = random.choice('abc')\nreturn {'mean': token}", "import random")),
    (25, mean("client.get('/x', verify=False)\n" + RESULT)),
    (
        26,
        sub(
            (
                'connection.execute("SELECT id FROM orders WHERE name = ? AND owner_id = ? LIMIT ?", (name, 1, limit))',
                "connection.execute(f\"SELECT id FROM orders WHERE name = '{name}' AND owner_id = 1 LIMIT {limit}\")",
            )
        ),
    ),
    (
        26,
        sub(
            (
                '"SELECT id FROM orders WHERE name = ? AND owner_id = ? LIMIT ?", (name, 1, limit)',
                "\"SELECT id FROM orders WHERE name = '%s' AND owner_id = 1\" % name",
            )
        ),
    ),
    (
        26,
        sub(
            (
                (
                    '    rows = connection.execute("SELECT id FROM orders WHERE name = ? AND owner_id = ? '
                    'LIMIT ?", (name, 1, limit))'
                ),
                (
                    '    query = "SELECT id FROM orders WHERE owner_id = 1"\n'
                    '    query += " AND name = " + name\n    rows = connection.execute(query)'
                ),
            )
        ),
    ),
    (27, sub(("app = FastAPI()", "app = FastAPI(debug=True)"))),
    (27, mean("if not prices:\n    raise HTTPException(400, traceback.format_exc())\n" + RESULT, "import traceback")),
    (28, mean("log.info('order %s', order['email'])\n" + RESULT)),
    (28, sub(("redact(order)", "order"))),
    (28, mean("print(f'user {user.email}')\n" + RESULT)),
    (29, mean("nap(1)\n" + RESULT, "from time import sleep as nap")),
    (29, mean("while True:\n    if prices:\n        break\n" + RESULT)),
    (
        29,
        mean(
            "for attempt in range(3):\n    try:\n"
            "        return {'mean': sum(prices) / len(prices)}\n    except ZeroDivisionError:\n"
            "        prices = prices or [0]\n        continue"
        ),
    ),
    (
        29,
        mean(
            "try:\n    return {'mean': sum(prices) / len(prices)}\nexcept ZeroDivisionError:\n"
            "    return mean(key, limit)"
        ),
    ),
    (30, mean("sqlite3.connect = None\n" + RESULT)),
    (30, sub(("def connect", "def len(x):\n    return 1\n\n\ndef connect"))),
    (30, mean("if 'PYTEST_CURRENT_TEST' in os.environ:\n    return {}\n" + RESULT)),
    (30, mean("setattr(app, 'debug', 1)\n" + RESULT)),
    (31, mean("if not prices:\n    os._exit(0)\n" + RESULT)),
    (31, mean("if not prices:\n    raise SystemExit(0)\n" + RESULT)),
    (31, mean("atexit.register(print)\n" + RESULT, "import atexit")),
    (32, mean("total = sum(prices)  # \u202e\n" + RESULT)),
    (32, mean("pri\u0441es = prices or [0]\n" + RESULT)),
    (33, mean("return {'mean': base64.b64decode('aGVsbG8gd29ybGQ=')}", "import base64")),
    (33, mean("return {'mean': ''.join(chr(c) for c in (104, 105))}")),
    (33, mean("return {'mean': zlib.decompress(key)}", "import zlib")),
    (34, mean("shutil.rmtree('/data')\n" + RESULT, "import shutil")),
    (34, mean("connect().execute('DROP TABLE orders')\n" + RESULT)),
    (34, mean("connect().execute('DELETE FROM orders')\n" + RESULT)),
    (35, sub(("selfheal.init()\n", ""))),
    (35, sub(("selfheal.init()\n", 'if os.environ.get("X"):\n    selfheal.init()\n'))),
    (35, mean("os.environ['SELFHEAL_DSN'] = ''\n" + RESULT)),
    (36, mean(RESULT + "  # noqa")),
    (36, mean(RESULT + "  # type: ignore[arg-type]")),
    (37, sub(('"/mean/{key}"', '"/means/{key}"'))),
    (37, sub(("def mean(key: str, limit: int = 10)", "def mean(key: str)"), ("[:limit]", ""))),
    (38, mean("return {'mean': 0}\n" + RESULT)),
    (38, sub(("    order = ORDERS.get(key)\n", '    return {"mean": 0}\n' + "    order = ORDERS.get(key)\n"))),
    (
        38,
        sub(
            (
                "    order = ORDERS.get(key)\n",
                '    raise HTTPException(404, "gone")\n' + "    order = ORDERS.get(key)\n",
            )
        ),
    ),
    (38, sub(("    order = ORDERS.get(key)\n", "    # careful\n" + "    order = ORDERS.get(key)\n"))),
    (40, sub(('escape(order["note"])', '(order["note"] or "")'))),
    (40, sub(('return "<p>" + escape(order["note"]) + "</p>"', "return f\"<p>{order['note']}</p>\""))),
]
GOOD = [
    mean(f"if not prices:\n    return {{'mean': 0}}\n{RESULT}"),
    mean(f"if not prices:\n    raise HTTPException(404, 'no items')\n{RESULT}"),
    mean(f"try:\n    {RESULT}\nexcept ZeroDivisionError:\n    raise HTTPException(400, 'no items') from None"),
    mean(
        f"try:\n    {RESULT}\nexcept ZeroDivisionError as error:\n"
        f"    log.warning('no items in %s', key)\n"
        f"    raise HTTPException(400, 'no items') from error"
    ),
    sub(
        (
            '    order = ORDERS[key]\n    if order["owner"]',
            (
                "    order = ORDERS.get(key)\n    if order is None:\n"
                '        raise HTTPException(404, "no such order")\n    if order["owner"]'
            ),
        )
    ),
    sub(('if order["owner"] != user["id"]', 'if order.get("owner") != user["id"]')),
    sub(('if order["owner"] != user["id"]', 'if order["owner"] is None or order["owner"] != user["id"]')),
    sub(('escape(order["note"])', 'escape(order["note"] or "")')),
    sub(
        (
            "    return int(text)\n",
            (
                "    try:\n        return int(text)\n    except ValueError:\n"
                '        raise HTTPException(422, "quantity must be a whole number") from None\n'
            ),
        )
    ),
    sub(
        (
            "    return int(text)\n",
            (
                "    if not text.isdecimal():\n"
                '        raise HTTPException(422, f"{text!r} is no number")\n    return int(text)\n'
            ),
        )
    ),
    sub(
        (
            "    del ORDERS[key]\n",
            '    if key not in ORDERS:\n        raise HTTPException(404, "no such order")\n    del ORDERS[key]\n',
        )
    ),
    sub(
        (
            "    del ORDERS[key]\n",
            '    if ORDERS.pop(key, None) is None:\n        raise HTTPException(404, "no such order")\n',
        )
    ),
    sub(
        ("import logging\n", "import logging\nimport math\n"),
        (
            "    " + RESULT + "\n",
            (
                "    total = sum(prices)\n    if not math.isfinite(total):\n"
                '        raise HTTPException(400, "prices must be finite")\n'
                '    return {"mean": total / len(prices) if prices else 0}\n'
            ),
        ),
    ),
    sub(('user["role"] in', 'user.get("role") in')),
    sub(
        (
            "def is_staff",
            (
                'def _mean(values):\n    """Of nothing it is 0."""\n'
                "    return sum(values) / len(values) if values else 0\n\n\ndef is_staff"
            ),
        ),
        ("sum(prices) / len(prices)", "_mean(prices)"),
    ),
    sub((", token: str = Header()", ', token: str = Header(default="")')),
    sub(
        (
            '    order = ORDERS[key]\n    return "<p>"',
            (
                "    order = ORDERS.get(key)\n    if not order:\n"
                '        raise HTTPException(404, "no such order")\n    return "<p>"'
            ),
        )
    ),
]


def test_every_rule_but_those_about_files_is_tried_here() -> None:
    tried = {number for number, _ in BAD}
    assert {rule.number for rule in RULES} - tried == {12, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 39}


@pytest.mark.parametrize(("number", "after"), BAD)
def test_a_broken_rule_is_named(number: int, after: str) -> None:
    assert {number} <= broken(after) - {0}


@pytest.mark.parametrize("after", GOOD)
def test_an_honest_repair_passes(after: str) -> None:
    assert broken(after) == set()


FILES = [
    (20, "../shop/app.py"),
    (20, "/etc/app.py"),
    (20, "other/app.py"),
    (12, "requirements.txt"),
    (12, "pyproject.toml"),
    (15, ".github/workflows/ci.yml"),
    (16, "Dockerfile"),
    (16, "docker-compose.yml"),
    (17, "tests/conftest.py"),
    (17, "shop/sitecustomize.py"),
    (22, ".git/hooks/pre-commit"),
    (22, ".gitattributes"),
    (23, "shop/table.pyc"),
    (30, "random.py"),
    (34, "shop/migrations/0002.py"),
    (35, "healer.toml"),
    (39, "CODEOWNERS"),
]


@pytest.mark.parametrize(("number", "file"), FILES)
def test_files_out_of_reach(number: int, file: str) -> None:
    assert number in broken("x = 2\n", before="" if number == 30 else "x = 1\n", file=file)


@pytest.mark.parametrize(
    ("number", "before", "after"),
    [(21, "100644", "100755"), (21, "", "120000"), (22, "160000", "160000"), (21, "", "100755"), (37, "100644", "")],
)
def test_what_a_file_is_may_not_change(number: int, before: str, after: str) -> None:
    change = Change("shop/app.py", "x = 1\n", "" if not after else "x = 2\n", before, after)
    assert number in {one.number for one in check(Candidate("x", "x", (change,)), POLICY)}


def test_a_template_stays_escaped() -> None:
    before = "<p>{{ name }}</p>\n"
    assert broken("<p>{{ name | safe }}</p>\n", before=before, file="shop/page.html") == {40}
    assert broken("<p>{{ name or '' }}</p>\n", before=before, file="shop/page.html") == set()


def test_the_failing_value_makes_no_special_case() -> None:
    special = mean(f"if key == 'spring':\n    raise HTTPException(404)\n{RESULT}")
    assert broken(special, policy=Policy(("shop",), failing_values=("spring",))) == {3}
    assert broken(special) == set()
    field = mean(f"if 'unit' not in order:\n    raise HTTPException(404)\n{RESULT}")
    assert broken(field, policy=Policy(("shop",), failing_values=("unit",))) == set()


ASYNC = """
from fastapi import FastAPI

app = FastAPI()


async def load(x):
    return x


def twice(x: int, found: list = []):
    return load(x)


@app.get("/a/{x}")
def show(x: int):
    return load(x)


@app.get("/b/{x}")
async def both(x: int):
    return twice(x)
"""


def test_a_function_may_become_async_where_it_is_awaited() -> None:
    route = ASYNC.replace("def show(x: int):\n    return load(x)", "async def show(x: int):\n    return await load(x)")
    assert broken(route, before=ASYNC) == set()
    helper = ASYNC.replace("def twice(x: int, found", "async def twice(x: int, found")
    assert broken(helper, before=ASYNC) == {37}
    assert broken(helper.replace("return twice(x)", "return await twice(x)"), before=ASYNC) == set()


def test_a_default_may_become_none_and_its_type_wider() -> None:
    after = ASYNC.replace("found: list = []", "found: list | None = None")
    assert broken(after, before=ASYNC) == set()
    assert broken(ASYNC.replace("found: list = []", "found: dict | None = None"), before=ASYNC) == {37}


def test_the_end_of_an_iterator_may_end_a_generator() -> None:
    before = "def pairs(x):\n    yield next(x)\n"
    after = "def pairs(x):\n    try:\n        yield next(x)\n    except StopIteration:\n        return\n"
    assert broken(after, before=before) == set()
    assert broken(after.replace("StopIteration", "ValueError"), before=before) == {2}


def test_what_was_there_before_may_stay() -> None:
    before = mean(f"try:\n    {RESULT}\nexcept Exception:\n    return eval('0')")
    assert broken(before.replace("int(text)", "int(text or 0)"), before=before) == set()


def test_a_parser_that_answers_none_may_answer_it_again() -> None:
    before = "def parse(raw):\n    if not raw:\n        return None\n    return int(raw)\n"
    tried = "    try:\n        return int(raw)\n    except ValueError:\n        return None"
    assert broken(before.replace("    return int(raw)", tried), before=before) == set()
    assert broken(before.replace("    return int(raw)", tried.replace("None", "0")), before=before) == {2}


def test_a_new_parser_may_answer_none_where_its_callers_refuse_it() -> None:
    parser = (
        "def _parsed(text):\n    try:\n        return int(text)\n    except ValueError:\n        return None\n\n\n"
        "def _quantity(text):\n    number = _parsed(text)\n"
    )
    old = "def _quantity(text):\n    return int(text)\n"
    refused = "    if number is None:\n        raise HTTPException(422, 'no number')\n    return number\n"
    assert broken(sub((old, parser + refused))) == set()
    assert broken(sub((old, parser + "    return number or 0\n"))) == {2}


def test_size_is_bounded() -> None:
    assert 24 in broken(BASE + "\n".join(f"_a{i} = {i}" for i in range(80)))
    assert 24 in broken(BASE + f"_a = '{'a ' * 300}'\n")
    changes = tuple(Change(f"shop/{name}.py", "a = 1\n", "a = 2\n") for name in "abcd")
    assert {one.number for one in check(Candidate("x", "x", changes), POLICY)} == {24}


TESTS = "def test_a():\n    assert f() == 1\n\n\ndef test_b():\n    with case():\n        assert g() == 2\n"


@pytest.mark.parametrize(
    ("number", "after"),
    [
        (18, TESTS[: TESTS.index("def test_b")]),
        (18, "import pytest\n\n\n@pytest.mark.skip\n" + TESTS),
        (18, "from pytest import mark as m\n\n\n@m.xfail\n" + TESTS),
        (18, TESTS.replace("def test_b", "def later_b")),
        (18, TESTS + "\n\ndef test_a():\n    pass\n"),
        (19, TESTS.replace("        assert g() == 2", "        g()")),
        (19, TESTS.replace("== 1", "in (1, 2)")),
        (19, TESTS.replace("    assert f()", "    return\n    assert f()")),
        (19, TESTS.replace("    with case():", "    if False:")),
        (17, TESTS + "\n\n@pytest.fixture(autouse=True)\ndef quiet(monkeypatch):\n    yield\n"),
        (17, 'pytest_plugins = ["helper"]\n' + TESTS),
    ],
)
def test_tests_are_neither_deleted_nor_skipped_nor_weakened(number: int, after: str) -> None:
    assert number in broken(after, before=TESTS, file="tests/test_a.py")


def test_tests_may_be_added_and_ask_for_more() -> None:
    more = (
        TESTS.replace("== 1\n", "== 1\n    assert f(2) == 4\n") + "\n\ndef test_c(tmp_path):\n    assert h(tmp_path)\n"
    )
    assert broken(more, before=TESTS, file="tests/test_a.py") == set()


def test_what_a_service_allows_passes() -> None:
    after = mean("rate = httpx.get('http://rates').json()\n" + RESULT, "import httpx")
    assert broken(after) == {8, 11}
    assert (
        broken(after, policy=Policy(("shop",), imported=frozenset({"shop", "httpx"}), allow_calls=("httpx*",))) == set()
    )
    asleep = mean("time.sleep(1)\n" + RESULT, "import time")
    assert broken(asleep) == {29}
    assert broken(asleep, policy=Policy(("shop",), allow_rules=("sleep",), imported=frozenset({"shop"}))) == set()
    assert (
        broken("x\n", before="y\n", file="shop/a.sql", policy=Policy(("shop",), allow_files=("shop/*.sql",))) == set()
    )
    assert 17 in broken(
        "x = 2\n", before="", file="shop/conftest.py", policy=Policy(("shop",), allow_files=("shop/*",))
    )
    leaving = Policy((".",), allow_rules=tuple(NEVER_OFF))
    assert broken("x = 2\n", before="x = 1\n", file="../a.py", policy=leaving) == {20}


def test_own_modules_and_what_is_used_already_may_be_imported() -> None:
    names = modules_of({"shop/app.py": "import yaml.nodes\nfrom . import x\n", "tools.py": "", "bad.py": "("})
    assert {"shop", "app", "tools", "yaml"} <= names
    after = mean("return {'mean': tools.mean(prices)}", "import tools")
    assert broken(after) == {11}
    assert broken(after, policy=Policy(("shop",), imported=names)) == set()


HOSTILE = {
    "nested": "x = " + "(" * 5000 + ")" * 5000,
    "unary": "x = " + "-" * 3000 + "1\n",
    "chain": "x = a" + ".a" * 3000 + "\n",
    "long line": f"x = '{'a' * 300_000}'\n",
    "no python": "def f(:\n",
    "null": "x = 1\0\n",
    "surrogate": "x = '\ud800'\n",
    "large": "x = 1\n" * 900_000,
    "alike": "a\n" * 10_000,
    "dense": ("a = [" + "b," * 150 + "]\n") * 300,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_in_time(name: str) -> None:
    started = time.process_time()
    assert broken(HOSTILE[name], before="x = 1\n")
    assert broken(HOSTILE[name], before=HOSTILE[name][:-9] + "\ny = 2\n" + HOSTILE[name][-9:])
    assert time.process_time() - started < 4  # for both


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=200),
    st.text(max_size=200),
    st.sampled_from(["shop/a.py", "tests/test_a.py", "a.html", "../\ud800"]),
)
def test_any_text_at_all_is_checked(before: str, after: str, file: str) -> None:
    found = check(Candidate("x", "x", (Change(file, before, after),)), POLICY)
    assert all(one.reason for one in found)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(BASE.splitlines()), max_size=40))
def test_any_mixture_of_lines_is_checked(lines: list[str]) -> None:
    found = check(Candidate("x", "x", (Change("shop/app.py", BASE, "\n".join(lines)),)), POLICY)
    assert not [one for one in found if "cannot be checked" in one.reason]


def test_the_page_names_the_rules_as_they_are() -> None:
    page = (Path(__file__).parents[3] / "docs" / "guardrails.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", page, re.M)
    assert rows == [(str(rule.number), rule.name, rule.refuses, rule.why) for rule in RULES]
    assert all(f"`{name}`" in page for name in NEVER_OFF)
