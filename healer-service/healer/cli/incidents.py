"""`healer incidents` and `healer show`: what there is. What it means is the running healer's matter."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from healer.cli import choices, completing
from healer.cli.client import Client, connect
from healer.cli.printing import ID_WIDTH, NARROW, AsJson, ago, as_json, line, out, plain, span, sparkline, state_cell
from healer.model import BadInput

app = typer.Typer()

IncidentId = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="The incident's id, or the beginning of it.", autocompletion=completing.incidents()
    ),
]

MOST_AT_ONCE = 200  # that one answer of the API holds
WIDE, WIDER = 100, 140  # columns from which on more is shown


@app.command()
def incidents(
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="Only in this state; several with commas or --state again.", autocompletion=completing.states
        ),
    ] = None,
    service: Annotated[str, typer.Option(help="Only of this service.", autocompletion=completing.services)] = "",
    origin: Annotated[
        str, typer.Option(help="Only fixed by this playbook or model.", autocompletion=completing.origins)
    ] = "",
    category: Annotated[
        str, typer.Option(help="Only with a cause of this kind.", autocompletion=completing.categories)
    ] = "",
    search: Annotated[str, typer.Option(help="Only with this text in error, file, function, route or id.")] = "",
    order: Annotated[
        str, typer.Option(help="last_seen | first_seen | count.", autocompletion=completing.orders)
    ] = "last_seen",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
    everything: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
    as_json_: AsJson = False,
) -> None:
    """List the incidents: what was seen last comes first, or what --order says."""
    states = ",".join(choices.states(state or (), "--state"))
    wanted = {"state": states, "service": service, "origin": origin, "category": category, "q": search}
    client = connect()
    wanted["order"] = choices.chosen(order, "--order", choices.ORDERS)
    found, total = _found(client, wanted, None if everything else limit)
    if as_json_:
        as_json(found)
        return
    if not found:
        narrowed = any(value for name, value in wanted.items() if name != "order")
        line("No incident is like that; `healer incidents` lists all." if narrowed else "No incident yet.")
        return
    _print(found)
    if total > len(found):
        line(f"{len(found)} of {total}; --all lists all, --state, --service and --search fewer.", "dim")


@app.command()
def show(incident_id: IncidentId, as_json_: AsJson = False) -> None:
    """Show one incident: cause, candidates, evidence, diff, and what was said about its proposal."""
    item = whole(connect(), incident_id)
    if as_json_:
        as_json(item)
        return
    from healer.cli.showing import print_incident  # noqa: PLC0415 - the colouring takes its time to load

    print_incident(out(), item)


def whole(client: Client, beginning: str) -> dict[str, Any]:
    item: dict[str, Any] = client.get(f"/api/v1/incidents/{client.whole_id(beginning)}")
    return item


def listed(client: Client, *, service: str, **wanted: Any) -> dict[str, Any]:
    """One answer of the list. Raises BadInput, for a service that is not known with the one that is probably meant."""
    try:
        answer: dict[str, Any] = client.get("/api/v1/incidents", service=service, **wanted)
    except BadInput:
        if service:
            choices.chosen(service, "--service", service_names(client))
        raise
    return answer


def service_names(client: Client) -> list[str]:
    return [item["name"] for item in client.get("/api/v1/overview")["services"]]


def _found(client: Client, wanted: dict[str, str], limit: int | None) -> tuple[list[dict[str, Any]], int]:
    """At most `limit`, and how many there are."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        left = MOST_AT_ONCE if limit is None else min(limit - len(found), MOST_AT_ONCE)
        answer = listed(client, **wanted, limit=left, cursor=cursor)
        found += answer["incidents"]
        cursor = answer["next"]
        if cursor is None or (limit is not None and len(found) >= limit):
            return found, answer["total"]


def _print(found: list[dict[str, Any]]) -> None:
    from rich.table import Table  # noqa: PLC0415 - as above

    console = out()
    table = Table(box=None, header_style="bold", pad_edge=False, expand=True)
    table.add_column("id", no_wrap=True, min_width=ID_WIDTH)  # the other commands want it
    table.add_column("state", no_wrap=True)
    table.add_column("what", no_wrap=True, overflow="ellipsis", ratio=3)
    if console.width >= WIDE:
        table.add_column("service", no_wrap=True, overflow="ellipsis")
    if console.width >= WIDER:
        table.add_column("where", no_wrap=True, overflow="ellipsis", ratio=2)
    if console.width >= NARROW:
        table.add_column("count", no_wrap=True, justify="right")
    if console.width >= WIDER:
        table.add_column("last 24 hours", no_wrap=True)
    if console.width >= NARROW:
        table.add_column("last seen", no_wrap=True, justify="right")
    if console.width >= WIDE:
        table.add_column("origin", no_wrap=True, overflow="ellipsis", max_width=24)
        table.add_column("healed in", no_wrap=True, justify="right")
    for item in found:
        table.add_row(*_cells(item, console.width))
    console.print(table)


def _cells(item: dict[str, Any], width: int) -> list[str]:
    fault = item["fault"]
    cells = [plain(item["id"]), state_cell(item["state"]), plain(item["title"])]
    if width >= WIDE:
        cells.append(plain(item["service"]))
    if width >= WIDER:
        cells.append(plain(f"{fault['file']}:{fault['line']}") if fault else "-")
    if width >= NARROW:
        cells.append(str(item["count"]))
    if width >= WIDER:
        cells.append(sparkline(item["sparkline"]))
    if width >= NARROW:
        cells.append(ago(item["last_seen"]))
    if width >= WIDE:
        cells += [plain(item["origin"] or "-"), span(item["seconds_to_healed"])]
    return cells
