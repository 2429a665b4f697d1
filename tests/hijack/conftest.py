from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.hijack.engine import Engine, start

collect_ignore = ["services"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = start(tmp_path_factory.mktemp("hijack"))
    with closing(made.parts.store):
        yield made
