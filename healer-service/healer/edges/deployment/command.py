"""A deployment by a command of the operator's: systemctl, docker compose, kubectl, a script. No shell is involved.

The command is told which commit to have served. Whether it then is, the health address says, and the service itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from healer.edges.deployment.folders import Folders
from healer.edges.deployment.health import Health
from healer.edges.deployment.orders import Order, OrderedDeployment, Orders, Outcome
from healer.edges.deployment.packages import Packages
from healer.edges.deployment.program import Program
from healer.model import DeploymentError

BUILD_SECONDS = 540.0  # a command that builds an image takes its time, before the service can become healthy
_PLACES = re.compile(r"\{(commit|previous|folder|service)\}")


class CommandDeployment(OrderedDeployment):
    """`way_back` is run to serve a commit that was served before; where it is empty, `command` is.

    With `releases` a release is a folder there, and `current` names it before the command runs, which may build from
    it; of `requirements`, its lock file, the packages are in `.environment` in it. `state` is a file of its own.
    """

    def __init__(
        self,
        service: str,
        command: Sequence[str],
        way_back: Sequence[str],
        *,
        run_in: Path,
        state: Path,
        health: Health,
        url: str,
        releases: Path | None = None,
        python: str = "",
        requirements: str = "",
        seconds: float | None = None,
    ) -> None:
        """`seconds`: the command's time; without it the health's and BUILD_SECONDS. `python`: the service's."""
        self._service = service
        self._command = command
        self._way_back = way_back or command
        self._releases = releases
        self._folders = Folders(releases, python) if releases is not None else None
        self._packages = Packages(releases, python, requirements) if releases is not None else None
        self._program = Program(state.with_suffix(".process"), run_in, seconds or BUILD_SECONDS + health.seconds)
        super().__init__(Orders(state, health, url, self._carry_out, self._named), url)

    def prepare(self, commit: str, export: Callable[[Path], None]) -> None:
        if self._folders is not None and self._packages is not None:
            self._folders.prepare(commit, self._packages.completing(export))

    def refused(self, commit: str) -> str:
        return self._folders.refused(commit) if self._folders is not None else super().refused(commit)

    def point(self, commit: str) -> None:
        if self._folders is not None:
            self._folders.point(commit)
        super().point(commit)

    def kept(self) -> tuple[str, ...]:
        return self._folders.kept() if self._folders is not None else super().kept()

    def tidy(self, keep: frozenset[str]) -> None:
        if self._folders is not None:
            self._folders.tidy(keep)

    def _carry_out(self, order: Order, serves: str | None) -> Outcome:
        self._program.check_idle()  # first: it may be building from what `current` names
        if self._folders is not None:
            if order.commit not in self._folders.kept():
                return Outcome(f"there is no release folder of {order.commit[:10]} any more", touched=False)
            self._folders.point(order.commit)
        words = self._way_back if order.action == "roll_back" else self._command
        try:
            ended = self._program.run(self._filled(words, order.commit, serves), self._environment(order, serves))
        except DeploymentError:
            if self._folders is not None and serves is not None and not order.failed:
                self._folders.point(serves)  # nothing was changed
            raise
        if ended.status == 0:
            return Outcome()
        how = "took too long and was ended" if ended.status is None else f"ended with {ended.status}"
        return Outcome(f"{Path(words[0]).name} {how}: {ended.said or 'it said nothing'}")

    def _filled(self, words: Sequence[str], commit: str, serves: str | None) -> list[str]:
        values = {"commit": commit, "previous": serves or "", "folder": self._folder(commit), "service": self._service}
        return [_PLACES.sub(lambda match: values[match[1]], word) for word in words]

    def _environment(self, order: Order, serves: str | None) -> dict[str, str]:
        """Little of the healer's own: it may hold secrets."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": os.environ.get("HOME", "/"),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "HEALER_SERVICE": self._service,
            "HEALER_COMMIT": order.commit,
            "HEALER_PREVIOUS": serves or "",
            "HEALER_RELEASE_FOLDER": self._folder(order.commit),
        }

    def _folder(self, commit: str) -> str:
        return str(self._releases / commit) if self._releases is not None else ""

    def _named(self) -> str | None:
        return self._folders.current() if self._folders is not None else None
