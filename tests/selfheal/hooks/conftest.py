"""A client that reports to a sink."""

from __future__ import annotations

import pytest
import selfheal

from tests.selfheal.sink import Sink


@pytest.fixture
def reporting(sink: Sink, client_off: None) -> Sink:
    selfheal.init(sink.dsn, entry="shop.main:app", release="c0ffee")
    return sink
