"""`make pictures`: the page as the README shows it, taken in a real browser from a shop that is really healed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from healer.cli import samples, stack
from healer.cli.client import Client
from playwright.sync_api import Browser, Page
from rich.console import Console

from tests.browser import chromium

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "tests" / "samples"
PICTURES = ROOT / "docs" / "pictures"
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
MERGED = 4
DECIDED = ("soaking", "resolved", "declined", "rejected", "rolled_back", "regressed")


def main() -> None:
    console = Console(stderr=True)
    PICTURES.mkdir(exist_ok=True)
    with stack.running(ROOT, engine="playbook") as running:
        operator = Client(running.settings)
        shown = _lived_in(running, operator, console)
        with chromium() as browser:
            for theme in ("light", "dark"):
                for path in _taken(browser, running, theme, shown):
                    console.print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KB")


def _lived_in(running: stack.Stack, operator: Client, console: Console) -> str:
    """The shop after some crashes: most healed, one rejected, one declined, and one that waits, whose id this is."""
    names = [path.stem for path in sorted(SAMPLES.glob("*.json"))]
    healed = [name for name in names if _healed_by(name) == "playbook"]
    others = [name for name in names if name not in healed]
    waiting = ""
    for number, name in enumerate([*others[:1], *healed[: MERGED + 2]]):
        incident = _crash(running, operator, name)
        console.print(f"{name}: {incident['state']}")
        waiting = incident["id"]
        if incident["state"] != "proposed":
            continue
        if number == 1:
            operator.post(f"/api/v1/incidents/{waiting}/reject", {"reason": "We answer 422 here."})
        elif number <= MERGED:
            operator.post(f"/api/v1/incidents/{waiting}/approve", {})
            _until(operator, waiting, ("soaking", "resolved"))
    return waiting


def _healed_by(name: str) -> str:
    return str(json.loads((SAMPLES / f"{name}.json").read_text())["healed_by"])


def _crash(running: stack.Stack, operator: Client, name: str) -> dict[str, Any]:
    known = _ids(operator)
    sample = samples.load(SAMPLES, name, running.admin_token)
    for _ in range(3):  # more than one user meets it; uvicorn closes the connection of each
        with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
            samples.play(shop, sample)
    deadline = time.monotonic() + 20
    while not (new := _ids(operator) - known):
        assert time.monotonic() < deadline, f"{name}: no report came"
        time.sleep(0.05)
    return _until(operator, new.pop(), ("proposed", *DECIDED))


def _ids(operator: Client) -> set[str]:
    return {item["id"] for item in operator.get("/api/v1/incidents")["incidents"]}


def _until(operator: Client, incident_id: str, states: tuple[str, ...]) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while True:
        incident: dict[str, Any] = operator.get(f"/api/v1/incidents/{incident_id}")
        if incident["state"] in states:
            return incident
        assert time.monotonic() < deadline, f"{incident_id} is {incident['state']}"
        time.sleep(0.1)


def _taken(browser: Browser, running: stack.Stack, theme: str, incident: str) -> Iterator[Path]:
    views = {"overview": "/", "incident": f"/incidents/{incident}", "audit": "/audit"}
    for size, viewport in (("", DESK), ("-phone", PHONE)):
        context = browser.new_context(base_url=running.healer_url, viewport=viewport, color_scheme=theme)
        page = context.new_page()
        page.goto(f"/signin?token={running.settings.operator_token.get_secret_value()}")
        for name, path in views.items():
            yield _picture(page, path, PICTURES / f"{name}{size}-{theme}.png")
        context.close()


def _picture(page: Page, address: str, path: Path) -> Path:
    page.goto(address)
    page.locator("#connection[data-state=live]").wait_for()
    page.wait_for_timeout(
        1000
    )  # what comes after the first content: charts, and the open event stream never lets the network rest
    page.screenshot(path=path, animations="disabled")
    return path


if __name__ == "__main__":
    main()
