# ruff: noqa: PTH110, PTH123 (pathlib is slower and knows no descriptors)
"""Finds out what this machine can enforce, by trying each measure in a process that is thrown away.

It enforces nothing on the calling process.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace

from . import kernel, landlock, seccomp, view
from .jail import DEVICES, FIRST_UID, READ_ANYWHERE, UIDS, Plan, become, drop_privileges, interpreter_paths, separate

_ALL = kernel.CLONE_NEWNET | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC
_NAMESPACES = (_ALL, kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC, kernel.CLONE_NEWPID)


def survey(directory: str) -> Plan:
    """`directory`: where jobs will have theirs."""
    if sys.platform != "linux":
        return Plan()
    root = os.geteuid() == 0
    readable = interpreter_paths()
    plan = Plan(no_network_here=_network_is_absent())
    for flags in _NAMESPACES:
        attempt = replace(plan, namespaces=flags, user_namespace=not root)
        if _works(separate, attempt):
            plan = attempt
            break
    if (root or plan.user_namespace) and _works(_have_own_view, plan, directory):
        plan = replace(plan, own_view=True)
    if landlock.version() > 0 and _works(_lock, readable, directory):
        plan = replace(plan, landlock=landlock.version())
    if root and _works(become, FIRST_UID):
        if _works(_reach, FIRST_UID, readable, directory):
            plan = replace(plan, users=True)
        elif plan.landlock and _works(_become_reader, FIRST_UID):
            plan = replace(plan, users=True, read_anywhere=True)
    return replace(
        plan,
        seccomp=seccomp.supported() and _works(_filter_calls),
        no_privileges=_works(drop_privileges),
        process_limit=_works(_be_refused_a_process, plan),
    )


def _works(trial: Callable[..., None], *arguments: object) -> bool:
    """Whether it raises nothing, in a process of its own."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            trial(*arguments)
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _have_own_view(plan: Plan, directory: str) -> None:
    separate(plan)
    os.close(view.separate(directory, 1 << 20, None))


def _lock(readable: Iterable[str], directory: str) -> None:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    landlock.restrict(readable=readable, writable=(directory,), devices=DEVICES, deny_tcp=True)


def _filter_calls() -> None:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    seccomp.restrict(internet=True, own_files=True)


def _become_reader(uid: int) -> None:
    become(uid, keep=READ_ANYWHERE)


def _reach(uid: int, paths: Iterable[str], directory: str) -> None:
    """Interpreters under a home directory are often closed to other users."""
    present = [path for path in paths if os.path.exists(path)]
    become(uid)
    needed = [*present, os.__file__]
    if not (all(os.access(path, os.R_OK) for path in needed) and os.access(directory, os.X_OK)):
        raise PermissionError(errno.EACCES, "the interpreter is out of reach")


def _be_refused_a_process(plan: Plan) -> None:
    """With a limit of one, a second process must be refused. As root, without a new uid, it is not."""
    separate(plan)
    if plan.users:
        become(FIRST_UID + UIDS)
    else:
        kernel.set_capabilities(0)
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
    try:
        pid = os.fork()
    except OSError as error:
        if error.errno == errno.EAGAIN:
            return
        raise
    if pid == 0:
        os._exit(0)
    raise PermissionError(errno.EPERM, "the number of processes cannot be limited")


def _network_is_absent() -> bool:
    try:
        with open("/proc/self/net/dev", encoding="ascii") as file:
            return all(line.split(":")[0].strip() == "lo" for line in file.readlines()[2:])
    except OSError:
        return False
