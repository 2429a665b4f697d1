"""What the kernel says about processes: who descends from whom, peak memory, processor time of ours and of others."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ticks:
    """Of all processors since the machine started. Time that a hypervisor took away counts as others'."""

    all: int
    idle: int
    ours: int  # this process and its descendants

    def others_since(self, before: Ticks) -> float:
        """The share of the processors that other programs used."""
        total = self.all - before.all
        others = total - (self.idle - before.idle) - (self.ours - before.ours)
        return max(others / total, 0.0) if total else 0.0


def ticks() -> Ticks:
    fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return Ticks(sum(fields), fields[3] + fields[4], sum(_spent(pid) for pid in family(os.getpid())))


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents = {int(path.name): _stat(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    found = [pid]
    for member in found:
        found += [child for child, stat in parents.items() if stat and int(stat[1]) == member]
    return found


def peak_memory(pid: int) -> int:
    """Bytes that were resident at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _spent(pid: int) -> int:
    stat = _stat(pid)
    return int(stat[11]) + int(stat[12]) if stat else 0


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may hold blanks; none when the process has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
