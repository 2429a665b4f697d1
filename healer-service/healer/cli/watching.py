"""`healer watch`: what happens as it happens, of everything, of a service, or of one incident until it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from healer.cli import choices, completing
from healer.cli.client import Client, connect
from healer.cli.following import Following, News
from healer.cli.incidents import listed
from healer.cli.printing import ID_WIDTH, NARROW, AsJson, ago, line, out, plain, span, state_cell
from healer.cli.screen import Screen
from healer.model import BadInput, EdgeError, State

if TYPE_CHECKING:
    from rich.console import RenderableType

app = typer.Typer()

HEALED, TOO_LATE, OTHERWISE = 0, 1, 3
NEWEST = 10  # events that are shown to begin with
LOOK_SECONDS = 0.25
LIST_SECONDS = 0.5  # between two lists, however much happens
MOST_ROWS = 200


@app.command()
def watch(
    incident_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="An incident's id, or the beginning of it; all without.",
            autocompletion=completing.incidents(*choices.UNFINISHED),
        ),
    ] = None,
    service: Annotated[str, typer.Option(help="Only of this service.", autocompletion=completing.services)] = "",
    until: Annotated[
        str, typer.Option(help="Of an incident: end in this state, or once passed.", autocompletion=completing.states)
    ] = "",
    timeout: Annotated[float, typer.Option(min=0, help="Of an incident: seconds to wait; 0 for ever.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Tell what happens while it happens; --json prints one event a line. Ctrl-C ends it.

    Exit codes with an incident: 0 healed, or in the state of --until; 1 not within --timeout; 3 it ended otherwise.
    """
    if incident_id and service:
        raise BadInput(f"--service: {incident_id} is one incident, of one service; leave one of the two out")
    if incident_id is None and (until or timeout):
        raise BadInput(f"{'--until' if until else '--timeout'}: it needs the incident that is waited for")
    wanted = choices.state(until, "--until") if until else State.RESOLVED.value
    client = connect()
    if incident_id is not None:  # an empty one is a script's unset variable, and no wish for everything
        raise typer.Exit(_OneIncident(client, client.whole_id(incident_id), wanted, timeout, as_json=as_json).run())
    _Everything(client, service, as_json=as_json).run()


class _OneIncident:
    def __init__(self, client: Client, incident_id: str, wanted: str, timeout: float, *, as_json: bool) -> None:
        self._client = client
        self._wanted = wanted
        self._timeout = timeout
        self._as_json = as_json
        self._after = _newest(client)[
            "last"
        ]  # before the incident: what happens meanwhile comes twice, never not at all
        self._path = f"/api/v1/incidents/{incident_id}"
        self._item: dict[str, Any] = client.get(self._path)
        self._passed = {one["state"] for one in self._item["attempts"][-1]["states"]}

    def run(self) -> int:
        """The exit code."""
        if not self._as_json:
            line(f"{self._item['id']}  {self._item['service']}  {self._item['title']}", "bold")
        with Screen(self._below, as_json=self._as_json) as screen:
            seen = 0
            for event in self._item["events"]:
                screen.event(event, named=False)
                seen = event["id"]
            following = Following(self._client, self._after)
            for news in _told(following, screen, self._timeout):
                if self._over:
                    break
                if not news.event or news.event["key"] != self._item["id"] or news.event["id"] <= seen:
                    continue
                screen.event(news.event, named=False)
                self._apply(news.event, look=screen.is_live)
            following.stop()
        return self._conclude()

    @property
    def _over(self) -> bool:
        return self._reached or self._item["state"] in choices.ENDED

    @property
    def _reached(self) -> bool:
        """What this attempt had passed before it was looked at counts; an end that it left again is no end."""
        passed = self._wanted in self._passed and self._wanted not in choices.ENDED
        return passed or self._item["state"] == self._wanted

    def _apply(self, event: dict[str, Any], *, look: bool) -> None:
        """The state is the events' own: an answer may be ahead of them."""
        if event["type"] == "incident.state":
            self._item = {**self._item, "state": event["payload"]["to"], "reason": event["payload"].get("reason", "")}
        elif event["type"].startswith("stage.") and look:
            self._item |= {"stages": self._looked_up()["stages"]}

    def _looked_up(self) -> dict[str, Any]:
        """As it is now; as it was where the healer is away."""
        try:
            item: dict[str, Any] = self._client.get(self._path)
        except EdgeError:
            return self._item
        return item

    def _conclude(self) -> int:
        state = self._item["state"]
        if not self._over:
            line(f"{self._item['id']} is still {state} after {self._timeout:g} seconds", stderr=True)
            return TOO_LATE
        if not self._as_json:
            took = f" in {span(self._looked_up()['seconds_to_healed'])}" if state == State.RESOLVED else ""
            passed = f"it was {self._wanted}, and is " if self._reached and state != self._wanted else ""
            line(f"{passed}{state}{took}" + (f": {self._item['reason']}" if self._item["reason"] else ""), "bold")
        return HEALED if self._reached else OTHERWISE

    def _below(self) -> RenderableType:
        from rich.table import Table  # noqa: PLC0415 - a completion starts faster without

        table = Table(box=None, show_header=False)
        table.add_row(state_cell(self._item["state"]), "")
        for stage in self._item["stages"]:
            took = span(stage["seconds"]) if stage["seconds"] is not None else f"since {ago(stage['started_at'])[:-4]}"
            table.add_row(f"  {plain(stage['stage'])}", took)
        if self._item["state"] == State.PROPOSED:
            table.add_row(f"[yellow]  healer approve {plain(self._item['id'])}[/]", "")
        return table


class _Everything:
    def __init__(self, client: Client, service: str, *, as_json: bool) -> None:
        self._client = client
        self._service = service
        self._as_json = as_json
        self._services: dict[str, str] = {}  # incident → its service
        self._newest = _newest(client)
        self._listed = self._list()

    def run(self) -> None:
        with Screen(self._below, as_json=self._as_json) as screen:
            if not screen.is_live and not self._as_json:
                for item in self._listed:
                    line(f"{item['id']}  {item['state']}  {item['title']}")
            if not self._as_json:
                for event in filter(self._is_wanted, self._newest["events"]):
                    screen.event(event, named=True)
            changed, listed_at = False, time.monotonic()
            for news in _told(Following(self._client, self._newest["last"]), screen):
                if news.event and self._is_wanted(news.event):
                    screen.event(news.event, named=True)
                changed = changed or news.back or bool(news.event)
                if screen.is_live and changed and time.monotonic() - listed_at > LIST_SECONDS:
                    changed, listed_at = False, time.monotonic()
                    with suppress(EdgeError):  # it is away; when it is back there is news of that
                        self._listed = self._list()

    def _list(self) -> list[dict[str, Any]]:
        states = ",".join(choices.UNFINISHED)
        found = listed(self._client, service=self._service, state=states, limit=MOST_ROWS)["incidents"]
        self._services |= {item["id"]: item["service"] for item in found}
        return list(found)

    def _is_wanted(self, event: dict[str, Any]) -> bool:
        if not self._service:
            return True
        key = event["key"]
        if key.startswith("service/"):
            return bool(key == f"service/{self._service}")
        if key not in self._services:  # one that had ended
            with suppress(EdgeError):
                found = self._client.get("/api/v1/incidents", id=key, limit=1)["incidents"]
                self._services[key] = found[0]["service"] if found else ""
        return self._services.get(key) == self._service

    def _below(self) -> RenderableType:
        from rich.table import Table  # noqa: PLC0415 - as above

        console = out()
        rows, narrow = max(console.height - 6, 3), console.width < NARROW
        table = Table(box=None, header_style="bold", pad_edge=False, expand=True)
        table.add_column("id", no_wrap=True, min_width=ID_WIDTH)
        for name in ("state", "service"):
            table.add_column(name, no_wrap=True, overflow="ellipsis", max_width=20)
        table.add_column("what", no_wrap=True, overflow="ellipsis", ratio=1)
        for name in () if narrow else ("count", "last seen"):
            table.add_column(name, no_wrap=True, justify="right")
        for item in self._listed[:rows]:
            seen = () if narrow else (str(item["count"]), ago(item["last_seen"]))
            cells = (plain(item["service"]), plain(item["title"]), *seen)
            table.add_row(plain(item["id"]), state_cell(item["state"]), *cells)
        if not self._listed:
            table.add_row("", "[green]all quiet[/]")
        elif len(self._listed) > rows:
            table.add_row("", f"and {len(self._listed) - rows} more")
        return table


def _newest(client: Client) -> dict[str, Any]:
    """The log's newest events, oldest first, and the last one's id."""
    found = client.get("/api/v1/audit/events", limit=NEWEST)["events"]
    return {"events": found[::-1], "last": found[0]["id"] if found else 0}


def _told(following: Following, screen: Screen, timeout: float = 0) -> Iterator[News]:
    """News as they come, an empty one in between; ends after `timeout` seconds, if any."""
    until = time.monotonic() + timeout if timeout else float("inf")
    yield News()
    while (left := until - time.monotonic()) > 0:
        news = following.next(min(LOOK_SECONDS, left)) or News()
        if news.lost:
            screen.say(f"{news.lost.splitlines()[0]} … trying again")
        elif news.back:
            screen.say("the healer is back; what happened meanwhile follows")
        yield news
