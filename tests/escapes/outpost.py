# ruff: noqa: PTH101, PTH110, PTH123, PTH207, PTH208 (the rules of the rest; this file is also run alone, in containers)
"""A witness outside the jail: holds what a probe must not reach, and says what became of it.

It runs as the sandbox server's user at the server's place, also inside a container: one file, standard library only. It
reads one command a line and answers one line of JSON. It knows no probe.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import json
import os
import resource
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

_IPC = ("/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg")
_SAMPLE_SECONDS = 0.03


def descendants(root: int) -> list[int]:
    """Of a process that runs; the kernel's own list of children tells them."""
    found: list[int] = []
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children") as file:
            below = [int(word) for word in file.read().split()]
            found += below
            waiting += below
    return found


def status_of(pid: int) -> dict[str, str]:
    """The lines of /proc/N/status; empty when the process is gone."""
    try:
        with open(f"/proc/{pid}/status", errors="replace") as file:
            return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}
    except OSError:
        return {}


def _memory_of(status: dict[str, str]) -> int:
    """In kilobytes."""
    return sum(int(status.get(name, "0").split()[0]) for name in ("RssAnon", "RssShmem"))


def is_alive(pid: int) -> bool:
    return status_of(pid).get("State", "Z")[0] in "RSDI"


def _probes_in(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.startswith("probe"))
    except OSError:
        return []


def _ipc_objects(path: str) -> list[str]:
    """All, as key and id, but those of databases, which other tests start and end meanwhile."""
    with open(path) as file:
        names, *rows = (line.split() for line in file)
    # Only of shared memory it is said who made it, which is all that a database has.
    maker = names.index("cpid") if "cpid" in names else None
    return [" ".join(row[:2]) for row in rows if maker is None or status_of(int(row[maker])).get("Name") != "postgres"]


def _shared_memory() -> int:
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Shmem:")) >> 10


class Outpost:
    def __init__(self, secret: str, host: str, server: int, work: str) -> None:
        assert os.path.exists(f"/proc/self/task/{os.getpid()}/children"), (
            "this kernel does not tell a process's children"
        )
        self.secret, self.server, self.work = secret, server, work or tempfile.gettempdir()
        self.directory = tempfile.mkdtemp(prefix="outpost-", dir=self.work)
        os.chmod(self.directory, 0o777)
        for name in ("secret", "healer.db"):
            with open(f"{self.directory}/{name}", "w") as file:
                file.write(secret)
            os.chmod(f"{self.directory}/{name}", 0o666)
        self.buffer = ctypes.create_string_buffer(secret.encode())
        self.listening = dict(self._listen(host))
        self.state = self._state()
        self.peak = {"processes": 0, "disk_mb": 0, "shared_mb": 0, "memory_mb": 0}
        self.privileged: set[str] = set()
        self._free = self._shared = 0
        self.begin()
        threading.Thread(target=self._sample, daemon=True).start()

    def _listen(self, host: str) -> Iterator[tuple[str, socket.socket]]:
        """On the Internet only where there is a host to listen at: a container without network has only its jobs'."""
        stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
        kinds: list[tuple[str, socket.AddressFamily, socket.SocketKind, object]] = []
        for name, kind in (("stream", stream), ("datagram", datagram)):
            kinds.append((name, socket.AF_UNIX, kind, f"{self.directory}/{name}"))
            kinds.append((f"abstract {name}", socket.AF_UNIX, kind, f"\0{self.directory}/{name}"))
        if host:
            kinds += [("tcp", socket.AF_INET, stream, (host, 0)), ("udp", socket.AF_INET, datagram, (host, 0))]
            kinds += [("tcp6", socket.AF_INET6, stream, ("::1", 0)), ("udp6", socket.AF_INET6, datagram, ("::1", 0))]
        for name, family, kind, address in kinds:
            try:
                listener = socket.socket(family, kind)
                listener.bind(address)  # type: ignore[arg-type]
            except OSError:  # no IPv6 here
                continue
            if kind == socket.SOCK_STREAM:
                listener.listen(8)
            listener.setblocking(False)
            if name in ("stream", "datagram"):
                os.chmod(f"{self.directory}/{name}", 0o777)
            yield name, listener

    def facts(self) -> dict[str, object]:
        """What a probe is told of this witness."""
        internet = [name for name in ("tcp", "udp", "tcp6", "udp6") if name in self.listening]
        return {
            "pid": os.getpid(),
            "server": self.server,
            "directory": self.directory,
            "secret": f"{self.directory}/secret",
            "database": f"{self.directory}/healer.db",
            "address": ctypes.addressof(self.buffer),
            "length": len(self.secret),
            "sockets": {name: list(self.listening[name].getsockname()[:2]) for name in internet},
        }

    def jobs(self) -> dict[str, object]:
        """Processes and folders of the jobs that run now."""
        return {"processes": descendants(self.server), "folders": self._folders()}

    def _folders(self) -> list[str]:
        found = []
        for path in glob.glob(f"{glob.escape(self.work)}/selfheal-sandbox-*"):
            with contextlib.suppress(OSError):
                found += [f"{path}/{name}" for name in os.listdir(path)]
        return found

    def _state(self) -> dict[str, object]:
        """What no job may change."""
        files = {}
        for name in sorted(os.listdir(self.directory)):
            found = os.lstat(f"{self.directory}/{name}")
            files[name] = (found.st_mode, found.st_uid, found.st_nlink, found.st_mtime_ns, found.st_size)
        found = os.lstat(self.directory)
        state: dict[str, object] = {
            "files": files,
            "directory": (found.st_mode, found.st_uid),
            "attributes": os.listxattr(f"{self.directory}/secret"),
            "memory": self.buffer.value.decode(errors="replace"),
            "shared memory": _probes_in("/dev/shm"),
            "message queues": _probes_in("/dev/mqueue"),
        }
        for path in _IPC:
            with contextlib.suppress(OSError):
                state[path] = _ipc_objects(path)
        for name, pid in (("witness", os.getpid()), ("server", self.server or os.getpid())):
            with contextlib.suppress(OSError):
                state[f"{name}'s priority"] = os.getpriority(os.PRIO_PROCESS, pid)
                state[f"{name}'s processors"] = sorted(os.sched_getaffinity(pid))
                state[f"{name}'s scheduler"] = os.sched_getscheduler(pid)
                state[f"{name}'s open files"] = resource.prlimit(pid, resource.RLIMIT_NOFILE)
                state[f"{name}'s time"] = resource.prlimit(pid, resource.RLIMIT_CPU)
        return state

    def begin(self) -> None:
        """Forget the highest values seen so far."""
        found = os.statvfs(self.directory)
        self._free, self._shared = found.f_bavail * found.f_frsize >> 20, _shared_memory()
        self.peak = dict.fromkeys(self.peak, 0)
        self.privileged = set()

    def _sample(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                self._look()
            time.sleep(_SAMPLE_SECONDS)

    def _look(self) -> None:
        below = descendants(self.server) if self.server else []
        inherited = _memory_of(status_of(self.server)) if below else 0
        memory = 0
        for pid in below:
            status = status_of(pid)
            memory += max(0, _memory_of(status) - inherited)
            if status.get("Seccomp") == "2" and not status["State"].startswith("Z"):
                self._note_privileges(pid, status)
        found = os.statvfs(self.directory)
        self._raise("processes", len(below))
        self._raise("memory_mb", memory >> 10)
        self._raise("disk_mb", self._free - (found.f_bavail * found.f_frsize >> 20))
        self._raise("shared_mb", _shared_memory() - self._shared)

    def _raise(self, name: str, value: int) -> None:
        self.peak[name] = max(self.peak[name], value)

    def _note_privileges(self, pid: int, status: dict[str, str]) -> None:
        """A job may hold the right to read anywhere, which Landlock bounds: bit 2 of the capabilities."""
        if int(status["CapEff"], 16) & ~4 or int(status["CapPrm"], 16) & ~4:
            self.privileged.add(f"a job has the capabilities {status['CapEff']}")
        if os.getuid() == 0 and "0" in status["Uid"].split():
            self.privileged.add("a job runs as root")
        if status.get("NoNewPrivs") == "0":
            self.privileged.add("a job may gain privileges")

    def harm(self) -> list[str]:
        """What is not as it was, in words; what arrived is taken off the sockets."""
        found = sorted(self.privileged)
        for name, listener in self.listening.items():
            with contextlib.suppress(BlockingIOError):
                if listener.type == socket.SOCK_STREAM:
                    listener.accept()[0].close()
                else:
                    listener.recv(100)
                found.append(f"something arrived at the witness's {name} socket")
        if self.server and not is_alive(self.server):
            found.append("the server does not run")
        try:
            before, self.state = self.state, self._state()
            with open(f"{self.directory}/secret") as file:
                found += ["the secret was changed"] if file.read() != self.secret else []
        except OSError as error:
            return [*found, f"the witness's own files: {error}"]
        found += [
            f"{name}: {value} became {self.state.get(name)}"
            for name, value in before.items()
            if self.state.get(name) != value
        ]
        return found

    def left(self) -> list[str]:
        """Processes and folders of jobs that are over; empty after a moment's patience."""
        until = time.monotonic() + 2
        while True:
            found = [f"process {pid}" for pid in descendants(self.server)]
            found += [f"folder {path}" for path in self._folders()]
            if not found or time.monotonic() > until:
                return found
            time.sleep(0.01)

    def end(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


def find_server() -> int:
    """The sandbox server of this container."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline") as file:
            words = file.read().split("\0")
            if "selfheal.sandbox" in words and "--socket" in words and "python" in words[0]:
                return int(name)
    return 0


def main() -> None:
    options = json.loads(sys.stdin.readline())
    server = find_server() if options["server"] is None else options["server"]
    outpost = Outpost(os.environ["OUTPOST_SECRET"], options["host"], server, options["work"])
    commands: dict[str, Callable[[], object]] = {
        "facts": outpost.facts,
        "jobs": outpost.jobs,
        "begin": outpost.begin,
        "harm": outpost.harm,
        "left": outpost.left,
        "peak": lambda: outpost.peak,
    }
    try:
        for line in sys.stdin:
            print(json.dumps(commands[line.strip()]()), flush=True)
    finally:
        outpost.end()


if __name__ == "__main__":
    main()
