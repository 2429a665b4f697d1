"""A report made to attack whoever reads it goes through a real healer into a real browser: it stays text, and short."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import chromium
from tests.healer.site import Site

ATTACK = (
    "<script>window.owned=1</script><img src=x onerror='window.owned=1'>\"'><svg/onload=window.owned=1>"
    "</title><a href='javascript:window.owned=1'>click</a> [x](javascript:window.owned=1) {{7*7}} "
    "\u202egnp.exe\u202c \u2066a\u2069 z\u200bw\U000e0041 \x1b]0;owned\x07"
)
MESSAGE = ATTACK + "<b>" * 333_000  # a megabyte, the largest that a report may be
FOREIGN = "main :is(script, img, b, iframe, object, form[action], [onerror], [onload], [href^='javascript'])"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    running = Site(tmp_path / "site")
    yield running
    running.close()


def test_a_hostile_megabyte_is_shown_as_text(site: Site) -> None:
    exception = {"type": "<b>E</b>\u202e", "message": MESSAGE, "bases": ["Exception"]}
    frame = {
        "file": "app.py",
        "line": 1,
        "function": ATTACK[:200],
        "in_app": True,
        "source": ATTACK,
        "locals": {"x": ATTACK},
    }
    request = {"method": "GET", "path": f"/{ATTACK}", "headers": {"x-a": ATTACK}}
    incident_id = site.report(exception=exception, frames=[frame], request=request)
    kept = site.until(incident_id, "declined", "proposed")["report"]["exception"]["message"]
    assert kept.startswith("<script>window.owned")
    assert len(kept) <= 100_000
    assert kept.endswith(" more characters)")
    wrong: list[str] = []
    with chromium() as browser:
        page = browser.new_page(base_url=f"http://127.0.0.1:{site.port}")
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Security Policy" in said.text else None)
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        token = site.http.headers["authorization"].removeprefix("Bearer ")
        page.goto(f"/signin?token={token}")
        for path in ("/", f"/incidents/{incident_id}", "/audit", "/?q=%3Cscript%3E"):
            page.goto(path)
            expect(page.locator("main").get_by_text("<script>window.owned=1</script>").first).to_be_attached()
            assert page.evaluate("window.owned") is None, path
            assert page.locator(FOREIGN).count() == 0, path
            shown = page.locator("main").inner_text()
            unseen = set("\u202e\u202c\u2066\u2069\u200b\U000e0041\x1b\x07")
            assert not unseen & set(shown), path
            assert not unseen & set(page.evaluate("document.title")), path
            assert len(page.evaluate("document.title")) < 300, path
            assert len(shown) < 200_000, path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert wrong == []
    listed = site.http.get("/api/v1/incidents")
    assert len(listed.content) < 20_000  # a page of such would be fifty megabytes
