# ruff: noqa: PTH112, PTH120, PTH208 (pathlib is slower and knows no descriptors)
"""The inside of a job: the forked process that enters the jail and runs the code under test.

It keeps no promise about its answer: the code under test shares this process.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from typing import NoReturn

from selfheal.replay.calling import call_function
from selfheal.replay.lines import watched_lines
from selfheal.replay.replaying import Replaying
from selfheal.replay.suite import run_tests

from . import jail, kernel
from .channel import JobEnd
from .job import Job

# What a plain interpreter has imported before it looks at the tree; everything else a module of the tree may shadow.
_IMPORTED_AT_START = frozenset(
    (
        *sys.builtin_module_names,
        *("__main__", "_collections_abc", "_distutils_hack", "_frozen_importlib", "_frozen_importlib_external"),
        *("_sitebuiltins", "abc", "codecs", "collections", "contextlib", "encodings", "functools", "genericpath"),
        *("importlib", "io", "keyword", "operator", "os", "posixpath", "reprlib", "runpy", "site", "stat", "types"),
        *("warnings", "zipimport"),
    )
)
OUT_OF_MEMORY_EXIT = 77


def _set_environment(job: Job, directory: str) -> None:
    os.environ.clear()
    os.environ.update(
        PATH=os.pathsep.join((os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin")),
        HOME=f"{directory}/home",
        TMPDIR=f"{directory}/tmp",  # noqa: S108 - the job's own
        LANG="C.UTF-8",
        TZ="UTC",
        PYTHONDONTWRITEBYTECODE="1",
        PYTHONHASHSEED="0",
    )
    os.environ.update(job.env)
    time.tzset()
    tempfile.tempdir = None
    sys.dont_write_bytecode = True


def _import_from(tree: str) -> None:
    """The tree comes first, also before modules that the server happens to have imported under a name the tree uses."""
    source = f"{tree}/src"
    sys.path[:0] = [tree, *([source] if os.path.isdir(source) else [])]
    own = {name.partition(".")[0] for name in os.listdir(tree) if name.endswith(".py") or "." not in name}
    for name in [name for name in sys.modules if name.partition(".")[0] in own - _IMPORTED_AT_START]:
        del sys.modules[name]


def _enter(job: Job, plan: jail.Plan, directory: str, uid: int | None) -> None:
    os.chdir(f"{directory}/tree")
    jail.enter(plan, directory, job.limits, uid)
    if sys.platform == "linux":
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user had cleared it
    _set_environment(job, directory)
    _import_from(f"{directory}/tree")


def _run(job: Job, plan: jail.Plan, directory: str, uid: int | None, descriptor: int) -> NoReturn:
    """Does one step after another, until it is ended from outside or the line is cut."""
    status = 1
    try:
        line = JobEnd(descriptor)
        line.receive()
        try:
            _enter(job, plan, directory, uid)
        except OSError as error:
            line.send({"problem": str(error)})
            os._exit(1)
        line.send({"problem": ""})
        steps = _steps(job, f"{directory}/tree", line)
        while True:
            step = line.receive()
            line.send(steps[step.pop("do")](**step))
    except MemoryError:
        status = OUT_OF_MEMORY_EXIT
    finally:
        os._exit(status)


def _steps(job: Job, tree: str, line: JobEnd) -> dict[str, Callable[..., dict[str, object]]]:
    lines = watched_lines(tree, job.watch)
    call = job.call
    memory = None if job.limits.as_mb is None else int(job.limits.as_mb * (1 << 20))
    replaying = Replaying(tree, job.entry, seconds=job.limits.seconds * 0.8, extra_memory=memory, lines=lines)
    return {
        "begin": replaying.begin,
        "request": replaying.answer,
        "tests": lambda: run_tests(tree, job.args, line.send, lines),
        "call": lambda: call_function(tree, call.file, call.function, call.arguments, extra_memory=memory, lines=lines),
        "end": lambda: {"ran": lines.ran() if lines else {}},
    }


def _be_first(work: Callable[[], NoReturn], descriptor: int) -> NoReturn:
    """The first process of a process namespace: takes in orphans; ends, and all with it, when the job does."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    job = os.fork()
    if job == 0:
        work()
    os.close(descriptor)
    while True:
        pid, raw = os.waitpid(-1, 0)
        if pid == job:
            status = os.waitstatus_to_exitcode(raw)
            os._exit(status if status >= 0 else 128 - status)


def start(job: Job, plan: jail.Plan, directory: str, uid: int | None, descriptor: int) -> int:
    """The process to wait for: the job itself or, where it gets a process namespace, its first process.

    `descriptor`: its end of the line. Nothing foreign runs before its answer to the first step, "enter".
    """
    child = os.fork()
    if child:
        return child
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        jail.close_inherited(descriptor)
        if plan.own_processes:
            _be_first(lambda: _run(job, plan, directory, uid, descriptor), descriptor)
        _run(job, plan, directory, uid, descriptor)
    finally:
        os._exit(1)
