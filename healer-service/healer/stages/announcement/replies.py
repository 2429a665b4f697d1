"""What the healer answers in the discussion of a proposal: short, plain and friendly. It decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from healer.model import Verdict
from healer.stages.announcement.wording import code, counted, inert, sentence, shown

COMMANDS = """\
A comment by somebody with write access may begin with one of these:
- `/heal retry`, and after it what you would like instead: another round with that as a hint
- `/heal explain`: why it crashed and why this is the fix, at length
- `/heal ignore`: close this proposal and leave the crash to people
- `/heal rebase`: lay the fix on the newest commit of the base branch and prove it again"""
_MOST_NAMES = 5


def help_text() -> str:
    return f"I know four commands, and this was none of them.\n\n{COMMANDS}"


def handover(rounds: int) -> str:
    return (
        f"After {counted(rounds, 'round')} I have no fix that you are content with, so I hand over: this one is yours. "
        "Everything I found stays in the description and on the incident's page. I change nothing more here by myself."
    )


def obsolete(reason: str, base_sha: str) -> str:
    return (
        f"This is no longer needed: {sentence(inert(reason, 400))} I looked at {code(base_sha[:10], 10)} of "
        "the base branch. So I close this; should the crash come back, retry the incident on its page."
    )


def amended(names: Sequence[str], head: str, verdict: Verdict) -> str:
    """`verdict`: on what stands at `head` now."""
    thanks = f"Thank you: {_people(names)} added commits. They stay as they are, and I do not push over them."
    at = code(head[:10], 10)
    if verdict.accepted:
        return f"{thanks} I proved {at} again: the crash is gone, and nothing that I compared came out worse."
    return f"{thanks} I proved {at} again, and it does not stand: {sentence(shown(verdict.reason, 400))}"


def round_failed(reason: str) -> str:
    return (
        f"I tried again and found nothing better: {sentence(shown(reason, 600))} "
        "The proposal stays as it is; a more exact hint (`/heal retry`, then the hint) may help."
    )


def cannot_rebase() -> str:
    """To whoever asks for something that would put a new version in place of others' commits."""
    return (
        "I leave the branch alone: others added commits to it, and a new version of mine would lay them aside. "
        "Please change or rebase it yourself; I prove again what you push."
    )


def _people(names: Sequence[str]) -> str:
    known = [name for name in (inert(name, 60) for name in names[:_MOST_NAMES]) if name]
    if not known:
        return "others"
    if len(names) > _MOST_NAMES:
        return f"{', '.join(known)} and others"
    return f"{', '.join(known[:-1])} and {known[-1]}" if len(known) > 1 else known[0]
