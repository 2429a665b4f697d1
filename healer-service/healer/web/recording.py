"""Writes down what people do: who, by what way, from where, and to what. It decides nothing and does nothing."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request

from healer.model import HealerError
from healer.pipeline.parts import Parts
from healer.web.views import judged_attempt

COMMAND_LINE = "healer-cli/"  # how its user agent begins


class Recorder:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @contextmanager
    def action(self, request: Request, by: str, incident_id: str, name: str, reason: str = "") -> Iterator[None]:
        """Around an action on an incident.

        The event is written first: what was asked for is known even if the healer is killed in the middle. An action
        that fails gets a second event with why. Raises NotFound for an unknown incident.
        """
        incident = self._parts.store.incidents.get(incident_id)
        filed = self._parts.store.proposals.of_incident(incident_id)
        payload: dict[str, object] = {**_who(request, by), "reason": reason, "state": incident.state}
        if filed is not None and filed.attempt == judged_attempt(incident, filed):
            payload |= filed.decided_on
        self._parts.note(incident, f"operator.{name}", payload, "control")
        try:
            yield
        except HealerError as error:
            self._parts.note(incident, "operator.failed", {"action": name, "reason": str(error)}, "control")
            raise

    def switch(self, request: Request, by: str, name: str, reason: str) -> None:
        """An action that is about no incident."""
        payload = {**_who(request, by), "reason": reason}
        self._parts.store.log.append(f"operator.{name}", "operator", payload, trace_id="", ui_hint="control")


def _who(request: Request, by: str) -> dict[str, str]:
    return {"by": by, "way": _way(request), "from": _origin(request)}


def _way(request: Request) -> str:
    if "authorization" not in request.headers:
        return "page"  # whose cookie let the request in
    return "cli" if request.headers.get("user-agent", "").startswith(COMMAND_LINE) else "api"


def _origin(request: Request) -> str:
    """Only the class of the address: where people sit is not the log's business."""
    if request.client is None:
        return "loopback"  # a Unix socket
    try:
        return "loopback" if ipaddress.ip_address(request.client.host).is_loopback else "remote"
    except ValueError:
        return "remote"
