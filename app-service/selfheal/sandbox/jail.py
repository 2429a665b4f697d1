# ruff: noqa: PTH109, PTH111, PTH115, PTH120, PTH123, PTH208 (pathlib is slower and knows no descriptors)
"""What a job is kept from: enforces a plan on the calling process, for good.

It runs no job, watches none, and does not find out what this machine offers (survey does). A step that fails stops the
job, never only the step.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import sys
from dataclasses import dataclass

from . import kernel, landlock, seccomp, view
from .job import Limits

# systemd sets these aside for users that come and go, so no package or person owns files under them.
FIRST_UID, UIDS = 61184, 4096
READ_ANYWHERE = 1 << kernel.CAP_DAC_READ_SEARCH
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
_SYSTEM = (
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/nix/store"),
    *("/etc/alternatives", "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/ld.so.cache", "/etc/localtime"),
    *("/etc/timezone", "/etc/mime.types", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/resolv.conf"),
    *("/etc/passwd", "/etc/group", "/etc/services", "/etc/protocols", "/etc/os-release", "/etc/gai.conf"),
    *("/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems"),
)
_OPEN_FILES = 512
DISK_SHARE = 4  # a job's files may take that many times what one of them may


@dataclass(frozen=True)
class Plan:
    """What is in force for every job. A measure that is False or 0 could not be had here."""

    namespaces: int = 0
    user_namespace: bool = False
    users: bool = False  # a new uid for each job
    read_anywhere: bool = False  # that uid cannot reach the interpreter by itself; Landlock then bounds what it reads
    landlock: int = 0
    seccomp: bool = False
    no_privileges: bool = False
    no_network_here: bool = False  # the surroundings have no network, as in a container without one
    process_limit: bool = False
    own_view: bool = False  # everything read-only but the job's folder, which is bounded and in memory

    @property
    def own_processes(self) -> bool:
        return bool(self.namespaces & kernel.CLONE_NEWPID)

    @property
    def harmless_sockets(self) -> bool:
        """Internet sockets may be made: they lead nowhere but to the job itself."""
        return bool(self.namespaces & kernel.CLONE_NEWNET) or self.no_network_here

    @property
    def confined(self) -> bool:
        """The least that foreign code is run with unless someone says otherwise."""
        return bool(self.landlock) or self.users

    def measures(self) -> tuple[str, ...]:
        """The names that a job's answer reports:

        limits      time, memory, file size, open files, output, disk
        processes   how many there may be
        network     none but the job's own loopback, or none at all
        view        all is read-only but the job's folder, which is bounded as a whole
        files       reads: interpreter and system libraries; writes: the job's own directory
        user        a uid no other job has
        tree        the kernel ends all processes of the job together
        signals     none to processes outside
        syscalls    the filter of seccomp
        privileges  none, and no way to new ones
        """
        held = {
            "limits": True,
            "processes": self.process_limit,
            "network": self.harmless_sockets or self.seccomp,
            "view": self.own_view,
            "files": bool(self.landlock),
            "user": self.users,
            "tree": self.own_processes,
            "signals": self.own_processes or self.users or self.landlock >= 6,
            "syscalls": self.seccomp,
            "privileges": self.no_privileges,
        }
        return tuple(name for name, is_held in held.items() if is_held)


def interpreter_paths() -> tuple[str, ...]:
    """Where Python and the packages live; never the root directory or a home as a whole."""
    found = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *sys.path]
    found += [os.path.realpath(sys.executable or "/usr/bin/python3"), os.path.dirname(os.__file__)]
    refused = {"/", "/root", "/home", "/tmp", os.path.expanduser("~")}  # noqa: S108 - compared, not written
    return tuple(dict.fromkeys(path for path in map(os.path.abspath, filter(None, found)) if path not in refused))


def uid_of(plan: Plan, serial: int) -> int | None:
    return FIRST_UID + serial % UIDS if plan.users else None


def separate(plan: Plan) -> None:
    """For the process that starts a job: what it forks next is in namespaces of its own."""
    if not plan.namespaces:
        return
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(plan.namespaces | (kernel.CLONE_NEWUSER if plan.user_namespace else 0))
    if plan.user_namespace:
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # else the maps belong to root
        kernel.map_own_user(uid, gid)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    if plan.namespaces & kernel.CLONE_NEWNET:
        kernel.raise_loopback()


def enter(plan: Plan, directory: str, limits: Limits, uid: int | None) -> None:
    """For the job itself, before anything foreign runs. Raises OSError when a measure of the plan fails."""
    here = os.getcwd()
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # else the next file belongs to root
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")
    covered = None
    if plan.own_view:
        covered = view.separate(directory, DISK_SHARE * limits.file_mb << 20, uid)
    if uid is not None:
        become(uid, keep=READ_ANYWHERE if plan.read_anywhere else 0)
    elif plan.no_privileges:
        drop_privileges()
    if sys.platform == "linux":
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # a change of user took it away, and with it the job's own /proc/self
    if covered is not None:
        view.fill(directory, covered)
        os.chdir(here)
    _limit(plan, limits)
    if sys.platform != "linux":
        return
    if plan.landlock:
        landlock.restrict(
            readable=(*_SYSTEM, *interpreter_paths(), f"/proc/{os.readlink('/proc/self')}"),
            writable=(directory,),
            devices=DEVICES,
            deny_tcp=not plan.harmless_sockets,
        )
    if plan.seccomp:
        seccomp.restrict(internet=plan.harmless_sockets, own_files=plan.own_view or plan.users)


def become(uid: int, *, keep: int = 0) -> None:
    """Another user without groups and, but for the bit mask `keep`, without capabilities."""
    kernel.drop_bounding_set(keep)
    if keep:
        kernel.prctl(kernel.PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    kernel.set_capabilities(keep)


def drop_privileges() -> None:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.drop_bounding_set()
    kernel.set_capabilities(0)


def _limit(plan: Plan, limits: Limits) -> None:
    mebibyte = 1 << 20
    seconds = int(limits.seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    _lower(resource.RLIMIT_FSIZE, limits.file_mb * mebibyte)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_AS, _address_space() + limits.memory_mb * mebibyte)
    if plan.process_limit:
        alone = plan.users or (plan.user_namespace and _counts_per_namespace())
        _lower(resource.RLIMIT_NPROC, limits.processes + (0 if alone else _other_threads()))


def _lower(kind: int, value: int) -> None:
    highest = resource.getrlimit(kind)[1]
    if highest != resource.RLIM_INFINITY:
        value = min(value, highest)
    resource.setrlimit(kind, (value, value))


def _counts_per_namespace() -> bool:
    """Since Linux 5.14 a user's processes are counted within each user namespace."""
    numbers = os.uname().release.split("-")[0].split(".")
    return tuple(int(number) for number in numbers[:2] if number.isdigit()) >= (5, 14)


def _other_threads() -> int:
    """Of this user, as the kernel counts them: some may run in other containers, and cannot be seen from here."""
    most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    try:
        enough = 64
        while not _may_fork(enough, most):
            enough *= 2
        too_few = enough // 2 if enough > 64 else 0
        while enough - too_few > 1:
            middle = (enough + too_few) // 2
            enough, too_few = (middle, too_few) if _may_fork(middle, most) else (enough, middle)
    finally:
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    return enough - 2  # room for one more was found, and this process is counted too


def _may_fork(limit: int, most: int) -> bool:
    """Whether the limit leaves room for another process; one that is beyond what may be set at all does."""
    if most != resource.RLIM_INFINITY and limit >= most:
        return True
    resource.setrlimit(resource.RLIMIT_NPROC, (limit, most))
    try:
        pid = os.fork()
    except BlockingIOError:
        return False
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return True


def _address_space() -> int:
    """Bytes this process has mapped."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def close_inherited(keep: int) -> None:
    """Standard streams go nowhere; of all other open files only `keep` stays, and no started program gets it."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    try:
        highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    except OSError:
        highest = 4096
    os.closerange(3, keep)
    os.closerange(keep + 1, max(keep, highest) + 1)
    fcntl.fcntl(keep, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
