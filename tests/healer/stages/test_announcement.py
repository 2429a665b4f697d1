import re

import pytest
from healer.model import Evidence, ExceptionInfo, Request, Suite, Verdict
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


def a_body(report, chosen, others=()):
    return announcement.body(
        report,
        a_diagnosis(),
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


@pytest.mark.parametrize("field", ["message", "path", "summary"])
def test_foreign_text_is_inert(field):
    report, chosen = a_report(), verdict()
    if field == "message":
        report = a_report(exception=ExceptionInfo("KeyError", HOSTILE + "\n```\n@octocat\n"))
    elif field == "path":
        report = a_report(request=Request("GET", "/" + HOSTILE))
    else:
        chosen = verdict(summary=HOSTILE)
    for text in (a_body(report, chosen), announcement.title(report, chosen)):
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
