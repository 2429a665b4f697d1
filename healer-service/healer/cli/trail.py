"""`healer audit list`: the event log as the running healer tells it, newest first."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from healer.cli import completing, telling
from healer.cli.client import Client, connect
from healer.cli.printing import ID_WIDTH, NARROW, AsJson, as_json, line, out, plain

MOST_AT_ONCE = 500  # that one answer of the API holds


def events(
    kind: Annotated[
        str, typer.Option("--type", help="Only events of this type.", autocompletion=completing.event_types)
    ] = "",
    incident: Annotated[
        str,
        typer.Option(help="Only of this incident: its id or the beginning.", autocompletion=completing.incidents()),
    ] = "",
    by: Annotated[str, typer.Option(help="Only what this one did, such as operator.")] = "",
    since: Annotated[str, typer.Option(help="Only from this time on, such as 2026-01-31T08:00Z.")] = "",
    until: Annotated[str, typer.Option(help="Only before this time.")] = "",
    search: Annotated[str, typer.Option(help="Only with this text.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
    as_json_: AsJson = False,
) -> None:
    """List the events of the log, newest first. Unlike verify and export it asks the running healer."""
    client = connect()
    key = client.whole_id(incident) if incident else ""
    wanted = {"type": kind, "key": key, "by": by, "since": since, "until": until, "q": search}
    found = _found(client, wanted, limit)
    if as_json_:
        as_json(found)
    elif not found:
        line("No event is like that." if any(wanted.values()) else "No event yet.")
    else:
        _print(found)


def _found(client: Client, wanted: dict[str, str], limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before = None
    while len(found) < limit:
        left = min(limit - len(found), MOST_AT_ONCE)
        answer = client.get("/api/v1/audit/events", **wanted, before=before, limit=left)
        found += answer["events"]
        before = answer["next"]
        if before is None:
            break
    return found


def _print(found: list[dict[str, Any]]) -> None:
    from rich.table import Table  # noqa: PLC0415 - a completion starts faster without

    console = out()
    table = Table(box=None, header_style="bold", pad_edge=False, expand=True)
    table.add_column("id", no_wrap=True)
    if console.width >= NARROW:
        table.add_column("when", no_wrap=True)
    table.add_column("about", no_wrap=True, overflow="ellipsis", min_width=ID_WIDTH, max_width=20)
    table.add_column("what", no_wrap=True, overflow="ellipsis", ratio=1)
    for event in found:
        when = event["timestamp"][:19].replace("T", " ")
        about = event["key"].removeprefix("service/")
        what = f"{event['type']}  {telling.told(event)}" if event["type"] == "incident.state" else telling.told(event)
        times = [plain(when)] if console.width >= NARROW else []
        table.add_row(str(event["id"]), *times, plain(about), plain(what))
    console.print(table)
