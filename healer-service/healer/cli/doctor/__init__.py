"""`healer doctor`: what is there, what is weaker than it could be, and what is missing, each with the remedy.

It starts no healer, changes nothing, and prints no secret.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from healer.cli.doctor import machine, services
from healer.cli.doctor.check import MISSING, OK, WEAKER, Check
from healer.cli.printing import printable
from healer.model import BadInput
from healer.settings import Settings

SICK = 3
STYLES = {OK: "green", WEAKER: "yellow", MISSING: "red"}


def run(settings: Settings, only: str, out: Console, *, as_json: bool) -> int:
    """The exit code: 0 when nothing essential is missing. `only`: one service's name, or "" for everything."""
    if only and settings.service(only) is None:
        known = ", ".join(service.name for service in settings.services) or "none"
        raise BadInput(f"--service: there is no service {only!r} in healer.toml, but {known}")
    found = list(machine.checks(settings))
    for service in settings.services:
        if only in ("", service.name):
            found += services.checks(settings, service)
    if as_json:
        counts = {state: sum(check.state == state for check in found) for state in STYLES}
        print(json.dumps({**counts, "checks": [asdict(check) for check in found]}, indent=1))
    else:
        _show(found, out)
    return SICK if any(check.state == MISSING for check in found) else 0


def _show(found: Sequence[Check], out: Console) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("about", "what", "", "found", "remedy"):
        table.add_column(heading, overflow="fold")
    for check in found:
        state = f"[{STYLES[check.state]}]{check.state}[/]"
        texts = [escape(printable(text)) for text in (check.about, check.name, check.found, check.remedy)]
        table.add_row(texts[0], texts[1], state, *texts[2:])
    out.print(table)
    missing, weaker = (sum(check.state == state for check in found) for state in (MISSING, WEAKER))
    if missing:
        out.print(f"{missing} missing, {weaker} weaker than it could be.")
    else:
        out.print("Nothing essential is missing" + (f"; {weaker} weaker than it could be." if weaker else "."))
