"""A heal by the model, from report to proposal: the shop's real prompts, answers of the reference's length.

The reference is the fix that the playbooks find: a first run collects those, a second has the model asked instead.
"""

from __future__ import annotations

import ast
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from healer.cli import samples, stack
from healer.cli.client import Client

from tests.benchmarks.llm.relay import Relay, relaying

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "tests" / "samples"
SECONDS = 300.0  # a busy machine


@dataclass
class Heals:
    """Seconds, one entry a heal by the model."""

    whole: list[float] = field(default_factory=list)
    stages: dict[str, list[float]] = field(default_factory=dict)
    prompts: list[int] = field(default_factory=list)  # tokens
    answers: list[int] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # samples whose fix is not in the function that was asked about

    def add(self, stage: str, seconds: float) -> None:
        self.stages.setdefault(stage, []).append(seconds)


def measure(service: str, most: int, say: Callable[[str], None]) -> Heals:
    """`service`: address of the running llm service, without /v1; `most` heals are done."""
    say("the playbooks' fixes, as references …")
    references = _references(most)
    heals = Heals()
    with (
        relaying(service) as relay,
        _environment(HEALER_LLM_URL=relay.url),
        stack.running(ROOT, engine="llm") as running,
    ):
        client = Client(running.settings)
        events = client.events()
        measured = (event for event in events if event["type"] == "baseline.measured")
        next(measured)  # as in a service that has been up for a while
        for name, (function, text) in references.items():
            relay.references = {function: text}
            started = time.monotonic()
            incident = _heal(running, client, name)
            if incident["state"] != "proposed":
                say(f"{name}: {incident['reason'][:160]}")
                heals.left_out.append(name)
                continue
            _note(heals, incident, relay)
            say(f"{name}: {heals.whole[-1]:.1f} s ({time.monotonic() - started:.1f} s with its requests)")
            client.post(f"/api/v1/incidents/{incident['id']}/approve", {})
            next(measured)
    return heals


def _references(most: int) -> dict[str, tuple[str, str]]:
    """Sample -> the function that its fix changes, and an answer with the whole of it."""
    found = {}
    with _environment(HEALER_LLM_URL=""), stack.running(ROOT, engine="playbook") as running:
        client = Client(running.settings)
        for path in sorted(SAMPLES.glob("*.json")):
            if samples.load(SAMPLES, path.stem, running.admin_token).healed_by != "playbook":
                continue
            if len(found) == most:
                break
            incident = _heal(running, client, path.stem)
            if incident["state"] != "proposed":
                continue
            changed = _changed_function(running.home / "shop.git", incident["proposal"])
            if changed is not None:
                cause = incident["diagnosis"]["cause"]
                name, imports, source = changed
                found[path.stem] = (name, f"{cause}\n\n```python\n{imports}{source}\n```\n")
    return found


def _changed_function(repository: Path, proposal: dict[str, Any]) -> tuple[str, str, str] | None:
    """Name, new imports and new source of the one function a proposal changes; None when it is not one function."""

    def show(commit: str, path: str) -> str:
        command = ["git", "-C", str(repository), "show", f"{commit}:{path}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    paths = [line[6:] for line in proposal["diff"].splitlines() if line.startswith("+++ b/")]
    if len(paths) != 1:
        return None
    old, new = (show(proposal["head_sha"] + end, paths[0]) for end in ("^", ""))
    before, after = (_functions(text) for text in (old, new))
    changed = [name for name, source in after.items() if before.get(name) != source]
    if len(changed) != 1:
        return None
    known = {ast.unparse(node) for node in ast.parse(old).body}
    fresh = [
        ast.unparse(node)
        for node in ast.parse(new).body
        if isinstance(node, ast.Import | ast.ImportFrom) and ast.unparse(node) not in known
    ]
    return changed[0], "".join(line + "\n" for line in fresh), after[changed[0]]


def _functions(text: str) -> dict[str, str]:
    lines = text.splitlines()
    return {
        node.name: "\n".join(lines[min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1 : node.end_lineno])
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _heal(running: stack.Stack, client: Client, name: str) -> dict[str, Any]:
    known = {item["id"] for item in client.get("/api/v1/incidents")["incidents"]}
    with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
        samples.play(shop, samples.load(SAMPLES, name, running.admin_token))
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        for item in client.get("/api/v1/incidents")["incidents"]:
            if item["id"] not in known and item["state"] in ("proposed", "declined"):
                return dict(client.get(f"/api/v1/incidents/{item['id']}"))
        time.sleep(0.05)
    raise SystemExit(f"{name}: not healed within {SECONDS:.0f} seconds")


def _note(heals: Heals, incident: dict[str, Any], relay: Relay) -> None:
    events = incident["events"]
    at = {event["type"]: event["timestamp"] for event in reversed(events)}
    heals.whole.append(_between(at["incident.opened"], at["proposal.opened"]))
    prompt, answer = relay.sizes[-1]
    heals.prompts.append(prompt)
    heals.answers.append(answer)
    judging = 0.0
    for event in events:
        payload = event["payload"]
        if event["type"] == "stage.finished" and payload["stage"] != "repair":
            heals.add(payload["stage"], payload["seconds"])
        elif event["type"] == "model.answered":
            heals.add("reading the prompt", payload["first"])
            heals.add("writing the answer", payload["seconds"] - payload["first"])
        elif event["type"] == "candidate.judged":
            judging += payload["seconds"]
    heals.add("replay and tests", judging)


def _between(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """The stack takes these from the environment, as it does for a user."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def breakdown(heals: Heals) -> list[tuple[str, float]]:
    """Stage -> its median seconds, in the order of the heal."""
    return [(stage, statistics.median(seconds)) for stage, seconds in heals.stages.items()]
