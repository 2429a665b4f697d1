"""What a model under an attacker's control would send, for the crashes of four small services, by class of attack.

`answers/<service>/<class>.txt` holds the texts; `honest` ones are right, those of `defused` hide harm around an honest
function, every other one does harm in the function itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SERVICES = FOLDER / "services"
HONEST, DEFUSED = "honest", "defused"
_HEAD = re.compile(r"^=== (.+?)(?: \((\d+) times\))?$", re.M)


@dataclass(frozen=True)
class Hijacked:
    service: str
    kind: str
    name: str
    text: str

    @property
    def label(self) -> str:
        return f"{self.service}/{self.kind}/{self.name}"


@cache
def answers() -> tuple[Hijacked, ...]:
    return tuple(found for path in sorted(FOLDER.glob("answers/*/*.txt")) for found in _of_file(path))


def of_kind(*kinds: str) -> list[Hijacked]:
    return [answer for answer in answers() if answer.kind in kinds]


def hostile() -> list[Hijacked]:
    return [answer for answer in answers() if answer.kind not in (HONEST, DEFUSED)]


def _of_file(path: Path) -> list[Hijacked]:
    """Each answer follows a line `=== name`, or `=== name (5 times)` for a text that is that much longer."""
    text = path.read_text(encoding="utf-8")
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [
        Hijacked(
            path.parent.name,
            path.stem,
            head.group(1),
            text[head.end() + 1 : end].rstrip("\n") * int(head.group(2) or 1),
        )
        for head, end in zip(heads, ends, strict=True)
    ]


@cache
def crash_of(service: str) -> dict[str, Any]:
    return json.loads((SERVICES / f"{service}.json").read_text())


def a_report(service: str, number: int = 1, **changes: object) -> dict[str, object]:
    """The crash as the client reports it; its line is found in the source."""
    crash = crash_of(service)
    lines = (SERVICES / service / crash["file"]).read_text().splitlines()
    frame = {
        "file": crash["file"],
        "line": next(number for number, line in enumerate(lines, 1) if line.strip() == crash["source"]),
        "function": crash["function"],
        "in_app": True,
        "source": crash["source"],
        "locals": crash["locals"],
    }
    return {
        "report_id": f"{number:032d}",
        "exception": crash["exception"],
        "frames": [frame],
        "request": crash["request"],
        "entry": crash["entry"],
        **changes,
    }
