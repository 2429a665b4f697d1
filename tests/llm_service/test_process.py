"""The service as processes, with the real llama.cpp: signals to either of them, and how it is started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.llm_service.client import PLAIN, until
from tests.llm_service.conftest import Process, Running
from tests.llm_service.test_completions import ENDLESS

pytestmark = pytest.mark.xdist_group("llama")


def _begin(service: Process) -> tuple[socket.socket, bytes]:
    """A stream of several hundred tokens, of which the first has come."""
    client = service.open(PLAIN, prompt="x", grammar=ENDLESS, max_tokens=500, stream=True)
    received = client.recv(1024)
    while b"data: " not in received:
        received += client.recv(1024)
    return client, received


def _rest(client: socket.socket, received: bytes) -> bytes:
    """All that comes until the service closes the connection or the answer is complete."""
    with client:
        while not received.endswith(b"0\r\n\r\n") and (part := client.recv(65536)):
            received += part
    return received


def _ended(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True
    # Nobody may be there to bury it, as in a container.
    return status.rpartition(") ")[2].startswith("Z")


def test_told_to_stop_it_finishes_the_running_answer(tiny_model: Path, running_llama: Running) -> None:
    with running_llama(tiny_model) as service:
        service.become("ready")
        worker = service.worker
        assert worker
        answer = _begin(service)
        service.front.send_signal(signal.SIGTERM)
        assert b"data: [DONE]" in _rest(*answer)
        assert service.front.wait(30) == 0
        assert _ended(worker)
        with pytest.raises(httpx.ConnectError):
            service.get("/health/live")


def test_killed_it_leaves_no_worker(tiny_model: Path, running_llama: Running) -> None:
    with running_llama(tiny_model) as service:
        service.become("ready")
        worker = service.worker
        assert worker
        client, _ = _begin(service)
        assert service.stop(signal.SIGKILL) == -signal.SIGKILL
        until(lambda: _ended(worker))
        client.close()


def test_a_worker_ends_with_its_standard_input(tiny_model: Path, tmp_path: Path, running_llama: Running) -> None:
    """Where no signal tells of the end of the one who started it, this does."""
    report, reporting = os.pipe()
    options = {"model": tiny_model, "name": "tiny", "context": 512, "threads": 1, "report": reporting}
    command = [sys.executable, "-m", "llm_service.worker", f"--socket={tmp_path / 'worker'}"]
    command += [f"--{name}={value}" for name, value in options.items()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[reporting]) as worker:
        os.close(reporting)
        with os.fdopen(report) as pipe:
            assert pipe.read() == '{"state": "ready"}'
        assert worker.poll() is None
        assert worker.stdin
        worker.stdin.close()
        assert worker.wait(30) == 0


def test_a_crash_in_native_code_is_survived(tiny_model: Path, running_llama: Running) -> None:
    with running_llama(tiny_model) as service:
        service.become("ready")
        answer = _begin(service)
        assert service.worker
        os.kill(service.worker, signal.SIGSEGV)
        received = _rest(*answer)
        assert b"data: [DONE]" not in received
        # Its last event says so, and is whole.
        assert b'"code": "worker_lost"' in received.rpartition(b"data: ")[2]
        assert received.endswith(b"}}\n\n\r\n0\r\n\r\n")
        assert service.get("/health/live").status_code == 200
        # Nobody has to do anything.
        assert service.post(PLAIN, prompt="x", max_tokens=3).status_code == 200
        assert service.numbers()["llm_worker_restarts_total"] == 1
        assert any("worker: Fatal Python error: Segmentation fault" in line for line in service.log)


def test_a_setting_that_cannot_be_used_is_told_and_nothing_starts() -> None:
    environment = {**os.environ, "LLM_THREAD": "2"}
    command = [sys.executable, "-m", "llm_service"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    says = "llm-service: LLM_THREAD: there is no such setting; is LLM_THREADS meant?\n"
    assert (done.returncode, done.stderr) == (2, says)


def test_a_command_that_is_none_is_told() -> None:
    command = [sys.executable, "-m", "llm_service", "fetch"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("llm-service: there is no command 'fetch'\nusage: ")
