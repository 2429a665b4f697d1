"""What the benchmarks print: the machine, and rows of a measured value beside its aim. Measures nothing."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

Row = tuple[str, str, str, bool]


def machine() -> str:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = f"Linux {platform.release()}, Python {sys.version.split()[0]}"
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {versions}"


def within(name: str, value: float, limit: float, unit: str) -> Row:
    shown = f"{value:.1f}" if value < 100 else f"{value:.0f}"
    return name, f"{shown} {unit}", f"≤ {limit:g} {unit}", value <= limit


def show(console: Console, rows: list[Row]) -> bool:
    """True when every aim is met."""
    table = Table("measured", "value", "aim", "")
    for name, value, limit, good in rows:
        table.add_row(name, value, limit, "[green]ok[/]" if good else "[red]missed[/]")
    console.print(table)
    return all(good for *_, good in rows)
