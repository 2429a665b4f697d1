"""Writes down what people do: who, by what way, from where, and to what. It decides nothing and does nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from fastapi import Request

from healer.edges.store import Revert
from healer.model import HealerError
from healer.pipeline.parts import Parts
from healer.web.throttle import is_remote
from healer.web.views import judged_attempt

COMMAND_LINE = "healer-cli/"  # how its user agent begins


class Recorder:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @contextmanager
    def action(self, request: Request, by: str, incident_id: str, name: str, reason: str = "") -> Iterator[None]:
        """Around an action on an incident. Raises NotFound for an unknown one."""
        incident = self._parts.store.incidents.get(incident_id)
        filed = self._parts.store.proposals.of_incident(incident_id)
        payload: dict[str, object] = {**_who(request, by), "reason": reason, "state": incident.state}
        if filed is not None and filed.attempt == judged_attempt(incident, filed):
            payload |= filed.decided_on
        with self._around(incident.id, incident.trace_id, name, payload):
            yield

    @contextmanager
    def rollback(self, request: Request, by: str, service: str, to: str, reason: str) -> Iterator[None]:
        """Around going back to a release. Raises NotFound for an unknown service."""
        key = f"service/{self._parts.service(service).name}"
        payload = {**_who(request, by), "reason": reason, "service": service, "to": to}
        with self._around(key, "", "rollback", payload):
            yield

    @contextmanager
    def revert(self, request: Request, by: str, revert: Revert, name: str, reason: str = "") -> Iterator[None]:
        """Around a decision on a proposal that takes a release back."""
        key, trace_id = f"service/{revert.service}", ""
        if revert.incident_id is not None:
            incident = self._parts.store.incidents.get(revert.incident_id)
            key, trace_id = incident.id, incident.trace_id
        which = {"service": revert.service, "commit": revert.commit}
        payload = {**_who(request, by), "reason": reason, **which, **revert.decided_on}
        with self._around(key, trace_id, name, payload):
            yield

    def example(self, request: Request, by: str, service: str, name: str) -> None:
        """A request of the service's examples, which may well crash it."""
        payload = {**_who(request, by), "reason": "", "service": service, "example": name}
        self._append(f"service/{service}", "", "operator.example", payload)

    def switch(self, request: Request, by: str, name: str, reason: str) -> None:
        """An action on everything."""
        self._append("operator", "", f"operator.{name}", {**_who(request, by), "reason": reason})

    @contextmanager
    def _around(self, key: str, trace_id: str, name: str, payload: Mapping[str, object]) -> Iterator[None]:
        """The event is written first: what was asked for is known even if the healer is killed in the middle.

        An action that fails, in whatever way, gets a second event with why.
        """
        self._append(key, trace_id, f"operator.{name}", payload)
        try:
            yield
        except Exception as error:
            reason = (
                str(error)
                if isinstance(error, HealerError)
                else f"an error of the healer's own: {type(error).__name__}"
            )
            self._append(key, trace_id, "operator.failed", {"action": name, "reason": reason})
            raise

    def _append(self, key: str, trace_id: str, type: str, payload: Mapping[str, object]) -> None:
        self._parts.store.log.append(type, key, payload, trace_id=trace_id, ui_hint="control")


def entering(request: Request, role: str, way: str) -> dict[str, str]:
    """What the log says of a sign-in; `way`: by the link, or by the page's form."""
    return {**leaving(request, role), "way": way}


def leaving(request: Request, role: str) -> dict[str, str]:
    """What the log says of a sign-out."""
    return {**_who(request, role), "role": role}


def _who(request: Request, by: str) -> dict[str, str]:
    return {"by": by, "way": _way(request), "from": "remote" if is_remote(request) else "loopback"}


def _way(request: Request) -> str:
    if not request.headers.get("authorization", "").lower().startswith("bearer "):
        return "page"  # whose cookie let the request in; a proxy before it may ask for a password of its own
    return "cli" if request.headers.get("user-agent", "").startswith(COMMAND_LINE) else "api"
