"""One incident and its proposal for a terminal: `healer show`, and what is asked about before a merge."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table

from healer.cli import reported
from healer.cli.printing import plain, printable

_MORE = {"comment": " TEXT", "request-changes": " TEXT"}  # what a command needs besides the incident


def print_proposal(console: Console, item: dict[str, Any]) -> None:
    proposal = item["proposal"]
    line = f"  {proposal_name(proposal)} on {proposal['branch']} at {proposal['head_sha'][:10]}"
    console.print(f"\n{printable(line)}", style="bold", markup=False, soft_wrap=True)
    for line in (proposal["title"], *_standing(proposal)):
        console.print(f"  {printable(line)}", markup=False, highlight=False, soft_wrap=True)
    chosen = next((verdict for verdict in item["verdicts"] if verdict["chosen"]), None)
    if chosen is not None:  # none while a further round is at work
        _print_evidence(console, chosen["evidence"])
    print_diff(console, proposal["diff"])


def proposal_name(proposal: dict[str, Any]) -> str:
    number = f" #{proposal['number']}" if proposal["number"] else ""  # it has none before it is published
    return f"{'draft proposal' if proposal['draft'] else 'proposal'}{number}"


def _standing(proposal: dict[str, Any]) -> list[str]:
    """What a person should know of its life on the forge, one line each."""
    forge = proposal["forge"] or {"kind": "", "problem": ""}
    lines = []
    if proposal["state"] == "prepared":
        lines.append(f"waiting to be published: {forge['problem']}" if forge["problem"] else "being published")
    elif forge["kind"] == "github":
        lines.append(f"pull request #{proposal['number']} on GitHub, {proposal['url']}")
    if proposal["draft_there"] and proposal["state"] == "open":
        lines.append("a draft there")
    if proposal["amended"]:
        lines.append("others added commits to it")
    if proposal["reviewer"]:
        lines.append(f"{proposal['reviewer']} was asked to review it")
    if proposal["rounds"]:
        lines.append(f"round {proposal['rounds']} of {proposal['most_rounds']}")
    return lines


def _print_discussion(console: Console, discussion: list[dict[str, str]]) -> None:
    says = {"changes": " asks for changes", "approval": " approves"}
    for remark in discussion:
        who = "the healer" if remark["kind"] == "reply" else remark["by"]
        head = f"{remark['at'][:16].replace('T', ' ')}  {who}{says.get(remark['kind'], '')}"
        console.print(f"  {printable(head)}", style="bold", markup=False, highlight=False, soft_wrap=True)
        for line in remark["text"].splitlines():
            console.print(f"    {printable(line)}", markup=False, highlight=False, soft_wrap=True)


def _print_evidence(console: Console, evidence: dict[str, Any]) -> None:
    table = Table("evidence", "before", "after", box=None, header_style="dim", padding=(0, 2))
    table.add_row("the failing request", _exchange(evidence["before"]), _exchange(evidence["after"]))
    if evidence["earlier_requests"]:
        table.add_row("requests before it", f"{evidence['earlier_requests']} answered", "the same")
    if tests := evidence["tests"]:
        table.add_row("the service's tests", _suite(tests["before"]), _suite(tests["after"]))
    console.print(table)


def _exchange(exchange: dict[str, Any] | None) -> str:
    if exchange is None:
        return "not run"
    if exchange["exception"]:
        return plain(f"crashes with {exchange['exception']['type']}")
    return plain(f"{exchange['status']} {exchange['body'][:80]}")


def _suite(suite: dict[str, Any] | None) -> str:
    return f"{suite['passed']} passed, {suite['failed']} failed" if suite else "not run"


def print_diff(console: Console, diff: str) -> None:
    lines = [printable(line.expandtabs(4)) for line in diff.splitlines()]
    if console.is_terminal:
        console.print(Syntax("\n".join(lines), "diff", background_color="default", word_wrap=True))
        return
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def print_incident(console: Console, item: dict[str, Any]) -> None:
    """`healer show`."""
    head = (
        f"{item['id']}  {item['state']}  {item['service']}  seen {item['count']} times, last {item['last_seen'][:19]}"
    )
    console.print(printable(head), style="bold", markup=False, soft_wrap=True)
    exception = item["exception"]
    console.print(printable(f"{exception['type']}: {exception['message']}"), style="red", markup=False, soft_wrap=True)
    if item["reason"]:
        console.print(printable(item["reason"]), markup=False, soft_wrap=True)
    for line in reported.lines(item["report"]):
        console.print(printable(line), markup=False, soft_wrap=True)
    if item["diagnosis"]:
        diagnosis = item["diagnosis"]
        console.print(f"cause: {printable(diagnosis['cause'])}", markup=False, soft_wrap=True)
        for site in diagnosis["fix_sites"]:
            console.print(_place(site), markup=False, soft_wrap=True)
        if suspect := diagnosis["suspect"]:
            last = f"last changed in {suspect['commit'][:7]} by {suspect['author']} on {suspect['date'][:10]}"
            console.print(printable(f"{last}: {suspect['summary']}"), markup=False, soft_wrap=True)
        if diagnosis["siblings"]:
            console.print("looks alike, and is not changed:")
        for site in diagnosis["siblings"]:
            console.print(_place(site), markup=False, soft_wrap=True)
    for verdict in item["verdicts"]:
        sign = "chosen " if verdict["chosen"] else "stands " if verdict["accepted"] else "refused"
        line = f"{sign} {verdict['origin']}: {verdict['summary']} ({verdict['reason']})"
        console.print(printable(line), markup=False, soft_wrap=True)
    if item["proposal"]:
        print_proposal(console, item)
        if item["proposal"]["discussion"]:
            console.print("\ndiscussion:")
            _print_discussion(console, item["proposal"]["discussion"])
    if item["actions"]:
        commands = (f"healer {action} {item['id']}{_MORE.get(action, '')}" for action in item["actions"])
        console.print(printable("you can: " + ", ".join(commands)), markup=False, soft_wrap=True)


def _place(site: dict[str, Any]) -> str:
    return printable(f"  {site['file']}:{site['line']} in {site['function']}  {site['why']}")
