from dataclasses import replace

import pytest
from healer.model import Suspect
from healer.stages import announcement
from hypothesis import given
from hypothesis import strategies as st

from tests.healer.stages.test_announcement import HARMFUL, HOSTILE, URL
from tests.healer.stages.test_announcement_style import CONVENTIONAL, PATHS, PLAIN

FIX = Suspect("1" * 40, "healer", "2026-01-02T03:04:05Z", "Fix KeyError on GET /things")
OTHER = Suspect("2" * 40, "Ada", "2026-01-03T03:04:05Z", "Sort rooms by floor")
LEFT = announcement.Left(
    "c" * 40, "2026-01-04T03:04:05.1Z", "2026-01-04T03:05:06.2Z", "b" * 40, "It crashed again.", (), (FIX,), ()
)


@pytest.mark.parametrize(
    ("subject", "subjects", "wanted"),
    [
        ("Fix a crash", (), 'Revert "Fix a crash"'),
        ("", (), "Revert the release of cccccccccc"),
        ("Fix a crash", PLAIN, 'Revert "Fix a crash"'),
        ("fix a crash", [line.lower() for line in PLAIN], 'revert "fix a crash"'),
        ("app: fix a crash", PATHS, 'revert "app: fix a crash"'),
        ("fix: prevent a crash", CONVENTIONAL, "revert: fix: prevent a crash"),
        ("", CONVENTIONAL, "revert: the release of cccccccccc"),
        ("Fix: Prevent a crash", ["Feat: Add units", "Docs: Say it", "Chore: Tidy"], "Revert: Fix: Prevent a crash"),
        ("BUG: Fix a crash", ["ENH: Add units", "DOC: Say it", "MAINT: Tidy"], "REV: BUG: Fix a crash"),
        ("🐛 Fix a crash", [f"✨ {line}" for line in PLAIN], '⏪ Revert "🐛 Fix a crash"'),
        (":bug: Fix a crash", [f":sparkles: {line}" for line in PLAIN], ':rewind: Revert ":bug: Fix a crash"'),
    ],
)
def test_a_title_is_written_as_the_repository_writes(subject, subjects, wanted):
    assert announcement.revert_title(subject, "c" * 40, subjects) == wanted


def test_a_long_title_is_cut_and_stays_quoted():
    title = announcement.revert_title("Fix " + "very " * 40, "c" * 40)
    assert len(title) <= 72
    assert title.startswith('Revert "Fix very')
    assert title.endswith('…"')


def test_the_body_says_what_was_released_seen_and_gone_back_to_and_what_merging_does():
    left = replace(LEFT, evidence=("KeyError in read, 3 times",), others=(OTHER,))
    body = announcement.revert_body(left, URL)
    for said in (
        "It went live at 2026-01-04T03:04:05Z and was left at 2026-01-04T03:05:06Z.",
        "The users get `bbbbbbbbbb` since.",
        f"It was to heal {URL}",
        "### What was seen\nIt crashed again.\n\n- KeyError in read, 3 times",
        "### What this takes back\n- 1111111111 by healer on 2026-01-02: Fix KeyError on GET /things",
        "- 2222222222 by Ada on 2026-01-03: Sort rooms by floor",
        "### What merging does",
    ):
        assert said in body
    assert body.endswith(f"Reverts {'c' * 40}\n")


def test_what_does_not_apply_is_not_said():
    body = announcement.revert_body(replace(LEFT, live_at=None, back_to=None, taken=()))
    assert "It was left at 2026-01-04T03:05:06Z, before it was live. There was no release before it" in body
    assert "### What this takes back\nMerges only." in body
    assert "It was to heal" not in body
    assert "Released with it" not in body


def test_lists_are_bounded():
    many = tuple(replace(OTHER, commit=f"{number:040d}", summary="x" * 1000) for number in range(1000))
    left = replace(LEFT, reason="y" * 10_000, evidence=["z" * 1000] * 1000, taken=many, others=many)
    body = announcement.revert_body(left)
    assert len(body) < announcement.MOST_CHARACTERS
    assert body.count("- … and 980 more") == 3


@given(st.text(max_size=40).map(lambda text: f"{HOSTILE} {text}"))
def test_hostile_text_is_inert(text):
    commit = Suspect("1" * 40, text, text, text)
    left = replace(LEFT, reason=text, evidence=(text,), taken=(commit,), others=(commit,))
    title = announcement.revert_title(text, "c" * 40)
    message = announcement.revert_message(title, left)
    for whole in (title, message, announcement.revert_body(left)):
        assert not HARMFUL.search(whole)
    assert "\n" not in title
    assert message.splitlines()[-1] == f"Reverts: {'c' * 40}"
    assert "\n\n" in message.removesuffix(f"\n\nReverts: {'c' * 40}\n")
