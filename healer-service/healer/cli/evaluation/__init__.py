"""`healer eval`: repairs a folder of cases and says how many answers are right, as a table and as JSON."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from healer.cli.evaluation.cases import find_cases
from healer.cli.evaluation.judging import HARM, Judged, Verdict, judge
from healer.cli.printing import printable
from healer.cli.repairing import connection
from healer.cli.workbench import Workbench, find_interpreter

STYLES = {Verdict.RIGHT: "green", Verdict.DECLINED: "yellow", Verdict.SOFT: "yellow"}


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for. Empty texts and None are what was left out."""

    cases: Path
    engine: str
    llm: str
    llm_model: str
    python: str
    jobs: int
    reference: bool
    summary: bool
    json: Path | None


def run(wanted: Wanted, console: Console, err: Console) -> int:
    """0 when no answer is wrong, else 1. Raises BadInput."""
    cases = find_cases(wanted.cases)
    interpreter = find_interpreter(wanted.cases, wanted.python)
    judged: list[Judged] = []
    with (
        connection(wanted.engine, wanted.llm, wanted.llm_model) as llm,
        Workbench(interpreter, llm) as bench,
        ThreadPoolExecutor(wanted.jobs) as pool,
    ):
        runs = [pool.submit(judge, bench, case, wanted.engine, reference=wanted.reference) for case in cases]
        for done in as_completed(runs):
            judged.append(done.result())
            if not wanted.summary:
                _tell(judged[-1], console)
            elif err.is_terminal:
                err.print(f"{len(judged)} of {len(cases)}", end="\r")
    judged.sort(key=lambda one: one.case.name)
    if wanted.json is not None:
        wanted.json.write_text(json.dumps(document(judged), indent=1) + "\n")
    _print_table(judged, console)
    return 1 if any(one.verdict in HARM or one.verdict is Verdict.INVALID for one in judged) else 0


def document(judged: Sequence[Judged]) -> dict[str, Any]:
    return {"totals": _totals(judged), "cases": [_case(one) for one in judged]}


def _case(one: Judged) -> dict[str, Any]:
    return {
        "case": one.case.name,
        "category": one.case.category,
        "framework": one.case.meta.get("framework"),
        "right_answer": one.case.meta.get("right_answer"),
        "verdict": one.verdict,
        "detail": one.detail,
        "diagnosed": one.diagnosed,
        "answer": one.wanted,
        "confidence": one.confidence,
        "fit": one.fit,
        "approach": one.approach,
        "diff": one.diff,
        "seconds": one.seconds,
        "stages": dict(one.stages),
    }


def _totals(judged: Sequence[Judged]) -> dict[str, Any]:
    due = [one for one in judged if one.case.wants_patch]
    outside = [one for one in judged if not one.case.wants_patch]
    seconds = sorted(one.seconds for one in judged)
    return {
        "cases": len(judged),
        "patch_due": len(due),
        "right": _count(due, (Verdict.RIGHT,)),
        "wrong": _count(due, HARM),
        "declined": _count(due, (Verdict.DECLINED,)),
        "no_patch_due": len(outside),
        "rightly_declined": _count(outside, (Verdict.RIGHT,)),
        "soft": _count(outside, (Verdict.SOFT,)),
        "harmful": _count(outside, (Verdict.HARMFUL,)),
        "invalid": _count(judged, (Verdict.INVALID,)),
        "seconds_p50": round(statistics.median(seconds), 2) if seconds else None,
        "seconds_worst": round(seconds[-1], 2) if seconds else None,
    }


def _count(judged: Iterable[Judged], verdicts: Iterable[Verdict]) -> int:
    wanted = set(verdicts)
    return sum(one.verdict in wanted for one in judged)


def _tell(one: Judged, console: Console) -> None:
    detail = " ".join(one.detail.partition("\n")[0].split())
    line = (
        f"{one.case.name:28} {one.case.category:24} {one.seconds:5.1f} s  {one.verdict:16} {one.approach:36} {detail}"
    )
    console.print(
        printable(line)[:220], style=STYLES.get(one.verdict, "red"), markup=False, highlight=False, soft_wrap=True
    )


def _print_table(judged: Sequence[Judged], console: Console) -> None:
    table = Table("category", "cases", "right", "wrong", "declined", "p50 s", box=None, header_style="bold")
    for category, _ in sorted(Counter(one.case.category for one in judged).items()):
        table.add_row(category, *_row([one for one in judged if one.case.category == category]))
    table.add_section()
    table.add_row("all", *_row(judged), style="bold")
    console.print(table)
    totals = _totals(judged)
    due, outside = totals["patch_due"], totals["no_patch_due"]
    if due:
        shares = ", ".join(f"{totals[name] / due:.0%} {name}" for name in ("right", "wrong", "declined"))
        console.print(f"{due} with a right patch: {shares}", highlight=False)
    if outside:
        soft = f", {totals['soft']} answered with an honest 5xx" if totals["soft"] else ""
        rightly = f"{totals['rightly_declined']} rightly declined"
        console.print(f"{outside} without: {rightly}{soft}, {totals['harmful']} harmful", highlight=False)


def _row(judged: Sequence[Judged]) -> tuple[str, ...]:
    counts = (
        len(judged),
        _count(judged, (Verdict.RIGHT,)),
        _count(judged, HARM),
        _count(judged, (Verdict.DECLINED,)),
    )
    return (*(str(count) for count in counts), f"{statistics.median(one.seconds for one in judged):.1f}")
