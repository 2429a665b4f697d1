"""The healer as an attacker would wish it: a model that says what he likes and a sandbox that believes every patch.

What is left to stop an answer is everything that reads it: the answer's form, the splice, the guardrails, the verdict.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from healer.edges.checkout import Checkout
from healer.edges.forge.local import LocalForge
from healer.edges.llm import Piece, Served
from healer.edges.sandbox import Sandbox
from healer.edges.store import Incident, Store
from healer.model import Diagnosis, Message, Prompt, Report, Verdict
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts, Service
from healer.pipeline.search import Search
from healer.stages.diagnosis import diagnose
from healer.stages.fingerprint import fingerprint
from healer.web.reports import parse_report

from tests.hijack import SERVICES, a_report, crash_of


class FooledSandbox(Sandbox):
    """Runs nothing. The code as it is crashes as reported; with any patch all is as one could wish."""

    def __init__(self, service: str) -> None:
        super().__init__(Path("nowhere"))
        crash = crash_of(service)
        self._unpatched = (SERVICES / service / crash["file"]).read_bytes()
        self._crashed = {"status": 500, "exception": crash["exception"], "frames": a_report(service)["frames"]}
        self._healed = {"status": crash["wanted"], "body": "{}"}
        self.jobs: list[dict[str, Any]] = []

    def _run(self, job: Mapping[str, Any], tree: bytes, seconds: float) -> dict[str, Any]:
        return self.run(job, tree)

    def run(self, job: Mapping[str, Any], tree: bytes) -> dict[str, Any]:
        """The sandbox's answer to a job, as the protocol has it."""
        self.jobs.append(dict(job))
        patched = self._unpatched not in tree
        if job["kind"] == "tests":
            # A test that is asked for by name is the one written for the crash.
            named = [test for test in job["args"] if "::" in test]
            outcomes = dict.fromkeys(named, "passed" if patched else "failed") or {"tests/test_app.py::test": "passed"}
            result: dict[str, Any] = {"outcomes": outcomes}
        else:
            earlier = [{"status": 200, "body": "{}"} for _ in job.get("requests", ())[:-1]]
            result = {"exchanges": [*earlier, self._healed if patched else self._crashed]}
        return {"status": "ok", "result": {**result, "ran": dict(job.get("watch") or {})}}


class HijackedModel:
    """Says `text`, whatever it is asked."""

    text = ""

    def served(self) -> Served:
        return Served("hijacked", 100_000)

    def count(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content) for message in messages) // 3

    def answer(self, prompt: Prompt, *, temperature: float, seed: int) -> Generator[Piece, None, None]:
        yield Piece(self.text)
        yield Piece("", "stop")


@dataclass(frozen=True)
class Engine:
    """A search for a fix of each service's crash with nothing but the model."""

    parts: Parts
    memory: Memory
    model: HijackedModel
    crashes: Mapping[str, tuple[Incident, Report, Diagnosis]]
    judged: dict[tuple[str, str], list[Verdict]] = field(default_factory=dict)

    def verdicts(self, service: str, text: str) -> list[Verdict]:
        if (service, text) not in self.judged:
            self.judged[service, text] = self._judge(service, text)
        return self.judged[service, text]

    def _judge(self, service: str, text: str) -> list[Verdict]:
        self.model.text = text
        incident, report, diagnosis = self.crashes[service]
        search = Search(self.parts, self.memory, incident, self.parts.service(service), report, diagnosis)
        search.run(())
        return search.verdicts


def start(folder: Path) -> Engine:
    """Real repositories and a real store in `folder`."""
    store = Store(f"sqlite:///{folder / 'healer.db'}")
    store.migrate()
    model = HijackedModel()
    services = {name: _service(name, folder) for name in sorted(path.stem for path in SERVICES.glob("*.json"))}
    parts = Parts(store, services, "http://healer.test", 1, model)
    return Engine(parts, Memory(), model, {name: _crashed(parts, name) for name in services})


def _service(name: str, folder: Path) -> Service:
    checkout = Checkout(folder / "mirrors" / f"{name}.git", str(folder / f"{name}.git"), "main")
    checkout.seed(SERVICES / name)
    return Service(
        name=name,
        entry=crash_of(name)["entry"],
        tests=("tests",),
        autonomy="propose",
        engine="llm",
        checkout=checkout,
        sandbox=FooledSandbox(name),
        forge=LocalForge(checkout, "", "", "http://healer.test"),
        deployment=None,
        limits={"seconds": 20, "memory_mb": 512},
    )


def _crashed(parts: Parts, name: str) -> tuple[Incident, Report, Diagnosis]:
    service = parts.service(name)
    report = parse_report(json.dumps(a_report(name)).encode(), name)
    incident = parts.store.incidents.take(report, fingerprint(report))
    base = service.checkout.fetch()
    parts.store.incidents.set(incident.id, base=base)
    diagnosis = diagnose(report, service.checkout.sources(base))
    return parts.store.incidents.get(incident.id), report, diagnosis
