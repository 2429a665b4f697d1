"""What the routes need of the healer. It is put together by main."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from healer.edges.bus import Bus
from healer.edges.store import Store
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts
from healer.settings import Example
from healer.web.access import Access
from healer.web.feed import Feed
from healer.web.files import Files
from healer.web.intake import Intake


@dataclass(frozen=True)
class Web:
    parts: Parts
    dispatch: Dispatch
    bus: Bus
    access: Access
    webhook_secret: str
    ready: Callable[[], str]  # "" or why not
    examples: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)  # service -> what the page may send to it
    intake: Intake = field(init=False)
    feed: Feed = field(init=False)
    files: Files = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "intake", Intake(self.dispatch.take_all))
        object.__setattr__(self, "feed", Feed(self.store.log, self.bus))
        object.__setattr__(self, "files", Files())

    @property
    def store(self) -> Store:
        return self.parts.store
