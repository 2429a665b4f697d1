"""One running job, seen from outside its jail: starts it, waits for its result or a limit, ends all of it.

It reads what the job sends as data of a stranger and never waits longer than the job's limits say.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from dataclasses import dataclass

from . import cell, jail, processes
from .job import Job

_TICK_SECONDS = 0.1
_DISK_EVERY = 5  # ticks
_MOST_NEW_FILES = 20_000
_READ_BYTES = 1 << 16


@dataclass
class Outcome:
    status: str  # ok | timeout | out_of_memory | killed | error
    detail: str = ""
    isolation: tuple[str, ...] = ()
    result: object = None
    seconds: float = 0.0

    def line(self) -> bytes:
        answer = {
            "status": self.status,
            "detail": self.detail,
            "seconds": round(self.seconds, 4),
            "isolation": list(self.isolation),
            "result": self.result,
        }
        return json.dumps(answer).encode() + b"\n"


class Watch:
    """One running job, seen from outside."""

    def __init__(self, job: Job, plan: jail.Plan, directory: str) -> None:
        self._job, self._plan, self._directory = job, plan, directory
        self._received = bytearray()
        self._inherited = processes.private_memory(os.getpid())  # every fork begins with this much, shared
        self._files, self._bytes = _usage(directory, _MOST_NEW_FILES * 10)

    def over(self, connection: socket.socket, uid: int | None) -> Outcome:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        child: int | None = None
        group: int | None = None
        try:
            child = cell.start(self._job, self._plan, self._directory, uid, writing)
            group = None if self._plan.own_processes else child
            os.close(writing)
            outcome = self._until_done(child, reading, connection)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            gone = processes.end_all(group)
            os.close(reading)
        if not gone:
            outcome.detail = f"{outcome.detail}; some of its processes would not end".lstrip("; ")
        return outcome

    def _until_done(self, child: int, reading: int, connection: socket.socket) -> Outcome:
        poll = select.poll()
        poll.register(reading, select.POLLIN)
        poll.register(connection, 0)  # only a hang-up is of interest
        ending = _descriptor_of(child)
        if ending is not None:
            poll.register(ending, select.POLLIN)
        deadline = time.monotonic() + self._job.limits.seconds
        ticks = 0
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return self._outcome("timeout", f"no answer within {self._job.limits.seconds:g} s")
            ready = dict(poll.poll(min(left, _TICK_SECONDS) * 1000))
            if connection.fileno() in ready:
                return self._outcome("killed", "the client hung up")
            open_still = self._read(reading) if reading in ready or ending in ready else True
            if len(self._received) > self._job.limits.output_bytes + _READ_BYTES:
                return self._outcome("killed", f"more than {self._job.limits.output_bytes} bytes of output")
            if self._received.count(b"\n") >= 2:
                return self._finished()
            if not open_still or ending in ready:
                return self._ended(child)
            if not ready:
                ticks += 1
                broken = self._broken_limit(with_disk=ticks % _DISK_EVERY == 0)
                if broken is not None:
                    return broken

    def _read(self, reading: int) -> bool:
        """False at the end of the stream."""
        limit = self._job.limits.output_bytes + _READ_BYTES
        while len(self._received) <= limit:
            try:
                data = os.read(reading, _READ_BYTES)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._received += data
        return True

    def _broken_limit(self, *, with_disk: bool) -> Outcome | None:
        limits = self._job.limits
        held = sum(
            max(0, processes.private_memory(pid) - self._inherited) for pid in processes.descendants(os.getpid())
        )
        if held > limits.memory_mb << 20:
            return self._outcome("out_of_memory", f"its processes held more than {limits.memory_mb} MB together")
        if with_disk:
            files, size = _usage(self._directory, self._files + _MOST_NEW_FILES)
            if files - self._files >= _MOST_NEW_FILES or size - self._bytes > 4 * limits.file_mb << 20:
                return self._outcome("killed", "it filled its directory")
        return None

    def _ended(self, child: int) -> Outcome:
        """It closed the pipe or ended before the result was there."""
        deadline = time.monotonic() + 0.5
        status = None
        while status is None and time.monotonic() < deadline:
            pid, raw = os.waitpid(child, os.WNOHANG)
            status = os.waitstatus_to_exitcode(raw) if pid else None
            if status is None:
                time.sleep(0.002)
        lines = bytes(self._received).split(b"\n")
        if len(lines) > 1 and lines[0].startswith(b'{"error"'):
            return Outcome("error", f"the jail could not be entered: {json.loads(lines[0]).get('error')}")
        if status == cell.OUT_OF_MEMORY_EXIT:
            return self._outcome("out_of_memory", "it ran out of memory")
        if status is None:
            return self._outcome("killed", "it closed its result and went on")
        number = -status if status < 0 else status - 128
        if 0 < number < 65:
            return self._outcome("killed", f"ended by signal {number} before it answered")
        return self._outcome("killed", f"ended with exit status {status} before it answered")

    def _finished(self) -> Outcome:
        second = bytes(self._received).split(b"\n")[1]
        if len(second) > self._job.limits.output_bytes:
            return self._outcome("killed", f"more than {self._job.limits.output_bytes} bytes of output")
        try:
            result = json.loads(second)
        except (ValueError, RecursionError):
            return self._outcome("error", "its result is not JSON")
        if not isinstance(result, dict):
            return self._outcome("error", "its result is not an object")
        if set(result) == {"error"}:
            return self._outcome("error", str(result["error"]))
        outcome = self._outcome("ok", "")
        outcome.result = result
        return outcome

    def _outcome(self, status: str, detail: str) -> Outcome:
        entered = b"\n" in self._received and self._received.startswith(b'{"isolation"')
        return Outcome(status, detail, self._plan.measures() if entered else ())


def _descriptor_of(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _usage(directory: str, most_files: int) -> tuple[int, int]:
    """Files below, and their bytes; stops counting at `most_files`."""
    files = size = 0
    waiting = [directory]
    while waiting and files < most_files:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        size += entry.stat(follow_symlinks=False).st_size
                    if files >= most_files:
                        break
        except OSError:
            continue
    return files, size
