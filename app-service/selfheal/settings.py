"""What the client is told: by arguments, else by SELFHEAL_… in the environment. Finds the address that reports go to.

It does not contact that address, and never puts a key into a message.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

log = logging.getLogger("selfheal")

_FORM = (
    "it has the form http://<key>@host:port/<id>; the healer writes it where `dsn_file` says, or print it with `healer`"
)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_OFF = frozenset(("off", "0", "false", "no"))


class DsnError(ValueError):
    """The DSN cannot be used. The message names what is wrong with it, and does not repeat it."""


@dataclass(frozen=True)
class Dsn:
    scheme: str
    host: str
    port: int | None
    path: str  # where reports are posted
    key: str

    @property
    def address(self) -> str:
        return f"{self.scheme}://{self.host}" + (f":{self.port}" if self.port else "")


def parse_dsn(text: str) -> Dsn:
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise DsnError("its address cannot be read") from None
    if parts.scheme not in ("http", "https"):
        raise DsnError("it does not begin with http:// or https://")
    if not parts.username:
        raise DsnError('it has no key before the "@"')
    if not parts.hostname:
        raise DsnError('it has no host after the "@"')
    prefix, _, identifier = parts.path.rstrip("/").rpartition("/")
    if not identifier:
        raise DsnError("it has no id after the host")
    return Dsn(parts.scheme, _bare_host(parts), port, f"{prefix}/api/v1/reports", parts.username)


def _bare_host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host


class Destination:
    """Where reports go. A DSN file is read at each use: it may be written after the service has started, or be
    renewed."""

    def __init__(self, dsn: str, file: str) -> None:
        self._file = file
        self._said = ""
        self._dsn = None if file else parse_dsn(dsn)

    def find(self) -> Dsn | None:
        """None while the file is not there or not usable; said once."""
        if not self._file:
            return self._dsn
        try:
            return parse_dsn(Path(self._file).read_text(encoding="utf-8")[:2000])
        except (OSError, UnicodeDecodeError) as error:
            self._say(f"{self._file} cannot be read ({type(error).__name__})")
        except DsnError as error:
            self._say(f"the content of {self._file} is not usable: {error}; {_FORM}")
        return None

    def _say(self, problem: str) -> None:
        if problem != self._said:
            self._said = problem
            log.warning("SELFHEAL_DSN_FILE: %s. Reports wait in memory until it is there.", problem)


@dataclass(frozen=True)
class Settings:
    destination: Destination | None  # None: nothing is reported
    release: str | None
    root: str
    entry: str | None
    traffic: bool
    spool: str | None
    redact: tuple[str, ...]


def read_settings(given: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """`given` are the arguments of init(); None means "not given". Raises DsnError for a malformed DSN."""

    def choose(name: str) -> str:
        value = given.get(name)
        return str(value if value is not None else environment.get(f"SELFHEAL_{name.upper()}", "")).strip()

    dsn = choose("dsn")
    file = "" if dsn else environment.get("SELFHEAL_DSN_FILE", "").strip()
    root = choose("root") or os.getcwd()  # noqa: PTH109 (a text is what is compared)
    traffic = given.get("traffic")
    redact: Iterable[str] = given.get("redact") or environment.get("SELFHEAL_REDACT", "").split(",")
    return Settings(
        destination=Destination(dsn, file) if dsn or file else None,
        release=choose("release") or commit_of(root),
        root=root,
        entry=choose("entry") or None,
        traffic=environment.get("SELFHEAL_TRAFFIC", "").strip().lower() not in _OFF
        if traffic is None
        else bool(traffic),
        spool=choose("spool") or None,
        redact=tuple(name.strip() for name in redact if name.strip()),
    )


def explain(error: DsnError, given: object) -> str:
    name = "the dsn argument" if given is not None else "SELFHEAL_DSN"
    return f"{name} is not usable: {error}; {_FORM}. Nothing is reported until it is corrected."


def commit_of(root: str) -> str | None:
    """The commit that `root` is a checkout of, read from .git without running git."""
    try:
        git = Path(root, ".git")
        if git.is_file():  # a worktree: "gitdir: <path>"
            git = Path(root, git.read_text(encoding="utf-8")[:4000].partition("gitdir:")[2].strip())
        head = (git / "HEAD").read_text(encoding="utf-8")[:1000].strip()
        if not head.startswith("ref:"):
            return head if _COMMIT.fullmatch(head) else None
        name = head[4:].strip()
        common = git / "commondir"
        home = git / common.read_text(encoding="utf-8")[:4000].strip() if common.is_file() else git
        return _reference(home, name)
    except (OSError, ValueError):
        return None


def _reference(home: Path, name: str) -> str | None:
    loose = home / name
    if loose.is_file():
        commit = loose.read_text(encoding="utf-8")[:100].strip()
        return commit if _COMMIT.fullmatch(commit) else None
    with (home / "packed-refs").open(encoding="utf-8") as lines:
        for line in lines:
            commit, _, packed = line.strip().partition(" ")
            if packed == name and _COMMIT.fullmatch(commit):
                return commit
    return None
