"""What the healer writes on a forge: title, body and commit of a proposal, and its answers to people.

All text that came from a report, a model or a commit is made inert first. It posts nothing.
"""

from healer.stages.announcement.approximation import approximation
from healer.stages.announcement.commit import changes, commit_message, title, trailer
from healer.stages.announcement.description import MOST_CHARACTERS, body
from healer.stages.announcement.explaining import explanation
from healer.stages.announcement.replies import (
    amended,
    cannot_rebase,
    handover,
    help_text,
    obsolete,
    round_failed,
)
from healer.stages.announcement.reverting import Left, revert_body, revert_message, revert_not_needed, revert_title
from healer.stages.announcement.wording import fenced, inert

__all__ = [
    "MOST_CHARACTERS",
    "Left",
    "amended",
    "approximation",
    "body",
    "cannot_rebase",
    "changes",
    "commit_message",
    "explanation",
    "fenced",
    "handover",
    "help_text",
    "inert",
    "obsolete",
    "revert_body",
    "revert_message",
    "revert_not_needed",
    "revert_title",
    "round_failed",
    "title",
    "trailer",
]
