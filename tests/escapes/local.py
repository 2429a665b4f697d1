"""The sandbox as a process of this machine, run by this user or by an ordinary one. It judges nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.escapes.runner import Ground, Witness, new_secret
from tests.selfheal.running_sandbox import PACKAGE_HOME, wait_until

ORDINARY_USER = 65534  # nobody


def command_as(user: int | None) -> list[str] | None:
    """What starts an interpreter as that user; None where the user can read none, or cannot be become."""
    if user is None or os.geteuid() != 0:
        return [sys.executable] if user is None else None
    become = shutil.which("setpriv")
    if become is None:
        return None
    prefix = [become, f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    for interpreter in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        # The first start still has the rights of this process.
        tried = subprocess.run(
            [*prefix, interpreter, "-c", "import os, sys; sys.exit(not os.access(sys.executable, os.X_OK))"],
            check=False,
            capture_output=True,
            cwd="/",
        )
        if tried.returncode == 0:
            return [*prefix, interpreter]
    return None


class _OnSocket:
    def __init__(self, path: str) -> None:
        self._path = path

    def send(self, data: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(self._path)
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65536), b""))


@contextlib.contextmanager
def local_ground(command: Sequence[str]) -> Iterator[Ground]:
    secret = new_secret()
    with tempfile.TemporaryDirectory(prefix="escapes-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        work = folder / "work"
        work.mkdir()
        work.chmod(0o777)
        path = str(work / "s.sock")
        environment = {**os.environ, "PYTHONPATH": PACKAGE_HOME, "TMPDIR": str(work), "OUTPOST_SECRET": secret}
        started = [*command, "-m", "selfheal.sandbox", "--socket", path, "--no-frameworks"]
        with subprocess.Popen(started, env=environment, cwd="/", stderr=subprocess.PIPE, text=True) as server:
            witnesses: list[Witness] = []
            try:
                assert server.stderr is not None
                said = server.stderr.readline()
                assert "serving" in said, said
                witnesses.append(Witness(command, secret, "127.0.0.1", server=server.pid, work=str(work)))
                ground = Ground(_OnSocket(path), secret, path, witnesses)
                ground.learn()
                yield ground
            finally:
                for witness in witnesses:
                    witness.end()
                server.terminate()
                if not wait_until(lambda: server.poll() is not None):
                    server.kill()
