import re
from dataclasses import replace

import pytest
from healer.model import (
    Assessment,
    Change,
    Difference,
    Evidence,
    ExceptionInfo,
    Exchange,
    Frame,
    Part,
    Regression,
    Request,
    Site,
    Suite,
    Suspect,
    Verdict,
)
from healer.stages import announcement
from hypothesis import given
from hypothesis import strategies as st

from tests.healer.samples import CRASH, a_candidate, a_diagnosis, a_replay, a_report, answered, crashed

HOSTILE = (
    "@octocat fixes #12 <script>alert(1)</script> ![x](https://evil.example/x.png) `code` | a\u202eb\x00c $x$ ~~~"
    "\n\n# Head"
)
# A mention, a reference, a tag, an entity, a link, an image, mathematics, the end of a line of ours.
HARMFUL = re.compile(r"@\w|#\d|\bGH-\d|<[a-z!/?]|&#?\w|\w://|\bwww\.\w|\]\(|!\[|\$|~~|\u202e|\x00|\n# Head", re.I)
URL = "http://127.0.0.1:8001/incidents/abc"
TESTS = Suite("", {"a": "passed"})
SUSPECT = Suspect("abc1234def0", "Ada Lovelace", "2026-01-02T03:04:05Z", "Read tables by key")
ASSESSMENT = Assessment(
    0.81, 0.05, (Part("reproduced", 0.25, "it crashes"),), (Part("any change", 0.05, "code is changed"),)
)


def evidence(**changes):
    before, after = a_replay(crashed()), a_replay(answered(404, '{"detail":"unknown"}'))
    return replace(Evidence(before, after, TESTS, TESTS), **changes)


def verdict(assessment=None, of=None, **changes):
    return Verdict(a_candidate(**changes), True, "It fits best.", (), of or evidence(), assessment=assessment)


def a_body(report=None, chosen=None, others=(), diagnosis=None, **further):
    return announcement.body(
        report or a_report(),
        diagnosis or a_diagnosis(),
        chosen or verdict(),
        others,
        count=3,
        first_seen="2026-01-02T03:04:05.123456Z",
        last_seen="2026-01-03T03:04:05.123456Z",
        incident_url=URL,
        **further,
    )


def section(text, head):
    return text.partition(f"### {head}\n")[2].partition("\n\n### ")[0].rstrip("\n")


def outside_fences(text):
    return re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.S | re.M)


def test_a_replay_of_a_stock_sdks_report_is_called_approximate():
    report = a_report(approximate=True, client="sentry.python.fastapi/2.75.0 @octocat")
    said = section(a_body(report), "Evidence")
    assert "- Approximate replay: reported by sentry.python.fastapi/2.75.0 @\u2060octocat: cookies, secrets" in said
    assert "Approximate" not in a_body()
    assert announcement.approximation(a_report()) == ""
    assert announcement.approximation(a_report(approximate=True)).startswith("reported by a stock Sentry SDK: ")


def test_the_sections_come_in_order():
    refused = Verdict(a_candidate(origin="other-playbook"), False, "the request still fails: KeyError")
    siblings = (Site("app/main.py", 30, "write", "TABLE[name] is read"),)
    diagnosis = a_diagnosis(suspect=SUSPECT, siblings=siblings)
    text = a_body(None, verdict(ASSESSMENT), (refused,), diagnosis, template="Tell what it does.")
    assert re.findall(r"^### (.*)$", text, re.M) == [
        "What happened",
        "Evidence",
        "The fix",
        "Origin",
        "Candidates not taken",
        "Risk and confidence",
        "Not changed here, but looks alike",
        "Not checked",
        "Undo",
        "The repository's template",
        "Commands",
    ]
    assert text.split("\n\n")[:2] == [
        "TABLE has no such key.",
        f"Seen 3 times, first 2026-01-02T03:04:05Z, last 2026-01-03T03:04:05Z. Incident: {URL}",
    ]
    assert section(text, "The fix") == "Look first. The aim is to refuse the request with a clear message."
    assert section(text, "Candidates not taken") == "- `other-playbook`, look first: the request still fails: KeyError"
    assert "| any change | +0.05 | code is changed |" in section(text, "Risk and confidence")
    assert "| **confidence** | **0.81** | |" in section(text, "Risk and confidence")
    assert "changed in abc1234def by Ada Lovelace on 2026-01-02: Read tables" in section(text, "Risk and confidence")
    assert "Reverting the merge" in section(text, "Undo")


def test_the_cause_is_told_in_less_than_thirty_words():
    text = a_body(diagnosis=a_diagnosis(cause="word " * 60))
    assert text.partition("\n")[0] == "word " * 28 + "word…"


def test_the_evidence_is_a_table():
    differences = (Difference("GET /orders", "body: /at has another value", False),) * 2
    written = Regression(Change("tests/test_app.py", "", "x"), "tests/test_app.py::test_read", "failed", "passed")
    good = [answered(200)] * 3
    of = evidence(
        before=a_replay(*good, crashed()), differences=differences, regression=written, not_run=(), unsteady=("t is",)
    )
    text = a_body(chosen=verdict(of=of))
    assert section(text, "Evidence").splitlines() == [
        "| check | before | after |",
        "|---|---|---|",
        '| `GET /things` | crashes with KeyError | 404 {"detail":"unknown"} |',
        "| recorded good traffic | 3 requests answered | 2 of 3 the same, 1 with other values (below) |",
        "| the service's tests | 1 passed, 0 failed | 1 passed, 0 failed |",
        "| new test `tests/test_app.py::test_read` | failed | passed |",
        "| guardrails | | none broken |",
        "",
        "- GET /orders: body: /at has another value",
        "- GET /orders: body: /at has another value",
        "- Unsteady: t is.",
    ]
    gaps = section(text, "Not checked").splitlines()
    assert gaps == ["- Behaviour under load, and with data that only the running service has."]
    assert "| 3 of 3 the same |" in a_body(chosen=verdict(of=evidence(before=a_replay(*good, crashed()))))


def test_what_was_not_checked_is_told():
    called = Exchange(None, exception=CRASH)
    of = Evidence(
        a_replay(called),
        a_replay(Exchange(None, value="0")),
        shown_by="call",
        not_run=tuple(Site("app/main.py", line, "read") for line in range(7)),
    )
    text = a_body(a_report(earlier_requests=(Request("POST", "/x"),)), verdict(of=of))
    assert "| the function at fault, called | raises KeyError | gives 0 |" in text
    assert "| the service's tests | not run | not run |" in text
    gaps = section(text, "Not checked")
    for gap in ("calling the function", "no recorded traffic", "own tests: there are none", "earlier requests"):
        assert gap in gaps
    assert "nothing ran: `app/main.py:0`, `app/main.py:1`" in gaps
    assert "`app/main.py:4` and 2 more." in gaps
    assert "none could be written that fails before and passes after" in gaps
    assert "that was not measured" in a_body()


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, "Written by the playbook `missing-key`, a repair template; no model took part."),
        (
            {"engine": "llm", "origin": "m.gguf@@12ab34cd"[:6] + "@12ab34cd", "note": "It's never asked."},
            "Written by a local model, `m.gguf@\u206012ab34cd` (its file's name and hash).",
        ),
        ({"engine": "llm", "origin": "m"}, "Written by a local model, `m` (its name; the server tells no hash"),
    ],
)
def test_the_origin_is_told(changes, wanted):
    text = section(a_body(chosen=verdict(**changes)), "Origin")
    assert text.startswith(wanted)
    assert "It fits best." in text
    assert ("In the model's words: “It's never asked.”" in text) is ("note" in changes)


def test_rounds_and_what_others_added_are_told_first():
    text = a_body(round_of=2, asked="@ada wants\n# a default", amended="Bob added commits.")
    told = text.partition("### What happened")[0]
    assert (
        "\n\nRound 2, after a review asked for this: “@\u2060ada wants #\u2060 a default”\n\nBob added commits.\n"
        in told
    )
    assert "Round" not in a_body(asked="x")
    assert "\n\nRound 1.\n" in a_body(round_of=1)


def test_the_suspect_and_what_looks_alike_are_named():
    siblings = (Site("app/main.py", 30, "write", "TABLE[name] is read"), Site("app/main.py", 1, "read", "gone"))
    text = a_body(diagnosis=a_diagnosis(siblings=siblings))
    alike = section(text, "Not changed here, but looks alike")
    assert alike == "- app/main.py:30 in write: TABLE⟦name⟧ is read"  # line 1 is what the fix replaces
    assert "may be healed with it" not in text
    nothing_left = a_body(diagnosis=a_diagnosis(siblings=siblings[1:]))
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
    text = a_body(chosen=verdict(changes=(Change("a.py", HELPER, after),)), diagnosis=diagnosis)
    assert ("may be healed with it" in text) is elsewhere


@pytest.mark.parametrize("field", ["message", "path", "summary", "suspect", "sibling", "cause", "asked", "amended"])
def test_foreign_text_is_inert(field):
    report, chosen, diagnosis, further = a_report(), verdict(), a_diagnosis(), {}
    if field == "message":
        report = a_report(exception=ExceptionInfo("KeyError", HOSTILE + "\n```\n@octocat\n"))
    elif field == "path":
        report = a_report(request=Request("GET", "/" + HOSTILE))
    elif field == "suspect":
        diagnosis = a_diagnosis(suspect=Suspect(HOSTILE, HOSTILE, HOSTILE, HOSTILE))
    elif field == "sibling":
        diagnosis = a_diagnosis(siblings=(Site(HOSTILE, 9, HOSTILE, HOSTILE),))
    elif field == "cause":
        diagnosis = a_diagnosis(cause=HOSTILE)
    elif field == "summary":
        chosen = verdict(summary=HOSTILE, origin=HOSTILE, note=HOSTILE)
    else:
        further = {field: HOSTILE, "round_of": 1}
    text = outside_fences(a_body(report, chosen, diagnosis=diagnosis, **further)).replace(URL, "")
    assert not HARMFUL.search(text)
    assert not re.search(r"^~~~|^```", text, re.M)
    title = announcement.title(report, chosen)
    assert not HARMFUL.search(title)
    assert "\n" not in title


@pytest.mark.parametrize(
    "private",
    [
        "ada@example.com",
        "4111 1111 1111 1111",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def",
        "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8",
        "postgres://ada:secret@db/shop",
    ],
)
def test_what_looks_private_is_not_published(private):
    told = f"no such user: {private}!"
    report = a_report(exception=ExceptionInfo("KeyError", told), request=Request("GET", f"/users/{private}"))
    of = evidence(after=a_replay(answered(404, told)))
    diagnosis = a_diagnosis(cause=told)
    chosen = verdict(of=of, note=told)
    refused = Verdict(a_candidate(), False, told)
    texts = (
        a_body(report, chosen, (refused,), diagnosis),
        announcement.explanation(report, diagnosis, [(chosen, True)], 1),
        announcement.title(report, chosen),
        announcement.commit_message(report, diagnosis, chosen, "abc"),
    )
    secret = "ada:secret" if "://" in private else private
    for text in texts:
        assert secret not in text.replace("\u2060", "")
        assert "redacted" in text


def test_a_fence_is_longer_than_any_inside():
    text = announcement.fenced("a\n````\nb")
    assert text.startswith("`````text\n")
    assert text.endswith("\n`````")


@given(st.text(), st.integers(20, 400))
def test_inert_text_stays_so(text, limit):
    once = announcement.inert(text, limit)
    assert not HARMFUL.search(once)
    assert len(once) <= limit
    assert len(once) == limit or announcement.inert(once, limit) == once


# The repository's template


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("## What\n<!-- tell\nit -->\n\n\n\nWhy?\r\n", "## What\n\nWhy?"),
        ("- [x] tested\n* [X] told\n1. [ ] read", "- [ ] tested\n* [ ] told\n1. [ ] read"),
        ("Closes #1, GH-2, cc @team", "Closes #\u20601, GH\u2060-2, cc @\u2060team"),
        ("See https://h/docs, not https://h/o/r/issues/7", "See https://h/docs, not https:\u2060//h/o/r/issues/7"),
        ("<details>\n<summary>x</summary>\ny\n</details>", "x\ny"),
        ("<https://h/docs> a < b <script", "<https://h/docs> a ‹ b ‹script"),
        ("a<!-- not closed\n# b", "a"),
        ("a<!<!-- x -->-- b", "a‹!-- b"),
        ("```\ncode", "```\ncode\n```"),
        ("~~~~\ncode\n~~~\n", "~~~~\ncode\n~~~\n~~~~"),
        ("```\ncode\n```\nend", "```\ncode\n```\nend"),
        ("a\u202eb\x00c\u00a0d\x1ce", "abc d e"),
        ("a" * 5000, "a" * 4000 + "\n…"),
    ],
)
def test_the_template_stands_under_a_heading_of_its_own(template, wanted):
    text = section(a_body(template=template), "The repository's template")
    assert text.partition("\n\n")[2] == wanted


@pytest.mark.parametrize("template", ["", " \n", "<!-- only a comment -->"])
def test_an_empty_template_is_left_out(template):
    assert "template" not in a_body(template=template).partition("### Undo")[2]


def test_a_long_template_is_cut_at_a_line():
    text = section(a_body(template="- [ ] a line\n" * 1000), "The repository's template")
    assert 3800 < len(text) < 4200
    assert text.endswith("\n- [ ] a line\n…")


# Its size


def test_refused_candidates_are_cut_first_and_then_the_traceback():
    refused = Verdict(a_candidate(origin="other"), False, "it still fails")
    text = section(a_body(others=(refused,) * 300), "Candidates not taken")
    assert text.count("it still fails") == 300

    wide = Verdict(a_candidate(origin="x" * 60, summary="y" * 100), False, "z" * 300)
    many = tuple(Difference(f"GET /{number}", "v" * 200, False) for number in range(100))
    of = evidence(differences=many, unsteady=("u" * 300,) * 100)
    report = a_report(frames=tuple(Frame("app.py", line, "read", True, "x") for line in range(9)))
    text = a_body(report, verdict(ASSESSMENT, of), (wide,) * 300)
    assert len(text) <= announcement.MOST_CHARACTERS
    assert section(text, "Candidates not taken").count("zzz…") == 75
    assert section(text, "Candidates not taken").endswith("- 225 more, on the incident's page")
    assert section(text, "Evidence").endswith("- … and 140 more, on the incident's page.")
    assert section(text, "What happened").count('File "app.py"') == 8

    tabs = Frame("\t" * 200, 1, "\t" * 120, True, "\t" * 300)  # each is shown as four characters
    report = a_report(frames=(tabs,) * 9, exception=ExceptionInfo("KeyError", "\t" * 500))
    further = {"template": "t\n" * 4000, "asked": "a" * 2000, "amended": "b" * 2000, "round_of": 1}
    cut = a_body(report, verdict(ASSESSMENT, of), (wide,) * 300, **further)
    assert len(cut) <= announcement.MOST_CHARACTERS
    assert section(cut, "Evidence") == section(text, "Evidence")
    assert section(cut, "Candidates not taken").count("zzz…") < 75
    assert "/heal explain" in cut


def test_no_text_is_too_long():
    words = "`\t" * 10_000
    frames = (Frame(words, 1, words, True, words),) * 50
    report = a_report(frames=frames, exception=ExceptionInfo(words, words), request=Request(words, words))
    differences = (Difference(words, words, False),) * 500
    of = Evidence(
        a_replay(answered(200, words), crashed(ExceptionInfo(words, words))),
        a_replay(answered(200, words)),
        Suite(words),
        Suite(words),
        differences=differences,
        not_run=(Site(words, 1, words),) * 50,
        regression=Regression(Change(words, "", ""), words, words, words),
        unsteady=(words,) * 500,
    )
    parts = (Part(words, 0.1, words),) * 12
    chosen = verdict(Assessment(0.9, 0.1, parts, parts), of, summary=words, origin=words, note=words)
    sites = (Site(words, 1, words, words),) * 50
    diagnosis = a_diagnosis(cause=words, siblings=sites, suspect=Suspect(words, words, words, words))
    text = a_body(report, chosen, (chosen,) * 500, diagnosis, template=words, amended=words, asked=words, round_of=3)
    assert len(text) <= announcement.MOST_CHARACTERS
