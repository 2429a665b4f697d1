"""The demo's processes on loopback: shop under its supervisor, healer, and the llm service where there is a model.

Everything started here ends with this process, also when it is killed.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from healer.cli import samples
from healer.model import BadInput, HealerError
from healer.settings import Settings, load_settings

MODEL = Path("models/qwen2.5-coder-1.5b-q4.gguf")
SHOP = Path("app-service/shop")
START_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Stack:
    """What runs, and where."""

    home: Path
    shop_url: str
    healer_url: str
    admin_token: str
    settings: Settings
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def llm_url(self) -> str:
        """Where the model is served; empty where there is none, or nothing installed to run it."""
        return self.settings.llm_url

    def ended(self) -> str:
        """The name of a process that ended by itself, with its last line; "" while all run."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                return f"{name} ended with {process.returncode}: {self.last_line(name)}"
        return ""

    def last_line(self, name: str) -> str:
        return (self.last_lines(name, 1) or ["no output"])[0]

    def last_lines(self, name: str, count: int) -> list[str]:
        return (self.home / f"{name}.log").read_text(errors="replace").strip().splitlines()[-count:]


@contextmanager
def running(
    root: Path, *, home: Path | None = None, ports: tuple[int, int, int] = (0, 0, 0), engine: str = "auto"
) -> Iterator[Stack]:
    """Start shop, healer and llm service; stop them all at the end. Ports: shop, healer, llm; 0 takes a free one.

    Without `home` everything is kept in a folder that goes with the processes. `engine` makes the candidates.
    """
    root = root.resolve()
    if not (root / SHOP / "pyproject.toml").is_file():
        raise BadInput(f"--root {str(root)!r} is no checkout of this project; change into one, or name it")
    temporary = home is None
    folder = Path(tempfile.mkdtemp(prefix="healer-demo-")) if home is None else home.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    shop_port, healer_port, llm_port = (port or _free_port() for port in ports)
    for port in (port for port in ports if port):
        _require_free(port)
    own_model = not os.environ.get("HEALER_LLM_URL") and _can_serve(root / MODEL)
    llm_url = f"http://127.0.0.1:{llm_port}/v1" if own_model else ""
    stack = _plan(folder, root, (shop_port, healer_port), llm_url, engine)
    try:
        if own_model:
            environment = {"LLM_MODEL": str(root / MODEL), "LLM_PORT": str(llm_port), "LLM_STATE": str(folder / "llm")}
            _start(stack, "llm", ["-m", "llm_service"], environment)
        start_healer(stack)
        _start(
            stack, "shop", ["-m", "selfheal.supervisor", *_supervisor_flags(stack, shop_port)], _shop_environment(stack)
        )
        _wait(stack, "healer", f"{stack.healer_url}/health/ready")
        _wait(stack, "shop", f"{stack.shop_url}/health")
        yield stack
    finally:
        _stop(stack)
        if temporary:
            shutil.rmtree(folder, ignore_errors=True)


def start_healer(stack: Stack) -> None:
    """Start it, or start it again after it ended; returns when it is ready."""
    _start(stack, "healer", ["-m", "healer.cli", "serve"], _healer_environment(stack))
    _wait(stack, "healer", f"{stack.healer_url}/health/ready")


def interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _can_serve(model: Path) -> bool:
    return model.is_file() and importlib.util.find_spec("llama_cpp") is not None


def _plan(folder: Path, root: Path, ports: tuple[int, int], llm_url: str, engine: str) -> Stack:
    shop_url, healer_url = (f"http://127.0.0.1:{port}" for port in ports)
    admin_token = secrets.token_hex(16)
    examples = folder / "examples.json"
    examples.touch(mode=0o600)  # it holds the token
    examples.write_text(json.dumps(samples.examples(root / "tests" / "samples", admin_token)))
    config = folder / "healer.toml"
    config.write_text(
        f"""[services.shop]
repository = "{folder}/shop.git"
seed = "{root / SHOP}"
entry = "shop.main:app"
source = ["shop"]
tests = ["tests"]
releases = "{folder}/releases"
control = "{folder}/supervisor.sock"
url = "{shop_url}"
examples = "{examples}"
dsn_file = "{folder}/shop.dsn"
engine = "{engine}"

[services.shop.replay]
env = {{ SHOP_ADMIN_TOKEN = "{samples.PLACEHOLDER}" }}
headers = {{ "{samples.ADMIN_TOKEN_HEADER}" = "{samples.PLACEHOLDER}" }}
"""
    )
    environment = {
        "HEALER_HOME": str(folder / "home"),
        "HEALER_CONFIG": str(config),
        "HEALER_PORT": str(ports[1]),
        "HEALER_SOAK_SECONDS": os.environ.get("HEALER_SOAK_SECONDS", "10"),
        "HEALER_LLM_URL": llm_url,
        **{name: value for name, value in os.environ.items() if name.startswith("HEALER_LLM_")},
    }
    return Stack(folder, shop_url, healer_url, admin_token, load_settings(environment))


def _healer_environment(stack: Stack) -> dict[str, str]:
    settings = stack.settings
    return {
        "HEALER_HOME": str(settings.home),
        "HEALER_CONFIG": str(settings.config),
        "HEALER_PORT": str(settings.port),
        "HEALER_SOAK_SECONDS": str(settings.soak_seconds),
        "HEALER_LLM_URL": settings.llm_url,
        "HEALER_LLM_MODEL": settings.llm_model,
        "HEALER_LLM_KEY": settings.llm_key.get_secret_value(),
    }


def _supervisor_flags(stack: Stack, port: int) -> list[str]:
    flags = {
        "--app": "shop.main:app",
        "--releases": str(stack.home / "releases"),
        "--control": str(stack.home / "supervisor.sock"),
        "--host": "127.0.0.1",
        "--port": str(port),
        "--health": "/health",
    }
    return [word for pair in flags.items() for word in pair]


def _shop_environment(stack: Stack) -> dict[str, str]:
    return {
        "SELFHEAL_DSN_FILE": str(stack.home / "shop.dsn"),
        "SELFHEAL_ENTRY": "shop.main:app",
        "SHOP_DATABASE_URL": f"sqlite:///{stack.home}/shop.db",
        "SHOP_ADMIN_TOKEN": stack.admin_token,
    }


def _start(stack: Stack, name: str, arguments: list[str], environment: Mapping[str, str]) -> None:
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("HEALER_", "SELFHEAL_", "SHOP_", "LLM_"))
    }
    parent = os.getpid()

    def die_with_parent() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    with (stack.home / f"{name}.log").open("ab") as log:
        stack.processes[name] = subprocess.Popen(
            [sys.executable, *arguments],
            env={**kept, **environment},
            cwd=stack.home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no thread runs yet that could hold a lock
        )


def _wait(stack: Stack, name: str, url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    said = ""
    while time.monotonic() < deadline:
        if ended := stack.ended():
            raise HealerError(ended)
        try:
            answer = httpx.get(url, timeout=2, trust_env=False)
            if answer.is_success:
                return
            said = answer.text[:300]
        except httpx.HTTPError as error:
            said = str(error)
        time.sleep(0.05)
    raise HealerError(f"{name} is not ready after {START_SECONDS:.0f} seconds: {said}; {stack.last_line(name)}")


def _stop(stack: Stack) -> None:
    for process in reversed(stack.processes.values()):
        process.terminate()
    deadline = time.monotonic() + 15
    for process in stack.processes.values():
        try:
            process.wait(timeout=max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise BadInput(f"port {port} is taken by another program; stop that one first") from None
