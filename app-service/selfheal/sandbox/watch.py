"""One running job, seen from outside its jail: starts it, asks it one step after another within its limits, ends it.

It reads what the job sends as data of a stranger and never waits longer than the job's limits say. What is asked, and
what the answers come to, is driving's business.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from dataclasses import dataclass
from typing import Any

from . import cell, driving, jail, processes
from .channel import Tampered, WardenEnd
from .job import Job

_TICK_SECONDS = 0.1
_DISK_EVERY = 5  # ticks
_MOST_NEW_FILES = 20_000


@dataclass
class Outcome:
    status: str  # ok | timeout | out_of_memory | killed | tampered | error
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


class _Broken(Exception):
    """The job ended, or broke a limit: nothing more is to be had from it."""

    def __init__(self, status: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Watch:
    """One running job, seen from outside."""

    def __init__(self, job: Job, plan: jail.Plan, directory: str, connection: socket.socket) -> None:
        """`connection`: the client's, with whose hang-up the job ends."""
        self._job, self._plan, self._directory, self._connection = job, plan, directory, connection
        self._inherited = processes.private_memory(os.getpid())  # every fork begins with this much, shared
        self._files, self._bytes = _usage(directory, _MOST_NEW_FILES * 10)
        self._outer, self._inner = socket.socketpair()
        self._channel = WardenEnd(self._outer, job.limits.output_bytes)
        self._child = 0
        self._ending: int | None = None  # a descriptor that tells when the child ends
        self._entered = False
        self._deadline = self._next_tick = 0.0
        self._ticks = 0

    def run(self, uid: int | None) -> Outcome:
        group: int | None = None
        # The child must find no object that would close the descriptor under its feet.
        inner = self._inner.detach()
        try:
            self._child = cell.start(self._job, self._plan, self._directory, uid, inner)
            group = None if self._plan.own_processes else self._child
            os.close(inner)
            outcome = self._conversation()
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            gone = processes.end_all(group)
        outcome = self._without_leftovers(outcome)
        self._outer.close()
        if not gone:
            outcome.detail = f"{outcome.detail}; some of its processes would not end".lstrip("; ")
        return outcome

    def ask(self, do: str, **parts: object) -> dict[str, Any]:
        """The (first) answer to a step."""
        self._channel.begin({"do": do, **parts})
        return self.next()

    def next(self) -> dict[str, Any]:
        """The next answer to the step that was asked for last. Raises Tampered."""
        ended = False
        while True:
            message = self._channel.take()
            if message is not None:
                return message
            if ended or not self._channel.open:
                raise self._end_of_child()
            ended = self._wait()
            self._channel.exchange()
            if self._channel.flooded:
                raise _Broken("killed", f"more than {self._job.limits.output_bytes} bytes of output")

    def _conversation(self) -> Outcome:
        self._deadline = time.monotonic() + self._job.limits.seconds
        self._next_tick = time.monotonic() + _TICK_SECONDS
        self._ending = _descriptor_of(self._child)
        try:
            problem = str(self.ask("enter").get("problem"))
            if problem:
                return Outcome("error", f"the jail could not be entered: {problem[:500]}")
            self._entered = True
            return self._outcome("ok", "", driving.drive(self._job, self))
        except Tampered as error:
            return self._outcome("tampered", str(error))
        except driving.TooLong:
            return self._outcome("killed", f"more than {self._job.limits.output_bytes} bytes of output")
        except _Broken as error:
            return self._outcome(error.status, str(error))

    def _wait(self) -> bool:
        """Until something may have come; whether the child has ended. Raises _Broken for a limit."""
        poll = select.poll()
        poll.register(self._channel.descriptor, select.POLLIN | (select.POLLOUT if self._channel.waits_to_send else 0))
        poll.register(self._connection, 0)  # only a hang-up is of interest
        if self._ending is not None:
            poll.register(self._ending, select.POLLIN)
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise _Broken("timeout", f"no answer within {self._job.limits.seconds:g} s")
        ready = dict(poll.poll(min(left, _TICK_SECONDS) * 1000))
        if self._connection.fileno() in ready:
            raise _Broken("killed", "the client hung up")
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + _TICK_SECONDS
            self._ticks += 1
            self._require_limits(with_disk=self._ticks % _DISK_EVERY == 0)
        return self._ending in ready

    def _require_limits(self, *, with_disk: bool) -> None:
        limits = self._job.limits
        held = sum(
            max(0, processes.private_memory(pid) - self._inherited) for pid in processes.descendants(os.getpid())
        )
        if held > limits.memory_mb << 20:
            raise _Broken("out_of_memory", f"its processes held more than {limits.memory_mb} MB together")
        if with_disk:
            files, size = _usage(self._directory, self._files + _MOST_NEW_FILES)
            if files - self._files >= _MOST_NEW_FILES or size - self._bytes > 4 * limits.file_mb << 20:
                raise _Broken("killed", "it filled its directory")

    def _end_of_child(self) -> _Broken:
        """It closed its end of the line or ended before the answer was there."""
        deadline = time.monotonic() + 0.5
        status = None
        while status is None and time.monotonic() < deadline:
            pid, raw = os.waitpid(self._child, os.WNOHANG)
            status = os.waitstatus_to_exitcode(raw) if pid else None
            if status is None:
                time.sleep(0.002)
        if status == cell.OUT_OF_MEMORY_EXIT:
            return _Broken("out_of_memory", "it ran out of memory")
        if status is None:
            return _Broken("killed", "it closed its result and went on")
        number = -status if status < 0 else status - 128
        if 0 < number < 65:
            return _Broken("killed", f"ended by signal {number} before it answered")
        return _Broken("killed", f"ended with exit status {status} before it answered")

    def _without_leftovers(self, outcome: Outcome) -> Outcome:
        """After the end: whatever else the job had sent makes its answers worthless."""
        if outcome.status != "ok":
            return outcome
        try:
            self._channel.expect_nothing()
        except Tampered as error:
            return self._outcome("tampered", str(error))
        return outcome

    def _outcome(self, status: str, detail: str, result: object = None) -> Outcome:
        return Outcome(status, detail, self._plan.measures() if self._entered else (), result)


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
