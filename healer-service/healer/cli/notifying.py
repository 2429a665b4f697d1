"""`healer notify`: do messages arrive where healer.toml sends them? It reads the settings itself and asks no healer."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from healer.cli import choices
from healer.cli.client import settings
from healer.cli.printing import AsJson, as_json, line
from healer.model import BadInput

if TYPE_CHECKING:
    from healer.settings import NotificationSettings

app = typer.Typer(no_args_is_help=True, help="The messages about incidents.")


@app.callback()
def group() -> None:
    """The messages about incidents."""  # a group of its own even while it has one command


@app.command("test")
def send_sample(
    name: Annotated[str, typer.Argument(help="Of a target in healer.toml; without it all of them.")] = "",
    as_json_: AsJson = False,
) -> None:
    """Send a sample message to each target and say what came back. Exit code 1 where one did not take it."""
    given = settings()
    targets = {one.title: one for one in given.notifications}
    if not targets:
        raise BadInput("there is no table [[notifications]] in healer.toml; docs/observing.md shows one")
    wanted = [choices.chosen(name, "NAME", tuple(targets))] if name else list(targets)
    found = [_sent(targets[title], given.base_url) for title in wanted]
    if as_json_:
        as_json(found)
    for one in () if as_json_ else found:
        said = "took it" if one["taken"] else "did not take it"
        line(f"{one['target']} {said}: it {one['said']}", "green" if one["taken"] else "red")
    raise typer.Exit(0 if all(one["taken"] for one in found) else 1)


def _sent(one: NotificationSettings, url: str) -> dict[str, object]:
    from healer.edges.notify import Sender, Target  # noqa: PLC0415 - a completion starts faster without
    from healer.stages.notification import Sample, body  # noqa: PLC0415

    sample = Sample(secrets.token_hex(16), datetime.now(UTC).isoformat(), url)
    sender = Sender(Target(one.title, one.address.get_secret_value(), one.secret.get_secret_value()))
    answer = sender.send(body(sample, one.format), sample.id)
    sender.close()
    return {"target": one.title, "taken": answer.outcome == "sent", "said": answer.said}
