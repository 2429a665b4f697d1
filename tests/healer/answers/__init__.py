"""Answers in the shapes small models give, for two crashes of one small service, and what is to become of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from healer.syntax.project import Function, Project

FOLDER = Path(__file__).parent
SERVICE = FOLDER / "service"
SOURCE = (SERVICE / "app.py").read_text()
CRASHES: dict[str, dict[str, Any]] = json.loads((SERVICE / "crashes.json").read_text())
REFERENCE_LINES = {"route": 2, "method": 2}  # that the shortest good fix adds


@dataclass(frozen=True)
class Recorded:
    name: str  # "route/plain"
    crash: str  # "route" or "method"
    becomes: str  # fixed | refused | wrong
    why: str  # a part of the reason it is refused with, or what is wrong with it
    cut_off: bool
    text: str


@cache
def recorded() -> tuple[Recorded, ...]:
    return tuple(_read(path) for path in sorted(FOLDER.glob("*/*.txt")))


def _read(path: Path) -> Recorded:
    with path.open(newline="", encoding="utf-8") as file:
        head, _, text = file.read().partition("---\n")
    first, *more = head.splitlines()
    becomes, _, why = first.removeprefix("becomes: ").partition(": ")
    return Recorded(
        f"{path.parent.name}/{path.stem}",
        path.parent.name,
        becomes,
        why,
        more == ["cut off: yes"],
        text.removesuffix("\n"),
    )


def target(project: Project, crash: str) -> Function:
    """The function at fault."""
    wanted = CRASHES[crash]
    return next(
        function
        for function in project.modules["app.py"].functions
        if function.name == wanted["function"] and (function.owner.name if function.owner else "") == wanted["owner"]
    )


def a_report(crash: str, number: int = 1) -> dict[str, object]:
    """The crash as the client reports it; lines are found in the source."""
    found = CRASHES[crash]
    return {
        "report_id": f"{number:032d}",
        "exception": found["exception"],
        "frames": [{"file": "app.py", "in_app": True, "line": _line(frame), **frame} for frame in found["frames"]],
        "request": found["request"],
        "entry": "app:app",
    }


def _line(frame: dict[str, Any]) -> int:
    lines = SOURCE.splitlines()
    begin = next(number for number, line in enumerate(lines) if f"def {frame['function']}(" in line)
    return next(number for number in range(begin + 1, len(lines) + 1) if lines[number - 1].strip() == frame["source"])
