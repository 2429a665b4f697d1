"""Where proposals live and are merged: a small protocol, and one module for each kind of forge.

Each call looks first whether it was done before: an interrupted step runs again. All may raise ForgeError.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from healer.model import Proposal, Remark


@dataclass(frozen=True)
class Standing:
    """A proposal as it stands on its forge now."""

    state: str  # open | merged | closed
    head_sha: str = ""  # tip of its branch; "" where the forge does not tell
    base: str = ""  # the branch that it is to be merged into
    merge_sha: str | None = None  # the commit of the base branch that brought it in; only when merged
    by: str = ""  # login of who merged it; "" when unknown
    draft: bool = False
    conflicting: bool = False
    updated_at: str = ""  # changes whenever somebody says or does something


@dataclass(frozen=True)
class Limits:
    """What the forge still allows in the running hour; None where it has no limit or has not told yet."""

    remaining: int | None = None
    limit: int | None = None
    resets_at: str = ""  # RFC 3339, UTC


class Forge(Protocol):
    kind: str  # local | github

    def open(self, proposal: Proposal, labels: Sequence[str]) -> Proposal:
        """Publish a proposal whose branch is pushed; the proposal with its number, address and state there.

        On a forge with drafts it begins as one. There is never a second one for the same branch.
        """
        ...

    def update(self, proposal: Proposal) -> None:
        """Bring title and body there up to date."""
        ...

    def standing(self, proposal: Proposal) -> Standing: ...

    def checks(self, proposal: Proposal) -> str:
        """Of its head commit: none | pending | passed | failed | unknown (the token may not see them)."""
        ...

    def remarks(self, proposal: Proposal) -> tuple[Remark, ...]:
        """Comments and finished reviews by anyone but the healer, oldest first; a review with its line comments."""
        ...

    def may_write(self, login: str) -> bool:
        """Whether this person may push to the repository."""
        ...

    def say(self, proposal: Proposal, key: str, text: str) -> None:
        """Comment once for each `key`."""
        ...

    def ready(self, proposal: Proposal) -> None:
        """No draft any more."""
        ...

    def ask_review(self, proposal: Proposal, owners: Sequence[str], suspect: str) -> str:
        """Ask one person or team; who was asked, or is asked already, "" when nobody can be.

        `owners`: code owners as `@login`, `@org/team` or an address, best first; `suspect`: commit whose author comes
        after them.
        """
        ...

    def merge(self, proposal: Proposal, by: str) -> str:
        """The commit of the base branch that brought it in. Conflict unless its head is `proposal.head_sha`."""
        ...

    def close(self, proposal: Proposal, reason: str, by: str) -> None:
        """Close it unmerged and delete its branch, unless others added commits to it."""
        ...

    def limits(self) -> Limits: ...


__all__ = ["Forge", "Limits", "Standing"]
