"""Addresses as people write them: what a repository's address names, and where its GitHub answers.

It only reads text. No message holds the user or password of an address.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator

USUAL_PORTS = {"https": 443, "http": 80}
SCHEMES = ("https", "http", "ssh", "file")  # git's others have no encryption, or run programs
SSH_HOSTS = {"ssh.github.com": "github.com"}  # GitHub's SSH for networks that let nothing but port 443 out
_HTTP = ("http", "https")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # which a resolver takes for an IPv4 address: 134744072 is 8.8.8.8
_NEAR_NAMES = (".internal", ".lan", ".local", ".home.arpa")
_USER_OF_ADDRESS = re.compile(r"//[^/\s]+@")
_SHORT_SSH = re.compile(r"(?P<user>[^/@]+)@(?P<host>[^/:@]+):(?P<path>.*)")
_REPOSITORY = re.compile(r"/*([A-Za-z0-9][A-Za-z0-9_-]{0,99})/([A-Za-z0-9._-]{1,100})/?")


@dataclass(frozen=True)
class GitHubAddress:
    """Where a repository is on GitHub, or on a GitHub Enterprise server."""

    api: str  # base address of its REST API
    repository: str  # owner/name
    web: str  # scheme and host of its pages


@dataclass(frozen=True)
class Remote:
    """A repository's address that names a host."""

    scheme: str  # https | http | ssh
    host: str
    port: int | None
    path: str

    @property
    def web(self) -> str:
        """Scheme and host of its pages. What is reached over SSH has them on https, at the usual port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.scheme == "ssh":
            return f"https://{SSH_HOSTS.get(host, host)}"
        usual = self.port in (None, USUAL_PORTS[self.scheme])
        return f"{self.scheme}://{host}" + ("" if usual else f":{self.port}")

    def on_github(self, api: str) -> GitHubAddress:
        """`api`: base address of a GitHub Enterprise server, "" to derive it."""
        match = _REPOSITORY.fullmatch(self.path)
        name = match[2].removesuffix(".git") if match else ""
        if match is None or name in ("", ".", ".."):
            raise ValueError(
                f"{self.web}{self.path} is no repository of GitHub; write for example https://github.com/owner/name, "
                "or set forge = 'local' where this is another kind of server"
            )
        return GitHubAddress(api or self._derived_api(), f"{match[1]}/{name}", self.web)

    def _derived_api(self) -> str:
        if self.web == "https://github.com":
            return "https://api.github.com"
        if self.host.endswith(".ghe.com"):  # GitHub Enterprise Cloud with data residency
            return f"https://api.{self.host}"
        return f"{self.web}/api/v3"


def is_address(repository: str) -> bool:
    """Whether git would take it for an address rather than a path."""
    return re.match(r"[A-Za-z][\w+.-]*://", repository) is not None or _SHORT_SSH.fullmatch(repository) is not None


def remote_of(repository: str) -> Remote | None:
    """None for a path, or a file:// address, of this machine. Raises ValueError for what git must not be given."""
    if not is_address(repository):
        return None
    if match := _SHORT_SSH.fullmatch(repository):
        _refuse_password(":" in match["user"])
        return Remote("ssh", match["host"].lower(), None, f"/{match['path'].lstrip('/')}")
    try:
        parts = urlsplit(repository)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("this is no address; write for example https://github.com/owner/name") from None
    if parts.scheme not in SCHEMES:
        raise ValueError(f"{parts.scheme}:// is not supported; use https://, ssh://, git@host:owner/name, or a path")
    if parts.scheme == "file":
        return None
    if not host:
        raise ValueError(f"{parts.scheme}:// is followed by no host; write for example https://github.com/owner/name")
    _refuse_password(parts.password is not None or (parts.scheme != "ssh" and parts.username is not None))
    if parts.query or parts.fragment:
        raise ValueError("what follows ? or # is no part of a repository's address; leave it out")
    return Remote(parts.scheme, host, port, parts.path)


def _refuse_password(there: bool) -> None:
    if there:
        raise ValueError(
            "a user or password in an address ends up in logs and files; take it out (and replace it, for others may "
            "have seen it), and give a token by token_file or HEALER_GITHUB_TOKEN_FILE"
        )


def without_user(text: str) -> str:
    """Addresses may hold passwords, also in what git says of them."""
    return _USER_OF_ADDRESS.sub("//…@", text)


def told_address(address: str, example: str, instead: str = "sign by secret_file instead") -> str:
    """One that something is sent to by itself. Raises ValueError for what must not be.

    Nothing but the host is shown of what is wrong: path and query of such an address are often its secret.
    """
    if not address:
        return address
    if not (_leads_to_a_host(address, _HTTP) and address.isascii() and address.isprintable()):
        raise ValueError(f"this is no http(s) address; write for example {example}")
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"no user or password belongs in the address; {instead}")
    if parts.scheme == "http" and not _is_near(host):
        raise ValueError(f"http://{host} would send it unencrypted over other people's networks; use https://")
    return address


def _leads_to_a_host(address: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _is_near(host: str) -> bool:
    """Whether what goes there stays on this machine or in its network: a container's name, a private address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ("." not in host and not _NUMBER.fullmatch(host)) or host.endswith(_NEAR_NAMES)
    return address.is_loopback or address.is_private or address.is_link_local


def _http_url(value: object) -> object:
    if not isinstance(value, str) or not value:
        return value
    if not _leads_to_a_host(value, _HTTP):
        shown = without_user(value).partition("?")[0]  # a query often holds a key
        raise ValueError(f"{shown!r} is no http(s) address; write for example http://127.0.0.1:8001")
    return value.rstrip("/")


HttpUrl = Annotated[str, BeforeValidator(_http_url)]


def _secret_free_url(value: object) -> object:
    if isinstance(value, str) and "@" in value:
        _refuse_password(there=True)
    return value


# The right one runs first: the other's message shows the address.
GitHubUrl = Annotated[HttpUrl, BeforeValidator(_secret_free_url)]


def bus_address(value: object) -> object:
    """What HEALER_BUS may be. Its password must not be told, so the value is in no message."""
    if not isinstance(value, str) or value in ("", "postgres"):
        return value
    if not _leads_to_a_host(value, ("redis", "rediss")):
        raise ValueError(
            "this is no bus; write postgres, or the address of a Redis such as redis://127.0.0.1:6379/0 "
            "(rediss:// is encrypted), or leave it out where one healer is alone on its database"
        )
    return value


def proxy_addresses(value: str) -> str:
    """What HEALER_PROXY may be. Names are not taken: whom they stand for is somebody else's say."""
    listed = [one.strip() for one in value.split(",")] if value else []
    for one in listed:
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise ValueError(
                f"{one!r} is no address and no network; write for example 127.0.0.1, or 10.0.0.0/24, with commas "
                "between several"
            ) from None
    return ",".join(listed)
