"""What a diagnosis says, and when it declines with the true reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from healer.model import Answer, ExceptionInfo, Frame, Linked, Site
from healer.stages.diagnosis import diagnose
from healer.stages.playbooks import propose

from .crashes import report_at

APP = {
    "app.py": """from flask import Flask, jsonify, request

import prices

app = Flask(__name__)
ITEMS = {"a": {"price": 3}}


@app.get("/items/<name>")
def item(name):
    if name not in ITEMS:
        return jsonify(error="no such item"), 404
    return jsonify(ITEMS[name])


@app.get("/items/<name>/price")
def price(name):
    found = ITEMS.get(name)
    return jsonify(price=prices.with_tax(found["price"]))


@app.get("/sum")
def total():
    return jsonify(total=prices.with_tax(int(request.args["n"])))
""",
    "prices.py": '''"""Prices come from the exchange service."""
import os
import socket

RATE = 1.2


def with_tax(amount):
    if amount < 0:
        raise RuntimeError("negative price, the ledger would be wrong")
    return amount * RATE


def fetch(host):
    with socket.create_connection((host, 1)) as conn:
        return conn.recv(10)


def key():
    return os.environ["EXCHANGE_KEY"]


def save(path, text):
    path.write_text(text)
''',
}


def info(kind: str, message: str, *bases: str) -> ExceptionInfo:
    return ExceptionInfo(kind, message, "builtins", (kind, *bases, "Exception"))


DECLINED = [
    (
        info("ConnectionRefusedError", "[Errno 111] Connection refused", "OSError"),
        "create_connection(",
        "refused the connection",
    ),
    (info("TimeoutError", "timed out", "OSError"), "create_connection(", "did not answer in time"),
    (
        info("gaierror", "[Errno -2] Name or service not known", "OSError"),
        "create_connection(",
        "could not be resolved",
    ),
    (
        info("HTTPStatusError", "Server error '503 Service Unavailable' for url 'http://fx/rates/404'", "HTTPError"),
        "create_connection(",
        "failed with 503",
    ),
    (info("HTTPError", "HTTP Error 502: Bad Gateway", "URLError", "OSError"), "create_connection(", "failed with 502"),
    (info("OSError", "[Errno 28] No space left on device"), "path.write_text", "disk is full"),
    (info("PermissionError", "[Errno 13] Permission denied: '/x'", "OSError"), "path.write_text", "permission"),
    (info("OperationalError", "database is locked", "DatabaseError"), "path.write_text", "locked"),
    (info("OperationalError", "no such table: item", "DatabaseError"), "path.write_text", "migration"),
    (info("MemoryError", ""), "path.write_text", "out of memory"),
    (info("RuntimeError", "negative price, the ledger would be wrong"), "raise RuntimeError", "on purpose"),
    (info("KeyError", "'EXCHANGE_KEY'", "LookupError"), "os.environ[", "not set"),
]


@pytest.mark.parametrize(("exception", "line", "words"), DECLINED)
def test_no_code_change_is_right(exception: ExceptionInfo, line: str, words: str) -> None:
    report = report_at(APP, line, exception, file="prices.py")
    diagnosis = diagnose(report, APP)
    assert words in diagnosis.decline_reason
    assert diagnosis.answer is Answer.NONE
    assert propose(report, diagnosis, APP) == ()


@pytest.mark.parametrize("message", ["HTTP Error 404: Not Found", "Client error '422' for url 'http://fx:5032/500x'"])
def test_what_an_upstream_refuses_may_be_ours_to_correct(message: str) -> None:
    exception = info("HTTPError", message, "URLError", "OSError")
    assert diagnose(report_at(APP, "create_connection(", exception, file="prices.py"), APP).decline_reason == ""


def test_a_diagnosis_names_expression_culprit_cause_and_sites() -> None:
    exception = info("TypeError", "'NoneType' object is not subscriptable")
    report = report_at(APP, 'found["price"]', exception, names={"name": "'z'", "found": "None"})
    diagnosis = diagnose(report, APP)
    assert (diagnosis.category, diagnosis.expression, diagnosis.culprit) == (
        "none-dereference",
        "found['price']",
        "found",
    )
    assert diagnosis.answer is Answer.NOT_FOUND
    assert diagnosis.cause.startswith("found is None in price")
    assert len(diagnosis.cause.split()) < 30
    assert [(site.file, site.line) for site in diagnosis.fix_sites] == [("app.py", 19), ("app.py", 18)]
    assert diagnosis.confidence > 0.75 and 0 < diagnosis.risk < 1


def test_what_was_raised_on_purpose_for_another_exception_names_where_that_came_from() -> None:
    sources = {
        "app.py": """def load(name):
    return TABLE[name]


def read(name):
    try:
        return load(name)
    except KeyError as error:
        raise Unknown(name) from error
"""
    }
    report = report_at(sources, "raise Unknown", ExceptionInfo("Unknown", "x", "app"))
    inner = Frame("app.py", 2, "load", True, "return TABLE[name]")
    library = Linked("cause", ExceptionInfo("OSError", ""), (Frame("site-packages/x.py", 1, "f", False),))
    report = replace(report, chain=(library, Linked("cause", info("KeyError", "'x'"), (inner,))))
    diagnosis = diagnose(report, sources)
    assert diagnosis.cause == "read raises Unknown because of KeyError in load, and no caller turns it into an answer."
    assert diagnosis.fix_sites[1] == Site("app.py", 2, "load", "the KeyError behind it came from here")


def test_a_refusal_follows_the_flask_style_around_it() -> None:
    exception = info("TypeError", "'NoneType' object is not subscriptable")
    report = report_at(APP, 'found["price"]', exception, names={"found": "None"})
    best = propose(report, diagnose(report, APP), APP)[0]
    assert best.changes[0].after == APP["app.py"].replace(
        "    found = ITEMS.get(name)\n",
        '    found = ITEMS.get(name)\n    if found is None:\n        return jsonify(error="no such item"), 404\n',
    )


def test_a_fault_outside_the_repository_is_declined() -> None:
    report = report_at({"lib.py": "x = 1\n"}, "x = 1", info("ValueError", "x"), file="lib.py")
    assert diagnose(report, APP).decline_reason == "lib.py is not in the repository."


@pytest.mark.parametrize("source", ["", "def f(:\n", "x = 1\n"])
def test_foreign_or_broken_source_never_raises(source: str) -> None:
    report = report_at({"app.py": "\n\nx = d['k']\n"}, "x = d", info("KeyError", "'k'"))
    sources = {"app.py": source}
    diagnosis = diagnose(report, sources)
    assert propose(report, diagnosis, sources) == ()
