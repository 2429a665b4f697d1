"""The page as a reader uses it: what it shows, what it asks, what it sends."""

from __future__ import annotations

from healer.web.files import PAGE
from playwright.sync_api import Page, expect

from tests.healer.web.canned import (
    AT,
    BEFORE,
    DIFF,
    DISCUSSION,
    EXCEPTION,
    GITHUB,
    ON_GITHUB,
    PROPOSAL,
    RELEASES,
    REPORT,
    REVERT,
    RUNNING,
    SITE,
    CannedHealer,
    incident,
    release,
)

HOSTILE = (
    "<script>window.owned=1</script><img src=x onerror='window.owned=1'>\"><svg onload=window.owned=1>"
    " \u202egnp.exe\u202c a\u200bb " + "x" * 5000
)


def test_signs_in_with_the_pasted_link_and_out(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/")
    field = page.get_by_label("Link or token")
    field.fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("This token is neither the operator's nor a viewer's.")
    field.fill("http://127.0.0.1:8001/signin?token=right")
    field.press("Enter")
    expect(page.get_by_role("link", name="AttributeError")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(field).to_be_visible()


def test_shows_who_reported_a_crash_how_it_was_caught_and_what_it_came_from(page: Page, healer: CannedHealer) -> None:
    frame = {**SITE, "in_app": True, "source": "held[key]", "locals": {"key": HOSTILE}}
    error = {"type": "KeyError", "message": HOSTILE}
    chain = [{"relation": "cause", "exception": error, "frames": [frame]}]
    healer.incident = incident(report=REPORT | {"chain": chain})
    page.goto("/incidents/i1")
    lane = page.get_by_role("region", name="Reasoning")
    for text in (
        "logged by the service, which went on",
        "python 3.11.7, fastapi 0.115.0",
        "Approximate replay: reported by",
    ):
        expect(lane.get_by_text(text).first).to_be_visible()
    cause = lane.get_by_text("Caused by KeyError")
    cause.click()
    expect(lane.get_by_text("held[key]")).to_be_visible()


def test_overview_leads_to_the_incident(page: Page) -> None:
    page.goto("/")
    row = page.get_by_role("list", name="Incidents").get_by_role("listitem")
    for text in ("needs you", "'NoneType' has no 'days'", "POST /returns", "shop/returns.py:38", "3×", "by none-guard"):
        expect(row).to_contain_text(text)
    expect(page.get_by_role("list", name="Services")).to_contain_text("4be1c8f")
    expect(page.locator("#connection")).to_have_text("live")
    row.get_by_role("link").click()
    expect(page).to_have_url("/incidents/i1")
    expect(page.get_by_role("heading", level=1)).to_have_text("An item without a return policy is returned.")
    page.go_back()
    expect(row).to_be_visible()


def test_empty_overview_says_what_to_do(page: Page, healer: CannedHealer) -> None:
    healer.listed = False
    page.goto("/")
    expect(page.get_by_text("No incident yet")).to_be_visible()
    expect(page.get_by_text("selfheal.init(dsn=…)")).to_be_visible()


def test_incident_shows_the_change_its_evidence_and_the_crash(page: Page) -> None:
    page.goto("/incidents/i1")
    change = page.get_by_role("group", name="Change of shop/returns.py").first
    expect(change.locator(".add")).to_have_count(3)
    expect(change.locator(".del")).to_contain_text("days = item.policy.days")
    expect(change.locator(".add .no").first).to_have_attribute("data-new", "38")
    evidence = page.get_by_role("table", name="Evidence").first
    for text in ("HTTP 500", "HTTP 409", "41 passed"):
        expect(evidence).to_contain_text(text)
    expect(page.locator("mark")).to_have_text("item.policy")
    expect(page.get_by_role("table", name="Values when it crashed")).to_contain_text("<Item policy=None>")
    refused = page.locator("details").filter(has_text="still answers 201")
    expect(refused).not_to_have_attribute("open", "")


def test_scores_are_shown_with_their_parts_and_weak_evidence_as_such(page: Page) -> None:
    page.goto("/incidents/i1")
    expect(page.get_by_role("heading", name="Draft proposal #3")).to_be_visible()
    evidence = page.get_by_role("table", name="Evidence").first
    for text in ("4 requestsas before in status and shape; some values differ", "New testfailedpassed"):
        expect(evidence).to_contain_text(text)
    reasoning = page.get_by_role("region", name="Reasoning")
    for text in (
        "body: /total is 6 where it was 5",
        "shop/returns.py:41",
        "passes and fails on the unpatched",
    ):
        expect(reasoning).to_contain_text(text)
    parts = page.get_by_role("table", name="Confidence").first
    expect(parts).to_be_hidden()
    page.locator("summary").filter(has_text="Confidence").first.click()
    expect(parts).to_contain_text("unsteady−0.10a test came out differently")


def test_the_switch_stops_all_automation_and_lets_it_go_on(page: Page, healer: CannedHealer) -> None:
    page.goto("/")
    page.get_by_role("button", name="Stop all automation").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("No heal begins")
    dialog.get_by_role("textbox").fill("a freeze")
    dialog.get_by_role("button", name="Stop all automation").click()
    expect(page.get_by_text("All automation was stopped by operator: a freeze")).to_be_visible()
    assert healer.automation["stopped"] is True
    page.get_by_role("button", name="Let it go on").click()
    page.get_by_role("dialog").get_by_role("button", name="Let it go on").click()
    expect(page.get_by_role("button", name="Stop all automation")).to_be_visible()
    assert healer.automation["stopped"] is False


def test_tells_who_changed_the_line_last_and_what_looks_alike(page: Page) -> None:
    page.goto("/incidents/i1")
    reasoning = page.get_by_role("region", name="Reasoning")
    expect(reasoning).to_contain_text("Last changed7d31c5a by Ada,")
    expect(reasoning).to_contain_text("Take returns by line")
    expect(reasoning).to_contain_text("shop/returns.py:90 exchange() the same policy is read here")


def test_hostile_text_is_inert_and_visible(page: Page, healer: CannedHealer) -> None:
    exception = {**EXCEPTION, "type": "<b>E</b>", "message": HOSTILE}
    report = REPORT | {"exception": exception, "request": {"method": "GET", "path": f"/{HOSTILE}", "headers": {}}}
    diagnosis = healer.incident["diagnosis"] | {"cause": HOSTILE}
    diagnosis["suspect"] = {"commit": HOSTILE, "author": HOSTILE, "date": HOSTILE, "summary": HOSTILE}
    diagnosis["siblings"] = [{"file": HOSTILE, "line": 1, "function": HOSTILE, "why": HOSTILE}]
    healer.incident = incident(exception=exception, report=report, route=HOSTILE, diagnosis=diagnosis)
    hostile = REVERT | {"title": HOSTILE, "body": HOSTILE, "closing": HOSTILE}
    released = release(RUNNING, reason=HOSTILE, subject=HOSTILE, origin=HOSTILE, revert=hostile)
    serving = RELEASES["serving"] | {"fell_back": HOSTILE, "state": f"unreachable: {HOSTILE}"}
    healer.releases = {"service": "shop", "serving": serving, "releases": [released]}
    for path in ("/", "/incidents/i1", "/services/shop"):
        page.goto(path)
        expect(page.get_by_text("<script>window.owned=1</script>").first).to_be_visible()
        assert page.evaluate("window.owned") is None
        assert (
            page.locator("main :is(script, img, svg[onload], b, iframe, [onerror], [href^='javascript'])").count() == 0
        )
        shown = page.locator("main").inner_text()
        assert "⟨U+202E⟩gnp.exe⟨U+202C⟩ a⟨U+200B⟩b" in shown
        assert not set("\u202e\u202c\u200b") & set(shown)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_cannot_be_seen_is_spelled_out(page: Page, healer: CannedHealer) -> None:
    unseen = "a\u034fb\u115fc\u3164d\u180be\u2800f\U000e0100g"
    spelled = "a⟨U+034F⟩b⟨U+115F⟩c⟨U+3164⟩d⟨U+180B⟩e⟨U+2800⟩f⟨U+E0100⟩g"
    emoji = "\u2764\ufe0f\u200d\U0001f525"
    healer.incident = incident(
        diagnosis=healer.incident["diagnosis"] | {"cause": f"{unseen}{emoji}x\ufe0f"},
        exception=EXCEPTION | {"type": "A\u202eB", "message": emoji},
        proposal=PROPOSAL | {"diff": DIFF.replace("no return policy", f"no{unseen}\u200dpolicy")},
    )
    page.goto("/incidents/i1")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{spelled}{emoji}x⟨U+FE0F⟩")
    code = page.get_by_role("group", name="Change of shop/returns.py").first
    expect(code).to_contain_text(f"no{spelled}⟨U+200D⟩policy")
    expect(page.locator(".heading .exception")).to_have_text("A⟨U+202E⟩B: \u2764⟨U+FE0F⟩⟨U+200D⟩\U0001f525")
    expect(page).to_have_title("needs you: A⟨U+202E⟩B · Healer")


def test_a_mistake_in_what_a_view_shows_is_told_and_ends(page: Page, healer: CannedHealer) -> None:
    healer.incident = incident(verdicts=[None])
    page.goto("/incidents/i1")
    expect(page.get_by_role("alert")).to_contain_text("This cannot be shown, by a mistake of the page")
    expect(page.locator("#connection")).to_have_text("live")
    healer.incident = incident()
    healer.emit("candidate.judged", accepted=True, summary="Refuse it", origin="none-guard")
    expect(page.locator(".lanes")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_approve_asks_once_and_is_sent_once(page: Page, healer: CannedHealer) -> None:
    page.goto("/incidents/i1")
    approve = page.get_by_role("button", name="Approve and merge")
    approve.click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("Proposal #3 is merged into main and released to shop")
    assert healer.posts == []
    healer.may_answer.clear()
    asked.get_by_role("button", name="Approve and merge").dblclick()
    expect(asked.get_by_role("button", name="Sending…")).to_be_disabled()
    page.keyboard.press("Enter")
    healer.may_answer.set()
    expect(asked).to_have_count(0)
    expect(approve).to_be_disabled()
    expect(page.locator("#announce")).to_have_text("Approved. The merge is on its way.")
    assert healer.posts == [("approve", {"head_sha": PROPOSAL["head_sha"]})]


def test_reject_needs_a_reason_and_shows_why_it_was_refused(page: Page, healer: CannedHealer) -> None:
    healer.refusal = "The proposal is merged already."
    page.goto("/incidents/i1")
    page.get_by_role("button", name="Reject").click()
    asked = page.get_by_role("dialog")
    asked.get_by_role("button", name="Reject").click()
    expect(asked.get_by_role("alert")).to_have_text("A reason is needed.")
    asked.get_by_label("Reason").fill("wrong place")
    asked.get_by_role("button", name="Reject").click()
    expect(asked.get_by_role("alert")).to_have_text("The proposal is merged already.")
    assert healer.posts == [("reject", {"reason": "wrong place", "head_sha": PROPOSAL["head_sha"]})]
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    expect(page.get_by_role("button", name="Reject")).to_be_enabled()


def test_asks_for_changes_and_gives_a_hint_in_the_readers_words(page: Page, healer: CannedHealer) -> None:
    healer.incident = incident(proposal=ON_GITHUB)
    page.goto("/incidents/i1")
    page.get_by_role("button", name="Request changes").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("It is round 2 of at most 3.")
    asked.get_by_role("button", name="Request changes").click()
    expect(asked.get_by_role("alert")).to_have_text("Say what should be different.")
    asked.get_by_label("What should be different").fill("answer 422")
    asked.get_by_role("button", name="Request changes").click()
    expect(page.locator("#announce")).to_contain_text("The new round is on its way.")

    healer.incident = incident(state="declined", actions=["retry"], proposal=None)
    healer.emit("incident.state", **{"from": "proposed", "to": "declined", "reason": ""})
    page.get_by_role("button", name="Retry").click()
    asked.get_by_label("What the next attempt should know (optional)").fill("look at the caller")
    asked.get_by_role("button", name="Retry").click()
    expect(asked).to_have_count(0)
    asked_for = {"text": "answer 422", "head_sha": PROPOSAL["head_sha"]}
    assert healer.posts == [("request-changes", asked_for), ("retry", {"hint": "look at the caller"})]


def test_the_discussion_is_shown_and_joined(page: Page, healer: CannedHealer) -> None:
    healer.incident = incident(proposal=ON_GITHUB | {"discussion": [*DISCUSSION, {**DISCUSSION[0], "text": HOSTILE}]})
    page.goto("/incidents/i1")
    said = page.get_by_role("log", name="Discussion").get_by_role("listitem")
    for number, words in enumerate(("bob", "ada asks for changes", "the healer", "eve approves", "bob")):
        expect(said.nth(number)).to_contain_text(words)
    expect(said.nth(1)).to_contain_text("Please answer 422:\nshop/returns.py:39: here")
    whole = said.nth(4).locator(".said")
    expect(whole).to_be_hidden()  # it is long
    said.nth(4).locator("summary").click()
    expect(whole).to_be_visible()
    expect(whole).to_contain_text("<script>window.owned=1</script>")
    assert page.evaluate("window.owned") is None

    comment = page.get_by_label("Comment", exact=True)
    send = page.get_by_role("button", name="Comment")
    send.click()
    expect(page.get_by_role("alert")).to_have_text("Write something first.")
    healer.refusal = "It is merged already."
    comment.fill("/heal explain")
    send.click()
    expect(page.get_by_role("alert")).to_have_text("It is merged already.")
    expect(comment).to_have_value("/heal explain")
    healer.refusal = ""
    healer.may_answer.clear()
    send.dblclick()
    expect(page.get_by_role("button", name="Sending…")).to_be_visible()
    healer.may_answer.set()
    expect(comment).to_have_value("")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#announce")).to_have_text("Your comment is sent.")
    assert healer.posts == [("comment", {"text": "/heal explain"})] * 2


def test_a_half_written_comment_and_the_place_in_the_discussion_survive_updates(
    page: Page, healer: CannedHealer
) -> None:
    remarks = [{**DISCUSSION[0], "id": f"comment-{number}", "text": "word " * 60} for number in range(12)]
    healer.incident = incident(proposal=ON_GITHUB | {"discussion": remarks})
    page.goto("/incidents/i1")
    discussion = page.get_by_role("log", name="Discussion")
    at_end = "part => part.scrollHeight - part.scrollTop - part.clientHeight < 2"
    expect(discussion.get_by_role("listitem")).to_have_count(12)
    assert discussion.evaluate(at_end)
    comment = page.get_by_label("Comment", exact=True)
    comment.press_sequentially("half wri")
    discussion.evaluate(
        "part => { part.scrollTop = 100; getSelection().selectAllChildren(part.querySelector('.said')) }"
    )
    comment.focus()

    # A round runs meanwhile, in which nothing can be said.
    healer.incident = incident(state="repairing", actions=[], proposal=ON_GITHUB | {"discussion": remarks})
    healer.emit("incident.state", **{"from": "proposed", "to": "repairing", "reason": ""})
    expect(comment).to_be_hidden()
    more = {**DISCUSSION[1], "id": "review-13"}
    healer.incident = incident(proposal=ON_GITHUB | {"discussion": [*remarks, more]})
    healer.emit("incident.state", **{"from": "repairing", "to": "proposed", "reason": ""})
    expect(discussion.get_by_role("listitem")).to_have_count(13)
    expect(comment).to_have_value("half wri")
    assert discussion.evaluate("part => part.scrollTop") == 100
    assert page.evaluate("String(getSelection())").startswith("word word")

    discussion.evaluate("part => { part.scrollTop = part.scrollHeight }")
    healer.incident = incident(proposal=ON_GITHUB | {"discussion": [*remarks, more, {**more, "id": "review-14"}]})
    healer.emit("proposal.remark", by="ada", kind="changes", text="again")
    expect(discussion.get_by_role("listitem")).to_have_count(14)
    page.wait_for_function(f"({at_end})(document.querySelector('[role=log]'))")


def test_where_the_proposal_is_and_why_it_is_not_there_yet(page: Page, healer: CannedHealer) -> None:
    healer.forge = GITHUB
    page.goto("/")
    services = page.get_by_role("list", name="Services")
    expect(services).to_contain_text("proposals on GitHub · 4,812 of 5,000 requests left")
    healer.forge = GITHUB | {"problem": "the token has expired"}
    healer.emit("forge.waits", reason="the token has expired", until="2026-11-20T12:05:00Z")
    expect(services).to_contain_text("GitHub cannot be used now: the token has expired")

    healer.incident = incident(proposal=ON_GITHUB | {"amended": True})
    page.goto("/incidents/i1")
    control = page.get_by_role("region", name="Control")
    link = control.get_by_role("link", name="Pull request #12 on GitHub")
    expect(link).to_have_attribute("href", "https://github.com/acme/shop/pull/12")
    expect(control).to_contain_text("a draft there · others added commits · @ada was asked to review · round 1 of 3")

    unpublished = {"state": "prepared", "number": 0, "url": "", "discussion": []}
    healer.incident = incident(state="repairing", actions=[], proposal=ON_GITHUB | unpublished)
    page.reload()
    expect(control).to_contain_text("The proposal (not published yet)")
    expect(control).to_contain_text("Being published.")
    expect(page.locator(".says")).to_have_text("A verified fix is being published.")
    healer.incident = incident(proposal=ON_GITHUB | unpublished | {"forge": healer.forge})
    page.wait_for_function("document.querySelector('#connection').textContent === 'live'")
    healer.emit("forge.waits", key="service/shop", reason="the token has expired", until="")
    expect(control).to_contain_text("Waiting to be published: the token has expired")


def test_the_life_of_a_proposal_is_told_in_sentences(page: Page, healer: CannedHealer) -> None:
    page.goto("/incidents/i1")
    for type_, payload, words in (
        ("proposal.remark", {"by": "ada", "kind": "changes", "text": "422"}, "ada asks for changes: 422"),
        ("operator.comment", {"by": "operator", "reason": "hm"}, "operator says: hm"),
        ("proposal.reply", {"text": "because"}, "the healer replies: because"),
        ("proposal.checks", {"state": "passed"}, "the repository's own checks: passed"),
        ("proposal.review_asked", {"who": "@ada"}, "@ada is asked to review"),
        ("proposal.amended", {"by": "bob", "head_sha": "0123456789"}, "bob added commits, now at 0123456"),
        ("proposal.rechecked", {"by": "bob", "accepted": False, "reason": "500"}, "does not stand: 500"),
        ("proposal.obsolete", {"reason": "gone"}, "the proposal is not needed any more: gone"),
        ("proposal.reopened", {"by": "eve"}, "eve opened the proposal again"),
        ("round.started", {"round": 2, "asked": "422"}, "round 2 begins: 422"),
        ("notification.failed", {"target": "chat", "reason": "410"}, "chat was not told of it: 410"),
        ("notification.failed", {"target": "chat", "number": 9, "reason": ""}, "chat was not told of 9 state changes"),
        ("healer.working", {"url": "http://b:8001"}, "the healer at http://b:8001 does the work now"),
    ):
        healer.emit(type_, **payload)
        expect(page.locator("#log li").last).to_contain_text(words)
    concerns = """async (event) => {
        const { name } = performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/incident.js"));
        return (await import(name)).view.concerns(event, { trace_id: "" }, { id: "i1" });
    }"""
    for key, concerned in (("i1", True), ("healer", False)):
        event = {"key": key, "trace_id": "", "type": "healer.working"}
        assert page.evaluate(concerns, event) is concerned, "no trace is not the same trace"


def test_the_life_of_a_release_is_told_in_sentences(page: Page, healer: CannedHealer) -> None:
    page.goto("/incidents/i1")
    one = {"commit": "4be1c8f2d0"}
    for type_, payload, words in (
        ("release.waits", {**one, "reason": "no room"}, "release 4be1c8f waits: no room"),
        ("release.prepared", one, "release 4be1c8f is prepared"),
        ("release.canary", {**one, "seconds": 30, "workers": 1}, "goes to a share of the users for 30.0 s"),
        ("release.live", {**one, "previous": BEFORE, "seconds": 2}, "is live after 2.0 s, before it 71aa03c"),
        ("release.suspected", {**one, "blamed": True, "why": "KeyError"}, "is to blame for a new crash: KeyError"),
        ("release.failed", {**one, "reason": "no start"}, "release 4be1c8f did not go live: no start"),
        ("release.rolled_back", {**one, "to": BEFORE, "reason": "slow"}, "taken back, 71aa03c serves again: slow"),
        ("release.stuck", {**one, "reason": "none comes up"}, "serves on, for want of another: none comes up"),
        ("release.superseded", {**one, "by": BEFORE}, "is left out: 71aa03c holds it and is served already"),
        ("incident.healed", {"seconds": 4, "by": "request"}, "healed after 4.0 s: the first real request of the kind"),
        ("revert.merged", {"number": 7, "by": "ada"}, "the revert #7 was merged by ada"),
        ("proposal.merging", {"confidence": 0.93, "risk": 0.1}, "merged without a person: confidence 93 %, risk 10 %"),
        ("autonomy.held", {"reason": "a release failed"}, "merged without a person for now: a release failed"),
        ("autonomy.left_to_people", {"reason": "risk"}, "the merge is left to people: risk"),
    ):
        healer.emit(type_, **payload)
        expect(page.locator("#log li").last).to_contain_text(words)


def test_releases_are_listed_with_what_users_get(page: Page, healer: CannedHealer) -> None:
    healer.service = {"canary": "c0ffee1234", "fell_back": "Its workers ended."}
    page.goto("/")
    card = page.get_by_role("list", name="Services").get_by_role("listitem")
    for text in ("release 4be1c8f, canary c0ffee1", "Its workers ended."):
        expect(card).to_contain_text(text)
    card.get_by_role("link", name="shop").click()
    expect(page).to_have_url("/services/shop")
    expect(page.get_by_role("heading", level=1)).to_have_text("Releases of shop")
    expect(page).to_have_title("shop at 4be1c8f · Healer")
    traffic = page.get_by_role("table", name="Traffic")
    for text in ("4be1c8f serving71aa03c before it", "3 (0.024 %)12 (0.013 %)", "99 % answered within31 ms29 ms"):
        expect(traffic).to_contain_text(text)
    rows = page.locator("section", has=page.get_by_role("heading", name="Releases", exact=True)).locator("li")
    for number, texts in enumerate((
        ("4be1c8f", "serving", "soaking", "Refuse a return without a policy · a fix · its incident", "watched until"),
        ("c0ffee1", "rolled back", "It breaks something new: KeyError in GET /orders.", "revert #7: open"),
        ("71aa03c", "served before", "the first one"),
        ("0dd0000", "failed", "did not come up: SyntaxError"),
    )):  # fmt: skip
        for text in texts:
            expect(rows.nth(number)).to_contain_text(text)
    expect(rows.filter(has=page.get_by_role("button"))).to_have_count(2)  # kept, and not what is served
    rows.first.get_by_role("link", name="its incident").click()
    expect(page).to_have_url("/incidents/i1")


def test_serving_a_release_again_asks_once_and_is_sent_once(page: Page, healer: CannedHealer) -> None:
    page.goto("/services/shop")
    again = page.get_by_role("button", name="Serve this again 71aa03c")
    again.click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("The users of shop get release 71aa03c from now on. Incidents that were healed by")
    asked.get_by_label("Reason (optional)").fill("slow")
    healer.refusal = "it is being changed already"
    asked.get_by_role("button", name="Serve it").click()
    expect(asked.get_by_role("alert")).to_have_text("it is being changed already")
    healer.refusal = ""
    asked.get_by_role("button", name="Serve it").click()
    expect(asked).to_have_count(0)
    expect(page.locator("#announce")).to_have_text("The way to release 71aa03c has begun.")
    expect(again).to_be_disabled()
    assert healer.posts == [("shop/rollback", {"to": BEFORE, "reason": "slow"})] * 2

    page.evaluate("getSelection().selectAllChildren(document.querySelector('.del'))")
    serving = RELEASES["serving"] | {"release": BEFORE}
    releases = [one | {"serving": one["commit"] == BEFORE} for one in RELEASES["releases"]]
    healer.releases = {"service": "shop", "serving": serving, "releases": releases}
    healer.emit("release.rolled_back", key="service/shop", commit=RUNNING, to=BEFORE, reason="slow")
    expect(page.locator("#announce")).to_have_text("Users get release 71aa03c now.")
    expect(page.get_by_role("button", name="Serve this again 4be1c8f")).to_be_enabled()
    expect(again).to_have_count(0)
    assert page.evaluate("String(getSelection())") == "    days = item.policy.days"

    healer.releases = healer.releases | {"serving": serving | {"canary": RUNNING}}
    healer.emit("release.canary", key="service/shop", commit=RUNNING, seconds=30)
    expect(page.get_by_role("button", name="Serve this to all 71aa03c")).to_be_enabled()
    expect(page.locator(".says")).to_have_text("Users get release 71aa03c, a share of them 4be1c8f.")


def test_a_viewer_is_offered_nothing_on_a_services_view(page: Page, healer: CannedHealer) -> None:
    healer.role = "viewer"
    page.goto("/services/shop")
    expect(page.locator(".revert")).to_contain_text("Revert #7 (open)")
    offered = page.get_by_role("main").get_by_role("button")
    expect(offered.filter(has_not_text="Side by side").filter(has_not_text="Unified")).to_have_count(0)


def test_a_revert_is_read_and_decided_where_it_stands(page: Page, healer: CannedHealer) -> None:
    healer.incident = incident(revert=REVERT, actions=[])
    for path, action, body in (
        ("/services/shop", "Approve the revert", {"head_sha": REVERT["head_sha"]}),
        ("/incidents/i1", "Reject the revert", {"reason": "keep it"}),
    ):
        healer.posts.clear()
        page.goto(path)
        part = page.locator(".revert")
        expect(part).to_contain_text("Revert #7 (open)")
        expect(part.get_by_role("group", name="Change of shop/returns.py").locator(".add")).to_have_count(3)
        part.get_by_role("button", name=action).click()
        asked = page.get_by_role("dialog")
        expect(asked).to_contain_text("main")
        if "reason" in body:
            asked.get_by_label("Reason").fill(body["reason"])
        asked.get_by_role("button", name=action).click()
        expect(asked).to_have_count(0)
        expect(part.get_by_role("button", name=action)).to_be_disabled()
        assert healer.posts == [(f"shop/reverts/{REVERT['commit']}/{action.split()[0].lower()}", body)]

    decided = {"state": "merged", "merge_sha": "ab" * 20, "by": "ada", "diff": "", "body": ""}
    for changes, words, buttons in (
        ({"state": "prepared", "number": None}, "Revert (not published yet)", ["Reject the revert"]),
        ({"closing": "not needed any more"}, "It is being closed: not needed any more", []),
        (decided, "Revert #7 (merged)Revert: Refuse a return without a policymerged as abababa by ada", []),
    ):
        healer.incident = incident(revert=REVERT | changes, actions=[])
        page.reload()
        expect(part).to_contain_text(words)
        expect(part.get_by_role("button")).to_have_text(buttons)


def test_an_incident_says_where_its_release_is(page: Page, healer: CannedHealer) -> None:
    waiting = release(RUNNING, "waiting", tries=2, next_try=1795176000.0, reason="the disk is full")
    del waiting["serving"]  # known of a service's releases only
    for one, says, line in (
        (waiting, "The release waits: the disk is full", "tried 2 times, again at"),
        (waiting | {"state": "canary", "until": 1795176000.0, "reason": ""}, "A share of the users", "users until"),
        (waiting | {"state": "live", "reason": ""}, "The service is changing over", "live"),
        (waiting | {"state": "leaving", "target": BEFORE}, "The service is changing over", "to 71aa03c"),
    ):
        healer.incident = incident(state="releasing", actions=[], releases=[one])
        page.goto("/incidents/i1")
        expect(page.locator(".says")).to_contain_text(says)
        expect(page.locator(".execution .release")).to_contain_text(line)
    page.get_by_role("link", name="All releases of shop").click()
    expect(page).to_have_url("/services/shop")


def test_live_update_keeps_what_the_reader_does(page: Page, healer: CannedHealer) -> None:
    page.goto("/incidents/i1")
    expect(page.locator("#connection")).to_have_text("live")
    refused = page.locator("details").filter(has_text="still answers 201")
    refused.locator("summary").first.click()
    page.evaluate("window.scrollTo(0, 600); getSelection().selectAllChildren(document.querySelector('.del'))")
    reading = "[scrollY, String(getSelection()), document.querySelectorAll('details[open]').length]"
    before = page.evaluate(reading)
    assert before[0] == 600

    stage = {"stage": "release", "started_at": AT, "seconds": 1.5, "state": "done", "detail": ""}
    healer.incident = incident(state="resolved", actions=["rollback"], stages=[stage], count=4)
    healer.emit("stage.started", stage="release")
    healer.emit("incident.state", **{"from": "proposed", "to": "resolved", "reason": ""})
    expect(page.get_by_text("seen 4 times")).to_be_visible()  # comes with the next answer of the API
    expect(page.locator("#announce")).to_contain_text("healed")
    expect(page.locator(".stage")).to_contain_text("1.5 s")
    expect(page.locator("#log")).to_contain_text("needs you → healed")
    expect(page.get_by_role("button", name="Roll back")).to_be_visible()
    expect(refused).to_have_attribute("open", "")
    assert page.evaluate(reading) == before


def test_what_the_model_writes_comes_as_one_line_an_answer(page: Page, healer: CannedHealer) -> None:
    page.goto("/incidents/i1")
    asked = {"model": "coder@5eed5eed", "function": "open_return", "tokens": 640}
    healer.emit("model.asked", answer=1, **asked)
    healer.emit("model.tokens", answer=1, text="The policy <b>may")
    healer.emit("model.tokens", answer=1, text=" be missing")
    written = page.locator("#log .written")
    expect(written).to_have_text("The policy <b>may be missing")
    page.evaluate(
        """() => {
            const text = document.querySelector(".written").firstChild;
            getSelection().setBaseAndExtent(text, 4, text, 10);
        }"""
    )
    healer.emit("model.tokens", answer=1, text=" here")
    expect(written).to_have_text("The policy <b>may be missing here")
    assert page.evaluate("String(getSelection())") == "policy"
    healer.emit("model.waiting", reason="the model's server broke off", seconds=1)
    healer.emit("model.asked", answer=2, **asked)
    healer.emit("model.tokens", answer=2, text="Another")
    expect(written).to_have_text(["The policy <b>may be missing here", "Another"])
    expect(page.locator("#log")).to_contain_text("coder@5eed5eed is asked for open_return, answer 2")
    expect(page.locator("#log")).to_contain_text("waiting for the model: the model's server broke off")


def test_stream_goes_on_where_it_broke_off(page: Page, healer: CannedHealer) -> None:
    page.goto("/incidents/i1")
    expect(page.locator("#connection")).to_have_text("live")
    healer.emit("log", message="before the break")
    expect(page.get_by_text("before the break")).to_be_visible()
    healer.break_streams()
    healer.emit("log", message="after the break")
    expect(page.get_by_text("after the break")).to_have_count(1)
    expect(page.locator("#connection")).to_have_text("live")
    assert healer.resumed_from == [None, "1"]

    healer.refused_streams = 1  # as a proxy does while the healer restarts: the browser itself gives up then
    healer.break_streams()
    expect(page.locator("#connection")).to_have_text("reconnecting…")
    healer.emit("log", message="after the restart")
    expect(page.get_by_text("after the restart")).to_have_count(1)
    expect(page.locator("#connection")).to_have_text("live")
    assert healer.resumed_from == [None, "1", "2", "2"]


def test_fits_a_narrow_screen(page: Page, healer: CannedHealer) -> None:
    healer.incident = incident(proposal=ON_GITHUB, revert=REVERT)
    for path, mark in (("/", ".incident"), ("/incidents/i1", ".lanes"), ("/services/shop", ".stack")):
        page.goto(path)
        expect(page.locator(mark)).to_be_visible()
        for width in (320, 390, 800):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_page_parses_no_html() -> None:
    files = [path for path in PAGE.iterdir() if path.suffix in {".html", ".css", ".js", ".svg"}]
    for path in files:
        text = path.read_text(encoding="utf-8")
        for banned in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style=", "//cdn"):
            assert banned not in text, f"{banned} in {path.name}"
