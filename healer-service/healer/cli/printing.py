"""How the commands print: foreign text made harmless, times and counts in few characters. It knows no meanings."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]

BLOCKS = "▁▂▃▄▅▆▇█"
ID_WIDTH = 12  # of an incident
NARROW = 60  # columns below which a table keeps to what matters most
WIDTH_OF_A_PIPE = 160  # nobody looks at it, and a row that is cut cannot be searched
STATE_STYLES = {
    "proposed": "yellow",
    "soaking": "green",
    "resolved": "green",
    "declined": "magenta",
    "rejected": "magenta",
    "rolled_back": "red",
    "regressed": "red",
}
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def out(*, stderr: bool = False) -> Console:
    """A new one each time: it looks at the terminal, COLUMNS and NO_COLOR as they are now."""
    from rich.console import Console  # noqa: PLC0415 - a completion, which prints nothing itself, starts faster without

    stream = sys.stderr if stderr else sys.stdout
    piped = not stream.isatty() and not os.environ.get("COLUMNS")
    return Console(stderr=stderr, width=WIDTH_OF_A_PIPE if piped else None)


def line(text: str, style: str = "", *, stderr: bool = False) -> None:
    """Foreign text on one line of its own."""
    out(stderr=stderr).print(printable(text), style=style, markup=False, highlight=False, soft_wrap=True)


def as_json(value: Any) -> None:
    print(json.dumps(value, indent=1))


def printable(text: str) -> str:
    """Foreign text on one line, without anything that moves a terminal's cursor."""
    return "".join(character if character.isprintable() else " " for character in text)


def plain(text: str) -> str:
    """Foreign text must not be read as Rich markup, nor move the cursor."""
    from rich.markup import escape  # noqa: PLC0415 - as above

    return escape(printable(text))


def state_cell(state: str) -> str:
    return f"[{STATE_STYLES.get(state, 'cyan')}]{plain(state)}[/]"


def ago(stamp: str) -> str:
    """How long ago a time of the API was, in one unit."""
    try:
        seconds = (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds()
    except (ValueError, TypeError):  # TypeError: a time without a zone
        return "-"
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), (1, "s"))
    return f"{max(math.floor(seconds / size), 0)} {unit} ago"


def clock(stamp: str) -> str:
    """A time of the API as the clock on the wall shows it."""
    try:
        return datetime.fromisoformat(stamp).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return printable(stamp[:8])


def span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    if seconds < 172_800:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
    return f"{int(seconds // 86_400)} d"


def sparkline(counts: Sequence[int]) -> str:
    """A block each, the highest for the most; "" where there is nothing to show, or no block can be shown."""
    most = max(counts, default=0)
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower()
    if most == 0 or not encoding.startswith("utf"):
        return ""
    return "".join(BLOCKS[math.ceil(count / most * (len(BLOCKS) - 1))] for count in counts)
