"""How git may reach a repository: what it is told by its environment, and the token or SSH key that it may use.

It starts nothing. The token is in no file, argument, address or environment variable; only this process holds it.
"""

from __future__ import annotations

import os
import re
import shlex
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from healer.hosts import is_loopback
from healer.model import CheckoutError

USER = "x-access-token"  # GitHub's name for whoever holds a token; other servers take any
STALLED_SECONDS = 120
PROTOCOLS = ("file", "https", "ssh")  # git's others run programs, or have no encryption; http is a case of its own
_WEB = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?(/[^\\?#\s]*)?", re.IGNORECASE)
_TOKEN = re.compile(r"[!-~]+")
_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=30"
_ALL_OWNERS = "[safe]\n\tdirectory = *\n"


def configured(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Settings of git as environment variables; they count for more than any file."""
    numbered = list(enumerate(pairs))
    keys = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in numbered}
    values = {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in numbered}
    return {"GIT_CONFIG_COUNT": str(len(numbered)), **keys, **values}


_SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("safe.directory", "*"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", os.devnull),
    ("credential.helper", ""),
    ("http.followRedirects", "initial"),  # a renamed repository; git then asks for the credentials of the new origin
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", str(STALLED_SECONDS)),
)
# Nothing of the user's or the repository's configuration may run a program or ask a person.
ENVIRONMENT: Mapping[str, str] = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TRACE_REDACT": "1",
    "GIT_ALLOW_PROTOCOL": ":".join((*PROTOCOLS, "http")),
    **configured(_SETTINGS),
}


@dataclass(frozen=True)
class Access:
    """What opens a repository: `token` at its https origin, `ssh_key` (a file) where it is reached by SSH."""

    token: str = field(default="", repr=False)
    ssh_key: Path | None = None


ANYBODY = Access()


class Connection:
    """The environment of git for one repository. It must live as long as git is run with it."""

    def __init__(self, repository: str, access: Access) -> None:
        self._files: list[_MemoryFile] = []
        self.environment = {**ENVIRONMENT, **self._transport(repository, access)}

    def _transport(self, repository: str, access: Access) -> dict[str, str]:
        scheme = repository.partition("://")[0].lower() if "://" in repository else ""
        if scheme in ("http", "https"):
            origin = origin_of(repository)
            return self._logged_in(origin, access.token) if access.token else {}
        if scheme == "ssh" or (not scheme and re.match(r"[^/:]+:", repository)):
            return _ssh(access.ssh_key)
        # The user named this repository, so whose it is does not matter; git asks its global file only.
        return {"GIT_CONFIG_GLOBAL": self._held(_ALL_OWNERS)}

    def _logged_in(self, origin: str, token: str) -> dict[str, str]:
        plain = origin.startswith("http:")
        if plain and not is_loopback(urlsplit(origin).hostname or ""):
            raise CheckoutError(f"{origin} would take the token unencrypted; use https://")
        if not _TOKEN.fullmatch(token):
            raise CheckoutError("the token holds blanks, line breaks or letters outside ASCII; copy it once more")
        path = self._held(f"username={USER}\npassword={token}\n")
        pairs = [
            *_SETTINGS,
            (f"credential.{origin}.helper", f'!f() {{ test "$1" != get || cat {path}; }}; f'),
        ]
        if plain:
            pairs.append((f"http.{origin}.proxy", ""))  # a proxy of the environment would read the token
        protocols = (*PROTOCOLS, "http") if plain else PROTOCOLS
        return {"GIT_ALLOW_PROTOCOL": ":".join(protocols), **configured(pairs)}

    def _held(self, text: str) -> str:
        file = _MemoryFile(text)
        self._files.append(file)
        return file.path


class _MemoryFile:
    """Text in the memory of this process, which the programs it starts can read like a file."""

    def __init__(self, text: str) -> None:
        descriptor = os.memfd_create("git")
        weakref.finalize(self, os.close, descriptor)
        os.fchmod(descriptor, 0o400)
        os.write(descriptor, text.encode())
        self.path = f"/proc/{os.getpid()}/fd/{descriptor}"


def origin_of(repository: str) -> str:
    """Scheme, host and port of an http(s) address. Raises CheckoutError for what could be read in two ways."""
    match = _WEB.fullmatch(repository)
    if match is None:
        raise CheckoutError(
            f"repository: {without_user(repository)!r} is no plain address; write it as https://host/owner/name, "
            "without a user or password, and give a token by token_file"
        )
    return f"{repository.partition(':')[0]}://{match[1]}{match[2] or ''}".lower()


def without_user(text: str) -> str:
    """Addresses in a text without their user and password, as `https://…@host` and `git@host:path`."""
    return re.sub(r"[^\s/@'\"]+@(?=[\w.-]+:)", "", re.sub(r"(?<=://)[^/\s'\"]*@", "", text))


def _ssh(key: Path | None) -> dict[str, str]:
    if key is None:
        own = any(os.environ.get(name) for name in ("GIT_SSH_COMMAND", "GIT_SSH"))
        return {} if own else {"GIT_SSH_COMMAND": _SSH}
    if not key.is_file():
        raise CheckoutError(f"ssh_key: {key} is no file; name the private key")
    only = "-o IdentitiesOnly=yes -o StrictHostKeyChecking=yes"
    return {"GIT_SSH_COMMAND": f"{_SSH} {only} -i {shlex.quote(str(key.absolute()))}", "GIT_SSH_VARIANT": "ssh"}
