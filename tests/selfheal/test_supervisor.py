"""The supervisor as real processes on loopback: changes, refused releases, crashes, signals, its control socket."""

from __future__ import annotations

import http.client
import json
import os
import runpy
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = """
import asyncio, json, os, pathlib, sys, time

RELEASE = os.environ["SELFHEAL_RELEASE"]
HEALTH = 200

async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    path = scope["path"]
    status = HEALTH if path == "/health" else 200
    headers = [(b"content-type", b"application/json"), (b"connection", b"keep-alive")]
    await_file = pathlib.Path(scope["query_string"].decode())
    if path == "/held":
        await_file.with_suffix(".begun").touch()
        while not await_file.exists():
            await asyncio.sleep(0.01)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if path == "/hang":
        time.sleep(60)
    if path == "/stream":
        for number in range(10**6):
            await send({"type": "http.response.body", "body": b"data: %d\\n\\n" % number, "more_body": True})
            await asyncio.sleep(0.02)
    seen = {"release": RELEASE, "cwd": os.getcwd(), "first": sys.path[0], "pid": os.getpid()}
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})
"""
WSGI_APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b'{"release": "wsgi", "path": "%s"}' % environ["PATH_INFO"].encode()]
"""


class Site:
    """A supervisor with its releases in a directory of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.releases = root / "releases"
        self.releases.mkdir()
        self.control = root / "run" / "control.sock"
        self.process: subprocess.Popen[str] | None = None

    def add(self, name: str, app: str = APP) -> str:
        (self.releases / name).mkdir()
        (self.releases / name / "tiny.py").write_text(app)
        return name

    def point(self, name: str) -> None:
        (self.releases / "current").symlink_to(name)

    def command(self, *more: str) -> list[str]:
        command = [sys.executable, "-m", "selfheal.supervisor", "--app", "tiny:app", "--port", "0"]
        return [*command, "--releases", str(self.releases), "--control", str(self.control), *more]

    def start(self, *more: str) -> Site:
        self.process = subprocess.Popen(self.command(*more), env=environment(), cwd=self.root, text=True)
        until(self.control.exists, "the control socket")
        return self

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def order(self, **order: object) -> dict[str, Any]:
        return self.say(json.dumps(order).encode() + b"\n")

    def say(self, line: bytes) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(30)
            connection.connect(str(self.control))
            connection.sendall(line)
            with connection.makefile("rb") as answers:
                answer: dict[str, Any] = json.loads(answers.readline())
        return answer

    def change(self, name: str) -> dict[str, Any]:
        return self.order(op="change", release=name)

    def status(self) -> dict[str, Any]:
        return self.order(op="status")

    def serving(self) -> Site:
        until(lambda: self.status()["state"] == "serving", "a worker in service")
        return self

    def connect(self) -> http.client.HTTPConnection:
        host, _, port = self.status()["address"].rpartition(":")
        return http.client.HTTPConnection(host, int(port), timeout=30)

    def get(self, path: str = "/") -> dict[str, Any]:
        connection = self.connect()
        connection.request("GET", path)
        with connection.getresponse() as response:
            answer: dict[str, Any] = {"status": response.status, **json.loads(response.read())}
        return answer


def run(command: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, env=environment(), cwd=directory, capture_output=True, text=True)


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SELFHEAL_")}
    return {**kept, "PYTHONPATH": str(ROOT / "app-service")}


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    if site.process is not None and site.process.poll() is None:
        site.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One supervisor for the tests that leave it serving. A start that misses the short limit is tried again."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.add("first")
    site.point("first")
    site.start("--start-seconds", "2", "--drain-seconds", "1", "--control-mode", "0600").serving()
    yield site
    assert site.stop() == 0


def test_waits_for_the_first_release_with_a_clear_refusal_and_then_serves_it(bare: Site) -> None:
    bare.start()
    assert bare.status()["state"] == "waiting"
    refused = bare.get()
    assert (refused["status"], refused["title"]) == (503, "Service Unavailable")
    bare.add("one")
    bare.point("one")
    bare.serving()
    directory = str(bare.releases / "one")
    status, answer = bare.status(), bare.get()
    assert answer == {"status": 200, "release": "one", "cwd": directory, "first": directory, "pid": status["pid"]}


def test_a_change_answers_when_new_connections_reach_the_new_release(site: Site) -> None:
    before = site.status()
    site.add("changed")
    answer = site.change("changed")
    assert (answer["ok"], answer["release"], answer["previous"]) == (True, "changed", before["release"])
    assert [site.get()["release"] for _ in range(20)] == ["changed"] * 20
    assert site.status()["release"] == "changed"


def test_a_change_to_the_release_in_service_changes_nothing(site: Site) -> None:
    before = site.status()
    answer = site.change(before["release"])
    assert answer == {"ok": True, "release": before["release"], "previous": before["release"], "seconds": 0.0}
    assert site.status()["pid"] == before["pid"]


@pytest.mark.parametrize(
    ("name", "app", "reasons"),
    [
        (
            "import-error",
            "import a_module_nobody_has",
            ["exited with status 1", "No module named 'a_module_nobody_has'"],
        ),
        ("syntax-error", "def app(:", ["exited with status 1", "SyntaxError"]),
        ("no-app", "other = 1", ['Attribute "app" not found']),
        ("exits", "import os; os._exit(7)", ["exited with status 7"]),
        ("killed", "import os; os.kill(os.getpid(), 9)", ["exited with signal SIGKILL"]),
        ("hangs", "import time; time.sleep(60)", ["did not start within 2 s"]),
        ("unhealthy", APP.replace("HEALTH = 200", "HEALTH = 500"), ["not healthy", "GET /health answered 500"]),
    ],
)
def test_a_release_that_does_not_come_up_is_refused_and_the_old_one_serves_on(
    site: Site, name: str, app: str, reasons: list[str]
) -> None:
    before = site.status()
    answer = site.change(site.add(name, app))
    assert (answer["ok"], answer["release"]) == (False, before["release"])
    assert [part for part in (name, *reasons) if part not in answer["reason"]] == []
    assert "importer.py" not in answer["reason"]  # the traceback begins in the release
    after = site.status()
    assert (after["pid"], after["restarts"], after["state"]) == (before["pid"], before["restarts"], "serving")
    assert site.get()["release"] == before["release"]


def test_an_app_without_a_health_path_is_healthy_when_it_answers_at_all(site: Site) -> None:
    assert site.change(site.add("no-health", APP.replace("HEALTH = 200", "HEALTH = 404")))["ok"]


def test_a_health_path_that_was_set_must_answer_well(bare: Site) -> None:
    bare.add("one", APP.replace("HEALTH = 200", "HEALTH = 404"))
    bare.point("one")
    bare.start("--health", "/health", "--start-seconds", "1.5")
    until(lambda: "GET /health answered 404" in bare.status()["problem"], "the refusal of the first release")
    assert bare.change(bare.add("two"))["ok"]


def test_a_wsgi_app_is_served_too(site: Site) -> None:
    assert site.change(site.add("wsgi", WSGI_APP))["ok"]
    assert site.get("/some/path") == {"status": 200, "release": "wsgi", "path": "/some/path"}


@pytest.mark.parametrize(
    "name", ["..", ".", "", "a/b", "../site", ".hidden", "a" * 65, "missing", "current", 7, None, []]
)
def test_a_name_that_is_no_release_is_refused(site: Site, name: object) -> None:
    (site.releases / ".hidden").mkdir(exist_ok=True)
    before = site.status()
    answer = site.order(op="change", release=name)
    assert (answer["ok"], answer["release"]) == (False, before["release"])
    assert "release" in answer["reason"]
    assert site.status()["pid"] == before["pid"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"garbage\n", "not JSON"),
        (b"\xff\xfe\n", "not JSON"),
        (b"[" * 60000 + b"\n", "not JSON"),
        (b"[1]\n", "not a JSON object"),
        (b"{}\n", "unknown op"),
        (b'{"op":["status"]}\n', "unknown op"),
        (b'{"op":"change"}\n', "named by"),
        (b"x" * 800_000 + b"\n", "at most 65536 bytes"),
    ],
)
def test_garbage_on_the_control_socket_is_answered(site: Site, line: bytes, reason: str) -> None:
    answer = site.say(line)
    assert answer["ok"] is False
    assert reason in answer["reason"]
    assert site.status()["ok"]


def test_the_control_socket_has_the_mode_asked_for(site: Site) -> None:
    assert stat.S_IMODE(site.control.stat().st_mode) == 0o600


def test_changes_ordered_at_once_take_turns_and_go_on_without_their_clients(site: Site) -> None:
    names = [site.add(f"turn-{number}") for number in range(3)]
    for name in names:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as impatient:
            impatient.connect(str(site.control))
            impatient.sendall(json.dumps({"op": "change", "release": name}).encode() + b"\n")
            until(lambda: site.status()["state"] == "changing", "the first change to begin")
    until(lambda: site.status()["release"] == names[-1] and site.status()["state"] == "serving", "the last change")
    assert site.get()["release"] == names[-1]


def test_a_request_under_way_is_finished_by_the_old_release_which_says_goodbye(site: Site, tmp_path: Path) -> None:
    old = site.change(site.add("holding"))["release"]
    go = tmp_path / "go"
    connection = site.connect()
    connection.request("GET", f"/held?{go}")
    until(go.with_suffix(".begun").exists, "the request to reach the app")
    assert site.change(site.add("after-holding"))["ok"]
    go.touch()
    with connection.getresponse() as response:
        assert response.getheader("Connection") == "close"
        assert json.loads(response.read())["release"] == old


def test_open_streams_and_hung_workers_hold_no_change_and_end_with_the_drain_time(site: Site) -> None:
    site.change(site.add("streaming"))
    streaming = site.status()["pid"]
    stream = site.connect()
    stream.request("GET", "/stream")
    response = stream.getresponse()
    assert response.readline() == b"data: 0\n"
    assert site.change(site.add("hanging"))["ok"]
    assert alive(streaming)  # the change was answered while the stream was still open
    hanging = site.status()["pid"]
    hung = site.connect()
    hung.request("GET", "/hang")
    assert site.change(site.add("after-hanging"))["ok"]
    assert alive(hanging)
    with pytest.raises(http.client.IncompleteRead):  # the stream is cut, not ended as if it were whole
        response.read()
    until(lambda: not alive(streaming) and not alive(hanging), "the end of the old workers")


def test_a_worker_killed_in_service_comes_back_on_its_release_and_new_requests_wait_for_it(site: Site) -> None:
    before = site.status()
    os.kill(before["pid"], signal.SIGKILL)
    assert site.get()["release"] == before["release"]
    after = site.status()
    assert (after["state"], after["release"], after["restarts"]) == (
        "serving",
        before["release"],
        before["restarts"] + 1,
    )
    assert after["pid"] != before["pid"]


def test_sigterm_finishes_requests_and_leaves_nothing(bare: Site, tmp_path: Path) -> None:
    bare.add("one")
    bare.point("one")
    bare.start().serving()
    go, pid = tmp_path / "go", bare.status()["pid"]
    connection = bare.connect()
    connection.request("GET", f"/held?{go}")
    until(go.with_suffix(".begun").exists, "the request to reach the app")
    assert bare.process is not None
    bare.process.terminate()
    until(lambda: not bare.control.exists(), "the supervisor to begin its stop")
    go.touch()
    with connection.getresponse() as response:
        assert json.loads(response.read())["release"] == "one"
    assert bare.process.wait(20) == 0
    assert not alive(pid)


def test_a_second_signal_ends_everything_at_once(bare: Site, tmp_path: Path) -> None:
    bare.add("one")
    bare.point("one")
    bare.start("--drain-seconds", "600").serving()
    pid = bare.status()["pid"]
    connection = bare.connect()
    connection.request("GET", f"/held?{tmp_path / 'never'}")
    until((tmp_path / "never.begun").exists, "the request to reach the app")
    assert bare.process is not None
    bare.process.terminate()
    until(lambda: not bare.control.exists(), "the supervisor to begin its stop")
    bare.process.send_signal(signal.SIGINT)
    assert bare.process.wait(20) == 1
    until(lambda: not alive(pid), "the end of the worker")


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_workers_die_with_their_supervisor_and_the_next_one_takes_its_place(bare: Site) -> None:
    bare.add("one")
    bare.point("one")
    bare.start().serving()
    status = bare.status()
    again = bare.command("--port", status["address"].rpartition(":")[2])
    taken = run(again, bare.root)
    assert (taken.returncode, taken.stderr.count("\n")) == (2, 1)
    assert "cannot serve on" in taken.stderr
    assert bare.status()["pid"] == status["pid"]
    stuck = bare.add(
        "stuck", f"import os, time; open({str(bare.root / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(bare.control))
        connection.sendall(json.dumps({"op": "change", "release": stuck}).encode() + b"\n")
        until(lambda: (bare.root / "pid").exists() and (bare.root / "pid").read_text(), "a worker stuck in its import")
    orphans = [status["pid"], int((bare.root / "pid").read_text())]
    assert bare.process is not None
    bare.process.kill()
    bare.process.wait()
    until(lambda: not any(alive(pid) for pid in orphans), "the end of the orphaned workers")
    bare.process = subprocess.Popen(again, env=environment(), cwd=bare.root, text=True)
    until(lambda: bare.process is not None and bare.control.exists() and _answers(bare), "the next supervisor")
    assert bare.serving().status()["address"] == status["address"]


def _answers(site: Site) -> bool:
    try:
        return bool(site.status()["ok"])
    except ConnectionRefusedError:
        return False  # the socket that the killed one left


def test_a_control_socket_in_use_or_a_file_in_its_place_is_left_alone(bare: Site) -> None:
    bare.start()
    running = run(bare.command(), bare.root)
    assert (running.returncode, running.stderr.count("\n")) == (2, 1)
    assert "another supervisor answers" in running.stderr
    assert bare.status()["ok"]
    bare.control = bare.root / "precious"
    bare.control.write_text("kept")
    blocked = run(bare.command(), bare.root)
    assert (blocked.returncode, blocked.stderr.count("\n")) == (2, 1)
    assert "not a socket" in blocked.stderr
    assert bare.control.read_text() == "kept"


def test_no_request_fails_over_five_changes_under_load() -> None:
    measure = runpy.run_path(str(ROOT / "tests" / "benchmarks" / "changeover.py"))["measure"]
    measured = measure(releases=5)
    assert measured["failures"] == []
    assert measured["releases_seen"] == 6
    assert measured["requests"] >= 1000
