"""Where proposals live and are merged: a small protocol, and one module for each kind of forge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from healer.model import Proposal


@dataclass(frozen=True)
class Standing:
    """What became of a proposal on its forge."""

    state: str  # open | merged | closed
    merge_sha: str | None = None


class Forge(Protocol):
    """Each call looks first whether it was done before: an interrupted step runs again."""

    def open(self, proposal: Proposal) -> Proposal:
        """Publish a proposal whose branch is pushed; the proposal with its final address and number."""
        ...

    def standing(self, proposal: Proposal) -> Standing: ...

    def merge(self, proposal: Proposal, by: str) -> str:
        """The merge commit. The forge announces it by a webhook, as after a merge by a person on its page."""
        ...

    def close(self, proposal: Proposal, reason: str) -> None: ...


__all__ = ["Forge", "Standing"]
