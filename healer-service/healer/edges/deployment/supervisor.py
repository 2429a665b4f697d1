"""A deployment by selfheal's supervisor: release folders, and orders over its control socket.

It decides nothing: the supervisor says whether a release came up, and whether it left one by itself.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from healer.edges.deployment.folders import Folders
from healer.edges.deployment.packages import Packages
from healer.edges.deployment.sending import REDACTED, body_of, send
from healer.model import Changed, DeploymentError, Exchange, Probe, Request, Serving, Traffic, Watch

CHANGE_SECONDS = 120.0  # the supervisor bounds start, smoke and drain itself; one that takes longer is found changed
STATUS_SECONDS = 5.0
LARGEST_ORDER = 60_000  # bytes; a supervisor of an older version reads lines of at most 64 KB, this one's of 1 MiB
LARGEST_ANSWER = 2**20
MOST_REQUESTS = 50  # as many as the supervisor takes, to be asked and to be watched
STOPPING = "the supervisor is stopping"
_TRAFFIC = TypeAdapter(dict[str, Traffic])
_HEADER, _CONTROL = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"), re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class SupervisorDeployment:
    shares = True

    def __init__(self, releases: Path, control: Path, url: str, *, python: str, requirements: str = "") -> None:
        """`python`: the service's. `requirements`: path of the lock file of a release's own packages, "" for none."""
        self._folders = Folders(releases, python)
        self._packages = Packages(releases, python, requirements)
        self._control = control
        self._url = url

    def prepare(self, commit: str, export: Callable[[Path], None]) -> None:
        self._folders.prepare(commit, self._packages.completing(export))

    def refused(self, commit: str) -> str:
        return self._folders.refused(commit)

    def change(self, commit: str, probes: Sequence[Probe], watches: Sequence[Watch], *, canary: int = 0) -> Changed:
        if canary and "canary" not in self._ask({"op": "status"}, STATUS_SECONDS):
            raise DeploymentError(
                f"the supervisor at {self._control} is an older one and would give the release to all: "
                "start it anew with this version of selfheal, or set canary_workers = 0"
            )
        started = time.monotonic()
        answer = self._ask(_order(commit, probes, watches, canary), CHANGE_SECONDS)
        reason = str(answer.get("reason") or "")
        if reason == STOPPING:
            raise DeploymentError(f"{reason}, and changes to {commit[:10]} when it is back")
        return Changed(
            ok=answer.get("ok") is True,
            release=_name(answer, "release"),
            previous=_name(answer, "previous"),
            reason=reason,
            seconds=time.monotonic() - started,
        )

    def point(self, commit: str) -> None:
        self._folders.point(commit)

    def current(self) -> str | None:
        return self._folders.current()

    def serving(self) -> Serving:
        """One of an older version tells neither canary nor traffic."""
        status = self._ask({"op": "status"}, STATUS_SECONDS)
        try:
            traffic = _TRAFFIC.validate_python(status.get("traffic") or {})
        except ValidationError as error:
            raise DeploymentError(f"what the supervisor at {self._control} tells of traffic cannot be read") from error
        left = status.get("fell_back")
        return Serving(
            release=_name(status, "release"),
            state=str(status.get("state") or "unknown"),
            canary=_name(status, "canary"),
            fell_back=_sentence(left) if isinstance(left, Mapping) else "",
            traffic=traffic,
        )

    def kept(self) -> tuple[str, ...]:
        return self._folders.kept()

    def tidy(self, keep: frozenset[str]) -> None:
        self._folders.tidy(keep)

    def send(self, request: Request, headers: Mapping[str, str]) -> Exchange | None:
        return send(self._url, request, headers)

    def _ask(self, question: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(seconds)
                connection.connect(str(self._control))
                connection.sendall(json.dumps(question).encode() + b"\n")
                with connection.makefile("rb") as lines:
                    answer = json.loads(lines.readline(LARGEST_ANSWER))
        except (OSError, ValueError, RecursionError) as error:
            raise DeploymentError(f"the supervisor at {self._control} does not answer: {error}") from error
        if not isinstance(answer, dict):
            raise DeploymentError(f"the supervisor at {self._control} answered with something else than an object")
        return answer


def _order(commit: str, probes: Sequence[Probe], watches: Sequence[Watch], canary: int) -> dict[str, Any]:
    """What the supervisor would not take is left out: no release may fail for what was recorded of others."""
    order: dict[str, Any] = {"op": "change", "release": commit}
    if canary:
        order["canary"] = canary
    if watches:
        kinds = ((watch.method, watch.path.partition("?")[0]) for watch in watches[:MOST_REQUESTS])
        order["watch"] = [{"method": method, "path": path} for method, path in kinds]
    smoke: list[dict[str, Any]] = []
    left = LARGEST_ORDER - len(json.dumps(order))
    for asked in map(_asked, probes):
        size = len(json.dumps(asked)) + 2
        if asked is not None and size <= left and len(smoke) < MOST_REQUESTS:
            smoke.append(asked)
            left -= size
    return {**order, "smoke": smoke} if smoke else order


def _asked(probe: Probe) -> dict[str, Any] | None:
    """A probe as the supervisor takes it; None for one that cannot be sent as it was."""
    request = probe.request
    try:
        body = body_of(request)
        text = body.decode() if body is not None else None
    except ValueError:
        return None
    if request.truncated or not request.path.startswith("/") or not _HEADER.fullmatch(request.method):
        return None
    headers = {
        name: value
        for name, value in request.headers.items()
        if REDACTED not in value and _HEADER.fullmatch(name) and not _CONTROL.search(value)
    }
    return {"method": request.method, "path": request.path, "headers": headers, "body": text, "below": probe.below}


def _name(answer: Mapping[str, Any], field: str) -> str | None:
    value = answer.get(field)
    return str(value) if value else None


def _sentence(left: Mapping[str, Any]) -> str:
    reason = str(left.get("reason") or "it did not say why").rstrip(".")
    return f"The supervisor left {str(left.get('release'))[:10]} by itself: {reason}."
