"""What the routes need of the healer. It is put together by main."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from healer.edges.bus import Bus
from healer.edges.store import Store
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts
from healer.web.access import Access
from healer.web.intake import Intake


@dataclass(frozen=True)
class Web:
    parts: Parts
    dispatch: Dispatch
    bus: Bus
    access: Access
    webhook_secret: str
    ready: Callable[[], str]  # "" or why not

    @property
    def store(self) -> Store:
        return self.parts.store

    @cached_property
    def intake(self) -> Intake:
        return Intake(self.dispatch.take_all)
