"""A healer for folders: the stages of a heal, up to the verified patch, with a store of its own and no server.

It opens no proposal and changes nothing in the folder.
"""

from __future__ import annotations

import itertools
import logging
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import structlog

from healer.edges.checkout import Checkout
from healer.edges.forge.local import LocalForge
from healer.edges.llm import Llm
from healer.edges.sandbox import LocalSandbox
from healer.edges.store import Store
from healer.model import BadInput, Diagnosis, Report, Verdict
from healer.pipeline import healing
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts, Service
from healer.pipeline.runs import suite_before
from healer.pipeline.stage import perform
from healer.stages import guardrails
from healer.stages.fingerprint import fingerprint

SECONDS, MEMORY_MB = 20, 1024  # limits of one job in the sandbox
TEST_FOLDERS = ("tests", "test")


@dataclass(frozen=True)
class Outcome:
    """What became of one incident. `reason`: why nothing stood, or why the patch won over the next."""

    reason: str
    diagnosis: Diagnosis | None
    verdicts: tuple[Verdict, ...]
    seconds: dict[str, float] = field(default_factory=dict)  # by stage

    @property
    def patch(self) -> Verdict | None:
        return next((verdict for verdict in self.verdicts if verdict.accepted), None)


class Workbench(AbstractContextManager["Workbench"]):
    """One sandbox and one store for any number of repairs, also side by side; nothing is left of it afterwards.

    `interpreter` has what the projects need installed. `on_event` is called whenever a line is added to the log.
    """

    def __init__(self, interpreter: str, llm: Llm | None = None, on_event: Callable[[], None] = lambda: None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="healer-repair-"))
        self.sandbox = LocalSandbox(self._folder / "sandbox", interpreter)
        self.store = Store(f"sqlite:///{self._folder / 'healer.db'}", on_event)
        self._llm = llm
        self._numbers = itertools.count(1)

    def __enter__(self) -> Workbench:
        _log_to_stderr()
        with ThreadPoolExecutor(1) as pool:  # each takes half a second, mostly of another process
            started = pool.submit(self.sandbox.start)
            self.store.migrate()
            guardrails.warm()
            started.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sandbox.stop()
        self.store.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def repair(
        self, project: Path, report: Report, *, engine: str = "auto", tests: tuple[str, ...] | None = None
    ) -> Outcome:
        """The whole way from a report to a verified patch for the files in a folder.

        `tests`: arguments for pytest; None takes the usual folder, where there is one.
        """
        name = f"{report.service}-{next(self._numbers)}"
        parts, service = self._parts(name, project, engine, _usual_tests(project) if tests is None else tests)
        incident = self.store.incidents.take(replace(report, service=name), fingerprint(report))
        reason = _heal(parts, service, incident.id)
        incident = self.store.incidents.get(incident.id)
        verdicts = tuple(verdict for verdict, _ in self.store.incidents.verdicts(incident.id, incident.attempt))
        chosen = next((verdict.reason for verdict in verdicts if verdict.accepted), "")
        return Outcome(reason or chosen, incident.diagnosis, verdicts, self._seconds(incident.id))

    def _parts(self, name: str, project: Path, engine: str, tests: tuple[str, ...]) -> tuple[Parts, Service]:
        home = self._folder / name
        checkout = Checkout(home / "mirror.git", str(home / "project.git"), "main")
        checkout.seed(project)
        service = Service(
            name=name,
            entry=None,
            tests=tests,
            autonomy="propose",
            engine=engine,
            checkout=checkout,
            sandbox=self.sandbox,
            forge=LocalForge(checkout, "", "", ""),
            deployment=None,
            limits={"seconds": SECONDS, "memory_mb": MEMORY_MB},
        )
        return Parts(self.store, {name: service}, "", 1, self._llm), service

    def _seconds(self, incident_id: str) -> dict[str, float]:
        finished = [event for event in self.store.log.of_key(incident_id) if event.type == "stage.finished"]
        return {event.payload["stage"]: event.payload["seconds"] for event in finished}


def _log_to_stderr() -> None:
    """What goes wrong outside shows, plainly and without the values of locals; stdout is for the patch."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _heal(parts: Parts, service: Service, incident_id: str) -> str:
    """Why nothing was found; "" when a candidate stands."""
    memory = Memory()
    memory.ahead(lambda: suite_before(memory, service, service.checkout.fetch()))
    stages = (
        ("fetch", lambda: healing.fetch(parts, incident_id)),
        ("reproduce", lambda: healing.reproduce(parts, memory, incident_id)),
        ("diagnose", lambda: healing.diagnose(parts, memory, incident_id)),
        ("repair", lambda: healing.repair(parts, memory, incident_id)),
    )
    for name, stage in stages:
        if reason := perform(parts, name, incident_id, stage):
            return reason
    return ""


def _usual_tests(project: Path) -> tuple[str, ...]:
    return tuple(name for name in TEST_FOLDERS if (project / name).is_dir())[:1]


def read_tests(command: str) -> tuple[str, ...]:
    """The arguments of a pytest command. Raises BadInput for any other, which the sandbox could not read."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadInput(f"--tests: {command!r} is no command: {error}") from None
    if len(words) > 2 and Path(words[0]).name.startswith("python") and words[1:3] == ["-m", "pytest"]:
        return tuple(words[3:])
    if words and Path(words[0]).name in ("pytest", "py.test"):
        return tuple(words[1:])
    raise BadInput(f"--tests: {command!r} is no pytest command; write for example 'pytest tests'")


def find_interpreter(project: Path, given: str) -> str:
    """Of the project's own environment where it has one, else the healer's. Raises BadInput for what cannot run."""
    if given:
        found = shutil.which(given)
        if found is None:
            raise BadInput(f"--python: {given!r} is no program that can be run; name the project's interpreter")
        return found
    own = project / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable
