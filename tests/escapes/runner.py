"""Runs a probe on a sandbox and gathers what witnesses outside the jail say of it. It knows no particular probe."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.escapes.probe import APP, Probe

WITHIN_SECONDS = 5.0
_LIMITS = {"seconds": 2, "memory_mb": 128, "file_mb": 4, "processes": 24, "output_bytes": 100_000}
_FORGED = f"forged-{secrets.token_hex(8)}"  # no genuine result holds it
_BREACH = f"breach-{secrets.token_hex(8)}"  # stands before what hostile code says of a success
_OUTPOST = Path(__file__).with_name("outpost.py")

# The whole state that a job finds, but for what differs from job to job.
_CENSUS = """
import json, os, resource, signal, sys
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    here = os.path.dirname(os.getcwd())
    limits = resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU, resource.RLIMIT_CORE
    census = {
        "answer": sum(range(10)),
        "folders": {name: sorted(os.listdir(f"{here}/{name}")) for name in ("tree", "tmp", "home")},
        "environment": {name: value.replace(here, "") for name, value in os.environ.items()},
        "path": [path.replace(here, "") for path in sys.path],
        "modules": sorted(name for name, module in sys.modules.items() if module is not None),
        "limits": [resource.getrlimit(kind) for kind in limits],
        "open": sorted(os.readlink(f"/proc/self/fd/{name}").split(":")[0] for name in ("0", "1", "2")),
        "mask": os.umask(0o22),
        "nice": os.nice(0),
        "processors": len(os.sched_getaffinity(0)),
        "ignored": sorted(n for n in signal.valid_signals() if signal.getsignal(n) == signal.SIG_IGN),
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "traced": [str(sys.gettrace()), str(sys.getprofile())],
    }
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(census).encode()})
"""
_SIBLING = """
import time
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    held = open("kept.txt").read()
    time.sleep(0.3)
    right = open("kept.txt").read() == held and sum(range(10)) == 45
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"right" if right else b"changed"})
"""


class Witness:
    """An outpost at work; `command` starts the interpreter that runs it.

    `server`: the process of the sandbox, to be watched too; 0: none is in that place, None: it is to be found there.
    """

    def __init__(
        self, command: Sequence[str], secret: str, host: str, *, server: int | None = 0, work: str = ""
    ) -> None:
        self._process = subprocess.Popen(
            [*command, "-c", _OUTPOST.read_text()],
            env={**os.environ, "OUTPOST_SECRET": secret},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(json.dumps({"host": host, "server": server, "work": work}))
        self.facts: dict[str, Any] = self.ask("facts")

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def ask(self, command: str) -> Any:
        assert self._process.stdout is not None
        self._say(command)
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


class Sandbox(Protocol):
    def send(self, data: bytes) -> bytes:
        """A job in the sandbox's protocol to its answer."""


@dataclass
class Ground:
    """A sandbox, where it runs, and who watches it there; the first witness runs as the sandbox's user beside it."""

    sandbox: Sandbox
    secret: str
    socket: str
    witnesses: Sequence[Witness]
    measures: frozenset[str] = frozenset()
    has_pytest: bool = False
    _clean: dict[str, Any] = field(default_factory=dict)

    def learn(self) -> None:
        """What is in force, and what a clean job looks like; before any probe."""
        answer = self.ask(_replay(), {"app.py": _CENSUS})
        self.measures = frozenset(answer["isolation"])
        self._clean = json.loads(answer["result"]["exchanges"][0]["body"])
        answer = self.ask({"kind": "tests", "args": [], "limits": _LIMITS}, {"test_a.py": "def test_a(): pass"})
        self.has_pytest = "passed" in (answer["result"] or {}).get("outcomes", {}).values()

    def ask(self, job: Mapping[str, Any], files: Mapping[str, str]) -> Any:
        return json.loads(self.sandbox.send(job_bytes(job, files)))

    def harm(self, probe: Probe) -> list[str]:
        """What the probe brought about; empty when it was contained."""
        near = self.witnesses[0]
        near.ask("begin")
        sibling = _Sibling(self) if probe.sibling else None
        begun = time.monotonic()
        raw = self.sandbox.send(self._job(probe, near.ask("jobs") if sibling else {"processes": [], "folders": []}))
        found = self._judged(probe, raw)
        if sibling is not None:
            found += sibling.harm()
        found += [item for witness in self.witnesses for item in witness.ask("harm")]
        found += [f"left behind: {item}" for item in near.ask("left")]
        found += self._next_job()
        seconds = time.monotonic() - begun
        if seconds > WITHIN_SECONDS:
            found.append(f"it took {seconds:.1f} seconds")
        peak = near.ask("peak")
        return found + [f"{name}: {peak[name]}" for name, most in probe.peak.items() if peak[name] > most]

    def _job(self, probe: Probe, others: Mapping[str, Any]) -> bytes:
        facts = {"socket": self.socket, "others": others, "forged": _FORGED, "breach": _BREACH}
        lines = [
            "from types import SimpleNamespace as Facts",
            *(f"{name} = {value!r}" for name, value in facts.items()),
        ]
        lines.append(f"witnesses = [Facts(**each) for each in {[witness.facts for witness in self.witnesses]!r}]")
        files = {**(probe.files or {"app.py": APP, "attack.py": probe.code}), "facts.py": "\n".join(lines)}
        job = _replay(probe.requests) if probe.kind == "replay" else {"kind": "tests", "args": []}
        return job_bytes({**job, "limits": {**_LIMITS, **probe.limits}}, files)

    def _judged(self, probe: Probe, raw: bytes) -> list[str]:
        found = []
        if self.secret.encode() in raw or repr(list(self.secret.encode())).encode()[1:-1] in raw:
            found.append("the secret came back")
        if len(raw) > 2 * _LIMITS["output_bytes"]:
            found.append(f"the answer has {len(raw)} bytes")
        try:
            answer = json.loads(raw)
            status, detail = answer["status"], answer["detail"]
        except (ValueError, KeyError, TypeError):
            return [*found, f"the answer is none: {raw[:200]!r}"]
        if status not in probe.status:
            found.append(f"status {status}: {detail} {json.dumps(answer['result'])[:2000]}")
        text = json.dumps(answer["result"])
        found += [f"a forged result was taken: {text[:500]}"] if _FORGED in text else []
        outcomes = (answer["result"] or {}).get("outcomes", {})
        found += [f"{test} is said to have passed" for test, said in outcomes.items() if said == "passed"]
        found += [f"it says: {text[text.index(_BREACH) :][:1500]}"] if _BREACH in text else []
        return found

    def _next_job(self) -> list[str]:
        answer = self.ask(_replay(), {"app.py": _CENSUS})
        if answer["status"] != "ok" or not answer["result"]["exchanges"]:
            return [f"the next job: {answer['status']}: {answer['detail']} {answer['result']}"]
        now = json.loads(answer["result"]["exchanges"][0]["body"])
        wrong = [name for name in self._clean if now.get(name) != self._clean[name]]
        found = [f"the next job found {name} {now.get(name)} instead of {self._clean[name]}" for name in wrong]
        return found if set(answer["isolation"]) == self.measures else [*found, f"in force: {answer['isolation']}"]


class _Sibling:
    """A job of somebody else that runs while the probe does."""

    def __init__(self, ground: Ground) -> None:
        self._answer: Any = None
        files = {"app.py": _SIBLING, "kept.txt": ground.secret}

        def ask() -> None:
            self._answer = ground.ask(_replay(), files)

        self._thread = threading.Thread(target=ask)
        self._thread.start()
        until = time.monotonic() + 5
        while len(ground.witnesses[0].ask("jobs")["processes"]) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.05)  # into its request

    def harm(self) -> list[str]:
        self._thread.join()
        exchanges = (self._answer["result"] or {}).get("exchanges") or [{}]
        return [] if exchanges[0].get("body") == "right" else [f"the job beside it: {self._answer}"]


def _replay(requests: int = 1) -> dict[str, Any]:
    request = {"method": "GET", "path": "/", "headers": {}}
    return {"kind": "replay", "entry": "app:app", "requests": [request] * requests, "limits": _LIMITS}


def job_bytes(job: Mapping[str, Any], files: Mapping[str, str]) -> bytes:
    from tests.selfheal.running_sandbox import archive_of

    data = archive_of(files)
    return json.dumps({"job": job, "tree_bytes": len(data)}).encode() + b"\n" + data


def new_secret() -> str:
    return f"tiger-{secrets.token_hex(16)}"
