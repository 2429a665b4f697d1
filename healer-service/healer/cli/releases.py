"""The commands about releases: list them, go back to one, decide on a proposal that takes one back."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from healer.cli.client import Client
from healer.cli.demonstration import printable
from healer.cli.incidents import AsJson, plain
from healer.model import BadInput, Conflict, NotFound
from healer.settings import load_settings

app = typer.Typer()
revert = typer.Typer(no_args_is_help=True, help="Decide on a proposal that takes a release back.")
app.add_typer(revert, name="revert")
out = Console()

Reason = Annotated[str, typer.Option(help="Why; kept in the log.")]
Service = Annotated[str, typer.Argument(help="The service's name in healer.toml.")]
TakenBack = Annotated[str, typer.Argument(help="The release that the proposal takes back, or the beginning of it.")]

SHORT = 10
STATE_STYLES = {
    "waiting": "cyan",
    "canary": "cyan",
    "soaking": "cyan",
    "live": "green",
    "leaving": "yellow",
    "failed": "red",
    "rolled_back": "red",
}


@app.command()
def releases(service: Service, as_json: AsJson = False) -> None:
    """List a service's releases, newest first; the running one is marked, and those that can be served again."""
    found = _releases(Client(load_settings()), service)
    if as_json:
        print(json.dumps(found, indent=1))
        return
    _print_serving(found["serving"])
    if not found["releases"]:
        out.print("No release yet.")
        return
    table = Table(box=None, header_style="bold")
    for name in ("", "commit", "state", "origin", "incident", "since"):
        table.add_column(name, no_wrap=True)
    for item in found["releases"]:
        state = f"[{STATE_STYLES.get(item['state'], 'default')}]{plain(item['state'])}[/]"
        row = (item["origin"], item["incident_id"] or "-", item["at"][:16].replace("T", " "))
        table.add_row(_mark(item, found["serving"]), item["commit"][:SHORT], state, *(plain(cell) for cell in row))
    out.print(table)
    for item in found["releases"]:
        if item["reason"]:
            _line(f"{item['commit'][:SHORT]}: {item['reason']}")
    for proposal in _open_reverts(found):
        _line(f"{_called(proposal)} takes {proposal['commit'][:SHORT]} back: {proposal['title']}")
        _line(f"  healer revert approve {service} {proposal['commit'][:SHORT]}")


@app.command()
def rollback(
    what: Annotated[
        str, typer.Argument(metavar="INCIDENT|SERVICE", help="A service's name, or the beginning of an incident's id.")
    ],
    to: Annotated[str, typer.Option(help="With a service: the release to serve; else the one before.")] = "",
    reason: Reason = "",
) -> None:
    """Serve the release before an incident's fix again, or any kept release of a service."""
    client = Client(load_settings())
    names = [item["name"] for item in client.get("/api/v1/overview")["services"]]
    if what not in names:
        _roll_back_incident(client, what, to, reason, names)
        return
    found = _releases(client, what)
    commit = to or _before(found)
    client.post(f"/api/v1/services/{what}/rollback", {"to": commit, "reason": reason})
    served = found["serving"]["release"]
    _line(f"{what}: going from {(served or 'nothing')[:SHORT]} to {commit[:SHORT]}; `healer releases {what}` shows it")


@revert.command()
def approve(service: Service, commit: TakenBack) -> None:
    """Merge it, only as it stands now, and release what is on the branch then."""
    _decide(service, commit, "approve")


@revert.command()
def reject(service: Service, commit: TakenBack, reason: Reason = "") -> None:
    """Close it without merging it."""
    _decide(service, commit, "reject", reason)


def _roll_back_incident(client: Client, beginning: str, to: str, reason: str, names: list[str]) -> None:
    known = f"the services are: {', '.join(names) or 'none'}"
    if to:
        raise BadInput(f"--to {to} needs a service, and {beginning!r} is none; {known}")
    try:
        incident_id = client.whole_id(beginning)
    except NotFound as error:
        raise NotFound(f"{error}; {known}") from None
    answer = client.post(f"/api/v1/incidents/{incident_id}/rollback", {"reason": reason})
    _line(f"{incident_id}: rollback accepted, now {answer['state']}")


def _decide(service: str, beginning: str, action: str, reason: str = "") -> None:
    client = Client(load_settings())
    proposal = _the_one(service, beginning, _open_reverts(_releases(client, service)))
    _line(f"{_called(proposal)} at {proposal['head_sha'][:SHORT]}: {proposal['title']}")
    body = {"reason": reason} if action == "reject" else {"head_sha": proposal["head_sha"]}
    answer = client.post(f"/api/v1/services/{service}/reverts/{proposal['commit']}/{action}", body)
    _line(f"{service}: {action} accepted, now {answer['state']}")


def _releases(client: Client, service: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/services/{service}/releases")
    return found


def _before(found: dict[str, Any]) -> str:
    """The release before the running one, or before its canary. Raises Conflict when none is known."""
    name, served = found["service"], found["serving"]["release"]
    if found["serving"]["canary"] and served:
        return str(served)
    running = next((item for item in found["releases"] if item["serving"]), None)
    if running is None or not running["previous"]:
        state = found["serving"]["state"]
        what = f"of {served[:SHORT]}, which runs, no release before is known" if served else f"it is {state}"
        raise Conflict(
            f"{name} has nothing to go back to: {what}; name one with --to, `healer releases {name}` lists them"
        )
    return str(running["previous"])


def _open_reverts(found: dict[str, Any]) -> list[dict[str, Any]]:
    reverts = (item["revert"] for item in found["releases"])
    return [item for item in reverts if item is not None and item["state"] in ("prepared", "open")]


def _the_one(service: str, beginning: str, proposals: list[dict[str, Any]]) -> dict[str, Any]:
    matching = [item for item in proposals if item["commit"].startswith(beginning.lower())]
    if len(matching) != 1:
        what = "no open proposal takes" if not matching else f"{len(matching)} open proposals take"
        raise NotFound(
            f"{what} a release of {service} back that begins with {beginning!r}; `healer releases {service}` lists them"
        )
    return matching[0]


def _print_serving(serving: dict[str, Any]) -> None:
    line = f"{serving['state']}, release {(serving['release'] or 'none')[:SHORT]}"
    if serving["canary"]:
        line += f", a share of the users has {serving['canary'][:SHORT]}"
    _line(line)
    if serving["fell_back"]:
        _line(serving["fell_back"])


def _mark(item: dict[str, Any], serving: dict[str, Any]) -> str:
    if item["serving"]:
        return "▶ serves"
    if item["commit"] == serving["canary"]:
        return "▷ canary"
    return "  kept" if item["kept"] else ""


def _called(proposal: dict[str, Any]) -> str:
    return f"revert #{proposal['number']}" if proposal["number"] else "a revert that is not published yet"


def _line(text: str) -> None:
    out.print(printable(text), markup=False, highlight=False, soft_wrap=True)
