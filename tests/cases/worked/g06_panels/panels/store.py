from dataclasses import dataclass, field
from itertools import count
from typing import Optional


@dataclass
class Panel:
    id: int
    name: str
    topics: list[str]
    size: int
    members: list[str] = field(default_factory=list)


class PanelStore:
    def __init__(self):
        self._panels: dict[int, Panel] = {}
        self._ids = count(1)

    def add(self, name: str, topics: list[str], size: int) -> Panel:
        panel = Panel(next(self._ids), name, topics, size)
        self._panels[panel.id] = panel
        return panel

    def get(self, panel_id: int) -> Optional[Panel]:
        return self._panels.get(panel_id)

    def all(self) -> list[Panel]:
        return list(self._panels.values())

    def clear(self) -> None:
        self._panels.clear()
