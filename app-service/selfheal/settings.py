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

from selfheal.quiet import quietly

log = logging.getLogger("selfheal")

_FORM = "the form is http://<key>@host:port/<id>; the healer writes it where `dsn_file` says, or print it with `healer`"
_DSN = re.compile(
    r"(https?://)([^@/:]+)(?::[^@/]*)?@((?:[^@/:\[\]]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?)((?:/[^/]+)*)/[^/]+/*"
)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_ENTRY = re.compile(r"[\w.]+(:[\w.()]+)?")
_RULE = re.compile(r"\s*(/(?:\\.|[^/\\])+/(?=\s*(?:,|$))|[^,]+)")  # a pattern may hold commas
_ON, _OFF = ("", "on", "1", "true", "yes"), ("off", "0", "false", "no")

HOOKS = ("excepthook", "thread", "asyncio", "logging", "flask", "django")  # see hooks/beside.py


@dataclass(frozen=True)
class Dsn:
    address: str  # http://host:port
    path: str  # where reports are posted
    key: str


def parse_dsn(text: str) -> Dsn:
    """Raises ValueError with a message that does not repeat the key."""
    match = _DSN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"it cannot be used: {_FORM}")
    return Dsn(match[1] + match[3], f"{match[4]}/api/v1/reports", match[2])


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
        except (OSError, ValueError) as error:
            problem = f"{self._file}: {error}"
        if problem != self._said:
            self._said = problem
            quietly(log.warning, "SELFHEAL_DSN_FILE: %s. Reports wait in memory until it is there.", problem)
        return None


@dataclass(frozen=True)
class Settings:
    destination: Destination | None  # None: nothing is reported
    release: str | None
    root: str
    entry: str | None
    traffic: bool
    spool: str | None
    redact: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]  # whose matches are hidden
    hooks: tuple[str, ...]


def read_settings(given: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """`given` are the arguments of init(); None means "not given". What is wrong is said in a warning and left out."""

    def choose(name: str) -> Any:
        value = given.get(name)
        return environment.get(f"SELFHEAL_{name.upper()}", "") if value is None else value

    dsn, root, entry, spool, release = (
        str(choose(name)).strip() for name in ("dsn", "root", "entry", "spool", "release")
    )
    file = "" if dsn else environment.get("SELFHEAL_DSN_FILE", "").strip()
    root = root or os.getcwd()  # noqa: PTH109 (a text is what is compared)
    if not Path(root).is_dir():
        _warn("root", f"{root} is no folder, so no frame of a report will count as the service's own")
    if entry and not _ENTRY.fullmatch(entry):
        _warn("entry", f"{entry} is left out: it has not the form package.module:app")
        entry = ""
    traffic = str(choose("traffic")).strip().lower()
    if traffic not in _ON + _OFF:
        _warn("traffic", f"{traffic} is neither on nor off; recent requests are remembered")
    names, patterns = _rules(choose("redact"))
    destination = None
    try:
        destination = Destination(dsn, file) if dsn or file else None
    except ValueError as error:
        _warn("dsn", f"{error}. Nothing is reported until it is corrected.")
    return Settings(
        destination=destination,
        release=release or commit_of(root),
        root=root,
        entry=entry or None,
        traffic=traffic not in _OFF,
        spool=spool or None,
        redact=names,
        patterns=patterns,
        hooks=_hooks(choose("hooks")),
    )


def _warn(name: str, problem: str) -> None:
    quietly(log.warning, "the setting %s (SELFHEAL_%s): %s", name, name.upper(), problem)


def _rules(given: Any) -> tuple[tuple[str, ...], tuple[re.Pattern[str], ...]]:
    """Names of fields, and patterns: compiled ones, and texts between slashes."""
    names, patterns = [], []
    for rule in _RULE.findall(given) if isinstance(given, str) else given:
        if isinstance(rule, str) and not (rule[0:1] == rule[-1:] == "/" and len(rule) > 2):
            names.append(rule.strip())
            continue
        try:
            pattern = re.compile(rule[1:-1] if isinstance(rule, str) else rule)
            if pattern.search(""):  # raises for a pattern of bytes
                raise re.error("it matches the empty text")
            patterns.append(pattern)
        except (TypeError, re.error) as error:
            _warn("redact", f"{rule!r} is left out: {error}")
    return tuple(name for name in names if name), tuple(patterns)


def _hooks(given: Any) -> tuple[str, ...]:
    """The names of HOOKS that are wanted: all unless some are chosen."""
    if isinstance(given, Iterable) and not isinstance(given, str):
        given = ",".join(str(name) for name in given) or "off"
    names = str(given).lower().replace(" ", "").split(",")
    if names[0] in _ON:
        return HOOKS
    unknown = ", ".join(name for name in names if name not in HOOKS + _OFF)
    if unknown:
        _warn("hooks", f"{unknown} is left out; there are {', '.join(HOOKS)}")
    return tuple(name for name in HOOKS if name in names)


def commit_of(root: str) -> str | None:
    """The commit that `root` is a checkout of, read from .git without running git."""
    try:
        git = Path(root, ".git")
        if git.is_file():  # a worktree: "gitdir: <path>"
            git = Path(root, _text(git).partition("gitdir:")[2].strip())
        commit = _text(git / "HEAD")
        if commit.startswith("ref:"):
            name = commit[4:].strip()
            home = git / _text(git / "commondir")
            packed = re.search(rf"^([0-9a-f]+) {re.escape(name)}$", _text(home / "packed-refs"), re.MULTILINE)
            commit = _text(home / name) or (packed[1] if packed else "")
        return commit if _COMMIT.fullmatch(commit) else None
    except (OSError, ValueError):
        return None


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip() if file.is_file() else ""
