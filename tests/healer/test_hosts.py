"""How what listens somewhere is reached, by people beside it and by others."""

from __future__ import annotations

import pytest
from healer.hosts import address_elsewhere, address_of

PLACES = [  # HEALER_HOST, for this machine, for others
    ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
    ("0.0.0.0", "127.0.0.1", "shop-1"),
    ("", "127.0.0.1", "shop-1"),
    ("::", "[::1]", "shop-1"),
    ("::1", "[::1]", "[::1]"),
    ("fd00::5", "[fd00::5]", "[fd00::5]"),
    ("healer.lan", "healer.lan", "healer.lan"),
]


@pytest.mark.parametrize(("host", "here", "elsewhere"), PLACES)
def test_an_address_can_be_followed(host: str, here: str, elsewhere: str) -> None:
    assert address_of("", host, 8001) == f"http://{here}:8001"
    assert address_elsewhere(host, 8001, "shop-1") == f"http://{elsewhere}:8001"


def test_what_people_say_it_is_goes_first() -> None:
    assert address_of("https://heal.example", "::1", 8001) == "https://heal.example"
