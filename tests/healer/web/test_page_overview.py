"""The overview as a reader uses it: what comes first, what is listed and counted, what events change at once."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.healer.web.canned import CannedHealer, incident
from tests.healer.web.canned_overview import ago, statistics, summary


def many(number: int) -> list[dict[str, Any]]:
    """Healed ones, the newest first: h000, h001, …"""
    return [summary(f"h{place:03}", last_seen=ago(hours=1, minutes=place)) for place in range(number)]


def rows(page: Page) -> Locator:
    return page.get_by_role("list", name="Incidents").get_by_role("listitem")


def live(page: Page, path: str = "/") -> None:
    page.goto(path)
    expect(page.locator("#connection")).to_have_text("live")


def asked(page: Page) -> list[str]:
    """Collects what the page asks the API for from now on."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(request.url.partition("/api/v1")[2]))
    return paths


def top(part: Locator) -> float:
    box = part.bounding_box()
    assert box is not None
    return box["y"]


def hold_answers(page: Page) -> None:
    """The API answers nothing from now on, so that what changes is what the events say. The stream stays as it is."""
    page.route("**/api/v1/**", lambda _route: None)


def test_what_waits_for_the_reader_comes_first_then_what_is_at_work(page: Page, healer: CannedHealer) -> None:
    at_work = summary("k1", "repairing", title="KeyError in total")
    healer.others = [*many(60), at_work, summary("p2", "proposed", proposal=7, last_seen=ago(days=9))]
    revert = {"commit": "c0ffee1234", "number": 8, "title": "Revert: Round down", "created_at": ago(hours=2)}
    healer.services = [{"name": "billing", "reverts": [revert]}]
    page.goto("/")
    expect(page).to_have_title("(3) Overview · Healer")
    parts = page.locator("main h2")
    expect(parts).to_have_text(["Needs you3", "At work1", "Services", "The last 30 days", "Incidents"])
    waiting = page.get_by_role("region", name="Needs you")
    for text in (
        "Refuse a return without a policy",
        "Review #3",
        "Proposal p2",
        "Revert: Round down",
    ):  # p2 is on no first page
        expect(waiting).to_contain_text(text)
    working = page.get_by_role("region", name="At work")
    expect(working.get_by_role("listitem")).to_have_text(["repairingKeyError in totalshop · GET /orders"])
    waiting.get_by_role("link", name="Proposal p2").click()
    expect(page).to_have_url("/incidents/p2")
    page.go_back()
    waiting.get_by_role("link", name="Revert: Round down").click()
    expect(page).to_have_url("/services/billing")


def test_a_row_tells_its_fix_its_times_and_its_day_in_words(page: Page, healer: CannedHealer) -> None:
    healed: dict[str, Any] = {
        "proposal": 9,
        "origin": "coder@5eed",
        "seconds_to_proposal": 84,
        "seconds_to_healed": 7265,
    }
    healer.others = [summary("h1", count=1204, sparkline=[*[0] * 20, 1, 4, 0, 2], **healed)]
    healer.listed = False
    page.goto("/")
    for text in ("healed", "KeyError 'h1'", "shop · GET /orders · shop/orders.py:12", "1,204×", "3 minutes ago"):
        expect(rows(page)).to_contain_text(text)
    expect(rows(page)).to_contain_text("Proposal #9 openby coder in 1 min 24 shealed in 2 h 1 min")
    rows(page).get_by_role("img", name="7 reports in 24 hours, at most 4 in one hour").click()
    expect(page).to_have_url("/incidents/h1")


def test_a_row_is_followed_by_a_plain_click_only(page: Page, healer: CannedHealer) -> None:
    live(page)
    seen = rows(page).locator(".seen time").first
    for key in ("Control", "Shift", "Alt", "Meta"):
        seen.click(modifiers=[key])
    seen.evaluate("part => getSelection().selectAllChildren(part)")
    seen.dispatch_event("click")  # as at the end of selecting with the mouse
    expect(page.get_by_role("heading", name="Incidents")).to_be_visible()
    expect(page).to_have_url("/")
    page.evaluate("getSelection().empty()")
    seen.click()
    expect(page).to_have_url("/incidents/i1")


def test_filters_live_in_the_address_and_work_by_keyboard(page: Page, healer: CannedHealer) -> None:
    billed: dict[str, Any] = {"service": "billing", "category": "conversion", "origin": "coder@5eed"}
    healer.others = [*many(3), summary("b1", "declined", exception={"type": "ValueError", "message": "oops"}, **billed)]
    healer.services = [{"name": "billing"}]
    healer.statistics = statistics()
    page.goto("/")
    states = page.get_by_role("group", name="State")
    expect(states.get_by_role("button")).to_have_text(["all5", "needs you1", "healed3", "declined1"])
    states.get_by_role("button", name="healed").press("Enter")
    states.get_by_role("button", name="declined").press("Space")
    expect(page).to_have_url("/?state=resolved%2Cdeclined")
    expect(rows(page)).to_have_count(4)
    expect(states.get_by_role("button", name="declined")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("combobox", name="service", exact=True).select_option("billing")
    expect(page).to_have_url("/?state=resolved%2Cdeclined&service=billing")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("ValueError oops")

    search = page.get_by_role("searchbox", name="Search")
    search.press_sequentially("OOP")
    expect(page).to_have_url("/?state=resolved%2Cdeclined&service=billing&q=OOP")
    search.press_sequentially("x")
    expect(page.get_by_text("No incident is like this.")).to_be_visible()
    expect(search).to_be_focused()
    page.go_back()  # typing leaves one step
    expect(page).to_have_url("/?state=resolved%2Cdeclined")
    expect(search).to_have_value("")
    expect(page.get_by_role("combobox", name="service", exact=True)).to_have_value("")
    expect(rows(page)).to_have_count(4)
    page.get_by_role("button", name="Clear").click()
    expect(page).to_have_url("/")
    expect(search).to_be_focused()

    page.goto("/?q=oops&origin=coder&category=conversion&order=count")  # as somebody shared it
    expect(rows(page)).to_have_count(1)
    expect(search).to_have_value("oops")
    for label, value in (("origin", "coder"), ("category", "conversion"), ("order", "count")):
        expect(page.get_by_role("combobox", name=label, exact=True)).to_have_value(value)


def test_who_leaves_while_a_search_waits_is_not_fetched_back(page: Page) -> None:
    live(page)
    page.evaluate(
        """() => {
            const field = document.querySelector("#q");
            field.value = "oops";
            field.dispatchEvent(new Event("input", {bubbles: true}));
            document.querySelector(".incident a").click();
        }"""
    )
    expect(page.locator(".lanes")).to_be_visible()
    page.wait_for_timeout(300)
    expect(page).to_have_url("/incidents/i1")


def test_more_is_shown_below_and_an_update_keeps_the_place(page: Page, healer: CannedHealer) -> None:
    healer.others = many(420)
    healer.listed = False
    live(page)
    more = page.get_by_role("button", name="Show more")
    for shown in (100, 150, 200, 250):
        more.click()
        expect(rows(page)).to_have_count(shown)
    expect(more).to_have_text("Show more (170 left)")
    more.focus()
    last = rows(page).nth(249)
    last.scroll_into_view_if_needed()
    before = top(last)
    healer.others = [summary("new"), healer.others[0] | {"state": "regressed"}, *healer.others[1:]]
    healer.emit("incident.opened", key="new", service="shop")
    expect(rows(page)).to_have_count(251)
    expect(rows(page).first).to_contain_text("KeyError 'new'")
    expect(rows(page).nth(1)).to_contain_text("regressed")
    expect(rows(page).nth(250)).to_contain_text("KeyError 'h249'")
    expect(more).to_be_focused()
    assert abs(top(rows(page).nth(250)) - before) < 1


def test_an_event_changes_its_row_and_what_waits_at_once(page: Page, healer: CannedHealer) -> None:
    hours = [0] * 23 + [3]
    healer.incident = incident(state="repairing", title="AttributeError in open_return", sparkline=hours)
    live(page)
    hold_answers(page)
    healer.emit("report.received", count=8)
    expect(rows(page)).to_contain_text("8×")
    expect(rows(page).get_by_role("img", name="8 reports in 24 hours")).to_be_visible()
    expect(page.get_by_role("region", name="At work")).to_contain_text("AttributeError in open_return")
    healer.emit("incident.state", **{"from": "repairing", "to": "proposed", "reason": ""})
    expect(rows(page)).to_contain_text("needs you")
    expect(page.get_by_role("region", name="Needs you")).to_contain_text("Refuse a return without a policy")
    expect(page.get_by_role("region", name="At work")).to_contain_text("Nothing is being healed right now.")
    expect(page.locator("#announce")).to_have_text("A verified fix waits for your decision.")
    expect(page).to_have_title("(1) Overview · Healer")
    healer.emit("incident.state", **{"from": "proposed", "to": "merged", "reason": ""})
    expect(page).to_have_title("Overview · Healer")
    expect(page.get_by_role("region", name="At work").get_by_role("listitem")).to_have_count(1)


def test_what_is_told_of_the_inside_of_a_heal_asks_the_api_nothing(page: Page, healer: CannedHealer) -> None:
    live(page)
    expect(rows(page)).to_have_count(1)
    page.wait_for_timeout(300)
    paths = asked(page)
    for type_ in ("log", "stage.started", "model.tokens", "candidate.judged"):
        healer.emit(type_, text="x")
    page.wait_for_timeout(300)
    assert paths == []
    healer.incident = incident(count=77)
    healer.emit("proposal.checks", state="passed")
    expect(rows(page)).to_contain_text("77×")


def test_the_numbers_are_told_in_words_and_lead_to_the_incidents(page: Page, healer: CannedHealer) -> None:
    healer.others = [*many(60), summary("c1", category="conversion")]
    healer.statistics = statistics()
    page.goto("/")
    numbers = page.get_by_role("region", name="The last 30 days")
    outcomes = "coder18 merged · 4 rejected · 1 rolled back · 2 open"
    for text in ("69 %", "90 healed in the end, 41 not", "1 min 4 s", outcomes):
        expect(numbers).to_contain_text(text)
    drawn = numbers.get_by_role("img")
    expect(drawn.first).to_have_accessible_name(
        "What incidents came to on each day: healed above the line, 95 times in all; not healed below it, 42 times."
    )
    expect(drawn.nth(1)).to_have_accessible_name("Each day's median time to repair, between 22.0 s and 1 min 52 s.")
    numbers.get_by_role("link", name="conversion").click()
    expect(page).to_have_url("/?category=conversion")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("heading", name="Incidents")).to_be_in_viewport()

    healer.statistics = statistics(deploys=False, healed_share=None, ended_healed=0, ended_otherwise=0)
    page.reload()
    expect(numbers).to_contain_text("Healing ends at the merge here")
    healer.statistics = None
    page.reload()
    expect(numbers).to_contain_text("The numbers could not be counted: The database is busy.")
    expect(rows(page)).to_have_count(1)


def test_the_numbers_are_counted_again_for_who_comes_back(page: Page, healer: CannedHealer) -> None:
    page.goto("/")
    numbers = page.get_by_role("region", name="The last 30 days")
    expect(numbers).to_contain_text("No crash was reported")
    rows(page).get_by_role("link").first.click()
    expect(page.locator(".lanes")).to_be_visible()
    healer.statistics = statistics()
    page.get_by_role("link", name="Overview").click()
    expect(numbers).to_contain_text("69 %", timeout=5000)


def test_what_has_no_data_yet_says_so_in_a_sentence(page: Page, healer: CannedHealer) -> None:
    healer.listed = False
    page.goto("/")
    for text in ("Nothing waits for your decision.", "Nothing is being healed right now.", "No incident yet"):
        expect(page.get_by_text(text)).to_be_visible()
    numbers = page.get_by_role("region", name="The last 30 days")
    expect(numbers).to_contain_text("No crash was reported in these days.")
    expect(page.locator("main svg")).to_have_count(0)
    expect(page.get_by_role("search")).to_have_count(0)


def test_of_many_services_those_in_trouble_come_first(page: Page, healer: CannedHealer) -> None:
    healer.services = [{"name": f"s{number}"} for number in range(19)]
    healer.services[17] |= {"state": "unreachable: refused", "autonomy": "observe"}
    page.goto("/")
    services = page.get_by_role("list", name="Services").get_by_role("listitem")
    expect(services).to_have_count(12)
    expect(services.first).to_contain_text("s17unreachableunreachable: refused")
    expect(services.first).to_contain_text("1 open incident · diagnoses only")
    page.get_by_role("button", name="Show all 20 services").click()
    expect(services).to_have_count(20)
    healer.role = "viewer"
    expect(page.get_by_role("button", name="Stop all automation")).to_be_visible()
    page.reload()
    expect(services).to_have_count(12)
    expect(page.get_by_role("button", name="Stop all automation")).to_have_count(0)


def test_long_names_fit_a_narrow_screen(page: Page, healer: CannedHealer) -> None:
    long = "averylongnamewithoutanyplacetobreakit" * 5
    error = {"type": long, "message": long}
    place = {"file": long, "line": 1, "function": long}
    names: dict[str, Any] = {
        "service": long,
        "exception": error,
        "fault": place,
        "route": long,
        "title": long,
        "origin": long,
    }
    healer.others = [summary("l1", "soaking", **names), summary("l2", "proposed", proposal=123456, **names)]
    healer.services = [{"name": long, "release": long, "address": long, "state": f"unreachable: {long}"}]
    row = statistics()["by_category"][0] | {"name": long}
    healer.statistics = statistics(by_category=[row], by_origin=[row])
    page.goto("/?state=soaking")
    expect(page.get_by_role("region", name="The last 30 days")).to_contain_text("%")
    for width in (320, 390, 700, 900, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


def test_what_ends_at_the_merge_is_not_at_work(page: Page, healer: CannedHealer) -> None:
    healer.service |= {"deploys": False}
    page.goto("/")
    expect(page.locator("#connection")).to_have_text("live")
    expect(page.get_by_role("region", name="Needs you")).to_contain_text("Review #3")
    states = "open,diagnosing,repairing,releasing,soaking"
    link = page.get_by_role("link", name="1 open incident")
    assert parse_qs(urlsplit(link.get_attribute("href") or "").query)["state"] == [f"proposed,{states}"]
    page.wait_for_timeout(300)  # what is asked when the stream begins is answered
    page.route("**/api/v1/overview", lambda _: None)  # and nothing more
    healer.emit("incident.state", **{"from": "proposed", "to": "merged", "reason": ""})
    expect(page.get_by_text("Nothing waits for your decision.")).to_be_visible()
    expect(page.get_by_text("Nothing is being healed right now.")).to_be_visible()


def test_filters_that_are_none_take_nothing_else_away(page: Page, healer: CannedHealer) -> None:
    page.goto("/?state=nonsense")
    expect(page.get_by_text("These filters find nothing: state: 'nonsense' is none")).to_be_visible()
    expect(page.get_by_role("region", name="Services")).to_contain_text("shop")
    expect(page.get_by_role("region", name="Needs you")).to_contain_text("Review #3")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".incident")).to_have_count(1)


def test_days_are_said_to_be_those_of_utc(page: Page, healer: CannedHealer) -> None:
    healer.statistics = statistics()
    page.goto("/")
    expect(page.get_by_role("region", name="The last 30 days")).to_contain_text("days in UTC")
