# ruff: noqa: PTH110, PTH123, PTH208 (pathlib is slower and knows no descriptors)
"""The processes a job has started: finds them, adds up their memory, ends them all.

It judges no limit; the warden does.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator

_PATIENCE_SECONDS = 5.0
_SHARED = b" /dev/zero (deleted)"  # the kernel's name for shared memory without a file


def _children_by_scan(parent: int) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    after_name = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(after_name[1]) == parent:
                found.append(int(name))
    return found


def children(parent: int) -> list[int]:
    try:
        found: list[int] = []
        for thread in os.listdir(f"/proc/{parent}/task"):
            with open(f"/proc/{parent}/task/{thread}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
        return found
    except FileNotFoundError:  # a kernel without the file, or no such process any more
        return _children_by_scan(parent) if os.path.exists(f"/proc/{parent}") else []
    except OSError:
        return []


def descendants(root: int) -> Iterator[int]:
    waiting, seen = children(root), {root}
    while waiting:
        pid = waiting.pop()
        if pid not in seen:
            seen.add(pid)
            yield pid
            waiting += children(pid)


def private_memory(pid: int) -> int:
    """Bytes a process holds that no file backs.

    Of shared memory all that is mapped counts: pages stay when a process takes them out of its tables, and are then no
    longer told as its own.
    """
    status = _status(pid)
    try:
        mapped = _shared_mappings(pid)
    except PermissionError:
        # The sandbox's own processes cannot be read; one that runs under the filter has made itself so.
        mapped = status.get("VmSize", 0) if status.get("Seccomp") else 0
    return status.get("RssAnon", 0) + max(status.get("RssShmem", 0), mapped)


def _status(pid: int) -> dict[str, int]:
    """What /proc/N/status says of memory, in bytes, and whether a filter is on."""
    found = {}
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if value.endswith(" kB\n"):
                    found[name] = int(value.split()[0]) * 1024
                elif name == "Seccomp":
                    found[name] = int(value)
    except (OSError, ValueError):
        return found
    return found


def _shared_mappings(pid: int) -> int:
    """Raises PermissionError; a process that is gone has none."""
    try:
        with open(f"/proc/{pid}/maps", "rb") as file:
            data = file.read()
    except PermissionError:
        raise
    except OSError:
        return 0
    if _SHARED not in data:
        return 0
    spans = [line.split(None, 1)[0].split(b"-") for line in data.splitlines() if line.endswith(_SHARED)]
    return sum(int(end, 16) - int(start, 16) for start, end in spans)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError as error:
        if error.errno not in (errno.ESRCH, errno.EPERM):
            raise


def end_all(group: int | None = None) -> bool:
    """Kill and collect everything below this process, which must be a child subreaper. False: something would not go.

    `group`: a process group to kill in one stroke first.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    if group is not None:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError as error:
            if error.errno not in (errno.ESRCH, errno.EPERM):
                raise
    own = os.getpid()
    pause = 0.0005
    while time.monotonic() < deadline:
        # A stopped process cannot fork, so what is listed next stays complete.
        below = list(descendants(own))
        for pid in below:
            _signal(pid, signal.SIGSTOP)
        for pid in below:
            _signal(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return True
        time.sleep(pause)
        pause = min(pause * 2, 0.02)
    return False
