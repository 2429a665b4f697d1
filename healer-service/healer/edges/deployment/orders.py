"""One order after the other, to a release or back, and the deployments that serve what they are told and no more.

It knows neither commands nor webhooks. What was ordered is written down before it is carried out, and what serves after
it was seen to, so an order that a killed healer left is carried out again, under the same name.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from healer.edges.deployment import KEPT_RELEASES, disk
from healer.edges.deployment.health import Health
from healer.edges.deployment.sending import refusal, send
from healer.model import Changed, DeploymentError, Exchange, Probe, Request, Serving, Watch


@dataclass(frozen=True)
class Order:
    """To serve a commit; `delivery` is the order's name, and stays whenever it is carried out again."""

    commit: str
    action: str  # release | roll_back: it was served before
    delivery: str
    failed: str = ""  # the release that is gone back from
    reason: str = ""  # why


@dataclass(frozen=True)
class Outcome:
    reason: str = ""  # why the order was not carried out
    touched: bool = True  # whether what is served may be another now


@dataclass(frozen=True)
class _Record:
    served: tuple[str, ...] = ()  # newest first: what serves, and what did
    order: Order | None = None  # begun, and not seen to its end

    @property
    def release(self) -> str | None:
        return next(iter(self.served), None)

    def with_release(self, commit: str) -> _Record:
        return _Record((commit, *(name for name in self.served if name != commit))[:KEPT_RELEASES], None)


class Orders:
    """`carry_out` is given an order and what is served now; it may raise DeploymentError.

    `file` is all it remembers. `known` tells what is served as long as nothing was ordered.
    """

    def __init__(
        self,
        file: Path,
        health: Health,
        url: str,
        carry_out: Callable[[Order, str | None], Outcome],
        known: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._file = file
        self._health = health
        self._url = url
        self._carry_out = carry_out
        self._known = known

    @property
    def release(self) -> str | None:
        """What was last seen to be served."""
        return self._read().release

    @property
    def served(self) -> tuple[str, ...]:
        """Newest first."""
        return self._read().served

    def serving(self) -> Serving:
        record = self._read()
        if record.order is not None:
            return Serving(record.release, "changing")
        if record.release is None:
            return Serving(None, "waiting")
        return Serving(record.release, self._health.state(record.release))

    def point(self, commit: str) -> None:
        record = self._read()
        if record.release != commit:
            self._write(record.with_release(commit))

    def change(self, commit: str, probes: Sequence[Probe]) -> Changed:
        """Have a commit served, see that it is well, and go back at once when it is not."""
        started = time.monotonic()
        record = self._read()
        order, previous = record.order, next((name for name in record.served if name != commit), None)
        if order is None and record.release == commit:
            return Changed(True, commit, previous)
        if order is not None and order.failed == commit:
            return self._go_back(record, order, started)
        if order is None or order.commit != commit:
            order = _order(commit, "roll_back" if commit in record.served else "release")
        self._write(replace(record, order=replace(order, failed="", reason="")))
        outcome = self._carry_out(order, record.release)
        reason = outcome.reason or self._health.wait(commit) or refusal(self._url, probes)
        if not reason:
            self._write(record.with_release(commit))
            return Changed(True, commit, previous, seconds=time.monotonic() - started)
        if record.release == commit:
            raise DeploymentError(f"{reason}; {commit[:10]} is the release to go back to, so it is tried again")
        if record.release is None or not outcome.touched:
            self._write(replace(record, order=None))
            more = "" if record.release else "; there is no release before it to go back to"
            return Changed(False, record.release, record.release, reason + more, time.monotonic() - started)
        order = replace(_order(record.release, "roll_back"), failed=commit, reason=reason)
        self._write(replace(record, order=order))
        return self._go_back(record, order, started)

    def _go_back(self, record: _Record, order: Order, started: float) -> Changed:
        name = order.commit[:10]
        try:
            outcome = self._carry_out(order, order.failed)
        except DeploymentError as error:
            raise DeploymentError(f"{order.reason}; {name} is not back yet: {error}") from error
        if wrong := outcome.reason or self._health.wait(order.commit):
            raise DeploymentError(f"{order.reason}; going back to {name} failed too, and is tried again: {wrong}")
        self._write(replace(record, order=None))
        reason = f"{order.reason}; {name} is served again"
        return Changed(False, order.commit, order.commit, reason, time.monotonic() - started)

    def _read(self) -> _Record:
        try:
            document = json.loads(self._file.read_bytes())
            order = document["order"]
            return _Record(tuple(map(str, document["served"])), Order(**order) if order else None)
        except FileNotFoundError:
            known = self._known()
            return _Record((known,) if known else ())
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DeploymentError(
                f"{self._file} cannot be read ({error}); repair it, or remove it to begin anew"
            ) from error

    def _write(self, record: _Record) -> None:
        draft = self._file.with_name(f".{self._file.name}.draft")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                with draft.open("w") as file:
                    json.dump(asdict(record), file, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(self._file)
            finally:
                draft.unlink(missing_ok=True)
            disk.sync(self._file.parent)
        except OSError as error:
            raise DeploymentError(f"cannot write {self._file}: {error.strerror}; nothing more is done") from error


class OrderedDeployment:
    """A deployment as far as orders go: it has no releases of its own to prepare or to remove."""

    shares = False

    def __init__(self, orders: Orders, url: str) -> None:
        self._orders = orders
        self._url = url

    def prepare(self, commit: str, export: Callable[[Path], None]) -> None:
        """Whoever is ordered to serve a commit fetches it."""

    def refused(self, commit: str) -> str:
        return ""

    def change(self, commit: str, probes: Sequence[Probe], watches: Sequence[Watch], *, canary: int = 0) -> Changed:
        """Nobody can be given a share here, and nobody counts requests: `canary` and `watches` are for others."""
        return self._orders.change(commit, probes)

    def point(self, commit: str) -> None:
        self._orders.point(commit)

    def current(self) -> str | None:
        return self._orders.release

    def serving(self) -> Serving:
        return self._orders.serving()

    def kept(self) -> tuple[str, ...]:
        return self._orders.served

    def tidy(self, keep: frozenset[str]) -> None:
        """There is nothing here but the names of the kept ones."""

    def send(self, request: Request, headers: Mapping[str, str]) -> Exchange | None:
        return send(self._url, request, headers)


def _order(commit: str, action: str) -> Order:
    return Order(commit, action, str(uuid.uuid4()))
