import pytest
from healer.model import ExceptionInfo, Request
from healer.stages import announcement
from hypothesis import given
from hypothesis import strategies as st

from tests.healer.samples import a_candidate, a_diagnosis, a_report
from tests.healer.stages.test_announcement import HARMFUL, HOSTILE, verdict

PLAIN = ["Add a table of units", "Read the units by key", "Sort rooms by floor"]
CONVENTIONAL = ["feat: add units", "docs: say how to start", "fix: sort rooms by floor", "chore(deps): bump x"]
SCOPED = ["feat(api): add units", "fix(db): close it", "fix(app): sort rooms", "docs: say how to start"]
PATHS = ["app: add units", "app/rooms: sort by floor", "docs: say how to start", "app: read units by key"]


@pytest.mark.parametrize(
    ("subjects", "wanted"),
    [
        ((), "Fix KeyError on GET /things: look first"),
        (["x: y", "x: z"], "Fix KeyError on GET /things: look first"),
        (PLAIN, "Fix KeyError on GET /things: look first"),
        ([f"{line} (#{number})" for number, line in enumerate(PLAIN)], "Fix KeyError on GET /things: look first"),
        ([f"{line}." for line in PLAIN], "Fix KeyError on GET /things: look first."),
        ([f"{line}. (#1)" for line in PLAIN], "Fix KeyError on GET /things: look first."),
        ([line.lower() for line in PLAIN], "fix KeyError on GET /things: look first"),
        (["API: add units", "JSON for rooms", "Sorts", "Adds", "Adds"], "Fix KeyError on GET /things: look first"),
        (CONVENTIONAL, "fix: prevent KeyError on GET /things"),
        (["feat!: add units", "docs: x", "perf: y"], "fix: prevent KeyError on GET /things"),
        (["Feat: Add units", "Docs: Say it", "Chore: Tidy"], "Fix: Prevent KeyError on GET /things"),
        (["feat: add", "bugfix: sort", "docs: say"], "bugfix: prevent KeyError on GET /things"),
        (["ENH: Add units", "DOC: Say it", "MAINT: Tidy"], "BUG: Prevent KeyError on GET /things"),
        (SCOPED, "fix(app): prevent KeyError on GET /things"),
        ([line.replace("app", "ui") for line in SCOPED], "fix: prevent KeyError on GET /things"),
        (PATHS, "app: fix KeyError on GET /things"),
        ([line.replace("app:", "app/main:") for line in PATHS], "app/main: fix KeyError on GET /things"),
        (["src/a.py: x", "src/b.py: y", "src/a.py: z"], "app/main.py: fix KeyError on GET /things"),
        (["src/a: x", "src/b: y", "src/a: z"], "app/main: fix KeyError on GET /things"),
        (["a.py: x", "b.py: y", "a.py: z"], "main.py: fix KeyError on GET /things"),
        (["rooms: Sort", "units: Read", "rooms: Add"], "main: Fix KeyError on GET /things"),
        ([f"ABC-{n}: {line}" for n, line in enumerate(PLAIN)], "Fix KeyError on GET /things: look first"),
        ([f"[ABC-{n}] {line}" for n, line in enumerate(CONVENTIONAL)], "fix: prevent KeyError on GET /things"),
        ([f"#{n} {line.lower()}" for n, line in enumerate(PLAIN)], "fix KeyError on GET /things: look first"),
        ([f"✨ {line}" for line in PLAIN], "🐛 Fix KeyError on GET /things: look first"),
        ([f":sparkles: {line}" for line in PLAIN], ":bug: Fix KeyError on GET /things: look first"),
        ([f"✨ {line}" for line in CONVENTIONAL], "🐛 fix: prevent KeyError on GET /things"),
        ([f"✨ {PLAIN[0]}", *PLAIN], "Fix KeyError on GET /things: look first"),
        (
            ["Merge branch x", "fix: a", "Revert y", "docs: b", "Bump z", "ci: c"],
            "fix: prevent KeyError on GET /things",
        ),
    ],
)
def test_a_title_is_like_the_last_commits(subjects, wanted):
    assert announcement.title(a_report(), verdict(), subjects) == wanted
    message = announcement.commit_message(a_report(), a_diagnosis(), verdict(), "abc123", subjects)
    assert message.splitlines()[0] == wanted


@pytest.mark.parametrize(
    ("report", "summary", "wanted"),
    [
        (a_report(request=None), "Look first.", "Fix KeyError in read: look first"),
        (a_report(request=None, frames=()), "Look first", "Fix KeyError: look first"),
        (a_report(), "", "Fix KeyError on GET /things"),
        (a_report(), "TABLE is asked first", "Fix KeyError on GET /things: TABLE is asked first"),
        (a_report(), "Order is asked and then the table that knows the rest", "Fix KeyError on GET /things"),
        (a_report(), "A key is looked up first", "Fix KeyError on GET /things: a key is looked up first"),
        (a_report(request=Request("GET", "/" + "a" * 90)), "Look", f"Fix KeyError on GET /{'a' * 50}"),
    ],
)
def test_a_title_says_what_was_wrong(report, summary, wanted):
    title = announcement.title(report, verdict(summary=summary))
    assert title.startswith(wanted)
    assert len(title) <= 72
    assert title == wanted or title.endswith("…")


SUBJECTS = st.lists(st.text(max_size=90) | st.sampled_from([*CONVENTIONAL, *SCOPED, *PATHS, HOSTILE, "@ada: x"]))


@given(SUBJECTS, st.text(max_size=90), st.sampled_from(["app/main.py", "a", "@x/#1.py", ""]))
def test_whatever_the_history_says_a_title_is_one_short_line(subjects, text, file):
    change = a_candidate().changes[0]
    chosen = verdict(summary=text, changes=(type(change)(file, "a", "b"),) if file else ())
    report = a_report(exception=ExceptionInfo(text, text), request=Request("GET", f"/{text}"))
    title = announcement.title(report, chosen, subjects)
    assert len(title) <= 72
    assert title.replace("\u2060", "").isprintable()
    assert not HARMFUL.search(title)


def test_the_commit_names_the_incident():
    cause = "TABLE[key] has no entry for the key that it is asked for, and nothing asks for that case in read. " * 2
    message = announcement.commit_message(a_report(), a_diagnosis(cause=cause), verdict(), "abc123")
    assert message.endswith("\n\nOrigin: missing-key\nHealer-Incident: abc123\n")
    assert max(map(len, message.splitlines())) <= 72
