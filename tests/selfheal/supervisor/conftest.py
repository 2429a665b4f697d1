"""Sites under a real supervisor: one of its own for a test, one shared by those that leave it serving."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.selfheal.supervisor.supervised_site import Site


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    if site.process is not None and site.process.poll() is None:
        site.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One supervisor for the tests that leave it serving. A start that misses the short limit is tried again."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.add("first")
    site.point("first")
    site.start("--start-seconds", "2", "--drain-seconds", "1", "--control-mode", "0600").serving()
    yield site
    assert site.stop() == 0
