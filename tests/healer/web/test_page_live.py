"""The page while it is live: one stream for all tabs, nothing missed, nothing twice, and the reader's place is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from healer.web.files import PAGE, VIEWS, Files
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.healer.web.canned import AT, FILES, CannedHealer, incident, release
from tests.healer.web.canned_overview import ago, statistics

LINES = "[...document.querySelectorAll('#log .told')].map(one => one.textContent)"
HOLD_ANSWERS = """() => {
    const really = window.fetch;
    window.held = [];
    window.fetch = async (...asked) => {
        const answer = await really(...asked);
        await new Promise((release) => window.held.push(release));
        return answer;
    };
}"""
SIZES = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .map(({name, encodedBodySize}) => [new URL(name).pathname, encodedBodySize])"""
# [ms from the frame's own time to its drawing, ms of drawing] → ms that the next one waits, if more than a frame
REST_AFTER = """async ([path, cases]) => {
    const { framed } = await import(path);
    const really = [performance.now, window.requestAnimationFrame, window.setTimeout];
    let now = 1000;
    let frame, waits;
    performance.now = () => now;
    window.requestAnimationFrame = (drawn) => (frame = drawn);
    window.setTimeout = (_, wait) => (waits = wait);
    const rests = cases.map(([held, took]) => {
        const draw = framed(() => (now += took));
        draw();
        const begun = now;
        now += held;
        frame(begun);
        waits = null;
        draw();
        return waits;
    });
    [performance.now, window.requestAnimationFrame, window.setTimeout] = really;
    return rests;
}"""
LARGEST_FIRST_LOAD = 60 * 1024  # without headers, with what the API answers


def live(page: Page) -> None:
    expect(page.locator("#connection")).to_have_text("live")


def hide(page: Page, hidden: bool) -> None:
    """As if the reader went to another tab, or came back."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


@pytest.fixture
def tabs(page: Page, context: BrowserContext) -> Iterator[list[Page]]:
    """Nine, and a browser makes six connections."""
    opened = [page, *(context.new_page() for _ in range(8))]
    yield opened
    for tab in opened[1:]:
        tab.close()


def test_more_tabs_than_connections_share_one_stream(tabs: list[Page], healer: CannedHealer) -> None:
    for number, tab in enumerate(tabs):
        tab.goto("/incidents/i1" if number % 2 else "/")
    for tab in tabs:
        live(tab)
    assert len(healer.streams) == 1
    healer.emit("log", message="for all")
    for tab in tabs[1::2]:
        expect(tab.get_by_text("for all")).to_have_count(1)
    for tab in tabs:
        assert tab.evaluate("fetch('/api/v1/overview').then(answer => answer.status)") == 200
    assert healer.resumed_from == [None]

    tabs[4].get_by_role("button", name="Sign out").click()
    for tab in tabs:
        expect(tab.get_by_label("Link or token")).to_be_visible()
    tabs[5].get_by_label("Link or token").fill("right")
    tabs[5].keyboard.press("Enter")
    for tab in tabs:
        live(tab)
    assert len(healer.streams) == 1


def test_a_tab_that_wakes_up_gets_what_it_missed_once(
    page: Page, context: BrowserContext, healer: CannedHealer
) -> None:
    other = context.new_page()
    for tab in (page, other):
        tab.goto("/incidents/i1")
        live(tab)
    healer.emit("log", message="line 0")
    expect(page.get_by_text("line 0")).to_have_count(1)
    hide(page, True)
    for number in range(1, 30):
        healer.emit("log", message=f"line {number}")
    expect(other.get_by_text("line 29")).to_have_count(1)
    assert page.get_by_text("line 29").count() == 0
    hide(page, False)
    expect(page.get_by_text("line 29")).to_have_count(1)
    assert page.evaluate(LINES) == [f"line {number}" for number in range(30)]
    assert healer.resumed_from == [None]
    other.close()


def test_the_first_content_is_asked_for_once_more_when_the_stream_is_there(page: Page, healer: CannedHealer) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/overview") else None)
    page.goto("/")
    live(page)
    page.wait_for_timeout(1000)  # for one that is too many
    assert len(asked) == 2


def test_a_flood_of_lines_loses_and_doubles_none(page: Page, healer: CannedHealer) -> None:
    page.goto("/incidents/i1")
    live(page)
    for number in range(3000):
        healer.emit("log", message=f"line {number}")
    expect(page.get_by_text("line 2999")).to_have_count(1)
    assert page.evaluate(LINES) == [f"line {number}" for number in range(2600, 3000)]
    expect(page.locator("#log")).to_contain_text("2,600 earlier lines not shown")


def test_a_browser_without_shared_workers_has_its_own_stream(
    browser: Browser, served: tuple[CannedHealer, str], healer: CannedHealer
) -> None:
    with browser.new_context(base_url=served[1]) as context:
        context.add_cookies([{"name": "session", "value": "yes", "url": served[1]}])
        context.add_init_script("delete window.SharedWorker")
        pages = [context.new_page(), context.new_page()]
        for page in pages:
            page.goto("/incidents/i1")
            live(page)
        assert len(healer.streams) == 2
        healer.emit("log", message="to each")
        for page in pages:
            expect(page.get_by_text("to each")).to_have_count(1)


def test_a_page_whose_worker_is_gone_has_a_stream_of_its_own(page: Page, healer: CannedHealer) -> None:
    page.context.clear_cookies()
    page.goto("/")
    field = page.get_by_label("Link or token")
    expect(field).to_be_visible()
    healer.gone = {"worker.js", "hub.js"}  # an upgrade meanwhile
    field.fill("right")
    field.press("Enter")
    live(page)


def test_a_connection_that_says_nothing_is_made_anew(page: Page, healer: CannedHealer) -> None:
    page.add_init_script(
        """delete window.SharedWorker;
        window.EventSource = class extends EventSource {
            constructor(address) {
                super(address);
                this.addEventListener("alive", () => (window.alive = true));
            }
        };"""
    )
    page.clock.install()
    page.goto("/")
    live(page)
    page.clock.fast_forward(30_000)
    healer.keep_alive()
    page.wait_for_function("window.alive")
    page.clock.fast_forward(30_000)
    assert healer.resumed_from == [None]
    healer.refused_streams = 1
    page.clock.fast_forward(30_000)
    expect(page.locator("#connection")).to_have_text("reconnecting…")
    page.clock.fast_forward(10_000)
    live(page)


def test_a_page_of_the_healer_before_begins_anew(page: Page, healer: CannedHealer) -> None:
    page.clock.install()
    page.goto("/incidents/i1")
    live(page)
    page.clock.fast_forward(11_000)
    comment = page.get_by_label("Comment", exact=True)
    comment.fill("half wri")
    page.evaluate("window.old = true")
    healer.files = "0123456789abcdef"
    healer.break_streams()
    expect(page.get_by_text("A newer healer runs")).to_be_visible()
    expect(comment).to_have_value("half wri")
    assert page.evaluate("window.old")

    comment.fill("")
    with page.expect_event("load"):
        healer.break_streams()
    healer.files = FILES.version  # of the page that comes
    expect(comment).to_have_value("")


def test_a_sign_in_by_link_is_told_to_the_other_tabs(page: Page, context: BrowserContext, healer: CannedHealer) -> None:
    page.goto("/services/shop")
    live(page)
    again = page.get_by_role("button", name="Serve this again")
    expect(again).to_have_count(2)
    healer.role = "viewer"
    other = context.new_page()
    other.goto(f"/#page={'0' * 64}")
    expect(other.locator("#role")).to_have_text("viewer")
    expect(page.locator("#role")).to_have_text("viewer")
    expect(again).to_have_count(0)
    other.close()


def test_a_healer_with_another_log_is_noticed(page: Page, healer: CannedHealer) -> None:
    page.goto("/incidents/i1")
    live(page)
    for number in range(6):
        healer.emit("log", message=f"old {number}")
    expect(page.get_by_text("old 5")).to_have_count(1)
    healer.log.clear()
    healer.incident = incident(count=77)
    healer.break_streams()
    while len(healer.resumed_from) < 2 or not healer.streams:
        page.wait_for_timeout(10)
    healer.emit("log", message="new 1")
    expect(page.get_by_text("new 1")).to_have_count(1)
    expect(page.get_by_text("seen 77 times")).to_be_visible()
    assert page.evaluate(LINES) == ["new 1"]


def test_another_log_with_the_same_ids_stands_alone(page: Page, context: BrowserContext, healer: CannedHealer) -> None:
    away = context.new_page()
    for tab in (page, away):
        tab.goto("/incidents/i1")
        live(tab)
    for number in range(3):
        healer.emit("log", message=f"old {number}")
    for tab in (page, away):
        expect(tab.get_by_text("old 2")).to_have_count(1)
    hide(away, True)
    healer.log[:] = [one | {"payload": {"message": f"new {one['id'] - 1}"}} for one in healer.log]
    healer.break_streams()
    expect(page.get_by_text("new 2")).to_have_count(1)
    healer.emit("log", message="new 3")
    expect(page.get_by_text("new 3")).to_have_count(1)
    assert page.evaluate(LINES) == [f"new {number}" for number in range(4)]
    hide(away, False)
    expect(away.get_by_text("new 3")).to_have_count(1)
    expect(away.get_by_text("old")).to_have_count(0)
    away.close()


def test_a_drawing_that_was_held_up_holds_up_nothing_more(page: Page) -> None:
    page.goto("/")
    live(page)
    path = f"/page/{FILES.version}/frames.js"
    assert page.evaluate(REST_AFTER, [path, [[3000, 0], [0, 50], [0, 3000]]]) == [None, 50, 200]


def test_an_answer_older_than_an_event_does_not_undo_it(page: Page, healer: CannedHealer) -> None:
    page.goto("/incidents/i1")
    live(page)
    page.wait_for_timeout(300)  # what is asked when the stream begins is answered
    page.evaluate(HOLD_ANSWERS)
    healer.incident = incident(count=4)
    healer.emit("proposal.checks", state="passed")
    while not page.evaluate("held.length"):
        page.wait_for_timeout(10)
    healer.emit("incident.state", **{"from": "proposed", "to": "merged", "reason": ""})
    healer.emit("stage.started", stage="release")
    expect(page.locator(".stage")).to_have_count(1)
    page.evaluate("held[0]()")
    expect(page.get_by_text("seen 4 times")).to_be_visible()
    expect(page.locator(".stage")).to_have_count(1)
    expect(page.locator(".heading .badge").first).to_have_text("merged")


def test_an_event_that_the_answer_holds_is_not_applied_again(page: Page, healer: CannedHealer) -> None:
    late = [
        healer.note("incident.state", **{"from": "declined", "to": "open", "reason": "retry"}),
        healer.note("candidate.judged", accepted=True, summary="Refuse it", origin="none-guard"),
    ]
    healer.note("incident.state", **{"from": "open", "to": "repairing", "reason": ""})
    blank = {"round": 0, "asked": "", "why": "retry", "states": [], "judged": 0, "stood": 0, "stages": []}
    repair = {"stage": "repair", "started_at": AT, "seconds": 1.0, "state": "done", "detail": ""}
    attempts = [blank | {"number": 1}, blank | {"number": 2, "judged": 1, "stood": 1, "stages": [repair]}]
    healer.incident = incident(state="repairing", actions=[], attempts=attempts)
    page.goto("/incidents/i1")
    live(page)
    page.wait_for_timeout(300)  # what is asked when the stream begins is answered
    page.evaluate(HOLD_ANSWERS)
    for event in late:
        healer.tell(event)
    healer.emit("log", message="and on")
    healer.emit("candidate.judged", accepted=False, summary="Use 0", origin="zero")
    lane = page.get_by_role("region", name="Execution")
    expect(lane).to_contain_text("2 candidates judged, 1 stood")
    expect(lane).to_contain_text("Attempt 2: retry")
    expect(page.locator(".heading .badge").first).to_have_text("repairing")
    expect(page.get_by_text("and on", exact=True)).to_be_visible()
    expect(page.locator("#announce")).to_be_empty()


def test_what_is_no_event_is_asked_for(page: Page, healer: CannedHealer) -> None:
    page.clock.install()
    healer.incident = incident(state="soaking", actions=[], releases=[release("9c1d22e7b4", "soaking")])
    page.goto("/incidents/i1")
    live(page)
    badge = page.locator(".release .badge")
    expect(badge.last).to_have_text("soaking")
    page.wait_for_timeout(500)  # what is asked when the stream begins is answered
    healer.incident = incident(state="soaking", actions=[], releases=[release("9c1d22e7b4")])
    page.clock.run_for(12_000)
    expect(badge.last).to_have_text("served before")


def test_times_are_in_the_readers_zone_and_language(
    browser: Browser, served: tuple[CannedHealer, str], healer: CannedHealer
) -> None:
    healer.log = [{"id": 1, "type": "log", "key": "i1", "timestamp": AT, "trace_id": "i1", "payload": {"message": "x"}}]
    with browser.new_context(base_url=served[1], timezone_id="Asia/Kathmandu", locale="de-DE") as context:
        context.add_cookies([{"name": "session", "value": "yes", "url": served[1]}])
        page = context.new_page()
        page.goto("/incidents/i1")
        page.clock.set_fixed_time("2026-11-20T14:00:00Z")
        line = page.locator("#log time")
        expect(line).to_have_text("17:45:00")  # noon in Greenwich
        expect(line).to_have_attribute("title", re.compile(r"20\.11\.2026, 17:45:00 GMT\+5:45"))
        expect(line).to_have_attribute("datetime", AT)


def test_a_clock_that_is_wrong_tells_right_how_long_ago_it_was(page: Page, healer: CannedHealer) -> None:
    healer.incident = incident(last_seen=ago(minutes=3))
    page.clock.install(time=ago(hours=5))
    page.goto("/")
    expect(page.locator(".incident .seen time").first).to_have_text("3 minutes ago")


def test_the_keyboard_reaches_the_content_and_keeps_its_place(page: Page, healer: CannedHealer) -> None:
    page.goto("/")
    live(page)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    assert skip.evaluate("link => link.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    main = page.get_by_role("navigation", name="Main")
    expect(main.get_by_role("link", name="Overview")).to_have_attribute("aria-current", "page")

    page.goto("/incidents/i1")
    expect(main.locator("[aria-current]")).to_have_count(0)
    reject = page.get_by_role("button", name="Reject")
    reject.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("textbox")).to_be_focused()
    healer.emit("log", message="meanwhile")
    expect(page.get_by_text("meanwhile")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_role("textbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(reject).to_be_focused()
    healer.emit("incident.state", **{"from": "proposed", "to": "proposed", "reason": "looked at again"})
    expect(page.get_by_text("looked at again").first).to_be_visible()
    expect(reject).to_be_focused()


def test_a_first_load_is_small(page: Page, healer: CannedHealer) -> None:
    healer.statistics = statistics()
    page.goto("/")
    live(page)
    expect(page.get_by_role("region", name="The last 30 days").locator("svg").first).to_be_visible()
    sizes = dict(page.evaluate(SIZES))
    names = {PurePosixPath(path).name for path in sizes}
    assert {"", "app.js", "overview.js", "hub.js", "style.css", "session", "incidents", "statistics"} <= names
    assert sum(sizes.values()) <= LARGEST_FIRST_LOAD, sizes


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_asks_for_no_module_late(page: Page, path: str) -> None:
    address = path.format(name="i1" if "incidents" in path else "shop")
    page.goto(address)
    live(page)
    loaded = {PurePosixPath(one).name for one, _ in page.evaluate(SIZES) if one.endswith(".js")}
    ahead = re.findall(r'rel="modulepreload" href="/page/\w+/(.+?)"', page.request.get(address).text())
    assert sorted([*ahead, "app.js"]) == sorted(loaded)  # which the page names itself


def test_files_are_kept_as_long_as_they_are_the_same() -> None:
    app = FastAPI()
    files = Files()
    app.include_router(files.routes())
    client = TestClient(app)
    page = client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    assert client.get("/", headers={"if-none-match": page.headers["etag"]}).status_code == 304
    module = client.get(f"/page/{files.version}/app.js")
    assert "immutable" in module.headers["cache-control"]
    assert module.headers["content-type"].startswith("text/javascript")
    plain = client.get(f"/page/{files.version}/app.js", headers={"accept-encoding": "identity"})
    assert plain.content == module.content == (PAGE / "app.js").read_bytes()
    assert plain.headers["etag"] != module.headers["etag"]
    assert client.get("/page/0123456789abcdef/app.js").status_code == 404
    assert client.get(f"/page/{files.version}/../application.py").status_code == 404
