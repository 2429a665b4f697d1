"""Addresses as people write them: what a repository's address names, and where its GitHub answers.

It only reads text. No message holds the user or password of an address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator

USUAL_PORTS = {"https": 443, "http": 80}
SCHEMES = ("https", "http", "ssh", "file")  # git's others have no encryption, or run programs
SSH_HOSTS = {"ssh.github.com": "github.com"}  # GitHub's SSH for networks that let nothing but port 443 out
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


def _http_url(value: object) -> object:
    if not isinstance(value, str) or not value:
        return value
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"{without_user(value)!r} is no http(s) address; write for example http://127.0.0.1:8001")
    return value.rstrip("/")


HttpUrl = Annotated[str, BeforeValidator(_http_url)]


def _secret_free_url(value: object) -> object:
    if isinstance(value, str) and "@" in value:
        _refuse_password(there=True)
    return value


# The right one runs first: the other's message shows the address.
GitHubUrl = Annotated[HttpUrl, BeforeValidator(_secret_free_url)]
