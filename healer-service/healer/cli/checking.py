"""`healer check`: the guardrails alone, on a patch from anywhere. It runs nothing and changes nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from healer.cli.files import read_bounded
from healer.cli.patches import changes_of
from healer.cli.printing import printable
from healer.edges.checkout import LARGEST_SOURCE, REQUIREMENTS, SKIPPED
from healer.model import BadInput, Candidate, Finding
from healer.settings import load_settings
from healer.stages.guardrails import Policy, check, modules_of
from healer.syntax.dependencies import declared

ACCEPTED, REFUSED = 0, 3  # exit codes
_LARGEST_PATCH = 5_000_000  # bytes
_ANYTHING = Policy((".",))


def run(project: Path, patch: Path, service: str, as_json: bool, console: Console) -> int:
    """The exit code. Raises BadInput."""
    if not project.is_dir():
        raise BadInput(f"PROJECT: {str(project)!r} is no folder; name the one that the patch is for")
    found = findings_of(
        project,
        read_bounded(patch, "--patch", _LARGEST_PATCH).decode("utf-8", "surrogateescape"),
        _policy(service) if service else _ANYTHING,
    )
    if as_json:
        rows = [{"rule": f.rule, "number": f.number, "file": f.file, "line": f.line, "reason": f.reason} for f in found]
        print(json.dumps({"accepted": not found, "findings": rows}, indent=1))
    else:
        _show(found, console)
    return REFUSED if found else ACCEPTED


def findings_of(project: Path, patch: str, policy: Policy = _ANYTHING) -> tuple[Finding, ...]:
    """What the patch breaks, applied to a copy of the project's files. Raises BadInput when it cannot be applied."""
    changes = changes_of(project, patch)
    files = list(_files(project))
    sources = {name: path.read_text("utf-8", "replace") for name, path in files if name.endswith(".py")}
    lists = {name: path.read_text("utf-8", "replace") for name, path in files if not name.endswith(".py")}
    known = replace(policy, dependencies=declared(lists) if lists else None, imported=modules_of(sources))
    return check(Candidate("patch", "a patch from outside", changes), known)


def _policy(name: str) -> Policy:
    settings = load_settings()
    service = settings.service(name)
    if service is None:
        known = ", ".join(sorted(one.name for one in settings.services)) or "none"
        raise BadInput(f"--service: there is no service {name!r} in healer.toml; there are: {known}")
    return service.policy


def _files(project: Path) -> Iterator[tuple[str, Path]]:
    """The sources, and what says which packages they need; links are not followed."""
    for root, folders, names in os.walk(project):
        folders[:] = [f for f in sorted(folders) if f not in SKIPPED and not Path(root, f, "pyvenv.cfg").exists()]
        for name in sorted(names):
            path = Path(root, name)
            wanted = name.endswith(".py") or name == "pyproject.toml" or REQUIREMENTS.fullmatch(name)
            if wanted and path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_SOURCE:
                yield path.relative_to(project).as_posix(), path


def _show(found: tuple[Finding, ...], console: Console) -> None:
    if not found:
        console.print("accepted: no guardrail is broken", style="green", highlight=False)
        return
    table = Table("rule", "where", "reason", box=None, header_style="bold")
    for one in found:
        where = f"{one.file}:{one.line}" if one.line else one.file or "-"
        table.add_row(f"{one.number} {one.rule}", escape(printable(where)), escape(printable(one.reason)))
    console.print(table)
    rules = len({one.number for one in found})
    said = f"refused: {len(found)} finding{'s' * (len(found) != 1)} of {rules} rule{'s' * (rules != 1)}"
    console.print(said, style="red", highlight=False)
