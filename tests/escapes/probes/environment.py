"""Attempts to read or change the environment, the memory and the open files of others."""

from __future__ import annotations

from tests.escapes.probe import Probe, of_category

_PIDS = "pids = [near.pid, near.server, os.getppid(), 1]\n"

ENVIRONMENT = of_category(
    "environment",
    Probe(
        "own-environment",
        "what the server was started with, in this process's own environment and its copy at the start",
        """
look(lambda: dict(os.environ))
look(read, "/proc/self/environ")
look(lambda: ctypes.string_at(ctypes.c_char_p.in_dll(libc, "environ")))
""",
    ),
    Probe(
        "environ-of-others",
        "the environment of the server, the witness and every process it can name",
        _PIDS
        + """
for pid in pids:
    attempt(read, f"/proc/{pid}/environ")
    attempt(read, f"/proc/{pid}/task/{pid}/environ")
for pid in range(2, 400):
    look(read, f"/proc/{pid}/environ")
""",
    ),
    Probe(
        "proc-of-others",
        "maps, open files, command lines and folders of others",
        _PIDS
        + """
for pid in pids[:2]:
    for name in ("maps", "cmdline", "auxv", "stat", "status", "mountinfo", "io", "stack"):
        attempt(read, f"/proc/{pid}/{name}")
    for name in ("cwd", "root", "fd/0", "fd/3"):
        attempt(os.listdir, f"/proc/{pid}/{name}")
        attempt(read, f"/proc/{pid}/{name}{near.secret}")
attempt(os.listdir, "/proc")
""",
    ),
    Probe(
        "own-memory",
        "a secret that the memory this job was forked from still holds",
        """
for line in read("/proc/self/maps", "r").splitlines():
    span, rights = line.split()[:2]
    start, end = (int(number, 16) for number in span.split("-"))
    if rights.startswith("rw"):
        with open("/proc/self/mem", "rb", 0) as memory:
            memory.seek(start)
            content = memory.read(min(end - start, 64 << 20))
        at = content.find(b"tiger" + b"-")
        while at >= 0:
            found.append(content[at : at + 60].decode("latin-1"))
            at = content.find(b"tiger" + b"-", at + 1)
""",
    ),
    Probe(
        "memory-of-others",
        "the memory of the witness and the server, by /proc",
        _PIDS
        + """
def peek(pid, mode):
    with open(f"/proc/{pid}/mem", mode, 0) as memory:
        memory.seek(near.address)
        return memory.write(b"changed") if "+" in mode else memory.read(near.length)
for pid in pids:
    attempt(peek, pid, "rb")
    attempt(peek, pid, "rb+")
""",
    ),
    Probe(
        "process-vm",
        "the memory of the witness and the server, by system call",
        _PIDS
        + """
class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(near.length)
mine, theirs = Span(ctypes.addressof(buffer), near.length), Span(near.address, near.length)
for pid in pids:
    for call in (libc.process_vm_readv, libc.process_vm_writev):
        attempt(call, pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0)
found.append(buffer.raw.decode("latin-1"))
""",
    ),
    Probe(
        "ptrace",
        "attaching to the witness, the server and the own parent",
        _PIDS
        + """
for pid in pids:
    for request in (16, 0x4206):  # PTRACE_ATTACH, PTRACE_SEIZE
        attempt(libc.ptrace, request, pid, 0, 0)
""",
    ),
    Probe(
        "descriptors-of-others",
        "a copy of an open file or socket of the server",
        _PIDS
        + """
for pid in pids:
    handle = libc.syscall(434, pid, 0)  # pidfd_open
    if handle >= 0:
        for number in range(8):
            attempt(libc.syscall, 438, handle, number, 0)  # pidfd_getfd
    attempt(os.open, f"/proc/{pid}/fd/1", os.O_WRONLY)
attempt(libc.syscall, 312, near.pid, os.getpid(), 0, 0, 0)  # kcmp
""",
    ),
)
