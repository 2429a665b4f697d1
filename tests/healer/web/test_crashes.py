"""What the page and the CLI are told about a report."""

from __future__ import annotations

import json

import pytest
from healer.model import ExceptionInfo, Frame, Linked, Request
from healer.web import crashes

from tests.healer.samples import a_report


@pytest.mark.parametrize(
    ("mechanism", "handled", "said"),
    [
        ("", False, ""),
        ("asgi", False, "not handled: it left the application (asgi)"),
        ("excepthook", False, "not handled: it ended the process"),
        ("threading", False, "not handled: it ended a thread"),
        ("auto.node.onunhandledrejection", False, "not handled: nobody awaited the promise that it rejected"),
        ("logging", True, "logged by the service, which went on"),
        ("generic", True, "handled by the service, which went on (generic)"),
    ],
)
def test_how_a_crash_was_caught_is_said_in_words(mechanism: str, handled: bool, said: str) -> None:
    assert crashes.report(a_report(mechanism=mechanism, handled=handled))["caught"] == said


def test_who_reported_it_with_which_versions_and_what_it_came_from() -> None:
    behind = Linked("cause", ExceptionInfo("OSError", "x"), (Frame("a.py", 1, "f", True, context={1: "x"}),))
    report = a_report(client="sentry.python/2.0.0", approximate=True, versions={"python": "3.9.1"}, chain=(behind,))
    told = json.loads(json.dumps(crashes.report(report)))
    assert (told["client"], told["platform"], told["versions"]) == (
        "sentry.python/2.0.0",
        "python",
        {"python": "3.9.1"},
    )
    assert told["approximate"].startswith("reported by sentry.python/2.0.0: cookies")
    assert told["chain"][0]["relation"] == "cause"
    assert told["chain"][0]["frames"][0]["file"] == "a.py"


def test_a_body_of_json_is_told_as_text_too_with_numbers_as_they_are():
    body = {"id": 1234567890123456789, "price": 1.0, "why": "ü\ud83d"}
    request = Request("POST", "/", {}, "json", body)
    told = crashes.report(a_report(request=request, earlier_requests=(request, Request("GET", "/", {}))))
    assert told["request"]["json_text"] == '{"id":1234567890123456789,"price":1.0,"why":"ü\\ud83d"}'
    assert json.loads(told["request"]["json_text"]) == told["request"]["json"] == body
    assert ["json_text" in one for one in told["earlier_requests"]] == [True, False]
