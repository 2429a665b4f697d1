# ruff: noqa: PTH108 (pathlib is slower and knows no descriptors)
"""The fork server: imports frameworks once, listens on a Unix socket, and forks a warden for each connection.

It reads nothing of a job and has no threads, so that a fork of it is whole.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterable
from types import FrameType
from typing import NoReturn

from . import jail, kernel, processes, survey, warden
from .preloading import preload
from .workplace import remove, workplace

_BACKLOG = 64
_TOO_WEAK = (
    "sandbox: neither Landlock nor a user per job is to be had here; --allow-weak runs jobs all the same "
    "(for the healer: HEALER_SANDBOX_WEAK=true)"
)
_STOP_SECONDS = 8.0


class UnusableSocket(Exception):
    """The socket cannot be had; the text says why."""


def listen(path: str, mode: int) -> socket.socket:
    """A socket left behind by a server that is gone is replaced; anything else at `path` is not."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise UnusableSocket(f"{path} exists and is no socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            try:
                probe.connect(path)
            except (ConnectionRefusedError, FileNotFoundError):
                os.unlink(path)
            else:
                raise UnusableSocket(f"another sandbox serves {path}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    previous = os.umask(0o777 & ~mode)
    try:
        listener.bind(path)
    except OSError as error:
        raise UnusableSocket(f"{path}: {error}") from error
    finally:
        os.umask(previous)
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    return listener


class Server:
    """At most `jobs` at a time; more connections wait in the kernel's queue."""

    def __init__(self, listener: socket.socket, plan: jail.Plan, root: str, *, jobs: int, parent: int | None) -> None:
        self._listener, self._plan, self._root = listener, plan, root
        self._jobs, self._parent = jobs, parent
        self._wardens: dict[int, str] = {}  # process id → the directory it works in
        self._serial = os.getpid() * 64  # decides the uid of a job: two servers should not use the same
        self._stopping = False
        self._wake_reading, self._wake_writing = os.pipe()
        for end in (self._wake_reading, self._wake_writing):
            os.set_blocking(end, False)

    def run(self) -> None:
        """Until SIGTERM or SIGINT, or until the parent is gone."""
        signal.set_wakeup_fd(self._wake_writing, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, _wake)
        signal.signal(signal.SIGUSR2, _wake)
        if sys.platform == "linux":
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
            if self._parent is not None:
                # Linux sends this also when only the thread ends that started us: the signal asks, getppid() answers.
                kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGUSR2)
        try:
            while not self._stopping and self._parent in (None, os.getppid()):
                self._step()
        finally:
            self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _step(self) -> None:
        poll = select.poll()
        poll.register(self._wake_reading, select.POLLIN)
        if len(self._wardens) < self._jobs:
            poll.register(self._listener, select.POLLIN)
        ready = dict(poll.poll(None if self._parent is None else 5000))
        if self._wake_reading in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_reading, 4096)
            self._collect()
        if self._listener.fileno() in ready:
            with contextlib.suppress(OSError):
                connection, _address = self._listener.accept()
                with connection:
                    self._begin(connection)

    def _begin(self, connection: socket.socket) -> None:
        self._serial += 1
        directory = f"{self._root}/{self._serial}"
        # Held back while both sides of the fork share handlers, so that no warden misses the order to stop.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        pid = os.fork()
        if pid:
            self._wardens[pid] = directory
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            return
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGUSR2, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            for end in (self._wake_reading, self._wake_writing):
                os.close(end)
            self._listener.close()
            warden.serve(connection, self._plan, directory, self._serial)
            status = 0
        finally:
            os._exit(status)

    def _collect(self) -> None:
        """Wardens that ended; after one was killed, also what it had to leave behind."""
        while True:
            try:
                pid, raw = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            directory = self._wardens.pop(pid, None)
            if directory is not None and raw != 0:
                for orphan in processes.children(os.getpid()):
                    if orphan not in self._wardens:
                        with contextlib.suppress(OSError):
                            os.kill(orphan, signal.SIGKILL)
                remove(directory)

    def _end(self) -> None:
        self._listener.close()
        for pid in self._wardens:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while self._wardens and time.monotonic() < deadline:
            select.select([self._wake_reading], [], [], 0.1)
            self._collect()
        processes.end_all()


def _stop_starting(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _wake(_number: int, _frame: FrameType | None) -> None:
    """The wake-up descriptor does the work."""


def serve(
    path: str, *, mode: int, names: Iterable[str], frameworks: bool, jobs: int, parent: int | None, allow_weak: bool
) -> int:
    """The exit status: 0 stopped as asked, 2 no socket, 3 the machine offers too little protection.

    `parent`: the process to end with, if any.
    """
    if sys.platform == "linux":
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # no job may look into this process or its wardens
    signal.signal(signal.SIGTERM, _stop_starting)
    preload(names, frameworks=frameworks)
    with workplace() as root:
        plan = survey.survey(root)
        if not plan.confined and not allow_weak:
            print(_TOO_WEAK, file=sys.stderr)
            return 3
        try:
            listener = listen(path, mode)
        except UnusableSocket as error:
            print(f"sandbox: {error}", file=sys.stderr)
            return 2
        print(f"sandbox: serving {path}; in force: {', '.join(plan.measures())}", file=sys.stderr, flush=True)
        try:
            Server(listener, plan, root, jobs=jobs, parent=parent).run()
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
    return 0
