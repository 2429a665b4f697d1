"""`healer audit`: is the event log whole, and what does it hold?

It reads the database itself, whether the healer runs or not, needs the audit key, and changes nothing.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from healer.cli.demonstration import printable
from healer.model import BadInput
from healer.settings import load_settings

if TYPE_CHECKING:
    from healer.edges.store import Audit, Auditor

BROKEN = 3
COLUMNS = ("id", "timestamp", "type", "key", "trace_id", "ui_hint", "once", "payload", "digest")
# What a spreadsheet may take for the beginning of a formula; the last four are full-width forms of the first.
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")

app = typer.Typer(no_args_is_help=True, help="The event log as an audit trail.")
out = Console()


@app.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False,
) -> None:
    """Check the whole chain, and name the first event that is wrong.

    Exit codes: 0 whole, 2 there is no log to verify, 3 broken.
    """
    with _auditor() as auditor:
        audit = auditor.verify()
    if as_json:
        print(json.dumps(_as_json(audit), indent=1))
    else:
        for line in _told(audit):
            out.print(printable(line), markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(0 if audit.flaw is None else BROKEN)


@app.command()
def export(
    form: Annotated[str, typer.Option("--format", help="jsonl | csv")] = "jsonl",
    incident: Annotated[str, typer.Option(help="Only of this one: its id, or the beginning of it.")] = "",
    since: Annotated[str, typer.Option(help="Only from this time on, such as 2026-01-31 or 2026-01-31T08:00Z.")] = "",
) -> None:
    """Print the events with their digests, oldest first."""
    if form not in ("jsonl", "csv"):
        raise BadInput(f"--format: {form!r} is no format; write jsonl or csv")
    start = _time(since)
    with _auditor() as auditor:
        events = auditor.events(incident, start)
        if form == "jsonl":
            for event in events:
                print(json.dumps({name: event[name] for name in COLUMNS}, default=repr))
            return
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        for event in events:
            payload = json.dumps(event["payload"])
            writer.writerow([_cell(payload if name == "payload" else event[name]) for name in COLUMNS])


@contextmanager
def _auditor() -> Iterator[Auditor]:
    from healer.edges.store import Store  # noqa: PLC0415 - the other commands start faster without a database

    settings = load_settings()
    store = Store(settings.database, audit_key=settings.audit_key.get_secret_value(), audit_head=settings.audit_head)
    try:
        yield store.auditor
    finally:
        store.close()


def _as_json(audit: Audit) -> dict[str, Any]:
    return {
        "whole": audit.flaw is None,
        "events": audit.head.count,
        "last_id": audit.head.last_id,
        "digest": audit.head.digest,
        "flaw": asdict(audit.flaw) if audit.flaw else None,
        "notes": [{name: note[name] for name in ("id", "timestamp", "type", "payload")} for note in audit.notes],
    }


def _told(audit: Audit) -> Iterator[str]:
    head = audit.head
    if audit.flaw is not None:
        yield f"broken: {audit.flaw.detail} ({audit.flaw.kind})"
        if head.count:
            yield f"The log is as it was written up to event {head.last_id}."
    elif head.count:
        yield f"whole: {head.count} events, the last is number {head.last_id} with digest {head.digest[:16]}…"
    else:
        yield "whole: the log is empty"
    for note in audit.notes:
        payload = note["payload"]
        if note["type"] == "audit.began":
            yield (
                f"Events up to {payload['up_to']} were chained only on {note['timestamp'][:10]}: what happened to them "
                "before that cannot be told."
            )
        elif note["type"] == "audit.resumed":
            yield (
                f"On {note['timestamp'][:19]} the healer started without its file audit-head: whether the log went on "
                f"after event {payload['up_to']} before that cannot be told."
            )


def _time(given: str) -> str:
    """As the log writes it, so that text compares like time."""
    if not given:
        return ""
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise BadInput(f"--since: {given!r} is no time; write for example 2026-01-31 or 2026-01-31T08:00Z") from None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _cell(value: object) -> str:
    text = "" if value is None else str(value).encode(errors="backslashreplace").decode()
    return f"'{text}" if text.startswith(FORMULA) else text
