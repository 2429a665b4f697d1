"""The request that crashed, shown and copied as it was sent: what the browser makes of it must not be another one."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from healer.model import Request
from healer.web import crashes
from playwright.sync_api import Page, expect

from tests.healer.samples import a_report
from tests.healer.web.canned import REPORT, CannedHealer, incident

BODY = '{"id":1234567890123456789,"price":1.0,"tiny":1e-07,"why":"a, {b}: \\"ü\\" 😀","none":[],"rest":{}}'


def told(kind: Any, body: Any) -> dict[str, Any]:
    """The report as the API tells it."""
    request = Request("POST", "/returns", {}, kind, body)
    one = crashes.report(a_report(request=request))["request"]
    one.pop("json", None)  # which the page does not read
    return REPORT | {"request": one}


@pytest.fixture
def sent(page: Page, tmp_path: Path) -> Any:
    """Copies the command and has a shell run it → the body that curl is given."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    (tmp_path / "curl").write_text('#!/bin/sh\nwhile [ "$1" != --data-raw ]; do shift; done\nprintf %s "$2"\n')
    (tmp_path / "curl").chmod(0o700)

    def run() -> str:
        page.get_by_role("button", name="Copy as curl").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        command = page.evaluate("navigator.clipboard.readText()")
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        done = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    return run


def test_numbers_are_those_that_were_sent(page: Page, healer: CannedHealer, sent: Any) -> None:
    body = {"id": 1234567890123456789, "price": 1.0, "tiny": 1e-7, "why": 'a, {b}: "ü" 😀', "none": [], "rest": {}}
    healer.incident = incident(report=told("json", body))
    page.goto("/incidents/i1")
    shown = page.get_by_role("group", name="Request", exact=True)
    expect(shown).to_contain_text('"id": 1234567890123456789,\n  "price": 1.0,\n')
    expect(shown).to_contain_text('"why": "a, {b}: \\"ü\\" 😀",\n  "none": [],\n  "rest": {}\n}')
    assert sent() == BODY


def test_half_a_sign_is_written_as_json_does(page: Page, healer: CannedHealer, sent: Any) -> None:
    healer.incident = incident(report=told("json", {"why": "\ud83d"}))
    page.goto("/incidents/i1")
    expect(page.get_by_role("group", name="Request", exact=True)).to_contain_text('"why": "\\ud83d"')
    assert sent() == '{"why":"\\ud83d"}'


def test_a_field_of_a_form_keeps_its_values(page: Page, healer: CannedHealer, sent: Any) -> None:
    healer.incident = incident(report=told("form", {"a": ["1", "2"], "b": "x y&z"}))
    page.goto("/incidents/i1")
    expect(page.get_by_role("group", name="Request", exact=True)).to_contain_text("a=1&a=2&b=x+y%26z")
    assert parse_qsl(sent()) == [("a", "1"), ("a", "2"), ("b", "x y&z")]
