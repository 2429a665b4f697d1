"""`healer repair`: from a report and a folder to a verified patch, told on stderr and, for scripts, as JSON."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status

from healer.cli.files import read_bounded
from healer.cli.printing import plain, printable
from healer.cli.showing import print_diff
from healer.cli.workbench import Outcome, Workbench, find_interpreter, read_tests
from healer.edges.llm import Llm
from healer.model import BadInput, Diagnosis, Site, Verdict
from healer.settings import read_llm_key
from healer.stages import announcement
from healer.web.reports import LARGEST_REPORT, parse_report

PATCHED, DECLINED = 0, 3  # exit codes
ENGINES = ("auto", "playbook", "llm")


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for. Empty texts and None are what was left out."""

    project: Path
    incident: Path
    engine: str
    llm: str
    llm_model: str
    python: str
    tests: str
    out: Path | None
    json: Path | None
    with_test: bool = False


def run(wanted: Wanted, console: Console, err: Console) -> int:
    """The exit code. Raises BadInput."""
    started = time.monotonic()
    if not wanted.project.is_dir():
        raise BadInput(f"PROJECT: {str(wanted.project)!r} is no folder; name the one that holds the service's source")
    report = parse_report(read_bounded(wanted.incident, "--incident", LARGEST_REPORT), _service_name(wanted.project))
    tests = read_tests(wanted.tests) if wanted.tests else None
    for path in (wanted.out, wanted.json):
        if path is not None and not path.parent.is_dir():
            raise BadInput(f"{path}: there is no folder {str(path.parent)!r} to write it to")
    interpreter = find_interpreter(wanted.project, wanted.python)
    with connection(wanted.engine, wanted.llm, wanted.llm_model) as llm:
        progress = _Progress(err)
        with progress, Workbench(interpreter, llm, progress.tell) as bench:
            progress.bench = bench
            outcome = bench.repair(wanted.project, report, engine=wanted.engine, tests=tests)
    total = round(time.monotonic() - started, 3)
    if wanted.json is not None:
        wanted.json.write_text(json.dumps(result(outcome, total), indent=1) + "\n")
    _tell(outcome, total, err)
    if outcome.patch is None:
        return DECLINED
    changes = announcement.changes(outcome.patch) if wanted.with_test else outcome.patch.candidate.changes
    diff = "".join(change.diff for change in changes)
    if wanted.out is not None:
        wanted.out.write_text(diff)
    elif console.is_terminal:
        print_diff(console, diff)
    else:
        print(diff, end="")
    return PATCHED


def connection(engine: str, address: str, model: str) -> Any:
    """A context with the model's server, or None where there is none. Raises BadInput."""
    if engine not in ENGINES:
        raise BadInput(f"--engine: {engine!r} is none of {', '.join(ENGINES)}")
    if not address:
        if engine == "llm":
            raise BadInput("--llm: the engine 'llm' needs a model's server, for example http://127.0.0.1:8002/v1")
        return nullcontext()
    if not address.startswith(("http://", "https://")):
        raise BadInput(f"--llm: {address!r} is no http(s) address; write for example http://127.0.0.1:8002/v1")
    return closing(Llm(address, model, read_llm_key(os.environ)))


def result(outcome: Outcome, total: float) -> dict[str, Any]:
    """What result.json holds."""
    patch = outcome.patch
    return {
        "status": "patched" if patch is not None else "declined",
        "reason": outcome.reason,
        "diagnosis": _diagnosis(outcome.diagnosis) if outcome.diagnosis is not None else None,
        "candidates": [_candidate(verdict) for verdict in outcome.verdicts],
        "patch": None
        if patch is None
        else {
            "origin": patch.candidate.origin,
            "summary": patch.candidate.summary,
            "diff": patch.candidate.diff,
            "files": [change.file for change in patch.candidate.changes],
            "test_file": _test_file(patch),
            "confidence": patch.assessment.confidence if patch.assessment else None,
            "risk": patch.assessment.risk if patch.assessment else None,
            "assessment": asdict(patch.assessment) if patch.assessment else None,
        },
        "seconds": {**outcome.seconds, "total": total},
    }


def _test_file(patch: Verdict) -> dict[str, str] | None:
    """The regression test: failed before the patch, passes after."""
    regression = patch.evidence.regression if patch.evidence is not None else None
    if regression is None:
        return None
    return {"path": regression.change.file, "content": regression.change.after, "test": regression.test}


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "category": diagnosis.category,
        "cause": diagnosis.cause,
        "confidence": diagnosis.confidence,
        "risk": diagnosis.risk,
        "answer": diagnosis.answer,
        "expression": diagnosis.expression,
        "culprit": diagnosis.culprit,
        "fix_sites": [_place(site) for site in diagnosis.fix_sites],
    }


def _place(site: Site) -> dict[str, Any]:
    return {"file": site.file, "line": site.line, "function": site.function, "why": site.why}


def _candidate(verdict: Verdict) -> dict[str, Any]:
    candidate = verdict.candidate
    return {
        "origin": candidate.origin,
        "accepted": verdict.accepted,
        "reason": verdict.reason,
        "summary": candidate.summary,
        "answer": candidate.answer,
        "fit": candidate.fit,
        "seconds": verdict.seconds,
    }


def _service_name(project: Path) -> str:
    name = "".join(character if character.isalnum() else "-" for character in project.resolve().name.lower())
    return name.strip("-")[:40] or "service"


def _tell(outcome: Outcome, total: float, err: Console) -> None:
    """For a person; on stderr, as the patch may go to stdout."""
    if outcome.diagnosis is not None:
        _line(err, f"cause: {outcome.diagnosis.cause}")
    for verdict in outcome.verdicts:
        sign, style = ("stands ", "green") if verdict.accepted else ("refused", "magenta")
        _line(err, f"{sign} {verdict.candidate.origin}: {verdict.candidate.summary} ({verdict.reason})", style)
    if outcome.patch is None:
        _line(err, f"declined: {outcome.reason}", "red")
    else:
        _line(err, f"patched by {outcome.patch.candidate.origin} in {total:.1f} s", "bold green")


def _line(err: Console, text: str, style: str = "") -> None:
    err.print(printable(text), style=style, markup=False, highlight=False, soft_wrap=True)


class _Progress:
    """Says on a terminal which stage is at work; elsewhere nothing."""

    def __init__(self, err: Console) -> None:
        self.bench: Workbench | None = None
        self._status = Status("starting the sandbox", console=err) if err.is_terminal else None
        self._seen = 0

    def __enter__(self) -> None:
        if self._status is not None:
            self._status.start()

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def tell(self) -> None:
        if self._status is None or self.bench is None:
            return
        for event in self.bench.store.log.after(self._seen):
            self._seen = event.id
            if event.type == "stage.started":
                self._status.update(str(event.payload["stage"]))
            elif event.type == "candidate.judged" and not event.payload["accepted"]:
                self._status.update(plain(f"repair: refused {event.payload['origin']}"))
