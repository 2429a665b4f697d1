"""What a job can neither reach nor see. Each attempt is made only where the measure that stops it is in force."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selfheal.sandbox import landlock, seccomp

from tests.selfheal.running_sandbox import RunningSandbox, assert_clean, needs, result_of

SECRET = "tiger-5510"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox("--no-frameworks") as running:
        yield running


def test_what_the_machine_offers_is_in_force(sandbox: RunningSandbox) -> None:
    offered = {"limits", "privileges"}
    offered |= {"files"} if landlock.version() > 0 else set()
    offered |= {"syscalls", "network"} if seccomp.supported() else set()
    assert offered <= sandbox.measures
    assert set(sandbox.run("answer = 1")["isolation"]) == sandbox.measures


@needs("network")
def test_there_is_no_network(measured: RunningSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        port = outside.getsockname()[1]
        code = f"""
import socket
answer = []
for address in (("127.0.0.1", {port}), ("192.0.2.1", 80)):
    try:
        socket.create_connection(address, timeout=2)
        answer.append("connected")
    except OSError as error:
        answer.append("refused")
"""
        assert result_of(measured.run(code)) == "['refused', 'refused']"
        outside.setblocking(False)
        with pytest.raises(BlockingIOError):
            outside.accept()


@needs("syscalls")
def test_the_sockets_of_the_server_are_out_of_reach(measured: RunningSandbox) -> None:
    code = f"""
import socket
try:
    socket.socket(socket.AF_UNIX).connect({measured.socket!r})
    answer = "connected"
except OSError:
    answer = "refused"
one, other = socket.socketpair()
"""
    assert result_of(measured.run(code)) == "'refused'"


@needs("files")
def test_files_outside_can_be_neither_read_nor_written(measured: RunningSandbox, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret").chmod(0o666)
    code = f"""
answer = []
for path, mode in (({str(tmp_path / "secret")!r}, "r"), ({str(tmp_path / "secret")!r}, "a"),
        ({str(tmp_path / "new")!r}, "w"), ("/etc/shadow", "r"), ("/tmp/left", "w"), ("/proc/1/environ", "r")):
    try:
        open(path, mode)
        answer.append(path)
    except OSError:
        pass
os.symlink({str(tmp_path / "secret")!r}, "link")
try:
    answer.append(open("link").read())
except OSError:
    pass
"""
    assert result_of(measured.run(code)) == "[]"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@needs("files")
def test_the_server_cannot_be_looked_into(measured: RunningSandbox) -> None:
    code = f"""
answer = []
for pid in ({measured.process.pid}, os.getppid(), {os.getpid()}):
    for name in ("environ", "mem", "maps", "cmdline"):
        try:
            answer.append(open(f"/proc/{{pid}}/{{name}}", "rb").read(100))
        except OSError:
            pass
"""
    assert result_of(measured.run(code)) == "[]"


@needs("signals")
def test_processes_outside_get_no_signal(measured: RunningSandbox) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as outside:
        code = f"""
import signal
for pid in ({outside.pid}, {measured.process.pid}, {os.getpid()}):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
"""
        measured.run(code)
        assert (outside.poll(), measured.process.poll()) == (None, None)
        outside.kill()
    assert_clean(measured)


@needs("tree")
def test_killing_everything_it_can_see_harms_only_the_job(measured: RunningSandbox) -> None:
    measured.run("os.kill(-1, 9)", seconds=2)
    assert measured.process.poll() is None
    assert_clean(measured)


@needs("syscalls")
def test_calls_that_no_application_needs_are_refused(measured: RunningSandbox) -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
answer = []
for call in (lambda: libc.unshare(0x10000000), lambda: libc.ptrace(0, 0, 0, 0), lambda: libc.syscall(425, 1, 0),
        lambda: libc.mount(b"none", b"/", b"tmpfs", 0, 0), lambda: libc.setns(0, 0)):
    answer.append(call())
"""
    assert result_of(measured.run(code)) == "[-1, -1, -1, -1, -1]"


@needs("privileges")
def test_there_are_no_privileges(measured: RunningSandbox) -> None:
    code = "answer = [line.split() for line in open('/proc/self/status') if line.startswith(('CapEff', 'NoNewPrivs'))]"
    held = dict(eval(result_of(measured.run(code))))
    # CAP_DAC_READ_SEARCH (4) is kept where the interpreter lies in a closed folder; Landlock bounds what is read.
    assert held["NoNewPrivs:"] == "1"
    assert int(held["CapEff:"], 16) in ((0, 4) if "files" in measured.measures else (0,))


@needs("user")
def test_each_job_has_a_user_of_its_own(measured: RunningSandbox) -> None:
    first, second = (int(result_of(measured.run("answer = os.getuid()"))) for _ in range(2))
    assert len({first, second, os.getuid()}) == 3


def test_programs_and_threads_work_inside(sandbox: RunningSandbox) -> None:
    code = """
import concurrent.futures, sqlite3, subprocess, sys, tempfile
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    answer = [sum(pool.map(int, "1234"))]
answer.append(subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout)
with sqlite3.connect("shop.db") as database:
    database.execute("create table t (a)")
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x")
"""
    assert result_of(sandbox.run(code)) == "[10, '42\\n']"
