"""What a host's name or address says of where it is, and how it is reached. It asks nobody."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether it is this machine by its name alone; names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(url: str, host: str, port: int) -> str:
    """Where people and commands reach what listens on host and port, unless `url` says it."""
    return url or f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104 - compared, not bound
