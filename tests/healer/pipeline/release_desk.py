"""Releases of one service in one process: a real store and repository, and a deployment that does as the test says.

The sandbox answers by the code it is given: a tree crashes while its `a.py` says so, "broken" at /new and "crashes" at
anything else.
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from healer.edges.checkout import Checkout
from healer.edges.forge.local import LocalForge
from healer.edges.store import Release, Store
from healer.model import (
    Changed,
    DeploymentError,
    Exchange,
    Probe,
    Proposal,
    Replay,
    Report,
    Request,
    Serving,
    State,
    Traffic,
    Watch,
)
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts, Service

from tests.healer.samples import FRAME, a_diagnosis, a_replay, a_report, answered, crashed

WHEN = "2026-01-02T03:04:05Z"
GOOD, CRASHES = "x = 'good'\n", "x = 'crashes'\n"


class Sandbox:
    def replay(self, tree: bytes, requests: Sequence[Request], **_: Any) -> Replay:
        with tarfile.open(fileobj=io.BytesIO(tree)) as archive:
            file = archive.extractfile("a.py")
            assert file is not None
            text = file.read().decode()
        fault = "broken" if requests[-1].path == "/new" else "crashes"
        return a_replay(crashed(frame=replace(FRAME, file="a.py")) if fault in text else answered(404))


class Shelf:
    """A deployment in memory. Strict: what is not prepared cannot be served, and a canary only beside another."""

    shares = True

    def __init__(self) -> None:
        self.prepared: list[str] = []
        self.pointed: str | None = None
        self.served: str | None = None
        self.canary: str | None = None
        self.fell_back = ""
        self.traffic: dict[str, Traffic] = {}
        self.changes: list[tuple[str, int]] = []
        self.asked: list[tuple[Probe, ...]] = []
        self.watched: list[tuple[Watch, ...]] = []
        self.refuses: dict[str, str] = {}  # commit -> why
        self.cannot_have: dict[str, str] = {}
        self.away = ""
        self.answers: Callable[[Request], int | None] = lambda _request: None

    def _reach(self) -> None:
        if self.away:
            raise DeploymentError(self.away)

    def prepare(self, commit: str, export: Callable[[Path], None]) -> None:
        self._reach()
        if commit not in self.prepared:
            self.prepared.insert(0, commit)

    def refused(self, commit: str) -> str:
        return self.cannot_have.get(commit, "")

    def change(self, commit: str, probes: Sequence[Probe], watches: Sequence[Watch], *, canary: int = 0) -> Changed:
        self._reach()
        assert commit in self.prepared, f"{commit} is not prepared"
        if self.served == commit and self.canary is None:
            return Changed(True, commit)
        if canary and self.canary == commit:
            return Changed(True, self.served)
        self.changes.append((commit, canary))
        self.asked.append(tuple(probes))
        self.watched.append(tuple(watches))
        self.fell_back = ""
        if commit in self.refuses:
            return Changed(False, self.served, reason=self.refuses[commit])
        if canary:
            assert self.served is not None
            self.canary = commit
            return Changed(True, self.served)
        previous, self.served, self.canary = self.served, commit, None
        return Changed(True, commit, previous, seconds=0.1)

    def point(self, commit: str) -> None:
        self._reach()
        self.pointed = commit

    def current(self) -> str | None:
        return self.pointed

    def serving(self) -> Serving:
        self._reach()
        return Serving(self.served, "serving", self.canary, self.fell_back, dict(self.traffic))

    def kept(self) -> tuple[str, ...]:
        return tuple(self.prepared)

    def tidy(self, keep: frozenset[str]) -> None:
        pass

    def send(self, request: Request, headers: Mapping[str, str]) -> Exchange | None:
        status = self.answers(request)
        return None if status is None else Exchange(status)


class ReleaseDesk:
    def __init__(self, folder: Path, database: Path, seed: str = CRASHES, **settings: Any) -> None:
        (folder / "seed").mkdir()
        (folder / "seed" / "a.py").write_text(seed)
        self.store = Store(f"sqlite:///{database}")
        self.store.migrate()
        self.checkout = Checkout(folder / "mirror.git", str(folder / "origin.git"), "main")
        self.checkout.seed(folder / "seed")
        self.first = self.checkout.fetch()
        self.shelf = Shelf()
        self.shelf.prepared, self.shelf.served, self.shelf.pointed = [self.first], self.first, self.first
        self._settings = settings
        self.store.releases.want("shop", self.first, "first")
        self.store.releases.set("shop", self.first, "live")
        self.start()

    def start(self, deployment: Any = None, checkout: Any = None) -> None:
        """A healer as it is after a start: what it only remembered is gone."""
        forge = LocalForge(self.checkout, "http://127.0.0.1:9/", "", "")
        service = Service(
            "shop",
            None,
            (),
            "propose",
            "playbook",
            checkout or self.checkout,
            Sandbox(),  # type: ignore[arg-type]
            forge,
            deployment or self.shelf,
            **{"soak_seconds": 3600.0, **self._settings},
        )
        self.parts = Parts(self.store, {"shop": service}, "http://healer.test", 1)
        self.dispatch = Dispatch(self.parts, None)  # type: ignore[arg-type]
        self.rollout = self.dispatch._rollout
        self.service = service

    def commit(self, files: dict[str, str], *, base: str = "", message: str = "A change\n") -> str:
        """On the branch's tip, and pushed there."""
        base = base or self.checkout.fetch()
        made = self.checkout.commit(base, files, message, WHEN)
        self.checkout.push(made, "main", base)
        return made

    def merge(self, number: int = 1, text: str = GOOD, **changes: object) -> tuple[str, str]:
        """An incident whose fix was merged, and the merge commit."""
        report = a_report(report_id=f"{number:032d}", frames=(replace(FRAME, file="a.py"),), **changes)
        incident_id = self.store.incidents.take(report, f"f{number}").id
        self.store.incidents.set(incident_id, diagnosis=a_diagnosis())
        merged = self.commit({"a.py": text, f"{number}.txt": f"{number}\n"})
        proposal = Proposal(incident_id, number, "shop", f"healer/{number}-1", "main", merged, "t", "b", "u")
        self.store.proposals.put(proposal, 1, "diff", approach="missing-key (refuse)", category="c")
        self.store.incidents.move(incident_id, State.MERGED, expected=(State.OPEN,))
        self.store.proposals.set(proposal.branch, merge_sha=merged)
        self.store.proposals.close(proposal, "merged", merged)
        return incident_id, merged

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            for release in self.store.releases.moving():
                self.store.releases.set("shop", release.commit, next_try=0.0)
            self.rollout.tend(self.service)

    def soaked(self, release: str) -> None:
        """The time of the canary's share or of the soak is over."""
        self.store.releases.set("shop", release, until=time.time() - 1)
        for incident in self.store.incidents.released_with("shop", [release]):
            if incident.soak_until is not None:
                self._hurry(incident.id)

    def _hurry(self, incident_id: str) -> None:
        self.store.incidents.set(incident_id, soak_until=time.time() - 1)  # type: ignore[arg-type]

    def report(self, number: int, release: str, fingerprint: str = "", **changes: object) -> str:
        """A report of incident `number`, or of a new one, from a release."""
        frames = (replace(FRAME, file="a.py"),)
        report = a_report(report_id=f"r{time.monotonic_ns()}", frames=frames, release=release, **changes)
        incident = self.store.incidents.take(report, fingerprint or f"f{number}")
        if incident.state in (State.RELEASING, State.SOAKING, State.RESOLVED):
            self.rollout.came_back(incident, release)
        return incident.id

    def release(self, commit: str) -> Release:
        found = self.store.releases.get("shop", commit)
        assert found is not None
        return found

    def state(self, incident_id: str) -> State:
        return self.store.incidents.get(incident_id).state

    def events(self, type: str) -> list[Mapping[str, Any]]:
        return [event.payload for event in self.store.log.after(0) if event.type == type]


__all__ = ["CRASHES", "GOOD", "ReleaseDesk", "Report", "Shelf"]
