"""The view of one incident: what it tells of the crash, the change and the attempts; and nothing is decided twice."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.healer.web.canned import (
    AT,
    DIFF,
    EVIDENCE,
    ON_GITHUB,
    PROPOSAL,
    REPORT,
    REVERT,
    SITE,
    VERDICTS,
    CannedHealer,
    a_body,
    incident,
)
from tests.healer.web.canned_overview import ago

HOSTILE = "<img src=x onerror='window.owned=1'>'; touch owned; $(touch owned) `touch owned` \u202e\x1b[201~\n"
CHANGED = """\
--- a/shop/rates.py
+++ b/shop/rates.py
@@ -1,2 +1,2 @@
-RATE = table["standard"]
+RATE = table["reduced"]
 DAYS = 30
"""


def a_stage(name: str, seconds: float | None, state: str = "done", detail: str = "") -> dict[str, Any]:
    return {"stage": name, "started_at": AT, "seconds": seconds, "state": state, "detail": detail}


def an_attempt(number: int, *stages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    states = [{"state": "open", "at": AT}, {"state": "repairing", "at": "2026-11-20T12:00:02.500Z"}]
    blank = {"round": 0, "asked": "", "why": "", "judged": 0, "stood": 0, "states": states, "stages": list(stages)}
    return {**blank, "number": number, **changes}


def test_tells_where_the_bad_value_came_from_and_scores_as_sums(page: Page, healer: CannedHealer) -> None:
    found = healer.incident["diagnosis"] | {
        "value": "None",
        "origins": ["the path, order_id"],
        "trail": [
            {**SITE, "what": "read", "code": "days = item.policy.days"},
            {"file": "shop/orders.py", "line": 9, "function": "find", "what": "returned", "code": "return rows[0]"},
        ],
        "confidence_parts": [{"name": "the failing expression is known", "points": 0.2, "why": ""}],
        "risk_parts": [{"name": "money", "points": 0.15, "why": ""}],
    }
    healer.incident = incident(diagnosis=found)
    page.goto("/incidents/i1")
    reasoning = page.get_by_role("region", name="Reasoning")
    expect(reasoning).to_contain_text("What faileditem.policy.days, where it was None")
    steps = reasoning.get_by_role("list", name="Where the value came from").get_by_role("listitem")
    expect(steps).to_have_text(
        [
            "crashed ondays = item.policy.daysshop/returns.py:38 open_return()",
            "answered byreturn rows[0]shop/orders.py:9 find()",
            "taken fromthe path, order_id",
        ]
    )
    reasoning.locator("summary").filter(has_text="Sure of the cause").click()
    parts = reasoning.get_by_role("table", name="Sure of the cause")
    expect(parts).to_contain_text("the failing expression is known+0.20")


def test_changes_are_shown_side_by_side_where_there_is_room_and_it_is_remembered(
    page: Page, healer: CannedHealer
) -> None:
    healer.incident = incident(proposal=PROPOSAL | {"diff": CHANGED})
    page.goto("/incidents/i1")
    unified = page.get_by_role("group", name="Change of shop/rates.py")
    expect(unified.locator(".changed")).to_have_text(["standard", "reduced"])
    page.get_by_role("button", name="Side by side").click()
    before = page.get_by_role("group", name="shop/rates.py before")
    after = page.get_by_role("group", name="shop/rates.py after")
    expect(before.locator(".line")).to_contain_text(["@@", 'RATE = table["standard"]', "DAYS = 30"])
    expect(after.locator(".line")).to_contain_text(["@@", 'RATE = table["reduced"]', "DAYS = 30"])
    page.reload()
    expect(before).to_be_visible()
    page.set_viewport_size({"width": 1000, "height": 700})
    expect(unified).to_be_visible()
    expect(page.get_by_role("button", name="Side by side")).to_have_count(0)


def test_a_change_of_thousands_of_lines_is_shown_bit_by_bit(page: Page, healer: CannedHealer) -> None:
    body = "".join(f"+line {number}\n" for number in range(1, 5001))
    long = f"--- /dev/null\n+++ b/shop/table.py\n@@ -0,0 +1,5000 @@\n{body}{DIFF}"
    healer.incident = incident(proposal=PROPOSAL | {"diff": long})
    page.goto("/incidents/i1")
    file = page.locator("details.file").filter(has_text="shop/table.py")
    expect(file.locator("summary")).to_contain_text("+5000")
    expect(file.locator(".line")).to_have_count(0)
    file.locator("summary").click()
    expect(file.locator(".line")).to_have_count(500)
    file.get_by_role("button", name="Show more (4,501 lines left)").click()
    expect(file.locator(".line")).to_have_count(1000)
    healer.incident |= {"count": 4}
    healer.emit("report.received", count=4)
    expect(page.get_by_text("seen 4 times")).to_be_visible()
    expect(file.locator(".line")).to_have_count(1000)


def copied(page: Page, lane: str) -> str:
    button = page.get_by_role("region", name=lane, exact=True).locator(".copy button")
    button.click()
    expect(button).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_the_patch_and_the_request_are_copied_ready_for_use(page: Page, healer: CannedHealer, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    headers = {"host": "shop.test:8000", "x-note": HOSTILE, "authorization": "[redacted]", "@/etc/passwd": "x"}
    sent = {"method": "POST", "path": "/returns?a=[1]&b='c d'", "headers": headers, **a_body({"why": HOSTILE})}
    report = REPORT | {"request": sent}
    healer.incident = incident(proposal=PROPOSAL | {"diff": CHANGED}, report=report, address="127.0.0.1:8100")
    page.goto("/incidents/i1")
    expect(page.get_by_text("Secrets are not recorded: put your own in place of [redacted].")).to_have_count(1)

    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "rates.py").write_text('RATE = table["standard"]\nDAYS = 30\n')
    subprocess.run(["git", "apply", "-"], input=copied(page, "Control"), text=True, cwd=tmp_path, check=True)
    assert (tmp_path / "shop" / "rates.py").read_text() == 'RATE = table["reduced"]\nDAYS = 30\n'

    command = copied(page, "Reasoning")
    assert not set("\u202e\x1b") & set(command)
    (tmp_path / "curl").write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    (tmp_path / "curl").chmod(0o700)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    ran = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    shown = HOSTILE.replace("\u202e", " ").replace("\x1b", " ").replace("\n", " ")
    escaped = HOSTILE.replace("\u202e", "\\u202e").replace("\x1b", "\\u001b").replace("\n", "\\n")
    assert ran.stdout.split("\0") == [
        "--globoff",
        "--path-as-is",
        "--include",
        "--request",
        "POST",
        "--header",
        "host: shop.test:8000",
        "--header",
        f"x-note: {shown}",
        "--header",
        "authorization: [redacted]",
        "--data-raw",
        f'{{"why":"{escaped}"}}',
        "http://127.0.0.1:8100/returns?a=[1]&b='c%20d'",
        "",
    ]
    assert not (tmp_path / "owned").exists()


def test_attempts_and_rounds_are_told_apart_and_counted_while_they_run(page: Page, healer: CannedHealer) -> None:
    first = an_attempt(1, a_stage("fetch", 0.1), a_stage("repair", 9.0, "failed", "None of 2 candidates stood."))
    second = an_attempt(2, a_stage("repair", None, "running"), round=1, asked="answer 422")
    healer.incident = incident(state="repairing", actions=[], attempts=[first, second], proposal=ON_GITHUB)
    page.goto("/incidents/i1")
    lane = page.get_by_role("region", name="Execution")
    expect(lane).to_contain_text("Attempt 2, round 1: “answer 422”")
    running = lane.locator(".stage.running")
    expect(running).to_contain_text("Make and judge fixes")
    expect(page.locator("#connection")).to_have_text("live")
    before = running.inner_text()
    expect(running).not_to_have_text(before)  # its seconds
    healer.incident["attempts"] = [first, second | {"judged": 1}]
    healer.emit("candidate.judged", accepted=False, summary="Use 0", origin="zero")
    expect(running).to_contain_text("1 candidate judged, none stood")
    healer.emit("model.asked", answer=1, model="coder", function="f", tokens=9)
    healer.emit("model.tokens", answer=1, text="def f")
    expect(running).to_contain_text("the model writes answer 1, 5 characters")
    now = page.get_by_role("list", name="Progress").locator("[aria-current]")
    expect(now).to_contain_text("Fix verified")
    earlier = lane.locator("details").filter(has_text="Attempt 1")
    earlier.locator("summary").click()
    expect(earlier).to_contain_text("None of 2 candidates stood.")


def test_what_the_tests_said_is_shown_inert(page: Page, healer: CannedHealer) -> None:
    failed = {"passed": 40, "failed": 1, "failing": [f"t::{HOSTILE}"], "problem": "", "seconds": 2.0, "output": HOSTILE}
    tests = {"before": {"passed": 41, "failed": 0}, "after": failed}
    judged: dict[str, Any] = {**EVIDENCE, "tests": tests, "differences": []}
    judged["regression"] = {**judged["regression"], "diff": DIFF}
    healer.incident = incident(verdicts=[VERDICTS[0] | {"evidence": judged}])
    page.goto("/incidents/i1")
    said = page.locator("details").filter(has_text="Output of the tests with the fix")
    said.locator("summary").click()
    expect(said.get_by_role("group")).to_contain_text("<img src=x onerror='window.owned=1'>")
    expect(said.get_by_role("group")).to_contain_text("⟨U+202E⟩⟨U+001B⟩[201~")
    assert page.evaluate("window.owned") is None
    new = page.locator("details").filter(has_text="The new test")
    new.locator("summary").first.click()
    expect(new.get_by_role("group", name="Change of shop/returns.py")).to_be_visible()


def test_what_was_decided_in_another_tab_is_told_and_not_tried_again(page: Page, healer: CannedHealer) -> None:
    page.goto("/incidents/i1")
    page.get_by_role("button", name="Reject").click()
    asked = page.get_by_role("dialog")
    asked.get_by_label("Reason").fill("wrong place")
    healer.refusal = "reject needs an open proposal; i1 is merged"
    healer.incident = incident(state="merged", actions=[])
    asked.get_by_role("button", name="Reject").click()
    expect(asked.get_by_role("heading")).to_have_text("It is decided already")
    expect(asked.get_by_role("status")).to_contain_text("This incident is “merged” now.")
    expect(asked.get_by_role("button")).to_have_text(["Close"])
    asked.get_by_role("button").click()
    expect(asked).to_have_count(0)
    expect(page.get_by_role("region", name="Control")).to_contain_text("Nothing to decide now.")
    assert [name for name, _ in healer.posts] == ["reject"]


def test_a_decision_of_somebody_else_turns_the_buttons_off_until_it_takes_effect(
    page: Page, healer: CannedHealer
) -> None:
    healer.now = ago()
    page.goto("/incidents/i1")
    approve = page.get_by_role("button", name="Approve and merge")
    expect(approve).to_be_enabled()
    expect(page.locator("#connection")).to_have_text("live")
    healer.emit("operator.approve", by="ada", reason="")
    expect(approve).to_be_disabled()
    expect(page.get_by_role("region", name="Control")).to_contain_text("Ada approved this. The merge is on its way.")
    healer.emit("operator.failed", action="approve", reason="the forge is away")
    expect(approve).to_be_enabled()


def test_says_what_a_merge_does_not_do(page: Page, healer: CannedHealer) -> None:
    healer.incident = incident(deploys=False)
    page.goto("/incidents/i1")
    page.get_by_role("button", name="Approve and merge").click()
    expect(page.get_by_role("dialog")).to_contain_text("Proposal #3 is merged into main. shop has no deployment here")


def test_a_fix_that_nobody_releases_here_is_done_when_it_is_merged(page: Page, healer: CannedHealer) -> None:
    healer.incident = incident(deploys=False)
    page.goto("/incidents/i1")
    expect(page.locator("#connection")).to_have_text("live")
    healer.incident = incident(state="merged", actions=[], deploys=False)
    healer.emit("incident.state", **{"from": "proposed", "to": "merged", "reason": ""})
    status = page.locator(".status")
    expect(status.locator(".badge.good")).to_have_text("merged")
    expect(status).to_contain_text("The fix is merged; its users get it when you release it.")
    expect(page.locator("#announce")).to_contain_text("The fix is merged; its users get it when you release it.")
    steps = status.get_by_role("list", name="Progress").get_by_role("listitem")
    expect(steps.nth(3)).to_contain_class("done")
    expect(steps.nth(4)).to_contain_class("ahead")
    expect(status.locator("[aria-current]")).to_have_count(0)


def test_says_that_automation_is_stopped_where_that_holds_it(page: Page, healer: CannedHealer) -> None:
    healer.incident = incident(state="open", actions=[])
    page.goto("/incidents/i1")
    expect(page.locator("#connection")).to_have_text("live")
    said = page.locator(".status .says")
    expect(said).to_have_text("Reported. The heal starts in a moment.")
    healer.incident |= {"automation": {"stopped": True, "by": "ada", "reason": "", "at": AT}}
    healer.emit("automation.stopped", "automation", by="ada", reason="")
    expect(said).to_have_text("All automation is stopped: it goes on when you let it.")
    healer.incident |= {"state": "declined"}
    healer.emit("incident.state", **{"from": "open", "to": "declined", "reason": ""})
    expect(said).to_have_text("No fix was proposed.")


def test_an_address_that_is_none_hides_nothing(page: Page, healer: CannedHealer) -> None:
    for url in ("https://", "http://["):
        healer.incident = incident(revert=REVERT | {"url": url})
        page.goto("/incidents/i1")
        expect(page.locator(".revert")).to_contain_text("Revert #7 (open)")
        expect(page.locator(".revert a")).to_have_count(0)


def test_what_others_added_is_decided_on_when_it_is_proved(page: Page, healer: CannedHealer) -> None:
    recheck = {"number": 1, "by": "bob", "shown": "", "accepted": None, "reason": ""}
    amended = PROPOSAL | {"amended": True, "checking": True, "recheck": recheck}
    evidence = [{**VERDICTS[0], "evidence": EVIDENCE | {"shown_with": "POST /orders/7/returns"}}]
    healer.incident = incident(proposal=amended, actions=["reject", "comment"], verdicts=evidence)
    page.goto("/incidents/i1")
    control = page.get_by_role("region", name="Control")
    expect(control).to_contain_text("Commits by bob were added and are being proved")
    expect(control.get_by_role("button", name="Approve and merge")).to_have_count(0)
    failed = recheck | {"shown": PROPOSAL["head_sha"], "accepted": False, "reason": "still answers 500"}
    healer.incident = incident(proposal=amended | {"checking": False, "recheck": failed}, verdicts=evidence)
    healer.emit("proposal.rechecked", by="bob", accepted=False, reason="still answers 500")
    expect(control.get_by_role("alert")).to_have_text("With the commits by bob it does not stand: still answers 500")
    expect(control.get_by_role("button", name="Approve and merge")).to_be_visible()
    reasoning = page.get_by_role("region", name="Reasoning")
    expect(reasoning).to_contain_text("Evidence of the fix before the commits by bob")
    expect(reasoning.get_by_role("rowheader", name="Request POST /orders/7/returns")).to_be_visible()


def test_a_viewer_is_offered_no_decision(page: Page, healer: CannedHealer) -> None:
    healer.role = "viewer"
    healer.incident = incident(actions=[], proposal=ON_GITHUB)
    page.goto("/incidents/i1")
    control = page.get_by_role("region", name="Control")
    expect(control).to_contain_text("You are signed in as a viewer: you see everything, and an operator decides.")
    expect(control.get_by_role("button")).to_have_text(["Copy patch"])
    expect(control.get_by_role("textbox")).to_have_count(0)
