import re

import pytest
from healer.model import Assessment, ExceptionInfo, Frame, Part, Request, Site, Suspect, Verdict
from healer.stages import announcement
from hypothesis import given
from hypothesis import strategies as st

from tests.healer.samples import CRASH, FRAME, a_candidate, a_diagnosis, a_report
from tests.healer.stages.test_announcement import HARMFUL, HOSTILE, outside_fences, verdict

REFUSED = Verdict(a_candidate(origin="other-playbook", summary="Answer nothing"), False, "the request still fails")
HEAD = "b" * 40


def explained(report=None, diagnosis=None, chosen=None):
    judged = ((REFUSED, False), (chosen or verdict(), True))
    return announcement.explanation(report or a_report(), diagnosis or a_diagnosis(), judged, 3)


def test_the_explanation_tells_the_way_of_the_value():
    caller = Frame("app/main.py", 30, "listed", True, "return read(key)")
    diagnosis = a_diagnosis(
        expression="TABLE[key]",
        culprit="key",
        fix_sites=(Site("app/main.py", 12, "read", "the line that crashed"), Site("app/main.py", 30, "listed")),
        suspect=Suspect("abc1234def0", "Ada Lovelace", "2026-01-02T03:04:05Z", "Read tables by key"),
    )
    report = a_report(frames=(caller, FRAME), earlier_requests=(Request("POST", "/things"),))
    text = explained(report, diagnosis)
    assert text.startswith("TABLE has no such key. It was seen 3 times.\n")
    way = text.partition("```text\n")[2].partition("\n```")[0].splitlines()
    assert way == [
        "GET /things, after 1 recorded request",
        "app/main.py:30 in listed",
        "    return read(key)",
        "app/main.py:12 in read",
        "    value = TABLE[key]",
        "    failed: TABLE[key]",
        "    had the bad value: key",
        "    key was 'x'",
        "KeyError: 'x'",
    ]
    assert "last changed in abc1234def by Ada Lovelace on 2026-01-02: Read tables by key" in text
    assert "1. `app/main.py:12` in `read`: the line that crashed\n2. `app/main.py:30` in `listed`\n" in text
    assert "to refuse the request with a clear message" in text


def test_the_explanation_tells_why_this_candidate_and_each_part_of_its_scores():
    parts = (Part("reproduced", 0.25, "the request crashes"), Part("unsteady", -0.1, "a test comes and goes"))
    chosen = verdict(assessment=Assessment(0.15, 0.05, parts, (Part("any change", 0.05, "code that runs is changed"),)))
    text = explained(chosen=chosen)
    assert "Look first. The aim is to refuse" in text
    assert "It fits best." in text
    assert "- `other-playbook`, answer nothing: the request still fails" in text
    assert "| reproduced | +0.25 | the request crashes |" in text
    assert "| unsteady | -0.10 | a test comes and goes |" in text
    assert "| any change | +0.05 | code that runs is changed |" in text
    assert "### Not checked\n- " in text


def test_what_has_no_fix_is_explained_too():
    diagnosis = a_diagnosis(decline_reason="The disk is full")
    text = announcement.explanation(a_report(frames=(), request=None), diagnosis, (), 1)
    assert "It was seen 1 time." in text
    assert "### Why this fix\nThe disk is full." in text
    assert "### Risk" not in text
    assert "No candidate stood." in announcement.explanation(a_report(), a_diagnosis(), ((REFUSED, False),), 1)


def test_an_explanation_is_bounded_and_inert():
    words = HOSTILE + "x\t" * 100_000
    frames = (Frame(words, 1, words, True, words, {}, {words: words}),) * 50
    report = a_report(exception=ExceptionInfo(words, words), frames=frames, request=Request(words, words))
    diagnosis = a_diagnosis(
        cause=words,
        expression=words,
        culprit=words,
        fix_sites=(Site(words, 1, words, words),) * 50,
        suspect=Suspect(HOSTILE, words, words, words),
    )
    refused = Verdict(a_candidate(origin=words, summary=words), False, words)
    chosen = verdict(origin=words, summary=words, note=words)
    text = announcement.explanation(report, diagnosis, [(refused, False)] * 500 + [(chosen, True)], 3)
    assert len(text) < announcement.MOST_CHARACTERS
    assert "485 more" in text
    assert not HARMFUL.search(outside_fences(text))


REPLIES = {
    "handover": lambda text: announcement.handover(3),
    "obsolete": lambda text: announcement.obsolete(text, HEAD),
    "amended": lambda text: announcement.amended([text, "Bob"], HEAD, Verdict(a_candidate(), False, text)),
    "round failed": announcement.round_failed,
    "help": lambda text: announcement.help_text(),
}


@pytest.mark.parametrize("name", REPLIES)
@given(text=st.just(HOSTILE * 100) | st.text())
def test_a_reply_is_short_and_inert_and_orders_nothing(name, text):
    reply = REPLIES[name](text)
    assert len(reply) < 1500
    assert not HARMFUL.search(reply)
    assert reply.replace("\n", "").replace("\u2060", "").isprintable()
    assert not reply.startswith("/heal")


def test_what_the_replies_say():
    assert "After 3 rounds" in announcement.handover(3)
    assert "After 1 round " in announcement.handover(1)
    obsolete = announcement.obsolete("the crash does not reproduce any more", "a" * 40)
    assert "the crash does not reproduce any more. I looked at `aaaaaaaaaa`" in obsolete
    assert "nothing better: None stood. The" in announcement.round_failed("None stood.")
    assert set(re.findall(r"^- `(/heal \w+)", announcement.help_text(), re.M)) == {
        f"/heal {name}" for name in ("retry", "explain", "ignore", "rebase")
    }


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ((), "others added"),
        (("",), "others added"),
        (("Ada",), "Ada added"),
        (("Ada", "Bob"), "Ada and Bob added"),
        (("Ada", "Bob", "Cy"), "Ada, Bob and Cy added"),
        (tuple("ABCDEF"), "A, B, C, D, E and others added"),
    ],
)
def test_people_are_named(names, wanted):
    assert wanted in announcement.amended(names, HEAD, Verdict(a_candidate(), True, "accepted"))


def test_what_others_added_is_told_as_it_was_proved():
    stands = announcement.amended(["Ada"], HEAD, Verdict(a_candidate(), True, "accepted"))
    assert "I proved `bbbbbbbbbb` again: the crash is gone" in stands
    broken = announcement.amended(["Ada"], HEAD, Verdict(a_candidate(), False, f"{CRASH.type} is back"))
    assert "it does not stand: KeyError is back." in broken
