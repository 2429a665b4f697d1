"""Attempts to harm processes outside the job, and to gain rights it was not given."""

from __future__ import annotations

from tests.escapes.probe import Probe, of_category

_PIDS = "pids = [pid for pid in (near.pid, near.server, *facts.others['processes']) if pid != os.getpid()]\n"
_NEW_NAMESPACES = "(0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)"

PROCESSES = of_category(
    "other processes",
    Probe(
        "kill",
        "SIGKILL and SIGTERM to the server, its wardens, another job and the witness",
        _PIDS
        + """
for pid in pids:
    for number in (signal.SIGTERM, signal.SIGKILL):
        look(os.kill, pid, number)
        look(os.killpg, pid, number)
""",
        needs=("signals",),
        sibling=True,
    ),
    Probe(
        "stop",
        "SIGSTOP to the same, which nobody would notice at once",
        _PIDS
        + """
for pid in pids:
    look(os.kill, pid, signal.SIGSTOP)
    look(os.killpg, pid, signal.SIGSTOP)
""",
        needs=("signals",),
        sibling=True,
    ),
    Probe(
        "signal-by-other-calls",
        "the same by tgkill, queued signals, pidfds and a file's owner",
        _PIDS
        + """
import fcntl
for pid in pids:
    libc.syscall(234, pid, pid, 9)  # tgkill
    libc.syscall(200, pid, 9)  # tkill
    libc.syscall(129, pid, 9, ctypes.create_string_buffer(128))  # rt_sigqueueinfo
    handle = libc.syscall(434, pid, 0)  # pidfd_open
    if handle >= 0:
        libc.syscall(424, handle, 9, 0, 0)  # pidfd_send_signal
    one, other = socket.socketpair()
    look(fcntl.fcntl, one, fcntl.F_SETOWN, pid)
    look(fcntl.fcntl, one, 10, 9)  # F_SETSIG
    look(fcntl.fcntl, one, fcntl.F_SETFL, os.O_ASYNC)
    other.send(b"x")
""",
        needs=("signals",),
        sibling=True,
    ),
    Probe(
        "kill-everything",
        "one signal to every process it can see, after a harmless one has not reached the witness",
        """
try:
    os.kill(near.pid, 0)
    breach("the witness can be signalled")
except OSError:
    os.kill(-1, 9)
""",
        needs=("signals",),
        status=("ok", "killed"),
        sibling=True,
    ),
    Probe(
        "slow-down",
        "priority, processors and scheduling of others, also of all processes of its user",
        _PIDS
        + """
for pid in pids:
    look(os.setpriority, os.PRIO_PROCESS, pid, 19)
    look(os.setpriority, os.PRIO_PGRP, pid, 19)
    look(os.sched_setaffinity, pid, [0])
    look(os.sched_setscheduler, pid, os.SCHED_IDLE, os.sched_param(0))
    look(os.sched_setscheduler, pid, os.SCHED_BATCH, os.sched_param(0))
    libc.syscall(251, 1, pid, 3 << 13)  # ioprio_set
    libc.syscall(314, pid, ctypes.create_string_buffer(48), 0)  # sched_setattr
look(os.setpriority, os.PRIO_USER, os.getuid(), 19)
look(os.setpriority, os.PRIO_USER, 0, 19)
""",
    ),
    Probe(
        "limits-of-others",
        "lower limits for the server, its wardens and the witness",
        _PIDS
        + """
for pid in pids:
    for kind, value in ((resource.RLIMIT_NOFILE, 3), (resource.RLIMIT_CPU, 1), (resource.RLIMIT_FSIZE, 0)):
        look(resource.prlimit, pid, kind, (value, value))
""",
    ),
)

PRIVILEGES = of_category(
    "privileges",
    Probe(
        "other-users",
        "root and everybody else, by each call that changes the user",
        """
for call in (os.setuid, os.seteuid, os.setgid, os.setegid):
    for number in {0, near.pid % 1000, 65534} - {os.getuid()}:
        attempt(call, number)
attempt(os.setgroups, [0])
attempt(os.setresuid, 0, 0, 0)
time.sleep(0.1)
""",
    ),
    Probe(
        "setuid-programs",
        "programs that run as somebody else, those that are there and one of its own",
        """
import shutil, subprocess
for path in ("/usr/bin/su", "/usr/bin/mount", "/usr/bin/passwd", "/usr/bin/chsh", "/usr/bin/newgrp", "/usr/bin/sudo",
             "/usr/bin/newuidmap", "/usr/bin/ping"):
    if os.path.exists(path):
        look(subprocess.run, [path, "--help"], timeout=1, capture_output=True)
shutil.copyfile("/bin/sleep", "mine")
os.chmod("mine", 0o6777)
look(subprocess.run, ["./mine", "0.1"], timeout=1)
""",
    ),
    Probe(
        "capabilities",
        "all of them for the own process, by capset and for programs it starts",
        """
class Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]
for low in (0xFFFFFFFF, 1 << 21, 1 << 7, 1):
    sets = (ctypes.c_uint32 * 6)(low, low, low, 0, 0, 0)
    attempt(libc.capset, ctypes.byref(Header(0x20080522, 0)), ctypes.byref(sets))
for number in (7, 21):
    attempt(libc.prctl, 47, 2, number, 0, 0)  # PR_CAP_AMBIENT_RAISE
attempt(libc.prctl, 28, 0, 0, 0, 0)  # PR_SET_SECUREBITS
time.sleep(0.1)
""",
    ),
    Probe(
        "namespaces",
        "a new namespace of each kind, in which it would be root, and those of others",
        f"""
for flag in {_NEW_NAMESPACES}:
    attempt(libc.unshare, flag)
    attempt(libc.syscall, 56, flag | 17, 0, 0, 0, 0)  # clone
    attempt(libc.syscall, 435, (ctypes.c_uint64 * 11)(flag, *[0] * 10), 88)  # clone3
attempt(libc.setns, 0, 0)
for name in ("user", "net", "pid", "mnt"):
    for pid in (near.pid, near.server, 1):
        attempt(os.open, f"/proc/{{pid}}/ns/{{name}}", os.O_RDONLY)
time.sleep(0.1)
""",
    ),
    Probe(
        "mounts",
        "another view of the files, by the old calls and the new ones",
        """
here = os.getcwd().encode()
attempt(libc.mount, b"none", here, b"tmpfs", 0, None)
attempt(libc.mount, near.directory.encode(), here, None, 4096, None)
attempt(libc.mount, None, b"/", None, 32 | 4096, None)
attempt(libc.umount2, b"/proc", 2)
attempt(libc.umount2, here, 2)
attempt(libc.umount2, os.path.dirname(here), 2)
attempt(libc.chroot, here)
attempt(libc.syscall, 155, here, here)  # pivot_root
attempt(libc.syscall, 428, -100, b"/", 1)  # open_tree
attempt(libc.syscall, 430, b"tmpfs", 0)  # fsopen
attempt(libc.syscall, 442, -100, b"/", 0x8000, (ctypes.c_uint64 * 4)(0, 1, 0, 0), 32)  # mount_setattr
look(read, "secret")
""",
    ),
    Probe(
        "keyrings",
        "a key that outlives the job, and those of others",
        """
attempt(libc.syscall, 248, b"user", b"probe", b"kept", 4, -4)  # add_key
attempt(libc.syscall, 250, 0, -4, 1)  # keyctl
attempt(libc.syscall, 249, b"user", b"probe", None, -4)  # request_key
""",
    ),
    Probe(
        "doors-into-the-kernel",
        "bpf, performance events, faults in user space, rings of calls, modules, another kernel",
        """
attempt(libc.syscall, 321, 0, ctypes.create_string_buffer(128), 128)  # bpf
attempt(libc.syscall, 298, ctypes.create_string_buffer(128), 0, -1, -1, 0)  # perf_event_open
attempt(libc.syscall, 323, 1)  # userfaultfd
attempt(libc.syscall, 425, 8, ctypes.create_string_buffer(120))  # io_uring_setup
attempt(libc.syscall, 175, b"", 0, b"")  # init_module
attempt(libc.syscall, 313, 0, b"", 0)  # finit_module
attempt(libc.syscall, 246, 0, 0, None, 0)  # kexec_load
attempt(libc.syscall, 103, 3, ctypes.create_string_buffer(1000), 1000)  # syslog
attempt(libc.syscall, 163, b"probe")  # acct
attempt(libc.syscall, 167, b"probe", 0)  # swapon
attempt(libc.syscall, 172, 3)  # iopl
attempt(libc.syscall, 227, 0, (ctypes.c_long * 2)(0, 0))  # clock_settime
attempt(libc.syscall, 170, b"probe", 5)  # sethostname
""",
    ),
    Probe(
        "other-call-numbers",
        "the same calls by the numbers of a 32-bit program, which a filter might not know",
        """
import mmap
attempt(libc.syscall, 0x40000000 | 101, 16, near.pid, 0, 0)  # ptrace, x32
attempt(libc.syscall, 0x40000000 | 41, 16, 3, 0)  # socket, x32
code = b"\\xb8\\x1a\\x00\\x00\\x00\\xbb\\x10\\x00\\x00\\x00\\xcd\\x80\\xc3"  # eax = ptrace, ebx = attach, int 0x80
page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
attempt(ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page))))
breach("it went on")
""",
        status=("killed",),
    ),
    Probe(
        "loosening-the-jail",
        "another filter, another ruleset, and no limits, on top of those in force",
        """
attempt(libc.prctl, 22, 0, 0, 0, 0)  # PR_SET_SECCOMP, off
attempt(libc.prctl, 38, 0, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS, off
for name in ("NPROC", "NOFILE", "FSIZE", "AS", "CPU"):
    attempt(resource.setrlimit, getattr(resource, "RLIMIT_" + name), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
libc.personality(0x0400000)  # addresses that are not random are its own affair
attempt(read, near.secret)
time.sleep(0.1)
""",
        needs=("processes",),
    ),
)
