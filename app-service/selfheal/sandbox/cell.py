# ruff: noqa: PTH112, PTH120, PTH208 (pathlib is slower and knows no descriptors)
"""The inside of a job: the forked process that enters the jail and runs the code under test.

It keeps no promise about its answer: the code under test shares this process.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from typing import NoReturn

from selfheal.replay.replaying import replay
from selfheal.replay.suite import run_tests

from . import jail, kernel
from .job import Job, Limits

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


def _perform(job: Job, tree: str) -> dict[str, object]:
    if job.kind == "tests":
        return run_tests(tree, job.args)
    return replay(
        tree=tree,
        entry=job.entry,
        requests=job.requests,
        headers=job.headers,
        seconds=job.limits.seconds * 0.8,
        extra_memory=None if job.limits.as_mb is None else int(job.limits.as_mb * (1 << 20)),
    )


def _fitting(result: dict[str, object], limits: Limits) -> bytes:
    """The result as one line; when it is too long, the earlier exchanges lose their bodies first."""
    line = json.dumps(result, ensure_ascii=True).encode()
    exchanges = result.get("exchanges")
    if len(line) > limits.output_bytes and isinstance(exchanges, list):
        for exchange in exchanges[:-1]:
            exchange["body"] = exchange["body"][:200]
            exchange["headers"] = {}
        line = json.dumps(result, ensure_ascii=True).encode()
    return line + b"\n"


def _write(pipe: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(pipe, view) :]


def _run(job: Job, plan: jail.Plan, directory: str, uid: int | None, pipe: int) -> NoReturn:
    status = 1
    try:
        tree = f"{directory}/tree"
        os.chdir(tree)
        jail.enter(plan, directory, job.limits, uid)
        if sys.platform == "linux":
            kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user had cleared it
        _write(pipe, json.dumps({"isolation": plan.measures()}).encode() + b"\n")
        _set_environment(job, directory)
        _import_from(tree)
        _write(pipe, _fitting(_perform(job, tree), job.limits))
        status = 0
    except MemoryError:
        status = OUT_OF_MEMORY_EXIT
    except OSError as error:
        _write(pipe, json.dumps({"error": str(error)}).encode() + b"\n")
    finally:
        os._exit(status)


def _be_first(work: Callable[[], NoReturn], pipe: int) -> NoReturn:
    """The first process of a process namespace: takes in orphans; ends, and all with it, when the job does."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    job = os.fork()
    if job == 0:
        work()
    os.close(pipe)
    while True:
        pid, raw = os.waitpid(-1, 0)
        if pid == job:
            status = os.waitstatus_to_exitcode(raw)
            os._exit(status if status >= 0 else 128 - status)


def start(job: Job, plan: jail.Plan, directory: str, uid: int | None, pipe: int) -> int:
    """The process to wait for: the job itself or, where it gets a process namespace, its first process.

    Two lines go into `pipe`: the measures in force (before anything foreign runs), then the result.
    """
    child = os.fork()
    if child:
        return child
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        jail.close_inherited(pipe)
        if plan.own_processes:
            _be_first(lambda: _run(job, plan, directory, uid, pipe), pipe)
        _run(job, plan, directory, uid, pipe)
    finally:
        os._exit(1)
