"""Signing in with a real browser at the real routes: what the link leaves behind, and what the cookie alone may."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import uvicorn
from healer.edges.bus import Bus
from healer.edges.store import Store
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts
from healer.web.access import Access
from healer.web.application import Web, create_app
from healer.web.throttle import MOST_OF_ONE
from playwright.sync_api import Page, expect

from tests.browser import chromium

TOKEN = "the operator's token"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[str]:
    with closing(Store(f"sqlite:///{tmp_path}/healer.db")) as store:
        store.migrate()
        parts = Parts(store, {}, "", 0)
        access = Access(TOKEN, {}, "viewer", store)
        web = Web(parts, Dispatch(parts, None), Bus(), access, "", lambda: "")  # type: ignore[arg-type]
        app = create_app(web, None)  # type: ignore[arg-type]
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield "http://{}:{}".format(*listening.getsockname())
        server.should_exit = True
        thread.join()
        listening.close()
        access.stop()


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page()


def test_the_link_signs_in_and_the_cookie_alone_does_nothing(page: Page, door: str) -> None:
    page.goto(f"{door}/signin?token=of+last+year")
    expect(page.get_by_role("alert")).to_contain_text("not valid any more; `healer link` prints the right one")
    assert page.evaluate("location.href") == f"{door}/"
    page.goto(f"{door}/signin?token={TOKEN}")
    expect(page.locator("#role")).to_have_text("operator")
    assert page.evaluate("location.href") == f"{door}/", "neither the token nor the page's key stays in the address"
    assert page.evaluate("document.cookie") == ""
    page.goto(f"{door}/audit")
    check = page.get_by_role("button", name="Check everything")
    check.click()
    expect(page.get_by_text("2 events, each as it was written")).to_be_visible()

    page.evaluate("localStorage.clear()")  # as on another port of the same host, where the browser has the cookie
    page.reload()
    check.click()
    expect(page.get_by_role("alert")).to_contain_text("open the link that `healer link` prints")
    page.goto(f"{door}/signin?token={TOKEN}")
    page.get_by_role("button", name="Sign out").click()
    field = page.get_by_label("Link or token")
    for _ in range(MOST_OF_ONE - 2):
        httpx.post(f"{door}/signin", json={"token": "a guess"}, trust_env=False)
    field.fill("the last guess")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This token is neither the operator's nor a viewer's.")
    field.fill("one guess too many")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("too many wrong tokens; try again in")
    page.goto(f"{door}/signin?token=another+guess")
    expect(page.get_by_role("alert")).to_contain_text("Wait a minute, then open the link again.")
    page.goto(f"{door}/signin?token={TOKEN}")
    expect(page.locator("#role")).to_have_text("operator")


def test_a_link_on_another_site_changes_nobodys_session_by_itself(page: Page, door: str) -> None:
    page.goto(f"{door}/signin?token={TOKEN}")
    role = page.locator("#role")
    expect(role).to_have_text("operator")
    for answer, expected in ((page.reload, "operator"), (page.get_by_role("button", name="Sign in").click, "viewer")):
        page.goto(f"data:text/html,<a href='{door}/signin?token=viewer'>look</a>")
        page.get_by_role("link").click()
        expect(page.get_by_text("A link on another site leads to signing in here.")).to_be_visible()
        assert page.evaluate("location.href") == f"{door}/"
        answer()
        expect(role).to_have_text(expected)
