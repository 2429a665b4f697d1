"""The commands about releases: list them, go back to one, decide on a proposal that takes one back."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from healer.cli import choices, completing, deciding
from healer.cli.client import Client, connect
from healer.cli.incidents import service_names, whole
from healer.cli.printing import AsJson, as_json, line, out, plain
from healer.model import BadInput, Conflict, NotFound

app = typer.Typer()
revert = typer.Typer(no_args_is_help=True, help="Decide on a proposal that takes a release back.")
app.add_typer(revert, name="revert")

Reason = Annotated[str, typer.Option(help="Why; kept in the log.")]
Service = Annotated[str, typer.Argument(help="The service's name in healer.toml.", autocompletion=completing.services)]
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
def releases(service: Service, as_json_: AsJson = False) -> None:
    """List a service's releases, newest first; the running one is marked, and those that can be served again."""
    client = connect()
    service = _known(client, service)
    found = _releases(client, service)
    if as_json_:
        as_json(found)
        return
    _print_serving(found["serving"])
    if not found["releases"]:
        line("No release yet.")
        return
    from rich.table import Table  # noqa: PLC0415 - a completion starts faster without

    table = Table(box=None, header_style="bold")
    for name in ("", "commit", "state", "origin", "incident", "since"):
        table.add_column(name, no_wrap=True)
    for item in found["releases"]:
        state = f"[{STATE_STYLES.get(item['state'], 'default')}]{plain(item['state'])}[/]"
        row = (item["origin"], item["incident_id"] or "-", item["at"][:16].replace("T", " "))
        table.add_row(
            _mark(item, found["serving"]), plain(item["commit"][:SHORT]), state, *(plain(cell) for cell in row)
        )
    out().print(table)
    for item in found["releases"]:
        if item["reason"]:
            line(f"{item['commit'][:SHORT]}: {item['reason']}")
    for proposal in _open_reverts(found):
        line(f"{_called(proposal)} takes {proposal['commit'][:SHORT]} back: {proposal['title']}")
        line(f"  healer revert approve {service} {proposal['commit'][:SHORT]}")


@app.command()
def rollback(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID|SERVICE",
            help="The beginning of an incident's id, or a service's name.",
            autocompletion=completing.incidents_and_services,
        ),
    ],
    to: Annotated[str, typer.Option(help="With a service: the release to serve; else the one before.")] = "",
    reason: Reason = "",
    yes: deciding.Yes = False,
    as_json_: AsJson = False,
) -> None:
    """Serve the release before an incident's fix again, or any kept release of a service."""
    asks = deciding.is_asked(yes=yes, json_=as_json_)
    client = connect()
    names = service_names(client)
    if what not in names:
        item = _incident(client, what, to, names)
        if asks:
            line(f"{item['id']}  {item['service']}  {item['state']}  {item['title']}")
            deciding.ask("Serve the release before its fix again?")
        deciding.send(client, item["id"], "rollback", {"reason": reason}, as_json_)
        return
    found = _releases(client, what)
    commit = to or _before(found)
    way = f"from {(found['serving']['release'] or 'nothing')[:SHORT]} to {commit[:SHORT]}"
    if asks:
        deciding.ask(f"{what}: go {way}?")
    answer = client.post(f"{_path(what)}/rollback", {"to": commit, "reason": reason})
    if as_json_:
        as_json(answer)
        return
    line(f"{what}: going {way}")
    line(f"`healer watch --service {what}` follows it.", "dim")


@revert.command()
def approve(service: Service, commit: TakenBack, yes: deciding.Yes = False, as_json_: AsJson = False) -> None:
    """Merge it, only as it stands now, and release what is on the branch then."""
    _decide(service, commit, "approve", "", as_json_, asks=deciding.is_asked(yes=yes, json_=as_json_))


@revert.command()
def reject(service: Service, commit: TakenBack, reason: Reason = "", as_json_: AsJson = False) -> None:
    """Close it without merging it."""
    _decide(service, commit, "reject", reason, as_json_, asks=False)


def _incident(client: Client, beginning: str, to: str, names: list[str]) -> dict[str, Any]:
    known = f"the services are: {', '.join(names) or 'none'}"
    if to:
        raise BadInput(f"--to {to} needs a service, and {beginning!r} is none; {known}")
    try:
        return whole(client, beginning)
    except NotFound as error:
        raise NotFound(f"{error}\n{known}") from None


def _decide(service: str, beginning: str, action: str, reason: str, json_: bool, *, asks: bool) -> None:
    client = connect()
    service = _known(client, service)
    proposal = _the_one(service, beginning, _open_reverts(_releases(client, service)))
    if not json_:
        line(f"{_called(proposal)} at {proposal['head_sha'][:SHORT]}: {proposal['title']}")
    if asks:
        from healer.cli.showing import print_diff  # noqa: PLC0415 - the colouring takes its time to load

        print_diff(out(), proposal["diff"])
        deciding.ask("Merge it?")
    body = {"reason": reason} if action == "reject" else {"head_sha": proposal["head_sha"]}
    answer = client.post(f"{_path(service)}/reverts/{proposal['commit']}/{action}", body)
    if json_:
        as_json(answer)
        return
    line(f"{service}: {action} accepted, now {answer['state']}")


def _releases(client: Client, service: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{_path(service)}/releases")
    return found


def _path(service: str) -> str:
    return f"/api/v1/services/{quote(service, safe='')}"


def _known(client: Client, service: str) -> str:
    """As healer.toml has it. Raises BadInput with what is probably meant."""
    return choices.chosen(service, "SERVICE", service_names(client))


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
    if not beginning:
        raise BadInput(f"the release that is taken back is empty; `healer releases {service}` lists them")
    matching = [item for item in proposals if item["commit"].startswith(beginning.lower())]
    if len(matching) != 1:
        what = "no open proposal takes" if not matching else f"{len(matching)} open proposals take"
        raise NotFound(
            f"{what} a release of {service} back that begins with {beginning!r}; `healer releases {service}` lists them"
        )
    return matching[0]


def _print_serving(serving: dict[str, Any]) -> None:
    text = f"{serving['state']}, release {(serving['release'] or 'none')[:SHORT]}"
    if serving["canary"]:
        text += f", a share of the users has {serving['canary'][:SHORT]}"
    line(text)
    if serving["fell_back"]:
        line(serving["fell_back"])


def _mark(item: dict[str, Any], serving: dict[str, Any]) -> str:
    if item["serving"]:
        return "▶ serves"
    if item["commit"] == serving["canary"]:
        return "▷ canary"
    return "  kept" if item["kept"] else ""


def _called(proposal: dict[str, Any]) -> str:
    return f"revert #{proposal['number']}" if proposal["number"] else "a revert that is not published yet"
