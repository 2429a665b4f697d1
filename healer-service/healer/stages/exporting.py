"""The event log as text for other programs: JSON lines or CSV. It reads no log."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

COLUMNS = ("id", "timestamp", "type", "key", "trace_id", "ui_hint", "once", "payload", "digest")
# What a spreadsheet may take for the beginning of a formula; the last four are full-width forms of the first.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def json_lines(events: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for event in events:
        yield json.dumps({name: event[name] for name in COLUMNS}, default=repr) + "\n"


def csv_lines(events: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """With a line of headings first."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    writer.writerow(COLUMNS)
    yield line.getvalue()
    for event in events:
        line.seek(0)
        line.truncate()
        cells = {**event, "payload": json.dumps(event["payload"], default=repr)}
        writer.writerow([_cell(cells[name]) for name in COLUMNS])
        yield line.getvalue()


FORMATS = {"jsonl": json_lines, "csv": csv_lines}


def _cell(value: object) -> str:
    text = "" if value is None else str(value).encode(errors="backslashreplace").decode()
    return f"'{text}" if text.startswith(_FORMULA) else text
