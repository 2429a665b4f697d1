"""What a person decides about an incident: approve, reject, comment, request changes, retry, and the way back."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from healer.cli import completing
from healer.cli.client import Client, connect
from healer.cli.incidents import whole
from healer.cli.printing import AsJson, as_json, line, out, plain
from healer.model import BadInput, Conflict

app = typer.Typer()

NOT_DONE = 1

Reason = Annotated[str, typer.Option(help="Why; kept with the incident.")]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask; needed for --json on a terminal. Without one nothing is asked.")
]
_ID = {"metavar": "ID", "help": "The incident's id, or the beginning of it."}
Proposed = Annotated[str, typer.Argument(**_ID, autocompletion=completing.proposed)]
Ended = Annotated[str, typer.Argument(**_ID, autocompletion=completing.ended)]

# What comes of an accepted action.
_NEXT = {
    "approve": "It is merged now and, where the service has a way to deploy, released and watched.",
    "reject": "The proposal is closed; nothing is merged. `healer retry {id} --hint …` tries again.",
    "comment": "It stands in the discussion; what begins with /heal is obeyed.",
    "request-changes": "Another fix is made and proved; it takes the place of this one.",
    "retry": "A new attempt begins.",
    "rollback": "The release before the fix is served again.",
}
_FOLLOW = "`healer watch {id}` follows it."


@app.command()
def approve(
    incident_id: Proposed,
    yes: Yes = False,
    as_json_: AsJson = False,
) -> None:
    """Merge the proposal and release it; only as it stands now, whose commit is printed."""
    asks = is_asked(yes=yes, json_=as_json_)
    client = connect()
    item = whole(client, incident_id)
    proposal = item["proposal"]
    if proposal is None:
        raise Conflict(f"{item['id']} is {item['state']} and has no proposal yet; nothing was merged")
    if not as_json_:
        _print_what(item, in_full=asks)
    if asks:
        ask("Merge it?")
    send(client, item["id"], "approve", {"head_sha": proposal["head_sha"]}, as_json_)


@app.command()
def reject(incident_id: Proposed, reason: Reason = "", as_json_: AsJson = False) -> None:
    """Close the proposal without merging it."""
    _act(incident_id, "reject", {"reason": reason}, as_json_)


@app.command()
def comment(
    incident_id: Proposed,
    text: Annotated[str, typer.Argument(help="What to say; /heal explain and the like are obeyed.")],
    as_json_: AsJson = False,
) -> None:
    """Say something about the proposal."""
    _act(incident_id, "comment", {"text": text}, as_json_)


@app.command()
def request_changes(
    incident_id: Proposed,
    text: Annotated[str, typer.Argument(help="What should be different.")],
    as_json_: AsJson = False,
) -> None:
    """Have the proposal worked out anew, with what should be different."""
    _act(incident_id, "request-changes", {"text": text}, as_json_)


@app.command()
def retry(
    incident_id: Ended,
    hint: Annotated[str, typer.Option(help="What the next attempt should know.")] = "",
    as_json_: AsJson = False,
) -> None:
    """Heal an ended incident anew."""
    _act(incident_id, "retry", {"hint": hint}, as_json_)


def send(client: Client, incident_id: str, action: str, body: dict[str, Any], json_: bool) -> None:
    """Have it done, and say what comes of it. Raises what the healer refuses it with: that says what is possible."""
    answer = client.post(f"/api/v1/incidents/{incident_id}/{action}", body)
    if json_:
        as_json(answer)
        return
    line(f"{answer['incident_id']}: {action} accepted, now {answer['state']}")
    follow = "" if action in ("reject", "comment") else f" {_FOLLOW}"
    line(f"{_NEXT[action]}{follow}".replace("{id}", answer["incident_id"]), "dim")


def is_asked(*, yes: bool, json_: bool) -> bool:
    """Whether somebody is asked before it is done. Raises BadInput where a question would stand among the JSON."""
    if yes or not _is_terminal():
        return False
    if json_:
        raise BadInput("--json: it asks nothing, so on a terminal it needs --yes")
    return True


def ask(question: str) -> None:
    """Raises Exit unless the answer is yes."""
    try:
        answer = out().input(f"{plain(question)} \\[y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        line("Nothing was done.")
        raise typer.Exit(NOT_DONE)


def _act(beginning: str, action: str, body: dict[str, Any], json_: bool) -> None:
    client = connect()
    send(client, client.whole_id(beginning), action, body, json_)


def _print_what(item: dict[str, Any], *, in_full: bool) -> None:
    """All of it for somebody who is asked; one line for a script's log."""
    from healer.cli.showing import print_proposal, proposal_name  # noqa: PLC0415 - the colouring takes its time to load

    proposal = item["proposal"]
    if in_full:
        print_proposal(out(), item)
    else:
        line(f"{proposal_name(proposal)} at {proposal['head_sha'][:10]}: {proposal['title']}")


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
