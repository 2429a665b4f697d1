"""`healer audit`: is the event log whole, and what does it hold?

All but `list` reads the database itself, whether the healer runs or not, needs the audit key, and changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from healer.cli import choices, trail
from healer.cli.client import settings
from healer.cli.printing import AsJson, as_json, line
from healer.stages.exporting import FORMATS

if TYPE_CHECKING:
    from healer.edges.store import Audit, Auditor

BROKEN = 3

app = typer.Typer(no_args_is_help=True, help="The event log as an audit trail.")
app.command("list")(trail.events)


@app.command()
def verify(as_json_: AsJson = False) -> None:
    """Check the whole chain, and name the first event that is wrong.

    Exit codes: 0 whole, 2 there is no log to verify, 3 broken.
    """
    with _auditor() as auditor:
        audit = auditor.verify()
    if as_json_:
        as_json(audit.as_json())
    else:
        for text in _told(audit):
            line(text)
    raise typer.Exit(0 if audit.flaw is None else BROKEN)


@app.command()
def export(
    form: Annotated[
        str, typer.Option("--format", help="jsonl | csv", autocompletion=lambda: [(name, "") for name in FORMATS])
    ] = "jsonl",
    incident: Annotated[str, typer.Option(help="Only of this one: its id, or the beginning of it.")] = "",
    since: Annotated[str, typer.Option(help="Only from this time on, such as 2026-01-31 or 2026-01-31T08:00Z.")] = "",
) -> None:
    """Print the events with their digests, oldest first."""
    from healer.edges.store.trail import EventFilter, moment  # noqa: PLC0415 - as below

    form = choices.chosen(form, "--format", tuple(FORMATS))
    wanted = EventFilter(key=incident, since=moment(since, "--since"))
    with _auditor() as auditor:
        sys.stdout.writelines(FORMATS[form](auditor.trail.all(wanted)))


@contextmanager
def _auditor() -> Iterator[Auditor]:
    from healer.edges.store import Store  # noqa: PLC0415 - the other commands start faster without a database

    given = settings()
    store = Store(given.database, audit_key=given.audit_key.get_secret_value(), audit_head=given.audit_head)
    try:
        yield store.auditor
    finally:
        store.close()


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
