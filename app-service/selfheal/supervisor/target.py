"""What the supervisor's workers should be: a release for all, and perhaps another that has a share beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """`workers` of a release; with a canary `share` of them are its own, though one of the release always stays."""

    release: str
    workers: int
    canary: str | None = None
    share: int = 0

    @property
    def newcomer(self) -> str:
        """The release that this is about."""
        return self.canary or self.release

    @property
    def counts(self) -> Mapping[str, int]:
        """Release -> how many workers of it are to accept."""
        if self.canary is None:
            return {self.release: self.workers}
        stay = self.workers - self.share if self.workers > self.share else self.workers
        return {self.release: stay, self.canary: self.share}
