"""The commands about incidents: list and show them, comment, decide. What they mean is the running healer's matter."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from healer.cli import demonstration
from healer.cli.client import Client
from healer.settings import load_settings

app = typer.Typer()
out = Console()

AsJson = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the incident.")]
IncidentId = Annotated[str, typer.Argument(help="The incident's id, or the beginning of it.")]

STATE_STYLES = {
    "proposed": "yellow",
    "soaking": "green",
    "resolved": "green",
    "declined": "magenta",
    "rejected": "magenta",
    "rolled_back": "red",
    "regressed": "red",
}


@app.command()
def incidents(as_json: AsJson = False) -> None:
    """List the incidents, newest first."""
    found = Client(load_settings()).get("/api/v1/incidents")["incidents"]
    if as_json:
        print(json.dumps(found, indent=1))
        return
    if not found:
        out.print("No incident yet.")
        return
    table = Table("id", "state", "service", "what", "where", "count", "last seen", box=None, header_style="bold")
    for item in found:
        state = f"[{STATE_STYLES.get(item['state'], 'cyan')}]{item['state']}[/]"
        fault = item["fault"]
        where = f"{fault['file']}:{fault['line']}" if fault else "-"
        row = (item["service"], item["title"], where, str(item["count"]), item["last_seen"][:19])
        table.add_row(item["id"], state, *(plain(cell) for cell in row))
    out.print(table)


@app.command()
def show(incident_id: IncidentId, as_json: AsJson = False) -> None:
    """Show one incident: cause, candidates, evidence, diff, and what was said about its proposal."""
    item = _whole(Client(load_settings()), incident_id)
    if as_json:
        print(json.dumps(item, indent=1))
    else:
        demonstration.print_incident(out, item)


@app.command()
def approve(incident_id: IncidentId) -> None:
    """Merge the proposal and release it; only as it stands now, whose commit is printed."""
    client = Client(load_settings())
    item = _whole(client, incident_id)
    head = ""
    if proposal := item["proposal"]:
        head = proposal["head_sha"]
        line = f"{demonstration.proposal_name(proposal)} at {head[:10]}: {proposal['title']}"
        out.print(demonstration.printable(line), markup=False, highlight=False, soft_wrap=True)
    _send(client, item["id"], "approve", {"head_sha": head})


@app.command()
def reject(incident_id: IncidentId, reason: Reason = "") -> None:
    """Close the proposal without merging it."""
    _act(incident_id, "reject", {"reason": reason})


@app.command()
def comment(
    incident_id: IncidentId,
    text: Annotated[str, typer.Argument(help="What to say; /heal explain and the like are obeyed.")],
) -> None:
    """Say something about the proposal."""
    _act(incident_id, "comment", {"text": text})


@app.command()
def request_changes(
    incident_id: IncidentId,
    text: Annotated[str, typer.Argument(help="What should be different.")],
) -> None:
    """Have the proposal worked out anew, with what should be different."""
    _act(incident_id, "request-changes", {"text": text})


@app.command()
def retry(
    incident_id: IncidentId,
    hint: Annotated[str, typer.Option(help="What the next attempt should know.")] = "",
) -> None:
    """Heal an ended incident anew."""
    _act(incident_id, "retry", {"hint": hint})


def _whole(client: Client, beginning: str) -> dict[str, Any]:
    item: dict[str, Any] = client.get(f"/api/v1/incidents/{client.whole_id(beginning)}")
    return item


def _act(beginning: str, action: str, body: dict[str, Any]) -> None:
    client = Client(load_settings())
    _send(client, client.whole_id(beginning), action, body)


def _send(client: Client, incident_id: str, action: str, body: dict[str, Any]) -> None:
    answer = client.post(f"/api/v1/incidents/{incident_id}/{action}", body)
    out.print(f"{answer['incident_id']}: {action} accepted, now {answer['state']}", soft_wrap=True)


def plain(text: str) -> str:
    """Foreign text must not be read as Rich markup, nor move the cursor."""
    return escape(demonstration.printable(text))
