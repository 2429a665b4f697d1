"""A store, and the bus that its events wake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from healer.edges.bus import Bus
from healer.edges.store import Store


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def store(tmp_path: Path, bus: Bus) -> Iterator[Store]:
    with closing(Store(f"sqlite:///{tmp_path / 'healer.db'}", bus.notify)) as made:
        made.migrate()
        yield made
