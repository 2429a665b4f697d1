"""Speaks to a sandbox over its Unix socket: one connection a job."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client import Histogram

from healer.edges.sandbox import forms
from healer.model import Call, Replay, Request, SandboxError, Suite
from healer.syntax.coverage import Lines

LARGEST_ANSWER = 64 * 2**20
RUNS = Histogram(
    "healer_sandbox_run_seconds",
    "Jobs in the sandbox, with their wait for a place in it.",
    ["kind", "outcome"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
    registry=None,
)
KINDS, DONE, FAILED = ("replay", "call", "tests"), "done", "failed"


class Sandbox:
    """Raises SandboxError when it does not answer; a bad patch is a result, not an error."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for kind in KINDS:  # at 0, before anything has run
            for outcome in (DONE, FAILED):
                RUNS.labels(kind, outcome)

    def replay(
        self,
        tree: bytes,
        requests: Sequence[Request],
        *,
        entry: str | None,
        env: Mapping[str, str],
        headers: Mapping[str, str],
        limits: Mapping[str, Any],
        watch: Lines | None = None,
    ) -> Replay:
        """Run the requests in order against a fresh start of the application; the last one is the failing one."""
        job = {
            "kind": "replay",
            "entry": entry,
            "headers": dict(headers),
            "requests": [forms.request_json(request) for request in requests],
        }
        return forms.replay(self._ask(job, tree, env, limits, watch))

    def call(
        self,
        tree: bytes,
        call: Call,
        *,
        env: Mapping[str, str],
        limits: Mapping[str, Any],
        watch: Lines | None = None,
    ) -> Replay:
        """Call one function, without starting the application. The one exchange has a value instead of a status."""
        job = {"kind": "call", "file": call.file, "function": call.function, "arguments": dict(call.arguments)}
        return forms.replay(self._ask(job, tree, env, limits, watch))

    def tests(
        self,
        tree: bytes,
        args: Sequence[str],
        *,
        env: Mapping[str, str],
        limits: Mapping[str, Any],
        watch: Lines | None = None,
    ) -> Suite:
        """Run the tree's own tests; `args`: of pytest."""
        return forms.suite(self._ask({"kind": "tests", "args": list(args)}, tree, env, limits, watch))

    def _ask(
        self,
        job: Mapping[str, Any],
        tree: bytes,
        env: Mapping[str, str],
        limits: Mapping[str, Any],
        watch: Lines | None,
    ) -> dict[str, Any]:
        watched = {file: list(lines) for file, lines in (watch or {}).items()}
        whole = {**job, "env": forms.environment(env), "limits": dict(limits), "watch": watched}
        outcome, started = FAILED, time.monotonic()
        try:
            answer = self._run(whole, tree, float(limits["seconds"]))
            outcome = DONE
        finally:
            RUNS.labels(str(job["kind"]), outcome).observe(time.monotonic() - started)
        return answer

    def _run(self, job: Mapping[str, Any], tree: bytes, seconds: float) -> dict[str, Any]:
        header = json.dumps({"job": job, "tree_bytes": len(tree)}).encode() + b"\n"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(seconds * 4 + 60)  # jobs queue; the sandbox itself ends a slow one
                connection.connect(str(self.path))
                connection.sendall(header)
                connection.sendall(tree)
                data = bytearray()
                while chunk := connection.recv(65536):
                    data += chunk
                    if len(data) > LARGEST_ANSWER:
                        raise SandboxError("the sandbox's answer is too large")
            answer = json.loads(data)
        except (OSError, ValueError) as error:
            raise SandboxError(f"the sandbox at {self.path} does not answer: {error}") from error
        if not isinstance(answer, dict):
            raise SandboxError("the sandbox answered with something else than an object")
        return answer
