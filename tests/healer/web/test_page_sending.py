"""What the page sends: once, whatever the reader does meanwhile, and nothing that was written is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.healer.web.canned import ON_GITHUB, PROPOSAL, CannedHealer, incident

TWO_CLICKS = "button => { button.click(); button.click(); }"
HOLD_ANSWERS = """() => {
    const really = window.fetch;
    window.held = [];
    window.fetch = async (...asked) => {
        await new Promise((release) => window.held.push(release));
        return really(...asked);
    };
}"""


def live(page: Page, path: str = "/incidents/i1") -> None:
    page.goto(path)
    expect(page.locator("#connection")).to_have_text("live")


def test_escape_does_not_hide_what_is_being_sent(page: Page, healer: CannedHealer) -> None:
    live(page)
    healer.may_answer.clear()
    healer.refusal = "The forge is away."
    page.get_by_role("button", name="Reject").click()
    asked = page.get_by_role("dialog")
    asked.get_by_label("Reason").fill("wrong place")
    asked.get_by_role("button", name="Reject").click()
    for _ in range(4):
        page.keyboard.press("Escape")
        expect(asked.get_by_role("button", name="Sending…")).to_be_visible()
    healer.may_answer.set()
    expect(asked.get_by_role("alert")).to_have_text("The forge is away.")
    healer.refusal = ""
    asked.get_by_role("button", name="Reject").click()
    expect(asked).to_have_count(0)
    expect(page.get_by_role("region", name="Control")).to_contain_text("Rejected.")
    assert [name for name, _ in healer.posts] == ["reject"] * 2


def test_what_is_too_long_is_said_and_not_cut(page: Page, healer: CannedHealer) -> None:
    live(page)
    page.get_by_role("button", name="Request changes").click()
    asked = page.get_by_role("dialog")
    field = asked.get_by_label("What should be different")
    field.focus()
    page.keyboard.insert_text("ä\U0001f600" * 600)
    expect(asked).to_contain_text("1,200 of 1,000 characters")
    asked.get_by_role("button", name="Request changes").click()
    expect(asked.get_by_role("alert")).to_have_text("1,200 of 1,000 characters: make it shorter.")
    expect(field).to_have_value("ä\U0001f600" * 600)
    fits = "ä\U0001f600" * 500
    field.fill(fits)
    asked.get_by_role("button", name="Request changes").click()
    expect(asked).to_have_count(0)

    comment = page.get_by_label("Comment", exact=True)
    send = page.get_by_role("button", name="Comment")
    comment.fill("x" * 1001)
    expect(page.get_by_text("1,001 of 1,000 characters", exact=True)).to_be_visible()
    send.click()
    expect(page.get_by_role("alert")).to_have_text("1,001 of 1,000 characters: make it shorter.")
    comment.fill("short")
    expect(page.get_by_text("of 1,000 characters", exact=False).locator("visible=true")).to_have_count(1)  # the alert
    send.click()
    expect(comment).to_have_value("")
    assert [(name, body["text"]) for name, body in healer.posts] == [("request-changes", fits), ("comment", "short")]


def test_the_focus_stays_with_what_was_decided(page: Page, healer: CannedHealer) -> None:
    live(page)
    approve = page.get_by_role("button", name="Approve and merge")
    approve.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Approve and merge").press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(approve).to_be_disabled()
    expect(approve).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert healer.posts == [("approve", {"head_sha": PROPOSAL["head_sha"]})]


def test_two_clicks_try_it_once(page: Page, healer: CannedHealer) -> None:
    healer.examples = [{"service": "shop", "examples": [{"name": "return", "title": "A return"}]}]
    healer.played = {"request": "POST /returns", "status": 409, "body": "", "seconds": 0.1, "problem": ""}
    live(page, "/try")
    page.get_by_role("button", name="A return").evaluate(TWO_CLICKS)
    expect(page.get_by_text("POST /returns 409 after 100 ms")).to_be_visible()
    page.get_by_role("button", name="A return").click()
    expect(page.get_by_text("POST /returns 409 after 100 ms")).to_be_visible()
    assert len(healer.posts) == 2


def test_a_question_goes_with_what_it_is_about_and_a_failure_comes_back(page: Page, healer: CannedHealer) -> None:
    live(page, "/")
    row = page.get_by_role("listitem").get_by_role("link", name="AttributeError").first
    row.click()
    reject = page.get_by_role("button", name="Reject")
    reject.click()
    asked = page.get_by_role("dialog", include_hidden=True)
    page.evaluate("history.back()")
    expect(page).to_have_url("/")
    expect(asked).to_have_count(0)
    assert healer.posts == []

    row.click()
    reject.click()
    asked.get_by_label("Reason").fill("wrong place")
    healer.may_answer.clear()
    healer.refusal = "The forge is away."
    asked.get_by_role("button", name="Reject").click()
    expect(asked.get_by_role("button", name="Sending…")).to_be_visible()
    page.evaluate("history.back()")
    expect(page).to_have_url("/")
    expect(asked).to_be_hidden()
    page.get_by_role("button", name="Stop all automation").click()
    expect(asked.get_by_role("button", name="Sending…")).to_be_visible()  # one after the other
    page.go_forward()
    expect(asked).to_be_hidden()
    healer.may_answer.set()
    expect(asked.get_by_role("alert")).to_have_text("The forge is away.")
    healer.refusal = ""
    asked.get_by_role("button", name="Reject").click()
    expect(asked).to_have_count(0)
    expect(reject).to_be_disabled()
    assert [name for name, _ in healer.posts] == ["reject"] * 2
    assert not healer.automation["stopped"]


def test_a_question_ends_with_the_session(page: Page, context: BrowserContext, healer: CannedHealer) -> None:
    live(page)
    page.get_by_role("button", name="Approve and merge").click()
    other = context.new_page()
    other.goto("/audit")
    other.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Link or token")).to_be_visible()
    expect(page.get_by_role("dialog", include_hidden=True)).to_have_count(0)
    other.close()


def test_a_half_written_comment_waits_for_who_wrote_it(
    page: Page, context: BrowserContext, healer: CannedHealer
) -> None:
    healer.incident = incident(proposal=ON_GITHUB)
    live(page)
    comment = page.get_by_label("Comment", exact=True)
    token = page.get_by_label("Link or token")
    comment.fill("half wri")
    context.clear_cookies()
    healer.emit("operator.failed", action="approve", reason="")
    expect(token).to_be_visible()

    healer.role = "viewer"
    token.fill("right")
    token.press("Enter")
    expect(page.get_by_text("You are signed in as a viewer")).to_be_visible()
    expect(comment).to_have_value("")
    assert "half wri" not in page.content()
    page.get_by_role("button", name="Sign out").click()

    healer.role = "operator"
    token.fill("right")
    token.press("Enter")
    expect(comment).to_have_value("half wri")
    page.get_by_role("button", name="Comment").click()
    expect(comment).to_have_value("")
    page.get_by_role("link", name="Audit").click()
    page.go_back()
    expect(comment).to_have_value("")
    assert healer.posts == [("comment", {"text": "half wri"})]


def test_nothing_is_decided_on_what_is_not_up_to_date(page: Page, healer: CannedHealer) -> None:
    live(page)
    view = page.locator("main")
    approve = page.get_by_role("button", name="Approve and merge")
    expect(approve).to_be_enabled()
    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    page.evaluate(HOLD_ANSWERS)
    healer.incident = incident(state="rejected", actions=["retry"])
    page.go_back()
    expect(approve).to_be_disabled()
    expect(view).to_have_attribute("aria-busy", "true")
    approve.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.evaluate("held.forEach((release) => release())")
    expect(page.get_by_role("button", name="Retry")).to_be_enabled()
    expect(approve).to_have_count(0)
    expect(view).to_have_attribute("aria-busy", "false")


def test_what_was_sent_without_an_answer_is_told_as_that(page: Page, healer: CannedHealer) -> None:
    live(page)
    page.get_by_role("button", name="Approve and merge").click()
    page.evaluate(
        "() => { const really = AbortSignal.timeout.bind(AbortSignal); AbortSignal.timeout = () => really(50); }"
    )
    healer.may_answer.clear()
    page.get_by_role("dialog").get_by_role("button", name="Approve and merge").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(
        "No answer yet: it may have been taken. Look at the log before you send it again."
    )
    healer.may_answer.set()


def test_what_is_not_wanted_any_more_is_not_waited_for(page: Page, healer: CannedHealer) -> None:
    live(page)
    page.get_by_label("Comment", exact=True).fill("on its way")
    healer.may_answer.clear()
    page.get_by_role("button", name="Comment").click()
    expect(page.get_by_role("button", name="Sending…")).to_be_visible()
    page.route("**/api/v1/audit/state", lambda _: None)  # never answered
    with page.expect_request("**/api/v1/audit/state"):
        page.get_by_role("link", name="Audit").click()
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/audit/state")):
        page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("region", name="Services")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    with page.expect_event("requestfinished", lambda request: request.method == "POST"):
        healer.may_answer.set()
    assert healer.posts == [("comment", {"text": "on its way"})]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_question_that_failed_is_asked_again(page: Page, healer: CannedHealer, status: int) -> None:
    live(page)
    answers = iter([status])

    def answer(route: Route) -> None:
        failure = next(answers, None)
        if failure is None:
            route.fallback()
        else:
            route.fulfill(status=failure, json={"detail": "The database is locked."})

    page.route("**/api/v1/incidents/i1", answer)
    healer.emit("operator.failed", action="approve", reason="")
    expect(page.get_by_role("alert")).to_have_text("The database is locked.")
    expect(page.get_by_role("alert")).to_have_count(0)
