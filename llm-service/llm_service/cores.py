"""Counts the physical cores this process may use. Does not choose anything else about how the model runs."""

from __future__ import annotations

import math
import os
from pathlib import Path

_SYSTEM = Path("/sys")


def usable_cores(system: Path = _SYSTEM) -> int:
    """Physical cores in the affinity mask, and no more than the container's CPU quota; at least 1.

    Hyper-threads share the units that matrix products keep busy, so a thread for each of them only adds contention.
    """
    cores = {_core(system, cpu) for cpu in _affinity()}
    quota = _quota(system)
    return max(1, min(len(cores), quota) if quota else len(cores))


def _affinity() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _core(system: Path, cpu: int) -> tuple[str, ...]:
    topology = system / f"devices/system/cpu/cpu{cpu}/topology"
    try:
        return tuple((topology / name).read_text().strip() for name in ("physical_package_id", "core_id"))
    except OSError:
        return (str(cpu),)


def _quota(system: Path) -> int | None:
    """CPUs granted by cgroup v2 (`cpu.max`) or v1 (`cpu.cfs_quota_us`), rounded up; None without a limit."""
    pair = _numbers(system / "fs/cgroup/cpu.max")
    if pair is None:
        v1 = system / "fs/cgroup/cpu"
        quota, period = _numbers(v1 / "cpu.cfs_quota_us"), _numbers(v1 / "cpu.cfs_period_us")
        pair = quota + period if quota and period else None
    if pair is None or len(pair) != 2 or min(pair) <= 0:
        return None
    return math.ceil(pair[0] / pair[1])


def _numbers(path: Path) -> list[int] | None:
    try:
        return [int(word) for word in path.read_text().split()]
    except (OSError, ValueError):  # "max 100000" is v2's way to say no limit
        return None
