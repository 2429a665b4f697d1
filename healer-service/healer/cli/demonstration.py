"""`healer demo`: one crash healed over real processes, told as it happens, judged by the sample's wanted answer."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from healer.cli import samples, stack
from healer.cli.client import Client
from healer.cli.following import Following
from healer.cli.load import Load
from healer.cli.printing import plain, printable
from healer.cli.showing import print_proposal
from healer.model import EdgeError, HealerError

HEAL_SECONDS = 120.0
LOAD_PATHS = ("/health", "/products", "/categories")
_ENDS = ("declined", "rejected", "rolled_back", "regressed")


@dataclass
class Times:
    """Seconds since the crash."""

    proposed: float = 0.0
    merged: float = 0.0
    healed: float = 0.0


class Narrator:
    """Lines with the seconds since the crash in front; colour only on a terminal."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def say(self, stage: str, text: str, style: str = "") -> None:
        line = Text.assemble((f"{self.seconds:7.2f} s  ", "dim"), (f"{stage:<10}", "bold"), (printable(text), style))
        self.console.print(line, soft_wrap=True)

    def event(self, event: dict[str, Any]) -> None:
        payload = event["payload"]
        match event["type"]:
            case "baseline.measured":
                text = f"{payload['passed']} of the shop's {payload['tests']} tests pass"
                self.say("baseline", payload["problem"] or text, "dim")
            case "incident.opened":
                self.say("report", f"{payload['exception']}: {payload['message']}", "red")
            case "stage.finished":
                detail = f": {payload['detail']}" if payload["detail"] else ""
                self.say("stage", f"{payload['stage']} took {payload['seconds']:.2f} s{detail}", "dim")
            case "diagnosis.made":
                self.say("cause", payload["cause"])
                self.say("", f"confidence {payload['confidence']:.0%}, risk {payload['risk']:.0%}", "dim")
            case "candidate.judged":
                verdict = "chosen" if payload["chosen"] else "stands" if payload["accepted"] else "refused"
                style = "green" if payload["accepted"] else "yellow"
                self.say(verdict, f"{payload['origin']}: {payload['summary']} ({payload['reason']})", style)
            case "proposal.merged":
                self.say("merge", f"merged by {payload['by']} as {payload['merge_sha'][:10]}")
            case "release.live":
                took = f"live after {payload['seconds']:.2f} s"
                self.say("release", f"{payload['commit'][:10]} {took}, before: {str(payload['previous'])[:10]}")
            case "release.failed" | "release.rolled_back":
                self.say("release", payload["reason"], "red")
            case "incident.healed":
                self.say("healed", f"{payload['seconds']:.2f} s after the report", "green bold")


def run(root: Path, bug: str, *, ask: bool, console: Console) -> int:
    """The exit code: 0 only if the crash was healed with the wanted answer and no other request failed."""
    folder = root / "tests" / "samples"
    samples.load(folder, bug)  # a wrong name is said before anything is started
    signal.signal(signal.SIGTERM, stack.interrupt)
    console.print(Text.assemble("Starting shop and healer … ", style="dim"), end="")
    begun = time.monotonic()
    with stack.running(root) as running:
        model = "no model in models/: playbooks only"
        if running.llm_url:
            model = "with the local model"
        elif (root / stack.MODEL).is_file():
            model = "nothing here runs the model: `make llm` installs it"
        console.print(f"{time.monotonic() - begun:.1f} s ({model})", style="dim", soft_wrap=True)
        try:
            return _heal(running, samples.load(folder, bug, running.admin_token), ask, console)
        except HealerError as error:
            console.print(f"The demo failed: {plain(str(error))}", style="red bold", soft_wrap=True)
            console.print("The end of the healer's log:", style="dim")
            for line in running.last_lines("healer", 12):
                console.print(printable(line), style="dim", markup=False, highlight=False, soft_wrap=True)
            return 1


def _heal(running: stack.Stack, sample: samples.Sample, ask: bool, console: Console) -> int:
    client = Client(running.settings)
    events = Following(client, 0, again=False)
    load = Load(running.shop_url, LOAD_PATHS)
    load.start()
    try:
        with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
            console.print(f"\n[bold]{escape(sample.title)}[/]", soft_wrap=True)
            narrator = Narrator(console)
            _until_event(events, narrator, "baseline.measured")
            narrator.started = time.monotonic()
            played = samples.play(shop, sample)
            request, answer = played.request, played.answer
            narrator.say("crash", f"{request['method']} {request['path']} → {answer.status_code}", "red")
            if answer.status_code != 500:
                raise HealerError(f"{sample.name} did not crash the shop: {answer.status_code} {answer.text[:200]}")
            times = Times()
            item = _until(events, client, narrator, ("proposed",))
            times.proposed = narrator.seconds
            print_proposal(console, item)
            if ask and not _agreed(console):
                client.post(f"/api/v1/incidents/{item['id']}/reject", {"reason": "not merged in the demo"})
                console.print("Rejected; the shop stays as it is.")
                return 1
            times.merged = narrator.seconds
            client.post(f"/api/v1/incidents/{item['id']}/approve", {"head_sha": item["proposal"]["head_sha"]})
            _until(events, client, narrator, ("soaking", "resolved"))
            times.healed = narrator.seconds
        # On a connection that was open before, the old release may answer once more.
        with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
            problems = _check(shop, sample, played, narrator)
    finally:
        load.stop()
    return _conclude(console, times, load, problems)


def _told(events: Following, narrator: Narrator) -> Iterator[dict[str, Any]]:
    """Events, each told as it comes, for as long as a heal may take. Raises EdgeError when the stream ends."""
    deadline = time.monotonic() + HEAL_SECONDS
    while (news := events.next(deadline - time.monotonic())) is not None:
        if news.lost:
            raise EdgeError(news.lost)
        narrator.event(news.event)
        yield news.event


def _until_event(events: Following, narrator: Narrator, wanted: str) -> None:
    """The healer has run the shop's own tests: from here on it is as in a service that has been up for a while."""
    if not any(event["type"] == wanted for event in _told(events, narrator)):
        raise HealerError(f"no {wanted} within {HEAL_SECONDS:.0f} seconds")


def _until(events: Following, client: Client, narrator: Narrator, wanted: tuple[str, ...]) -> dict[str, Any]:
    """Tell events until an incident is in a wanted state. Raises HealerError when it ends otherwise."""
    for event in _told(events, narrator):
        if event["type"] == "incident.state":
            state = event["payload"]["to"]
            if state in wanted:
                item: dict[str, Any] = client.get(f"/api/v1/incidents/{event['key']}")
                return item
            if state in _ENDS:
                raise HealerError(f"the incident is {state}: {event['payload']['reason']}")
    raise HealerError(f"no incident became {' or '.join(wanted)} within {HEAL_SECONDS:.0f} seconds")


def _check(shop: httpx.Client, sample: samples.Sample, played: samples.Played, narrator: Narrator) -> list[str]:
    """The same request, and its neighbours, against the new release."""
    answer = samples.send(shop, played.request)
    problems = []
    if problem := samples.wrong(answer, sample.wanted):
        problems.append(f"the same request: {problem}")
    text = f"{played.request['method']} {played.request['path']} → {answer.status_code} {answer.text[:200]}"
    narrator.say("again", text, "red" if problems else "green")
    for neighbour in sample.also:
        request = samples.filled(neighbour["request"], played.saved)
        if problem := samples.wrong(samples.send(shop, request), samples.filled(neighbour["wanted"], played.saved)):
            problems.append(f"{request['method']} {request['path']}: {problem}")
    return problems


def _conclude(console: Console, times: Times, load: Load, problems: list[str]) -> int:
    console.print()
    if load.failures:
        problems.append(f"{len(load.failures)} requests of the background load failed, first {load.failures[0]}")
    table = Table(box=None, show_header=False)
    table.add_row("crash to proposal", f"{times.proposed:.2f} s")
    table.add_row("merge to healed", f"{times.healed - times.merged:.2f} s")
    table.add_row("other requests meanwhile", f"{load.answered} answered, {len(load.failures)} failed")
    console.print(table)
    for problem in problems:
        console.print(f"not right: {printable(problem)}", style="red", markup=False, soft_wrap=True)
    if not problems:
        console.print("Healed.", style="green bold")
    return 1 if problems else 0


def _agreed(console: Console) -> bool:
    return console.input("Merge it? [Y/n] ", markup=False).strip().lower() in ("", "y", "yes")
