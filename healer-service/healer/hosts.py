"""What a host's name or address says of where it is, and how it is reached. It asks nobody."""

from __future__ import annotations

import ipaddress

# What is listened on to be reached at all of a machine's addresses, and where its own people reach it.
_ALL = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def is_loopback(host: str) -> bool:
    """Whether it is this machine by its name alone; names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(url: str, host: str, port: int) -> str:
    """Where people and commands of this machine reach what listens on host and port, unless `url` says it."""
    return url or http_address(_ALL.get(host, host), port)


def address_elsewhere(host: str, port: int, name: str) -> str:
    """The same for others; `name` is the machine's."""
    return http_address(name if host in _ALL else host, port)


def http_address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
