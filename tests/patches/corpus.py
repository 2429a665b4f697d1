"""Reads the patches the guardrails are measured by: what must be refused, and what a careful maintainer would write.

A patch is a git diff to one of `projects/`, under a short header: `Project:` and `Why:`, then `Applies: no` where git
itself would refuse it, or `Near:` with the number of a rule that a good patch comes close to. They were written from
the rules alone, without knowledge of how those are checked. They change when they are wrong, never because a check
fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Patch:
    name: str
    project: Path
    why: str
    diff: str
    applies: bool = True
    near: int | None = None

    @property
    def number(self) -> int:
        """Of the rule, for a bad patch; of the patch, for a good one."""
        return int(self.name.partition("-")[0])


def patches(kind: str) -> list[Patch]:
    """`kind` is bad or good."""
    return [_read(file) for file in sorted((HERE / kind).glob("*.patch"))]


def _read(file: Path) -> Patch:
    head, _, diff = file.read_text(encoding="utf-8").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.split("\n"))
    near = fields.pop("Near", None)
    patch = Patch(
        name=file.stem,
        project=HERE / "projects" / fields.pop("Project"),
        why=fields.pop("Why"),
        diff=diff,
        applies=fields.pop("Applies", "yes") != "no",
        near=int(near) if near else None,
    )
    assert not fields, f"{file.name} has unknown headers: {fields}"
    return patch
