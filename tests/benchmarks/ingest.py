"""How fast a stock SDK's events are taken in and stored, beside Bugsink: `python -m tests.benchmarks.ingest`.

Both are real processes on SQLite, one after the other, and get the same bytes over as many connections. An event counts
when it is digested: when the incident, or the issue, has counted it. Only figures of one run may be compared.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests import children
from tests.benchmarks.changeover import percentile
from tests.benchmarks.table import Row, machine, show

SAMPLE = Path(__file__).resolve().parents[1] / "sentry" / "samples" / "newest-fastapi-none.envelope"
CONNECTIONS = 8
PATIENCE_SECONDS = 30.0  # without any progress
AIM = 2.0  # times Bugsink's rate
BUGSINK_BOUNDS = "MAX_EVENTS_PER_PROJECT_PER_5_MINUTES MAX_EVENTS_PER_PROJECT_PER_HOUR MAX_EVENTS_PER_5_MINUTES"
BUGSINK_BOUNDS += " MAX_EVENTS_PER_HOUR"
PROJECT = "from projects.models import Project; p = Project.objects.create(name='b'); print(p.id, p.sentry_key.hex)"


@dataclass(frozen=True)
class Server:
    """Where events go, and how many of them are digested."""

    port: int
    path: str
    key: str
    digested: Callable[[], int]
    processes: Sequence[subprocess.Popen[bytes]]


@dataclass
class Measured:
    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # of each answer
    accepted: float = 0.0  # seconds until the last one was answered
    digested: float = 0.0  # seconds until the last one was counted
    cpu: float = 0.0  # seconds of all the server's processes

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.digested


def events(number: int, bugs: int) -> list[bytes]:
    """Envelopes as the SDK sends them, which differ by their ids and by the type of the exception."""
    header, item, event = SAMPLE.read_bytes().split(b"\n")[:3]
    made = []
    for one in range(number):
        event_id = uuid.uuid4().hex
        document = json.loads(event) | {"event_id": event_id}
        document["exception"]["values"][-1]["type"] = f"Bug{one % bugs}Error"
        body = json.dumps(document).encode()
        headers = (json.loads(header) | {"event_id": event_id}, json.loads(item) | {"length": len(body)})
        lines = [*(json.dumps(line).encode() for line in headers), body, b""]
        made.append(gzip.compress(b"\n".join(lines), 6))
    return made


def send(server: Server, bodies: Sequence[bytes]) -> Measured:
    """All of them, each connection as fast as it is answered."""
    found, waiting, lock = Measured(), iter(bodies), threading.Lock()
    before, cpu = server.digested(), _cpu_seconds(server)
    started = time.perf_counter()

    def run() -> None:
        connection = _Connection(server)
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                return
            began = time.perf_counter()
            status = connection.post(body)
            with lock:
                found.seconds.append(time.perf_counter() - began)
                found.answers[status] += 1

    threads = [threading.Thread(target=run) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.accepted = time.perf_counter() - started
    digested, since = 0, started
    while digested < len(bodies):
        now = time.perf_counter()
        if (counted := server.digested() - before) > digested:
            digested, since = counted, now
        elif now > max(since, started + found.accepted) + PATIENCE_SECONDS:
            raise SystemExit(f"{digested} of {len(bodies)} were digested, and no more; answers: {found.answers}")
        time.sleep(0.05)
    found.digested = since - started
    found.cpu = _cpu_seconds(server) - cpu
    return found


class _Connection:
    """A client of its own: a library's would cost more than the servers that are measured."""

    def __init__(self, server: Server) -> None:
        self._port = server.port
        self._head = (
            f"POST {server.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-sentry-envelope\r\n"
            f"Content-Encoding: gzip\r\nUser-Agent: sentry.python/2.75.0\r\nX-Sentry-Auth: Sentry "
            f"sentry_key={server.key}, sentry_version=7, sentry_client=sentry.python/2.75.0\r\n"
        )
        self._socket: socket.socket | None = None

    def post(self, body: bytes) -> str:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._received()
        head, _, rest = answer.partition(b"\r\n\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        missing = int(headers.get(b"content-length", b"0")) - len(rest)
        while missing > 0:
            missing -= len(self._received())
        if headers.get(b"connection") == b"close":
            self._socket.close()
            self._socket = None
        return head.split()[1].decode()

    def _received(self) -> bytes:
        assert self._socket is not None
        piece = self._socket.recv(65536)
        if not piece:
            raise SystemExit("the server closed a connection in the middle of an answer")
        return piece


@contextlib.contextmanager
def healer(folder: Path) -> Iterator[Server]:
    """It heals nothing meanwhile: the taking in is what is compared."""
    seed = folder / "seed" / "app"
    seed.mkdir(parents=True)
    (seed / "main.py").write_text("x = 1\n")
    (folder / "healer.toml").write_text('[services.shop]\nrepository = "shop.git"\nseed = "seed"\n')
    port, home = _free_port(), folder / "home"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HEALER_")},
        "HEALER_HOME": str(home),
        "HEALER_CONFIG": str(folder / "healer.toml"),
        "HEALER_PORT": str(port),
        "HEALER_SANDBOX": str(folder / "no-sandbox"),
        "HEALER_LOG_LEVEL": "warning",
    }
    with _running(folder / "log", [[sys.executable, "-m", "healer.cli", "serve"]], environment) as processes:
        _until_answered(f"http://127.0.0.1:{port}/health/ready")
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/automation",
            b'{"stopped": true}',
            {"authorization": f"Bearer {(home / 'operator-token').read_text().strip()}"},
        )
        request.add_header("content-type", "application/json")
        urllib.request.urlopen(request).read()
        dsn = (home / "services" / "shop.dsn").read_text().strip()
        key, number = dsn.partition("//")[2].partition("@")[0], dsn.rpartition("/")[2]
        count = _counting(home / "healer.db", "SELECT coalesce(sum(count), 0) FROM incidents")
        yield Server(port, f"/api/{number}/envelope/", key, count, processes)


@contextlib.contextmanager
def bugsink(folder: Path, environment_folder: Path) -> Iterator[Server]:
    """As its guide for a production server sets it up: gunicorn with 2n+1 workers, and snappea that digests."""
    bin_ = environment_folder / "bin"
    port = _free_port()
    environment = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "DJANGO_SETTINGS_MODULE": "bugsink_conf"}
    environment["PYTHONPATH"] = str(folder)

    def run(*command: str) -> str:
        done = subprocess.run(
            [str(bin_ / command[0]), *command[1:]],
            check=False,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stderr[-2000:]}")
        return done.stdout

    where = ("--host", "127.0.0.1", "--port", str(port), "--base-dir", str(folder))
    run("bugsink-create-conf", "--template=singleserver", *where)
    with (folder / "bugsink_conf.py").open("a") as conf:
        for name in BUGSINK_BOUNDS.split():  # by default it refuses after a thousand events
            conf.write(f'BUGSINK["{name}"] = 1_000_000\n')
    run("bugsink-manage", "migrate")
    run("bugsink-manage", "migrate", "snappea", "--database=snappea")
    number, key = run("bugsink-manage", "shell", "--no-imports", "-c", PROJECT).split()[-2:]
    workers = f"--workers={2 * (os.cpu_count() or 1) + 1}"
    serving = [str(bin_ / "gunicorn"), f"--bind=127.0.0.1:{port}", workers, "--timeout=60", "bugsink.wsgi"]
    commands = [serving, [str(bin_ / "bugsink-runsnappea")]]
    with _running(folder / "log", commands, environment, folder) as processes:
        _until_answered(f"http://127.0.0.1:{port}/accounts/login/")
        count = _counting(folder / "db.sqlite3", "SELECT coalesce(sum(digested_event_count), 0) FROM projects_project")
        yield Server(port, f"/api/{number}/envelope/", key, count, processes)


@contextlib.contextmanager
def _running(
    log: Path, commands: Sequence[Sequence[str]], environment: Mapping[str, str], folder: Path | None = None
) -> Iterator[list[subprocess.Popen[bytes]]]:
    with log.open("ab") as said, contextlib.ExitStack() as stack:
        processes = []
        for command in commands:
            process = children.start(
                command, env=environment, cwd=folder, stdout=said, stderr=said, start_new_session=True
            )
            stack.callback(_end, process)
            processes.append(process)
        yield processes


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _until_answered(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{url} did not answer within a minute")


def _counting(database: Path, query: str) -> Callable[[], int]:
    def count() -> int:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
            return int(connection.execute(query).fetchone()[0])

    return count


def _cpu_seconds(server: Server) -> float:
    """Of the processes and all that they have started."""
    groups = {process.pid for process in server.processes}
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) in groups:
                total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _installed(folder: Path) -> Path:
    """A virtual environment with Bugsink, thrown away afterwards."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "bugsink"], check=True)
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--bugsink", type=Path, help="a virtual environment that has it; otherwise one is made")
    wanted = parser.parse_args()
    console = Console()
    console.print(machine(), soft_wrap=True)
    loads = [("one bug", events(wanted.events, 1)), ("200 bugs", events(wanted.events, 200))]
    found: dict[tuple[str, str], Measured] = {}
    with tempfile.TemporaryDirectory(prefix="ingest-") as name:
        folder = Path(name)
        environment = wanted.bugsink or _installed(folder / "environment")
        for label, bodies in loads:
            for server, start in (("healer", healer), ("bugsink", lambda place: bugsink(place, environment))):
                place = folder / f"{server}-{len(found)}"
                place.mkdir()
                console.print(f"{server}, {label} …", style="dim")
                with start(place) as running:
                    found[server, label] = send(running, bodies)
    _print(console, found)
    return 0 if show(console, [_row(found, label) for label, _ in loads]) else 1


def _print(console: Console, found: Mapping[tuple[str, str], Measured]) -> None:
    table = Table("server", "load", "digested /s", "accepted /s", "p50 ms", "p99 ms", "CPU ms", "answers")
    for (server, label), measured in found.items():
        number = len(measured.seconds)
        table.add_row(
            server,
            label,
            f"{measured.rate:.0f}",
            f"{number / measured.accepted:.0f}",
            *(f"{percentile(measured.seconds, share) * 1000:.1f}" for share in (0.5, 0.99)),
            f"{measured.cpu / number * 1000:.2f}",
            " ".join(f"{status}: {count}" for status, count in sorted(measured.answers.items())),
        )
    console.print(table)


def _row(found: Mapping[tuple[str, str], Measured], label: str) -> Row:
    ratio = found["healer", label].rate / found["bugsink", label].rate
    return f"digested, {label}, beside Bugsink", f"{ratio:.1f} ×", f"≥ {AIM:g} ×", ratio >= AIM


if __name__ == "__main__":
    sys.exit(main())
