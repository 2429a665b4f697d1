"""What a client may ask of the sandbox, read from its JSON header and bounded.

It checks form, not sense: whether an entry exists is found out by running.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

HEADER_BYTES = 4 << 20
TREE_BYTES = 256 << 20
_MOST_REQUESTS = 1000
_MOST_WATCHED_FILES = 50
_MOST_WATCHED_LINES = 5000
_KINDS = ("replay", "tests", "call")


class UnusableJob(Exception):
    """The header breaks the protocol; the text says how."""


@dataclass(frozen=True)
class Limits:
    seconds: float = 20.0
    memory_mb: int = 1024
    file_mb: int = 64
    output_bytes: int = 1_000_000
    processes: int = 64
    as_mb: float | None = None  # while the last request or the call runs: memory beyond what the process then has


@dataclass(frozen=True)
class Call:
    """One function, and what to call it with."""

    file: str = ""  # relative to the tree
    function: str = ""  # qualified name within the module
    arguments: Mapping[str, str] = field(default_factory=dict)  # parameter → Python literal


@dataclass(frozen=True)
class Job:
    kind: str  # replay | tests | call
    env: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    entry: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # put in place of recorded headers that were redacted
    requests: tuple[Mapping[str, object], ...] = ()
    args: tuple[str, ...] = ()
    call: Call = Call()
    watch: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # file → lines to be told of if they run


def _number(values: Mapping[str, object], name: str, default: float, lowest: float, highest: float) -> float:
    value = values.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise UnusableJob(f"limits.{name} must be a number")
    return min(max(value, lowest), highest)


def _limits(given: object) -> Limits:
    values = _mapping(given, "limits")
    as_mb = values.get("as_mb")
    return Limits(
        seconds=_number(values, "seconds", 20, 0.1, 900),
        memory_mb=int(_number(values, "memory_mb", 1024, 16, 1 << 20)),
        file_mb=int(_number(values, "file_mb", 64, 1, 4096)),
        output_bytes=int(_number(values, "output_bytes", 1_000_000, 10_000, 64 << 20)),
        processes=int(_number(values, "processes", 64, 2, 512)),
        as_mb=None if as_mb is None else _number(values, "as_mb", 0, 0, 1 << 20),
    )


def _mapping(value: object, name: str) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnusableJob(f"{name} must be an object")
    return value


def _texts(value: object, name: str) -> dict[str, str]:
    texts = {}
    for key, item in _mapping(value, name).items():
        if isinstance(item, (dict, list)) or "\0" in f"{key}{item}" or (name == "env" and ("=" in key or not key)):
            raise UnusableJob(f"{name}.{key} is not usable")
        texts[key] = str(item)
    return texts


def _file(value: object, name: str) -> str:
    if not isinstance(value, str) or not value or value.startswith("/") or ".." in value.split("/") or "\0" in value:
        raise UnusableJob(f"{name} must be a file's path within the tree")
    return value


def _watch(value: object) -> dict[str, tuple[int, ...]]:
    watched = {}
    for file, lines in _mapping(value, "watch").items():
        if not isinstance(lines, list) or not all(type(line) is int and line > 0 for line in lines):
            raise UnusableJob(f"watch.{file} must be a list of line numbers")
        watched[_file(file, f"watch.{file}")] = tuple(sorted(set(lines)))
    if len(watched) > _MOST_WATCHED_FILES or sum(map(len, watched.values())) > _MOST_WATCHED_LINES:
        raise UnusableJob(f"watch holds more than {_MOST_WATCHED_FILES} files or {_MOST_WATCHED_LINES} lines")
    return watched


def _call(job: Mapping[str, object]) -> Call:
    function = job.get("function")
    if not isinstance(function, str) or not function:
        raise UnusableJob("job.function must be a qualified name")
    return Call(_file(job.get("file"), "job.file"), function, _texts(job.get("arguments"), "arguments"))


def parse_job(value: object) -> Job:
    """Raises UnusableJob."""
    job = _mapping(value, "job")
    kind = job.get("kind")
    if kind not in _KINDS:
        raise UnusableJob(f"job.kind must be one of {', '.join(_KINDS)}")
    requests, args, entry = job.get("requests") or [], job.get("args") or [], job.get("entry")
    if not isinstance(requests, list) or len(requests) > _MOST_REQUESTS:
        raise UnusableJob(f"job.requests must be a list of at most {_MOST_REQUESTS}")
    if not all(isinstance(item, dict) and isinstance(item.get("path"), str) for item in requests):
        raise UnusableJob("each of job.requests must be an object with a path")
    if not isinstance(args, list) or not all(isinstance(item, str) for item in args):
        raise UnusableJob("job.args must be a list of texts")
    if entry is not None and not isinstance(entry, str):
        raise UnusableJob("job.entry must be a text or null")
    return Job(
        kind=str(kind),
        env=_texts(job.get("env"), "env"),
        limits=_limits(job.get("limits")),
        entry=entry or None,
        headers={name.lower(): text for name, text in _texts(job.get("headers"), "headers").items()},
        requests=tuple(requests),
        args=tuple(args),
        call=_call(job) if kind == "call" else Call(),
        watch=_watch(job.get("watch")),
    )


def parse_header(line: bytes) -> tuple[Job, int]:
    """The job and the size of the archive that follows it. Raises UnusableJob."""
    try:
        header = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnusableJob(f"the header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise UnusableJob("the header must be an object")
    size = header.get("tree_bytes")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= TREE_BYTES:
        raise UnusableJob(f"tree_bytes must be a number from 0 to {TREE_BYTES}")
    return parse_job(header.get("job")), size
