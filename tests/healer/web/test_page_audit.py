"""The audit trail in a real browser: what it shows, filters, exports and checks, and how it grows."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.healer.web import canned_audit
from tests.healer.web.canned import AT, CannedHealer

INCIDENT = "0123456789ab"
HOSTILE = "<img src=x onerror='window.owned=1'>\u202e=cmd|calc" + "x" * 5000


def rows(page: Page) -> Locator:
    return page.get_by_role("table", name="Events").locator("tbody tr")


def fill(healer: CannedHealer, count: int = 3) -> None:
    for number in range(1, count + 1):
        healer.log.append(
            {
                "id": number,
                "type": "operator.approve" if number % 3 == 1 else "log",
                "key": INCIDENT if number % 3 == 1 else "service/shop",
                "timestamp": AT,
                "trace_id": "",
                "payload": {"by": "ada", "way": "page", "from": "remote"}
                if number % 3 == 1
                else {"text": f"line {number}"},
                "ui_hint": "control",
            }
        )


def query(link: Locator) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link.get_attribute("href") or "").query)


def test_tells_who_did_what_when_and_to_what(page: Page, healer: CannedHealer) -> None:
    fill(healer)
    healer.log[1] |= {"type": "log", "payload": {"text": HOSTILE}, "key": HOSTILE}
    healer.log[2] |= {"type": "incident.state", "payload": "not what the healer writes"}
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="Audit").click()
    expect(rows(page)).to_have_count(3)
    first = rows(page).last
    for text in ("operator approve by ada", "page, from afar", INCIDENT):
        expect(first).to_contain_text(text)
    expect(first.locator("time")).to_contain_text("7:00:00")  # noon in Greenwich
    expect(first.get_by_role("link", name=INCIDENT)).to_have_attribute("href", f"/incidents/{INCIDENT}")
    expect(rows(page).first.get_by_role("link", name="shop")).to_have_attribute("href", "/services/shop")
    expect(first.locator("pre")).to_have_count(0)
    first.locator("summary").click()
    expect(first.locator("pre")).to_contain_text(f'"digest": "{1:064x}"')
    assert page.evaluate("window.owned") is None


def test_the_filters_are_in_the_address_and_the_exports_carry_them(page: Page, healer: CannedHealer) -> None:
    fill(healer, 9)
    page.goto(f"/audit?key={INCIDENT}&since=2026-01-31T08:00:30Z")
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_label("Incident")).to_have_value(INCIDENT)
    page.get_by_label("Kind").select_option("operator.approve")
    page.get_by_label("Text").fill("ada")
    wanted = {"type": "operator.approve", "key": INCIDENT, "since": "2026-01-31T08:00:30Z", "q": "ada"}
    page.wait_for_function("wanted => wanted === location.search", arg="?" + "&".join(_written(wanted)))
    for name, form in (("JSON lines", "jsonl"), ("CSV", "csv")):
        assert query(page.get_by_role("link", name=name)) == {
            key: [one] for key, one in (wanted | {"format": form}).items()
        }
    page.get_by_label("Text").fill("nothing like it")
    expect(page.get_by_text("The log holds no such event.")).to_be_visible()
    page.get_by_role("button", name="Clear").press("Enter")
    expect(page.get_by_label("Text")).to_be_focused()
    expect(rows(page)).to_have_count(9)
    expect(page.get_by_label("Text")).to_have_value("")


def test_what_somebody_did_in_some_time_is_asked_for(page: Page, healer: CannedHealer) -> None:
    fill(healer, 6)
    healer.log[3] |= {"timestamp": "2026-11-21T12:00:00Z"}
    page.goto("/audit")
    expect(rows(page)).to_have_count(6)
    page.get_by_label("Who").fill("Ada")
    expect(rows(page)).to_have_count(2)
    page.get_by_label("From").fill("2026-11-20T08:00")  # an hour after the first, where the reader is
    page.keyboard.press("Tab")
    expect(rows(page)).to_have_count(1)
    assert query(page.get_by_role("link", name="CSV"))["since"] == ["2026-11-20T13:00:00.000Z"]
    page.get_by_label("Before").fill("2026-11-21T07:00")
    page.keyboard.press("Tab")
    expect(page.get_by_text("The log holds no such event.")).to_be_visible()


def _written(wanted: dict[str, str]) -> list[str]:
    order = ("type", "key", "by", "since", "until", "q")
    return [f"{name}={wanted[name].replace(':', '%3A')}" for name in order if name in wanted]


def test_what_comes_is_filtered_as_what_was_there(page: Page, healer: CannedHealer) -> None:
    healer.note("log", "service/shop", text='said "yes" at C:\\')
    healer.note("note", "service/shop", text='said "yes"')
    asked = (('?q="YES"', 2), ("?q=C:\\", 1), ("?type=log, note", 2))
    for times, (query, of_two) in enumerate(asked, 1):
        page.goto(f"/audit{query}")
        expect(page.locator("#connection")).to_have_text("live")
        expect(rows(page)).to_have_count(of_two * times)
        page.wait_for_timeout(300)  # what is asked when the stream begins is answered
        page.route("**/audit/events?*", lambda _: None)  # and nothing more
        for event in healer.log[:2]:
            healer.emit(event["type"], event["key"], **event["payload"])
        expect(rows(page)).to_have_count(of_two * (times + 1))
        page.unroute("**/audit/events?*")


def test_what_comes_appears_on_top_but_moves_nothing_that_is_read(page: Page, healer: CannedHealer) -> None:
    fill(healer, 160)
    page.goto("/audit?type=log,note")
    expect(rows(page)).to_have_count(100)
    expect(page.locator("#connection")).to_have_text("live")
    healer.emit("log", "service/shop", text="just now")
    healer.emit("operator.approve", INCIDENT, by="ada")  # which is not asked for
    expect(rows(page).first).to_contain_text("just now")
    page.get_by_role("button", name="Show older ones").click()
    expect(rows(page)).to_have_count(107)
    expect(page.get_by_role("button", name="Show older ones")).to_have_count(0)

    read = rows(page).nth(20)
    read.scroll_into_view_if_needed()
    page.evaluate("window.scrollTo(0, 700)")
    read.locator("summary").click()
    before = read.bounding_box()
    healer.emit("note", "service/shop", text="newer")
    newer = page.get_by_role("button", name="Show 1 newer event")
    expect(newer).to_be_visible()
    assert read.bounding_box() == before
    newer.click()
    expect(rows(page).first).to_contain_text("note")
    expect(newer).to_have_count(0)


def test_a_search_that_takes_long_goes_on_when_the_reader_wants_it_to(
    page: Page, healer: CannedHealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canned_audit, "SEARCHED", 5)
    fill(healer, 12)
    page.goto("/audit?q=line+2")
    older = page.get_by_role("button", name="Show older ones")
    expect(page.get_by_text(": no such event.")).to_contain_text("Searched back to ")
    for before in (8, 3):
        with page.expect_response(f"**/audit/events?*before={before}"):
            older.click()
        page.wait_for_timeout(300)  # the answer is drawn, and what the next click goes on from
    expect(rows(page)).to_have_count(1)
    expect(older).to_have_count(0)
    healer.emit("log", "service/shop", text="line 22")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Check everything").click()  # after which all is asked anew
    expect(page.get_by_text("13 events, each as it was written")).to_be_visible()
    expect(rows(page)).to_have_count(2)


def test_the_chain_is_checked_on_demand(page: Page, healer: CannedHealer) -> None:
    fill(healer)
    began = {"id": 1, "timestamp": AT, "type": "audit.began", "payload": {"up_to": 7}}
    healer.audit = {"notes": [began]}
    healer.role = "viewer"
    page.goto("/audit")
    chain = page.get_by_role("region", name="The chain")
    for text in ("end intact", "3 events; the end is as it was written.", "Events up to 7 were chained only"):
        expect(chain).to_contain_text(text)
    healer.may_answer.clear()
    chain.get_by_role("button").click()
    expect(chain.get_by_role("button", name="Checking…")).to_be_disabled()
    healer.may_answer.set()
    expect(chain).to_contain_text("3 events, each as it was written; the last is number 3")
    expect(chain.get_by_role("heading")).to_contain_text("whole")
    healer.audit = {"whole": False, "flaw": {"kind": "changed", "event": 2, "detail": "event 2 was changed"}}
    chain.get_by_role("button", name="Check everything").click()
    expect(chain.get_by_role("alert")).to_have_text("event 2 was changed. The log is as it was written up to event 3.")
    expect(chain).to_contain_text("broken")
