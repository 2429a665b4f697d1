"""How a service's releases get to its users: a small protocol, and one module for each way.

Every call may run again after it was interrupted and then finds what it did before. All may raise DeploymentError,
which means "not now": nothing was changed, or what was changed is found by the next call. What speaks against a release
itself is an answer (`Changed.ok` false with the reason), never an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from healer.model import Changed, Exchange, Probe, Request, Serving, Watch

KEPT_RELEASES = 5


class Deployment(Protocol):
    shares: bool  # a canary can have a share of the users

    def prepare(self, commit: str, export: Callable[[Path], None]) -> None:
        """Have everything ready that a release needs, whole under its own name or not at all.

        `export` writes the commit's files to the folder it is given, which does not exist yet.
        """
        ...

    def refused(self, commit: str) -> str:
        """Why `prepare` made no release and never will (its packages cannot be had); "" when it did."""
        ...

    def change(self, commit: str, probes: Sequence[Probe], watches: Sequence[Watch], *, canary: int = 0) -> Changed:
        """Serve a prepared release to all; with `canary` to a share of the users, that many workers, beside the other.

        `probes` are asked before the first user's request where that is possible, else right after the change.
        """
        ...

    def point(self, commit: str) -> None:
        """Have this release served after a restart of whatever serves it."""
        ...

    def current(self) -> str | None:
        """The release that `point` named last."""
        ...

    def serving(self) -> Serving: ...

    def kept(self) -> tuple[str, ...]:
        """Releases that can be served again at once, newest first."""
        ...

    def tidy(self, keep: frozenset[str]) -> None:
        """Remove what the oldest releases left beyond the kept number; never `current` or one of `keep`."""
        ...

    def send(self, request: Request, headers: Mapping[str, str]) -> Exchange | None:
        """Send a request to the running service. None when no address is known or nothing answers."""
        ...


__all__ = ["KEPT_RELEASES", "Deployment"]
