"""The fork server: its protocol, its socket, how it starts and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from selfheal.sandbox import processes
from selfheal.sandbox.jail import Plan

from tests.selfheal.running_sandbox import (
    FORGES,
    PACKAGE_HOME,
    RUNS_CODE,
    RunningSandbox,
    archive_of,
    result_of,
    wait_until,
)

SLEEPS = {"method": "POST", "path": "/", "body": "import time; time.sleep(60)"}
MANY_LINES = {"a.py": list(range(1, 5002))}
MANY_FILES: dict[str, list[int]] = {f"{number}.py": [] for number in range(51)}
SLEEPING = {"job": {"kind": "replay", "entry": "app:app", "requests": [SLEEPS], "limits": {"seconds": 50}}}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox("--no-frameworks", environment={"SHOP_SECRET": "tiger-5510"}) as running:
        yield running


def begin_sleeping(sandbox: RunningSandbox) -> socket.socket:
    """A connection whose job is running and will not end by itself."""
    data = archive_of({"app.py": RUNS_CODE})
    connection = sandbox.connect()
    connection.sendall(json.dumps({**SLEEPING, "tree_bytes": len(data)}).encode() + b"\n" + data)
    assert wait_until(lambda: len(list(processes.descendants(sandbox.process.pid))) >= 2)
    return connection


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        (b"nonsense", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "must be an object"),
        (b"{}", "tree_bytes"),
        (b'{"tree_bytes": true, "job": {"kind": "tests"}}', "tree_bytes"),
        (b'{"tree_bytes": 9999999999, "job": {"kind": "tests"}}', "tree_bytes"),
        (b'{"tree_bytes": 0, "job": {"kind": "shell"}}', "job.kind"),
        (b'{"tree_bytes": 0, "job": {"kind": "replay", "requests": [{}]}}', "job.requests"),
        (b'{"tree_bytes": 0, "job": {"kind": "tests", "args": [1]}}', "job.args"),
        (b'{"tree_bytes": 0, "job": {"kind": "tests", "limits": {"seconds": "5"}}}', "limits.seconds"),
        (b'{"tree_bytes": 0, "job": {"kind": "tests", "env": {"A=B": "1"}}}', "env.A=B"),
        (b'{"tree_bytes": 0, "job": {"kind": "tests", "env": {"A": "1\\u0000"}}}', "env.A"),
        (b'{"tree_bytes": 0, "job": {"kind": "tests", "watch": {"a.py": [0]}}}', "watch.a.py"),
        (b'{"tree_bytes": 0, "job": {"kind": "tests", "watch": {"../a.py": [1]}}}', "watch.../a.py"),
        (json.dumps({"tree_bytes": 0, "job": {"kind": "tests", "watch": MANY_LINES}}).encode(), "5000 lines"),
        (json.dumps({"tree_bytes": 0, "job": {"kind": "tests", "watch": MANY_FILES}}).encode(), "50 files"),
        (b'{"tree_bytes": 0, "job": {"kind": "call", "file": "a.py"}}', "job.function"),
        (b'{"tree_bytes": 0, "job": {"kind": "call", "file": "/a.py", "function": "f"}}', "job.file"),
        (b'{"tree_bytes": 0, "job": {"kind": "call", "file": "a", "function": "f", "arguments": [1]}}', "arguments"),
    ],
)
def test_an_unusable_header_is_answered_with_the_reason(sandbox: RunningSandbox, header: bytes, detail: str) -> None:
    answer = sandbox.send(header)
    assert (answer["status"], answer["result"], answer["isolation"]) == ("error", None, [])
    assert detail in answer["detail"]


def test_an_archive_that_ends_early_is_an_error(sandbox: RunningSandbox) -> None:
    with sandbox.connect() as connection:
        connection.sendall(b'{"tree_bytes": 5000, "job": {"kind": "tests"}}\n' + b"\0" * 100)
        connection.shutdown(socket.SHUT_WR)
        answer = json.loads(b"".join(iter(lambda: connection.recv(65536), b"")))
    assert (answer["status"], answer["detail"]) == ("error", "the archive ended early")


ALL_OPEN = "for number in range(3, 500):\n  try: os.write(number, b'{}\\n')\n  except OSError: pass\n"


@pytest.mark.parametrize(
    ("files", "job", "detail"),
    [
        ({"app.py": RUNS_CODE + "from forging import forge\nforge()"}, {"kind": "replay"}, "asked"),
        ({"app.py": RUNS_CODE}, {"kind": "replay", "body": "from forging import forge; forge()"}, "asked"),
        ({"app.py": RUNS_CODE}, {"kind": "replay", "body": "from forging import end_twice; end_twice()"}, "asked for"),
        ({"app.py": RUNS_CODE}, {"kind": "replay", "body": ALL_OPEN}, "something else than it was asked"),
        ({"app.py": "import os\n" + ALL_OPEN}, {"kind": "call", "file": "app.py", "function": "f"}, "something else"),
    ],
)
def test_an_answer_that_the_job_has_forged_is_found_out(
    sandbox: RunningSandbox, files: dict[str, str], job: dict[str, str], detail: str
) -> None:
    requests = [{"method": "POST", "path": "/", "body": job.get("body", "answer = 1")}] * 2
    answer = sandbox.ask({"entry": "app:app", "requests": requests, **job}, {**files, "forging.py": FORGES})
    assert (answer["status"], answer["result"]) == ("tampered", None)
    assert detail in answer["detail"]


def test_a_client_may_close_its_sending_side(sandbox: RunningSandbox) -> None:
    data = archive_of({"app.py": RUNS_CODE})
    job = {"kind": "replay", "entry": "app:app", "requests": [{"path": "/", "method": "POST", "body": "answer = 7"}]}
    with sandbox.connect() as connection:
        connection.sendall(json.dumps({"job": job, "tree_bytes": len(data)}).encode() + b"\n" + data)
        connection.shutdown(socket.SHUT_WR)
        answer = json.loads(b"".join(iter(lambda: connection.recv(65536), b"")))
    assert result_of(answer) == "7"


def test_the_job_has_a_clean_environment(sandbox: RunningSandbox) -> None:
    body = "answer = dict(os.environ), open('/proc/self/environ').read()"
    request = {"method": "POST", "path": "/", "body": "import os; " + body}
    answer = sandbox.replay({"app.py": RUNS_CODE}, request, env={"SHOP_TOKEN": "for-replay"})
    environment, at_start = eval(result_of(answer))
    assert sorted(environment) == [
        *("HOME", "LANG", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "SHOP_TOKEN", "TMPDIR", "TZ")
    ]
    assert environment["SHOP_TOKEN"] == "for-replay"
    assert "tiger-5510" not in at_start


def test_the_job_runs_in_its_tree_and_the_directory_is_gone_afterwards(sandbox: RunningSandbox) -> None:
    code = "import os, sys, tempfile; answer = os.getcwd(), sys.path[0], os.environ['HOME'], tempfile.mkdtemp()"
    tree, first_on_path, home, temporary = eval(result_of(sandbox.run(code)))
    directory = Path(home).parent
    assert tree == first_on_path == f"{directory}/tree"
    assert temporary.startswith(f"{directory}/tmp/")
    assert not directory.exists()
    assert sandbox.left_behind() == []


def test_a_directory_that_the_job_has_closed_is_removed_too(sandbox: RunningSandbox) -> None:
    code = "import os; os.makedirs('a/b'); open('a/b/c', 'w').close(); os.chmod('a/b', 0); os.chmod('a', 0); answer = 1"
    assert result_of(sandbox.run(code)) == "1"
    assert sandbox.left_behind() == []


def test_modules_of_the_tree_come_before_modules_the_server_has_imported(sandbox: RunningSandbox) -> None:
    files = {"app.py": RUNS_CODE, "calendar.py": "MINE = 1", "http/__init__.py": "MINE = 2", "src/only.py": "MINE = 3"}
    code = "import calendar, http, only; answer = calendar.MINE, http.MINE, only.MINE"
    assert result_of(sandbox.replay(files, {"path": "/", "method": "POST", "body": code})) == "(1, 2, 3)"


def test_jobs_beyond_the_bound_wait_their_turn(sandbox: RunningSandbox) -> None:
    answers: list[str] = []

    def ask(number: int) -> None:
        answers.append(result_of(sandbox.run(f"answer = {number}")))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["0", "1", "2", "3", "4"]


def test_a_client_that_hangs_up_ends_its_job(sandbox: RunningSandbox) -> None:
    begin_sleeping(sandbox).close()
    assert wait_until(lambda: not list(processes.descendants(sandbox.process.pid)))
    assert wait_until(lambda: sandbox.left_behind() == [])


def test_a_warden_that_is_killed_leaves_no_job_behind(sandbox: RunningSandbox) -> None:
    with begin_sleeping(sandbox) as connection:
        os.kill(processes.children(sandbox.process.pid)[0], signal.SIGKILL)
        assert connection.recv(100) == b""
        assert wait_until(lambda: not list(processes.descendants(sandbox.process.pid)))
        assert wait_until(lambda: sandbox.left_behind() == [])
    assert result_of(sandbox.run("answer = 1")) == "1"


def test_sigterm_ends_jobs_and_removes_everything() -> None:
    with RunningSandbox("--no-frameworks") as sandbox, begin_sleeping(sandbox) as connection:
        below = list(processes.descendants(sandbox.process.pid))
        sandbox.process.terminate()
        assert sandbox.process.wait(20) == 0
        assert connection.recv(100) == b""
        assert [pid for pid in below if Path(f"/proc/{pid}").exists()] == []
        assert list((sandbox.directory / "work").iterdir()) == []
        assert not Path(sandbox.socket).exists()


def test_a_server_that_is_killed_leaves_no_job_and_the_next_one_tidies_up() -> None:
    with RunningSandbox("--no-frameworks") as sandbox, begin_sleeping(sandbox):
        below = list(processes.descendants(sandbox.process.pid))
        sandbox.process.kill()
        sandbox.process.wait()
        assert wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))
        assert Path(sandbox.socket).exists()
        left = list((sandbox.directory / "work").iterdir())
        environment = {**os.environ, "PYTHONPATH": PACKAGE_HOME, "TMPDIR": str(sandbox.directory / "work")}
        command = [sys.executable, "-m", "selfheal.sandbox", "--no-frameworks", "--socket", sandbox.socket]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as successor:
            assert successor.stderr is not None
            assert "serving" in successor.stderr.readline()
            assert not [path for path in left if path.exists()]
            successor.terminate()


def test_with_parent_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    path = str(tmp_path / "s.sock")
    starter = (
        "import subprocess, sys\n"
        "server = subprocess.Popen([sys.executable, '-m', 'selfheal.sandbox', *sys.argv[1:]],"
        " stderr=subprocess.PIPE)\n"
        "server.stderr.readline()\n"
        "print(server.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter, "--with-parent", "--no-frameworks", "--socket", path],
        env={**os.environ, "PYTHONPATH": PACKAGE_HOME},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        assert Path(f"/proc/{server}").exists()
        parent.kill()
        parent.wait()
    assert wait_until(lambda: not Path(path).exists())


def test_with_parent_it_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    path = str(tmp_path / "s.sock")
    started: list[subprocess.Popen[str]] = []

    def start() -> None:
        command = [sys.executable, "-m", "selfheal.sandbox", "--with-parent", "--no-frameworks", "--socket", path]
        environment = {**os.environ, "PYTHONPATH": PACKAGE_HOME}
        server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        assert server.stderr is not None
        server.stderr.readline()
        started.append(server)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    with started[0] as server, socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(b"{}\n")
        assert b"tree_bytes" in connection.recv(1000)
        server.terminate()


@pytest.mark.parametrize(("options", "mode"), [((), 0o600), (("--socket-mode", "0666"), 0o666)])
def test_the_socket_has_the_mode_asked_for_and_replaces_a_stale_one(
    tmp_path: Path, options: tuple[str, ...], mode: int
) -> None:
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    command = [sys.executable, "-m", "selfheal.sandbox", "--no-frameworks", "--socket", str(path), *options]
    environment = {**os.environ, "PYTHONPATH": PACKAGE_HOME}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        assert "serving" in server.stderr.readline()
        assert stat.S_IMODE(path.stat().st_mode) == mode
        second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (second.returncode, "another sandbox serves" in second.stderr) == (2, True)
        server.terminate()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("keep")
    command = [sys.executable, "-m", "selfheal.sandbox", "--no-frameworks", "--socket", str(path)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": PACKAGE_HOME}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, path.read_text()) == (2, "keep")
    assert "is no socket" in done.stderr


def test_it_runs_from_an_archive(tmp_path: Path) -> None:
    package = tmp_path / "selfheal.zip"
    import zipfile

    with zipfile.ZipFile(package, "w") as archive:
        for file in Path(PACKAGE_HOME, "selfheal").rglob("*.py"):
            archive.write(file, file.relative_to(PACKAGE_HOME))
    with RunningSandbox("--no-frameworks", environment={"PYTHONPATH": str(package)}) as sandbox:
        assert result_of(sandbox.run("import selfheal; answer = selfheal.__file__")).startswith(f"'{package}")


@pytest.mark.parametrize(
    ("plan", "confined", "measures"),
    [
        (Plan(), False, {"limits"}),
        (Plan(seccomp=True, process_limit=True), False, {"limits", "network", "syscalls", "processes"}),
        (Plan(landlock=3), True, {"limits", "files"}),
        (Plan(landlock=6, no_network_here=True), True, {"limits", "files", "signals", "network"}),
        (Plan(users=True), True, {"limits", "user", "signals"}),
        (Plan(namespaces=0x20000000), False, {"limits", "tree", "signals"}),
        (Plan(namespaces=0x40000000), False, {"limits", "network"}),
    ],
)
def test_only_measures_in_force_are_named(plan: Plan, confined: bool, measures: set[str]) -> None:
    assert (plan.confined, set(plan.measures())) == (confined, measures)


def test_what_can_be_enforced_is_printed_without_serving() -> None:
    command = [sys.executable, "-m", "selfheal.sandbox", "--measures"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": PACKAGE_HOME}, capture_output=True, text=True, check=False
    )
    printed = json.loads(done.stdout)
    assert "limits" in printed["isolation"]
    assert printed["confined"] is ({"files", "user"} & set(printed["isolation"]) != set())
