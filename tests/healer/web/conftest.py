"""The page in a real browser, against canned API answers and a live event stream. The healer is not started here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page

from tests.browser import chromium
from tests.healer.web.canned import CannedHealer
from tests.healer.web.serving import serving


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[CannedHealer, str]]:
    with serving() as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


ZONE = "America/New_York"  # the reader's, five hours behind the healer's in winter


@pytest.fixture
def context(served: tuple[CannedHealer, str], browser: Browser) -> Iterator[BrowserContext]:
    """One a test: what a browser shares among its tabs, the worker with the event stream, begins anew."""
    with browser.new_context(base_url=served[1], viewport={"width": 1280, "height": 700}, timezone_id=ZONE) as made:
        yield made


@pytest.fixture
def healer(served: tuple[CannedHealer, str]) -> CannedHealer:
    served[0].reset()
    return served[0]


@pytest.fixture
def page(context: BrowserContext, healer: CannedHealer, served: tuple[CannedHealer, str]) -> Iterator[Page]:
    """A signed-in page that must not break the policy nor throw."""
    context.add_cookies([{"name": "session", "value": "yes", "url": served[1]}])
    tab = context.new_page()
    tab.set_default_timeout(20_000)
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda said: wrong.append(said.text) if "Security Policy" in said.text else None)
    tab.on("dialog", lambda dialog: refuse(dialog, wrong))
    yield tab
    tab.close()
    assert wrong == []


def refuse(dialog: Dialog, wrong: list[str]) -> None:
    wrong.append(f"alert: {dialog.message}")
    dialog.dismiss()
