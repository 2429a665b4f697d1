import re

import pytest
from healer.model import Change, Evidence, ExceptionInfo, Request, Site, Suite, Suspect, Verdict
from healer.stages import announcement

from tests.healer.samples import a_candidate, a_diagnosis, a_replay, a_report, answered, crashed

HOSTILE = (
    "@octocat fixes #12 <script>alert(1)</script> ![x](https://evil.example/x.png) `code` | a\u202eb\x00c\n\n# Head"
)


def verdict(**changes):
    evidence = Evidence(
        a_replay(crashed()),
        a_replay(answered(404, '{"detail":"unknown"}')),
        Suite("", {"a": "passed"}),
        Suite("", {"a": "passed"}),
    )
    return Verdict(a_candidate(**changes), True, "It fits best.", (), evidence)


def a_body(report, chosen, others=(), diagnosis=None):
    return announcement.body(
        report,
        diagnosis or a_diagnosis(),
        chosen,
        others,
        count=3,
        first_seen="2026-01-02T03:04:05Z",
        last_seen="2026-01-03T03:04:05Z",
        incident_url="http://127.0.0.1:8001/incidents/abc",
    )


def test_the_sections_come_in_order():
    refused = Verdict(a_candidate(origin="other-playbook"), False, "the request still fails: KeyError")
    text = a_body(a_report(), verdict(), (refused,))
    heads = re.findall(r"^### (.*)$", text, re.M)
    assert heads == ["What happened", "Evidence", "The fix", "Candidates not taken", "Not checked", "Undo"]
    assert "Seen 3 times" in text
    assert "| GET /things | crashes with KeyError | 404" in text
    assert "| the service's tests | 1 passed, 0 failed | 1 passed, 0 failed |" in text
    assert "other-playbook" in text
    assert "still fails" in text


def test_the_suspect_and_what_looks_alike_are_named():
    suspect = Suspect("abc1234def0", "Ada Lovelace", "2026-01-02T03:04:05Z", "Read tables by key")
    siblings = (Site("app/main.py", 30, "write", "TABLE[name] is read"), Site("app/main.py", 1, "read", "gone"))
    text = a_body(a_report(), verdict(), diagnosis=a_diagnosis(suspect=suspect, siblings=siblings))
    assert "last changed in abc1234 by Ada Lovelace on 2026-01-02: Read tables by key" in text
    alike = text.partition("### Not changed here, but looks alike\n")[2].partition("\n\n")[0]
    assert alike == "- app/main.py:30 in write: TABLE⟦name⟧ is read"  # line 1 is what the fix replaces
    assert "may be healed with it" not in text
    nothing_left = a_body(a_report(), verdict(), diagnosis=a_diagnosis(siblings=siblings[1:]))
    assert "looks alike" not in nothing_left
    assert "last changed" not in nothing_left


HELPER = "def find(key):\n    return TABLE.get(key)\n\n\ndef read(key):\n    return find(key).name\n"


@pytest.mark.parametrize(
    ("after", "elsewhere"),
    [
        (HELPER.replace("TABLE.get(key)", "TABLE[key]"), True),
        (
            HELPER.replace("    return find(key).name", "    if find(key) is None:\n        return 0\n    return 1"),
            False,
        ),
        (HELPER.replace("read(key):\n", "read(key):\n    key = key or 1\n"), False),
    ],
)
def test_a_fix_in_another_function_may_heal_what_looks_alike(after, elsewhere):
    fault = Site("a.py", 6, "read")
    diagnosis = a_diagnosis(fault=fault, siblings=(Site("a.py", 30, "write", "find(name) is used"),))
    text = a_body(a_report(), verdict(changes=(Change("a.py", HELPER, after),)), diagnosis=diagnosis)
    assert ("may be healed with it" in text) is elsewhere


@pytest.mark.parametrize("field", ["message", "path", "summary", "suspect", "sibling"])
def test_foreign_text_is_inert(field):
    report, chosen, diagnosis = a_report(), verdict(), a_diagnosis()
    if field == "message":
        report = a_report(exception=ExceptionInfo("KeyError", HOSTILE + "\n```\n@octocat\n"))
    elif field == "path":
        report = a_report(request=Request("GET", "/" + HOSTILE))
    elif field == "suspect":
        diagnosis = a_diagnosis(suspect=Suspect("abc", HOSTILE, "2026", HOSTILE))
    elif field == "sibling":
        diagnosis = a_diagnosis(siblings=(Site(HOSTILE, 9, HOSTILE, HOSTILE),))
    else:
        chosen = verdict(summary=HOSTILE)
    for text in (a_body(report, chosen, diagnosis=diagnosis), announcement.title(report, chosen)):
        outside_fences = re.sub(r"(`{3,})text\n.*?\n\1", "", text, flags=re.S)
        for harmful in ("@octocat", "#12", "<script", "![x](", "https://evil", "\u202e", "\x00", "\n# Head"):
            assert harmful not in outside_fences
    assert "\n" not in announcement.title(report, chosen)


def test_a_fence_is_longer_than_any_inside():
    text = announcement.fenced("a\n````\nb")
    assert text.startswith("`````text\n")
    assert text.endswith("\n`````")


def test_the_commit_names_the_incident():
    message = announcement.commit_message(a_report(), a_diagnosis(), verdict(), "abc123")
    assert message.splitlines()[0] == "Fix KeyError on GET /things: Look first"
    assert "\nHealer-Incident: abc123\n" in message
