"""The texts of a proposal that takes a release's commits back: title, commit and body. It decides nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from healer.model import Suspect
from healer.stages.announcement import style
from healer.stages.announcement.wording import code, inert, sentence, shown

T = TypeVar("T")
_MOST_LINES = 20  # of each list


@dataclass(frozen=True)
class Left:
    """A release that was left, why, and what its revert takes back."""

    commit: str
    live_at: str | None  # RFC 3339, UTC; None when it never served all users
    left_at: str
    back_to: str | None  # what the users get instead
    reason: str
    evidence: Sequence[str]  # one line each
    taken: Sequence[Suspect]  # the commits that are taken back, newest first
    others: Sequence[Suspect]  # that came with the release and stay


def revert_title(subject: str, commit: str, subjects: Sequence[str] = ()) -> str:
    """At most 72 characters, in the style of `subjects`, the first lines of the repository's last commits.

    `subject` of what is taken back; "" where it is more than one thing, and the release's commit has to do.
    """
    written = style.of(subjects)
    lead = ""
    if written.emoji:
        lead = ":rewind: " if written.emoji.startswith(":") else "⏪ "
    what, quote = (inert(subject, 200), '"') if subject else (f"the release of {inert(commit[:10], 12)}", "")
    if written.form == "conventional":
        lead, quote = f"{lead}{_typed(written.word)}: ", ""
    else:
        lead = f"{lead}{'Revert' if written.capital else 'revert'} "
    room = style.LONGEST - len(lead) - 2 * len(quote)
    if len(what) > room:
        what = what[: room - 1].rstrip() + "…"
    return f"{lead}{quote}{what}{quote}"


def revert_message(title: str, left: Left) -> str:
    """Of the commit."""
    why = f"This takes back what the release {left.commit[:10]} brought. {sentence(shown(left.reason, 600))}"
    filled = textwrap.fill(why, style.LONGEST, break_long_words=False, break_on_hyphens=False)
    return f"{title}\n\n{filled}\n\nReverts: {left.commit}\n"


def revert_body(left: Left, incident_url: str = "") -> str:
    """`incident_url`: of the crash that the release was to heal, where it was to heal one."""
    return "\n\n".join(_sections(left, incident_url)) + "\n"


def revert_not_needed(tip: str) -> str:
    return (
        f"This is no longer needed: at {code(tip[:10], 10)} the base branch holds nothing any more that it would "
        "take back. So I close it."
    )


def _sections(left: Left, incident_url: str) -> Iterator[str]:
    commit = code(left.commit[:10], 10)
    yield f"The release {commit} was left, and the branch still holds it. This takes it back there too."
    yield f"### What happened\n{_story(left)}" + (f"\n\nIt was to heal {incident_url}" if incident_url else "")
    yield f"### What was seen\n{sentence(shown(left.reason, 600))}"
    if left.evidence:
        yield _listed(left.evidence, shown)
    yield f"### What this takes back\n{_listed(left.taken, _told) or 'Merges only.'}"
    if left.others:
        yield (
            "### Released with it, and not taken back\n"
            "These commits reached the users for the first time in the same release. What was seen may come from one "
            f"of them; that is for a person to judge.\n\n{_listed(left.others, _told)}"
        )
    yield (
        "### What merging does\nThe branch loses these changes and keeps whatever was done since. Where the healer "
        "releases the service, the merge is released and watched like any other. Until then each further release of "
        "the branch brings them to the users again; if that is wanted, close this."
    )
    yield f"Reverts {inert(left.commit, 64)}"


def _story(left: Left) -> str:
    at = f"left at {_time(left.left_at)}"
    lived = (
        f"It went live at {_time(left.live_at)} and was {at}." if left.live_at else f"It was {at}, before it was live."
    )
    if left.back_to is None:
        return f"{lived} There was no release before it to go back to."
    return f"{lived} The users get {code(left.back_to[:10], 10)} since."


def _time(stamp: str) -> str:
    return f"{inert(stamp[:19], 19)}Z"


def _told(commit: Suspect) -> str:
    who, what = inert(commit.author, 60), shown(commit.summary, 160)
    return f"{inert(commit.commit[:10], 12)} by {who} on {inert(commit.date[:10], 10)}: {what}"


def _listed(things: Sequence[T], line_of: Callable[[T], str]) -> str:
    items = [f"- {line_of(thing)}" for thing in things[:_MOST_LINES]]
    if left := len(things) - len(items):
        items.append(f"- … and {left} more")
    return "\n".join(items)


def _typed(word: str) -> str:
    """The type of a revert, written as the repository writes the type of a fix."""
    if word.isupper():
        return "REV"
    return "Revert" if word[:1].isupper() else "revert"
