"""A tiny model, and the service: with a scripted worker, or as a real process of its own. Judges nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest

from tests.llm_service.client import Service
from tests.llm_service.scripted import ScriptedEngine
from tests.llm_service.tiny_model import write_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture
def engine(tmp_path: Path) -> ScriptedEngine:
    (tmp_path / "worker").mkdir()
    return ScriptedEngine(tmp_path / "worker")


@dataclass(frozen=True)
class Process(Service):
    front: subprocess.Popen[str]
    log: list[str]

    @property
    def worker(self) -> int | None:
        """The process that holds the model; None while there is none."""
        found = Path(f"/proc/{self.front.pid}/task/{self.front.pid}/children").read_text().split()
        return int(found[0]) if found else None

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.front.send_signal(how)
        return self.front.wait(30)


Running = Callable[..., AbstractContextManager[Process]]


@contextmanager
def _running(model: Path, **settings: object) -> Iterator[Process]:
    with tempfile.TemporaryDirectory() as state:
        own = {"LLM_PORT": 0, "LLM_MODEL": model, "LLM_CONTEXT": 512, "LLM_STATE": state, "LLM_THREADS": 1, **settings}
        environment = {**os.environ, **{name: str(value) for name, value in own.items()}}
        command = [sys.executable, "-m", "llm_service"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as front:
            log: list[str] = []
            address: Future[str] = Future()
            following = Thread(target=_follow, args=(front, log, address))
            following.start()
            try:
                yield Process(address.result(60), front, log)
            finally:
                front.terminate()
                following.join()


def _follow(front: subprocess.Popen[str], log: list[str], address: Future[str]) -> None:
    """Reads to the end: a pipe that nobody empties would stop the service."""
    assert front.stderr is not None
    for line in front.stderr:
        log.append(line)
        if not address.done() and (found := re.search(r"running on (http://\S+)", line)):
            address.set_result(found[1])
    if not address.done():
        address.set_exception(AssertionError("the service did not start:\n" + "".join(log)))


@pytest.fixture(scope="session")
def running() -> Running:
    """`with running(model, LLM_QUEUE=1) as service:` is `python -m llm_service` on a port of its own."""
    return _running


@pytest.fixture(scope="session")
def running_llama(running: Running) -> Running:
    """The same where llama.cpp is; elsewhere the test is skipped."""
    pytest.importorskip(
        "llama_cpp.server.app",
        reason="llama-cpp-python is not installed (it compiles for minutes); make test-compose runs this in its image",
        exc_type=ImportError,
    )
    return running


@pytest.fixture(scope="session")
def llama(tiny_model: Path, running_llama: Running) -> Iterator[Process]:
    """One service of the tiny model for all tests that leave it as they found it."""
    with running_llama(tiny_model) as service:
        service.become("ready")
        yield service
