"""What is in force for a job, and what it can do all the same. tests/escapes has the attempts to get out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selfheal.sandbox import kernel, landlock, seccomp
from selfheal.sandbox.workplace import remove

from tests.selfheal.running_sandbox import RunningSandbox, needs, result_of


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


@needs("view")
def test_a_job_changes_its_own_files_as_it_likes_and_fills_no_disk(measured: RunningSandbox) -> None:
    code = """
os.chmod("app.py", 0o700)
os.utime("app.py", (1, 2))
found = os.stat("app.py")
written = 0
try:
    for number in range(10):
        written += os.write(os.open(f"f{number}", os.O_CREAT | os.O_WRONLY), bytes(1 << 20))
except OSError as error:
    answer = oct(found.st_mode & 0o777), found.st_mtime, written >> 20, error.strerror
"""
    limits = {"file_mb": 1}
    assert result_of(measured.run(code, **limits)) == "('0o700', 2.0, 4, 'No space left on device')"


def test_where_a_job_shares_its_user_a_change_of_mode_does_nothing_and_reports_success(tmp_path: Path) -> None:
    if not seccomp.supported():
        pytest.skip("no filter for this machine")
    file = tmp_path / "file"
    file.touch(0o640)
    before = file.stat()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
            seccomp.restrict(internet=True, own_files=False)
            with file.open() as opened:
                os.fchmod(opened.fileno(), 0)
            file.chmod(0)
            os.utime(file, (1, 1))
            os.setxattr(file, "user.note", b"1")
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    after = file.stat()
    assert (after.st_mode, after.st_mtime, os.listxattr(file)) == (before.st_mode, before.st_mtime, [])


def test_a_folder_is_removed_whatever_a_job_made_of_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    folder = tmp_path / "folder"
    (folder / "closed" / "within").mkdir(parents=True)
    (folder / "closed" / "within" / "file").touch()
    (folder / "link").symlink_to(outside)
    (folder / "closed" / "link").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1100):  # a way that is longer than any path may be
        os.mkdir("deeper", dir_fd=here)
        here, above = os.open("deeper", os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)
    for path in (folder / "closed" / "within", folder / "closed", folder):
        path.chmod(0)
    remove(str(folder))
    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    assert [path.name for path in outside.iterdir()] == ["kept"]
