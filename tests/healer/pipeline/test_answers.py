"""Every recorded answer shape through the whole engine: real HTTP, splice, guardrails, and a real sandbox."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from healer.edges.checkout import Checkout
from healer.edges.forge.local import LocalForge
from healer.edges.llm import Llm
from healer.edges.sandbox import LocalSandbox
from healer.edges.store import Incident, Store
from healer.model import Report, Verdict
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts, Service
from healer.pipeline.search import Search
from healer.stages.diagnosis import diagnose
from healer.stages.fingerprint import fingerprint
from healer.web.reports import parse_report

from tests.healer.answers import CRASHES, SERVICE, Recorded, a_report, recorded
from tests.healer.answers.__main__ import PAGE, table
from tests.healer.scripted_llm import Play, ScriptedLlm, scripted


@dataclass(frozen=True)
class Engine:
    """Searches for a fix of either crash with nothing but the model."""

    parts: Parts
    memory: Memory
    llm: ScriptedLlm
    incidents: dict[str, tuple[Incident, Report]]

    def verdicts(self, answer: Recorded) -> list[Verdict]:
        self.llm.play(Play(answer.text, finish="length" if answer.cut_off else "stop"))
        incident, report = self.incidents[answer.crash]
        service = self.parts.service("observatory")
        diagnosis = diagnose(report, service.checkout.sources(str(incident.base)))
        search = Search(self.parts, self.memory, incident, service, report, diagnosis)
        reason = search.run(())
        assert (reason == "") == search.verdicts[-1].accepted
        return search.verdicts


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("observatory")
    checkout = Checkout(folder / "mirror.git", str(folder / "observatory.git"), "main")
    checkout.seed(SERVICE)
    sandbox = LocalSandbox(folder / "sandbox", sys.executable)
    store = Store(f"sqlite:///{folder / 'healer.db'}")
    store.migrate()
    with scripted() as server, closing(Llm(server.url)) as llm, closing(store):
        service = Service(
            name="observatory",
            entry="app:app",
            tests=("tests",),
            autonomy="propose",
            engine="llm",
            checkout=checkout,
            sandbox=sandbox,
            forge=LocalForge(checkout, "", "", ""),
            deployment=None,
            limits={"seconds": 20, "memory_mb": 512},
        )
        parts = Parts(store, {service.name: service}, "", 1, llm)
        base = checkout.fetch()
        incidents = {}
        for number, crash in enumerate(CRASHES):
            report = parse_report(json.dumps(a_report(crash, number)).encode(), service.name)
            incident = store.incidents.take(report, fingerprint(report))
            store.incidents.set(incident.id, base=base)
            incidents[crash] = (store.incidents.get(incident.id), report)
        try:
            yield Engine(parts, Memory(), server, incidents)
        finally:
            sandbox.stop()


@pytest.mark.xdist_group("answers")
@pytest.mark.parametrize("answer", recorded(), ids=lambda answer: answer.name)
def test_each_shape_becomes_what_it_should(engine: Engine, answer: Recorded) -> None:
    first = engine.verdicts(answer)[0]
    if answer.becomes == "fixed":
        assert first.accepted, first.reason
        assert first.candidate.changes
    elif answer.becomes == "refused":
        assert answer.why in first.reason
        assert not first.candidate.changes
    else:
        assert not first.accepted
        assert first.candidate.changes, first.reason


def test_the_page_about_them_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == table(), "run: python -m tests.healer.answers"
