"""Rules that compare what a function, a number or a setting was with what it is now, and what passes beside them."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from tests.healer.stages.test_guardrails import broken

CHARGE = '''
import client

RECEIPTS = {}


def charge(key, amount):
    """Ask for the money."""
    answer = client.post("/charge", {"key": key, "amount": amount})
    return answer.json()


def forget(key):
    del RECEIPTS[key]


def _label(key, amount):
    parts = []
    parts.append(str(key))
    return {"label": parts, "amount": float(amount)}


def shown(key):
    return _label(key, 1)


def _store(key, value):
    RECEIPTS[key] = value
'''
POST = '    answer = client.post("/charge", {"key": key, "amount": amount})\n    return answer.json()\n'
LABEL = '    parts = []\n    parts.append(str(key))\n    return {"label": parts, "amount": float(amount)}\n'

HASHES = """
import hashlib
import os
import secrets

ROUNDS = 200_000
SIZE = 32
SHIPPING_COST = 12
ITERATIONS = 500_000


def derive(password, salt, pepper_length=16, work_factor=12):
    if len(password) < 12:
        raise ValueError("too short")
    return hashlib.pbkdf2_hmac("sha256", password, salt, ROUNDS)


def fresh():
    return secrets.token_bytes(SIZE)
"""

QUERIES = """
from .texts import BY_NAME

COLUMNS = {"name": "name", "age": "age"}


def found(db, name, sort):
    return db.execute("SELECT id FROM people WHERE name = ?", (name,)).fetchall()
"""
FOUND = '    return db.execute("SELECT id FROM people WHERE name = ?", (name,)).fetchall()\n'

SETTINGS = """
import os

DEBUG = False
PAGE = 20
SHOW_ERRORS = os.environ.get("SHOW_ERRORS", "0") == "1"
"""

REDACTED = """
import logging
import re

MAIL = re.compile(r"[^@ ]+@[^@ ]+")


class Quiet(logging.Filter):
    def filter(self, record):
        record.msg = MAIL.sub("***", record.msg)
        return True


def redact(values):
    return {key: "***" if key == "email" else value for key, value in values.items()}


def shown(order):
    return {"status": "removed", "lines": order["lines"]}
"""

LOGGED = """
import logging

log = logging.getLogger(__name__)


def greet(order):
    return order["city"].title()
"""

HEALTH = """
from fastapi import FastAPI

from . import preferences, settings

app = FastAPI()


def current():
    return settings.load()


@app.get("/health")
def health(user: str = ""):
    return {"ok": True}
"""
OK = '    return {"ok": True}\n'

PAGES = """
from jinja2 import Environment, select_autoescape

app = make()
env = Environment(autoescape=select_autoescape())


def page(name):
    return env.get_template(name).render()
"""

SOURCES = """
import logging

import client

log = logging.getLogger(__name__)


def fetch(url):
    try:
        answer = client.get_from(url)
    except client.Away as error:
        log.warning("no answer: %s", error)
        return []
    return answer.json()["entries"]


def titles(answer):
    return answer.json()["titles"]
"""
ENTRIES = '    return answer.json()["entries"]\n'
GUARDED = """    try:
        return answer.json()["entries"]
    except (ValueError, KeyError) as error:
        log.warning("something else: %s", type(error).__name__)
        return []
"""

FILES = """
from pathlib import Path

ROOT = Path("labels")


def kept(token, key):
    if token != "x":
        raise PermissionError("admins only")
    ROOT.joinpath(key).exists()
    store(key)
    return ROOT / key


def store(key):
    with open(ROOT / key) as file:
        return file.read()
"""

# Rule, what was there, what takes the place of which part of it.
REFUSED = [
    (38, CHARGE, POST, '    return {"number": f"R{key}", "amount": amount}\n'),
    (38, CHARGE, POST, '    log.info("paid")\n    return {"number": key, "at": str(amount)}\n'),
    (38, CHARGE, POST, "    if not amount:\n        return {}\n    return [key, amount]\n"),
    (38, CHARGE, "    del RECEIPTS[key]\n", '    """They expire by themselves."""\n'),
    (38, CHARGE, "    RECEIPTS[key] = value\n", '    done = {"key": key}\n    return done\n'),
    (25, HASHES, "ROUNDS = 200_000", "ROUNDS = 1_000"),
    (25, HASHES, "ROUNDS = 200_000", 'ROUNDS = int(os.environ.get("ROUNDS", "1000"))'),
    (25, HASHES, "SIZE = 32", "SIZE = 2 ** 2"),
    (25, HASHES, "ITERATIONS = 500_000", "ITERATIONS = 500_000 // 10"),
    (25, HASHES, "work_factor=12", "work_factor=4"),
    (25, HASHES, "len(password) < 12", "len(password) < 4"),
    (26, QUERIES, FOUND, '    query = BY_NAME.replace("?", name)\n    return db.execute(query).fetchall()\n'),
    (26, QUERIES, FOUND, "    query: str = BY_NAME % name\n    return db.execute(query).fetchall()\n"),
    (26, QUERIES, FOUND, "    query = BY_NAME.format(name=name)\n    return db.execute(query).fetchall()\n"),
    (26, QUERIES, FOUND, '    query = " ".join([BY_NAME, name])\n    return db.execute(query).fetchall()\n'),
    (26, QUERIES, FOUND, "    parts = [BY_NAME]\n    parts.append(name)\n    return db.execute(' '.join(parts))\n"),
    (26, QUERIES, '= ?", (name,))', "= ?\".replace('?', repr(name)))"),
    (26, QUERIES, FOUND, '    return db.execute(sort["statement"]).fetchall()\n'),
    (26, QUERIES, FOUND, '    return db.execute(sort.get("statement")).fetchall()\n'),
    (27, SETTINGS, "DEBUG = False", 'DEBUG = os.environ.get("DEBUG", "1") == "1"'),
    (26, QUERIES, FOUND, "    query = BY_NAME\n    query += name\n    return db.execute(query).fetchall()\n"),
    (27, SETTINGS, "DEBUG = False", "DEBUG = PAGE > 10"),
    (27, SETTINGS, '"SHOW_ERRORS", "0") == "1"', '"SHOW_ERRORS", "yes").lower() in ("yes", "1")'),
    (27, SETTINGS, '"SHOW_ERRORS", "0") == "1"', '"SHOW_ERRORS") != "0"'),
    (
        28,
        REDACTED,
        "        record.msg",
        "        if record.levelno < 30:\n            return True\n        record.msg",
    ),
    (28, REDACTED, "        record.msg", "        if record.name == 'x':\n            record.msg"),
    (28, REDACTED, "    return {key", "    if len(values) > 9:\n        return values\n    return {key"),
    (28, REDACTED, "def redact(values):\n", "def redact(values, on=True):\n    if not on:\n        return values\n"),
    (
        28,
        LOGGED,
        "    return",
        '    whom, where = order["customer"]["name"], order["key"]\n    log.warning("%s %s", whom, where)\n    return',
    ),
    (
        28,
        LOGGED,
        "    return",
        '    line = order["street"]\n    text = f"at {line}"\n    log.warning(text)\n    return',
    ),
    (28, LOGGED, "    return", '    if (to := order.get("email")):\n        log.warning("to %s", to)\n    return'),
    (14, HEALTH, OK, '    return {"ok": True, **settings.environment()}\n'),
    (14, HEALTH, OK, "    everything = settings.load()\n    return everything\n"),
    (14, HEALTH, OK, '    return {"ok": True, "settings": vars(settings)}\n'),
    (14, HEALTH, OK, '    return {"ok": True, **current()}\n'),
    (14, HEALTH, OK, "    return {key: value for key, value in settings.load().items()}\n"),
    (14, HEALTH, OK, '    return {"ok": True} | settings.dict()\n'),
    (40, PAGES, "env = ", "app.select_jinja_autoescape = lambda name: False\nenv = "),
    (40, PAGES, "\n\n\ndef page", '\nenv.autoescape = choose("x")\n\n\ndef page'),
    (40, PAGES, "\n\n\ndef page", '\napp.jinja_options["finalize"] = str\n\n\ndef page'),
    (40, PAGES, "\n\n\ndef page", '\nenv.filters["e"] = str\n\n\ndef page'),
    (40, PAGES, "select_autoescape()", "select_autoescape(default=False)"),
    (2, SOURCES, ENTRIES, GUARDED.replace("(ValueError, KeyError)", "LookupError")),
    (2, SOURCES, ENTRIES, GUARDED.replace("return []", "return [None]")),
    (2, SOURCES, ENTRIES, GUARDED.replace('        log.warning("something else: %s", type(error).__name__)\n', "")),
    (2, SOURCES, '    return answer.json()["titles"]\n', GUARDED.replace("entries", "titles")),
    (1, SOURCES, ENTRIES, GUARDED.replace("(ValueError, KeyError)", "Exception")),
    (4, FILES, '    if token != "x":', '    store(key)\n    if token != "x":'),
    (4, FILES, "    return ROOT / key\n", '    return ROOT / ".." / key\n'),
    (34, FILES, "    return ROOT / key\n", '    ROOT.joinpath(key).write_text("")\n    return ROOT / key\n'),
    (34, FILES, "open(ROOT / key)", 'open(ROOT / key, "w")'),
    (29, FILES, "    return ROOT / key\n", "    return [0] * 10**12\n"),
    (29, FILES, "    return ROOT / key\n", "    return bytes(2 << 40)\n"),
    (29, FILES, "    return ROOT / key\n", "    return 9**10**9\n"),
]
ACCEPTED = [
    (
        CHARGE,
        POST,
        '    answer = client.post("/charge", {"key": str(key), "amount": amount})\n    return answer.json()\n',
    ),
    (CHARGE, "    del RECEIPTS[key]\n", "    RECEIPTS.pop(key, None)\n"),
    (CHARGE, '    return {"label": parts, "amount": float(amount)}', '    return {"label": parts, "amount": amount}'),
    (CHARGE, "    return _label(key, 1)\n", '    return {"label": [key], "amount": 1}\n'),
    (CHARGE, LABEL, '    return {"label": [key], "amount": amount}\n'),
    (HASHES, "ROUNDS = 200_000", "ROUNDS = 600_000"),
    (HASHES, "ITERATIONS = 500_000", "ITERATIONS = 600_000"),
    (HASHES, "SIZE = 32", "SIZE = 64"),
    (HASHES, "SHIPPING_COST = 12", "SHIPPING_COST = 4"),
    (HASHES, "len(password) < 12", "len(password or b'') < 12"),
    (QUERIES, '"SELECT id', '"SELECT  id'),
    (
        QUERIES,
        FOUND,
        '    query = BY_NAME.replace("{sort}", COLUMNS[sort])\n    return db.execute(query, (name,)).fetchall()\n',
    ),
    (
        QUERIES,
        FOUND,
        "    parts = [BY_NAME]\n    if sort:\n        parts.append('LIMIT ?')\n"
        "    query = ' '.join(parts)\n    return db.execute(query, (name, sort)).fetchall()\n",
    ),
    (QUERIES, FOUND, "    query = select(BY_NAME).join(name.places)\n    return db.execute(query).fetchall()\n"),
    (QUERIES, FOUND, "    return db.execute(BY_NAME[sort], (name,)).fetchall()\n"),
    (SETTINGS, "PAGE = 20", 'PAGE = int(os.environ.get("PAGE", "20"))'),
    (SETTINGS, '"SHOW_ERRORS", "0") == "1"', '"SHOW_ERRORS", "").strip() == "1"'),
    (REDACTED, "        record.msg", "        if isinstance(record.msg, str):\n            record.msg"),
    (REDACTED, "    return {key", "    if not values:\n        return {}\n    return {key"),
    (REDACTED, "    return {key", "    if values is None:\n        return values\n    return {key"),
    (REDACTED, '    return {"status"', '    if "lines" not in order:\n        return order\n    return {"status"'),
    (
        LOGGED,
        "    return",
        '    key, size = order["key"], len(order["email"])\n    log.warning("%s %s", key, size)\n    return',
    ),
    (LOGGED, "    return", '    whom = order["customer"]["name"]\n    log.warning("no city")\n    return whom or'),
    (HEALTH, OK, '    return {"ok": True, "pages": settings.load()["pages"]}\n'),
    (HEALTH, OK, '    return {"ok": True, "settings": preferences.settings(user)}\n'),
    (HEALTH, OK, "    a, b = {}, user\n    while b:\n        a, b = b, a\n    return {'ok': a}\n"),
    (PAGES, "\n\n\ndef page", "\nenv.autoescape = True\n\n\ndef page"),
    (PAGES, "\n\n\ndef page", '\napp.jinja_options["trim_blocks"] = True\n\n\ndef page'),
    (PAGES, "\n\n\ndef page", '\nenv.filters["euro"] = str\n\n\ndef page'),
    (SOURCES, ENTRIES, GUARDED),
    (SOURCES, ENTRIES, GUARDED.replace("(ValueError, KeyError)", "KeyError")),
    (FILES, "    store(key)\n", "    if key:\n        store(key)\n"),
    (FILES, "    return ROOT / key\n", '    return ROOT / key.replace("..", ".")\n'),
    (FILES, "open(ROOT / key)", 'open(ROOT / key, "r", encoding="utf-8")'),
    (FILES, "    return ROOT / key\n", "    return ROOT / (key * 2) / ('0' * 10)\n"),
]


def changed(before: str, old: str, new: str) -> str:
    assert before.count(old) == 1, old
    return before.replace(old, new)


@pytest.mark.parametrize(("number", "before", "old", "new"), REFUSED)
def test_what_became_weaker_is_refused(number: int, before: str, old: str, new: str) -> None:
    assert number in broken(changed(before, old, new), before=before)


@pytest.mark.parametrize(("before", "old", "new"), ACCEPTED)
def test_what_stayed_as_strong_passes(before: str, old: str, new: str) -> None:
    assert broken(changed(before, old, new), before=before) == set()


def test_loading_the_scanners_says_nothing() -> None:
    script = "import logging; logging.basicConfig(); from healer.stages.guardrails import warm; warm()"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    assert logging.getLogger("stevedore.extension").level == logging.NOTSET
