# ruff: noqa: PTH102 (pathlib is slower and knows no descriptors)
"""One connection: takes the job in, unpacks its tree, has it run under watch, removes the tree, answers.

It runs in a process of its own, outside the jail, and imports nothing of the job's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from types import FrameType
from typing import BinaryIO, NoReturn, cast

from . import archive, jail, kernel, workplace
from .job import HEADER_BYTES, UnusableJob, parse_header
from .watch import Outcome, Watch

_TRANSFER_SECONDS = 60.0


class Stopped(BaseException):
    """The server asked to end at once."""


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


def serve(connection: socket.socket, plan: jail.Plan, directory: str, serial: int) -> None:
    """One connection from its first byte to its last; `directory` is made here and gone afterwards."""
    signal.signal(signal.SIGTERM, _stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    if os.uname().sysname == "Linux":
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGTERM)
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    connection.settimeout(_TRANSFER_SECONDS)
    started = time.monotonic()
    try:
        outcome = _carry_out(connection, plan, directory, serial)
    finally:
        workplace.remove(directory)
    outcome.seconds = time.monotonic() - started
    with contextlib.suppress(OSError):
        connection.sendall(outcome.line())


def _carry_out(connection: socket.socket, plan: jail.Plan, directory: str, serial: int) -> Outcome:
    uid = jail.uid_of(plan, serial)
    try:
        with connection.makefile("rb") as stream:
            line = stream.readline(HEADER_BYTES + 1)
            if len(line) > HEADER_BYTES:
                return Outcome("error", f"the header is longer than {HEADER_BYTES} bytes")
            job, size = parse_header(line)
            _make(directory, uid)
            archive.unpack(cast(BinaryIO, stream), size, f"{directory}/tree", uid)
    except (UnusableJob, archive.UnusableArchive, EOFError) as error:
        return Outcome("error", str(error))
    except OSError as error:
        return Outcome("error", f"the job could not be taken in: {error}")
    try:
        jail.separate(plan)
    except OSError as error:
        return Outcome("error", f"the jail could not be built: {error}")
    return Watch(job, plan, directory, connection).run(uid)


def _make(directory: str, uid: int | None) -> None:
    os.mkdir(directory, 0o700)
    for part in ("", "/tree", "/home", "/tmp"):  # noqa: S108 - a name below the job's directory
        path = directory + part
        if part:
            os.mkdir(path, 0o700)
        if uid is not None:
            os.chown(path, uid, uid)
