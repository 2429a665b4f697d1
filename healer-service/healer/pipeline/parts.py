"""What the workflows work with: a service's facts and edges, and the store. It puts nothing together; main does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from healer.edges.checkout import Checkout
from healer.edges.deployment import Deployment
from healer.edges.forge import Forge
from healer.edges.llm import Llm
from healer.edges.sandbox import Sandbox
from healer.edges.store import Bounds, Incident, Store
from healer.model import NotFound
from healer.pipeline.forges import Forges
from healer.stages.guardrails import Policy


@dataclass(frozen=True)
class Service:
    name: str
    entry: str | None  # of the application; where it is not set, the reports' word counts
    tests: tuple[str, ...]
    autonomy: str  # observe | propose | autonomous; caps how far a heal goes and never raises it
    engine: str  # auto | playbook | llm
    checkout: Checkout
    sandbox: Sandbox
    forge: Forge
    deployment: Deployment | None
    soak_seconds: float = 60.0
    canary_workers: int = 0  # 0: no canary
    canary_seconds: float = 30.0
    release_pushes: bool = False  # what others push is released as well
    safe_requests: tuple[str, ...] = ()  # "METHOD /path" that may be sent again to the running service
    min_confidence: float = 0.9  # of a verdict that is merged without a person
    max_risk: float = 0.25
    merges_per_day: int = 10  # without a person
    address: str = ""
    replay_env: Mapping[str, str] = field(default_factory=dict)
    replay_headers: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    heals_per_hour: int = 30
    open_proposals: int = 20
    bounds: Bounds = Bounds(200, 10_000)  # noqa: RUF009 - it is frozen
    policy: Policy = field(default_factory=Policy)  # of the guardrails, as far as it is set
    repository: str = ""  # owner/name, as webhooks call it
    labels: tuple[str, ...] = ()
    ask_review: bool = True


@dataclass(frozen=True)
class Parts:
    store: Store
    services: Mapping[str, Service]
    base_url: str
    heals_at_once: int
    llm: Llm | None = None
    forges: Forges = field(default_factory=Forges)

    def service(self, name: str) -> Service:
        if name not in self.services:
            raise NotFound(f"there is no service {name!r} in healer.toml any more")
        return self.services[name]

    def note(
        self, incident: Incident, type: str, payload: Mapping[str, Any], ui_hint: str, once: str | None = None
    ) -> None:
        """An event about an incident. `once` makes a step that runs again write it a single time."""
        key = f"{incident.id}-{incident.attempt}/{type}/{once}" if once is not None else None
        self.store.log.append(type, incident.id, payload, trace_id=incident.trace_id, ui_hint=ui_hint, once=key)

    def note_service(
        self, service: str, type: str, payload: Mapping[str, Any], ui_hint: str, once: str | None = None
    ) -> None:
        """An event about a service, of no incident. `once` as in `note`."""
        key = f"service/{service}"
        said_once = f"{key}/{type}/{once}" if once is not None else None
        self.store.log.append(type, key, payload, trace_id="", ui_hint=ui_hint, once=said_once)
