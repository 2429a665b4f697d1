"""The supervisor's control socket, its signals, and the deaths of its workers and its own, with real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.selfheal.supervisor.supervised_site import Site, alive, environment, run, until


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
        (b"x" * 4_000_000 + b"\n", "at most 1048576 bytes"),
    ],
)
def test_garbage_on_the_control_socket_is_answered(site: Site, line: bytes, reason: str) -> None:
    answer = site.say(line)
    assert answer["ok"] is False
    assert reason in answer["reason"]
    assert site.status()["ok"]


def test_the_control_socket_has_the_mode_asked_for(site: Site) -> None:
    assert stat.S_IMODE(site.control.stat().st_mode) == 0o600


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
