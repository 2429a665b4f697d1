"""One case from the crash to a verdict on the repair: is the answer right, and do the neighbours stand?

Everything of the case runs in the sandbox. What a repair must not see is read only after it has ended.
"""

from __future__ import annotations

import importlib.resources
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from git import GitCommandError, Repo

from healer.cli.evaluation.cases import Case
from healer.cli.workbench import MEMORY_MB, SECONDS, Outcome, Workbench
from healer.edges.checkout import Checkout
from healer.model import Candidate, Change, ExceptionInfo, Report, Suite

PLACE = "hidden_checks"  # folder of the tree that the checks run from
MOST_DETAIL = 600


class Verdict(StrEnum):
    RIGHT = "right"  # repaired, or rightly left alone
    WRONG = "wrong"  # the crash is gone, the answer is not what a maintainer would give
    NEIGHBOURS = "broke neighbours"
    TESTS = "broke tests"
    CRASHES = "still crashes"
    DECLINED = "declined"
    SOFT = "soft"  # no change was due, and the patch is an honest 5xx
    HARMFUL = "harmful"  # no change was due
    INVALID = "invalid case"


HARM = frozenset({Verdict.WRONG, Verdict.NEIGHBOURS, Verdict.TESTS, Verdict.CRASHES, Verdict.HARMFUL})


@dataclass(frozen=True)
class Judged:
    case: Case
    verdict: Verdict
    detail: str = ""
    approach: str = ""
    diff: str = ""
    diagnosed: str = ""  # category of the diagnosis
    wanted: str = ""  # kind of answer that the diagnosis wants
    confidence: float = 0.0
    fit: float = 0.0
    seconds: float = 0.0  # of the repair alone
    stages: Mapping[str, float] = field(default_factory=dict)


def judge(bench: Workbench, case: Case, engine: str, *, reference: bool) -> Judged:
    """`reference`: judge the case's own fix instead of a repair."""
    with tempfile.TemporaryDirectory(prefix="healer-eval-") as home:
        project = case.export(Path(home) / case.name)
        report = _report(bench, case, project)
        if isinstance(report, str):
            return Judged(case, Verdict.INVALID, report)
        started = time.monotonic()
        outcome = Outcome("left alone", None, ()) if reference else bench.repair(project, report, engine=engine)
        seconds = round(time.monotonic() - started, 3)
        patch = outcome.patch.candidate if outcome.patch is not None else None
        if reference and case.wants_patch:
            patch = _reference(case, project)
            if patch is None:
                return Judged(case, Verdict.INVALID, "fix.patch does not apply")
        verdict, detail = _verdict(bench, case, project, patch, outcome)
        return Judged(
            case,
            verdict,
            detail,
            patch.approach if patch is not None else "",
            patch.diff if patch is not None else "",
            outcome.diagnosis.category if outcome.diagnosis is not None else "",
            outcome.diagnosis.answer if outcome.diagnosis is not None else "",
            outcome.diagnosis.confidence if outcome.diagnosis is not None else 0.0,
            patch.fit if patch is not None else 0.0,
            seconds,
            outcome.seconds,
        )


def _report(bench: Workbench, case: Case, project: Path) -> Report | str:
    """What the service's client would have reported; a text where nothing crashes."""
    *earlier, failing = case.requests
    replay = bench.sandbox.replay(
        _tree(project, {}),
        case.requests,
        entry="app:app",
        env={name: str(value) for name, value in case.spec.get("env", {}).items()},
        headers={},
        limits={"seconds": SECONDS, "memory_mb": MEMORY_MB, **case.spec.get("limits", {})},
    )
    last = replay.last
    if last is None or last.exception is None:
        return f"the request does not crash: {replay.problem or (last and last.status)}"
    exception: ExceptionInfo = last.exception
    return Report(
        report_id=f"{case.name}-report",
        service=case.name.replace("_", "-"),
        received_at="2000-01-01T00:00:00Z",
        exception=exception,
        frames=last.frames,
        request=failing,
        earlier_requests=tuple(earlier),
        entry="app:app",
        framework=str(case.meta.get("framework") or "") or None,
        env={name: str(value) for name, value in case.spec.get("env", {}).items()},
        memory_mb=case.spec.get("limits", {}).get("as_mb"),
    )


def _reference(case: Case, project: Path) -> Candidate | None:
    """The case's own fix as a candidate; None when it does not apply."""
    with tempfile.TemporaryDirectory(prefix="healer-eval-") as home:
        fixed = case.export(Path(home) / "fixed")
        repo = Repo.init(fixed)
        try:
            repo.git.apply("-p1", str((case.folder / "fix.patch").resolve()))
        except GitCommandError:
            return None
        finally:
            repo.close()
        paths = [path.relative_to(fixed) for path in sorted(fixed.rglob("*.py"))]
        texts = {str(path): ((project / path), (fixed / path).read_text()) for path in paths}
        changes = tuple(
            Change(name, old.read_text() if old.exists() else "", new)
            for name, (old, new) in texts.items()
            if not old.exists() or old.read_text() != new
        )
        return Candidate("reference", "the case's own fix", changes)


def _verdict(
    bench: Workbench, case: Case, project: Path, patch: Candidate | None, outcome: Outcome
) -> tuple[Verdict, str]:
    if patch is None:
        return (Verdict.DECLINED if case.wants_patch else Verdict.RIGHT), outcome.reason
    changes = {change.file: change.after for change in patch.changes}
    own = _run(bench, _tree(project, changes), "tests")
    if own.problem or any(result not in ("passed", "skipped") for result in own.outcomes.values()):
        return Verdict.TESTS, own.problem or own.output[-MOST_DETAIL:]
    hidden = {
        f"{PLACE}/test_oracle.py": importlib.resources.files(__package__).joinpath("oracle.py").read_text(),
        f"{PLACE}/oracle.py": case.hidden("oracle.py"),
        f"{PLACE}/request.json": case.hidden("request.json"),
    }
    checks = _run(bench, _tree(project, changes | hidden), f"{PLACE}/test_oracle.py")
    failed = [test.rpartition("::")[2] for test, result in checks.outcomes.items() if result != "passed"]
    wanted = case.meta.get("oracle_checks")
    short = checks.problem or (wanted is not None and len(checks.outcomes) != wanted + 1)
    detail = ", ".join(failed) + "\n" + (checks.problem or checks.output)[-MOST_DETAIL:] if failed or short else ""
    if not case.wants_patch:
        return (Verdict.SOFT if not failed and not short else Verdict.HARMFUL), detail
    if "test_replay" in failed:
        return Verdict.CRASHES, detail
    if short or any("check_same" in name for name in failed):
        return Verdict.NEIGHBOURS, detail
    return (Verdict.WRONG, detail) if failed else (Verdict.RIGHT, "")


def _run(bench: Workbench, tree: bytes, tests: str) -> Suite:
    limits = {"seconds": 3 * SECONDS, "memory_mb": MEMORY_MB}
    return bench.sandbox.tests(tree, ["--tb=short", tests], env={}, limits=limits)


def _tree(project: Path, changes: Mapping[str, str]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="healer-eval-") as home:
        checkout = Checkout(Path(home) / "mirror.git", str(Path(home) / "project.git"), "main")
        checkout.seed(project)
        return checkout.tar(checkout.fetch(), changes)
