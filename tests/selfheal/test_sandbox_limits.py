"""What a job cannot do. Each attack runs only where the measure that stops it was shown to be in force."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selfheal.sandbox import processes

from tests.selfheal.running_sandbox import RunningSandbox, result_of, wait_until

SECRET = "tiger-5510"
# Forks children that wait, at most 150, until the system refuses; then lets them go.
FORKS = """
import os, signal
children = []
try:
    for _ in range(150):
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        children.append(pid)
except OSError:
    pass
answer = len(children)
for pid in children:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox("--no-frameworks", environment={"SHOP_SECRET": SECRET}) as running:
        yield running


@pytest.fixture
def measured(sandbox: RunningSandbox, request: pytest.FixtureRequest) -> RunningSandbox:
    """The sandbox, where it enforces what the test's `needs` mark names."""
    missing = set(request.param) - sandbox.measures
    if missing:
        pytest.skip(f"not in force on this machine: {', '.join(sorted(missing))}")
    return sandbox


def needs(*measures: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("measured", [measures], indirect=True, ids=["-".join(measures)])


def assert_clean(sandbox: RunningSandbox) -> None:
    """Nothing runs, nothing is left, and the next job works."""
    assert result_of(sandbox.run("answer = os.listdir('.'), os.listdir('../tmp'), os.listdir('../home')")) == (
        "(['app.py'], [], [])"
    )
    assert wait_until(lambda: not list(processes.descendants(sandbox.process.pid)))
    assert sandbox.left_behind() == []


@pytest.mark.parametrize(
    ("code", "limits", "status", "detail"),
    [
        ("while True: pass", {"seconds": 0.7}, "timeout", "no answer within 0.7 s"),
        ("import signal; signal.pthread_sigmask(0, range(1, 60)); signal.pause()", {"seconds": 0.7}, "timeout", "no"),
        ("os._exit(0)", {}, "killed", "ended with exit status 0 before it answered"),
        ("os.kill(os.getpid(), 9)", {}, "killed", "ended by signal 9 before it answered"),
        ("import ctypes; ctypes.string_at(0)", {}, "killed", "ended by signal 11 before it answered"),
        ("os.closerange(0, 1000); import time; time.sleep(30)", {}, "killed", "it closed its result and went on"),
        (
            "for n in range(3, 500):\n  try:\n    while True: os.write(n, b'x' * 65536)\n  except OSError: pass",
            {"output_bytes": 100_000},
            "killed",
            "more than 100000 bytes of output",
        ),
        (
            "for number in range(3, 500):\n  try: os.write(number, b'[1,\\n')\n  except OSError: pass",
            {},
            "error",
            "its result is not JSON",
        ),
        (
            "import time\nfor n in range(60):\n  open(f'f{n}', 'wb').write(b'x' * 500_000)\ntime.sleep(20)",
            {"file_mb": 1},
            "killed",
            "it filled its directory",
        ),
        (
            "import time\nfor n in range(4):\n  if os.fork() == 0: h = b'x' * 30_000_000; time.sleep(9)\ntime.sleep(9)",
            {"memory_mb": 60},
            "out_of_memory",
            "its processes held more than 60 MB together",
        ),
    ],
)
def test_a_job_is_broken_off(
    sandbox: RunningSandbox, code: str, limits: dict[str, float], status: str, detail: str
) -> None:
    answer = sandbox.run(code, **limits)
    assert (answer["status"], answer["result"]) == (status, None)
    assert answer["detail"].startswith(detail)
    assert_clean(sandbox)


@pytest.mark.parametrize(
    ("code", "limits", "error"),
    [
        ("answer = len(b'x' * 500_000_000)", {"memory_mb": 200}, "MemoryError"),
        ("open('big', 'wb').write(b'x' * 3_000_000)", {"file_mb": 2}, "OSError"),
        ("opened = [open('app.py') for _ in range(5000)]", {}, "OSError"),
    ],
)
def test_a_limit_is_an_exception_of_the_application(
    sandbox: RunningSandbox, code: str, limits: dict[str, float], error: str
) -> None:
    answer = sandbox.run(code, **limits)
    assert answer["status"] == "ok", answer
    assert answer["result"]["exchanges"][0]["exception"]["type"] == error
    assert_clean(sandbox)


def test_printing_without_end_costs_nothing(sandbox: RunningSandbox) -> None:
    code = (
        "import sys\nfor _ in range(2000): sys.stdout.write('x' * 10_000); sys.stderr.write('y' * 10_000)\nanswer = 1"
    )
    assert result_of(sandbox.run(code)) == "1"


@needs("processes")
def test_the_number_of_processes_is_bounded(measured: RunningSandbox) -> None:
    assert 0 < int(result_of(measured.run(FORKS, processes=20))) < 20


@needs("processes")
def test_a_fork_bomb_is_contained(measured: RunningSandbox) -> None:
    if not int(result_of(measured.run(FORKS, processes=20))) < 20:
        pytest.fail("the limit does not hold; the bomb is not tried")
    answer = measured.run("while True:\n  try: os.fork()\n  except OSError: pass", processes=20, seconds=1)
    assert answer["status"] == "timeout"
    assert_clean(measured)


@pytest.mark.parametrize("ends", ["answer = pid", "os._exit(0)"])
def test_a_daemon_is_gone_with_its_job(sandbox: RunningSandbox, ends: str) -> None:
    code = f"""
import time
reading, writing = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import signal
        for number in (1, 2, 13, 15):
            signal.signal(number, signal.SIG_IGN)
        os.write(writing, os.readlink("/proc/self").encode())
        while True:
            time.sleep(1)
    os._exit(0)
pid = int(os.read(reading, 20))
{ends}
"""
    answer = sandbox.run(code)
    if ends.startswith("answer"):
        assert not Path(f"/proc/{result_of(answer)}").exists()
    assert_clean(sandbox)


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
