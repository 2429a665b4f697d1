"""Which sandbox a service's code runs in, and what it enforces: by a trivial job, or by the sandbox's own survey."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from healer.cli.doctor.check import MISSING, OK, WEAKER, Check
from healer.edges.sandbox import Sandbox
from healer.model import Request, SandboxError
from healer.settings import ServiceSettings, Settings

SECONDS = 60
LIMITS = {"seconds": 10, "memory_mb": 256}

# Measure -> what code under test could do where it is not in force.
MEANINGS = {
    "limits": "use up time, memory, disk and output",
    "processes": "start processes until the machine stands still",
    "network": "reach other machines and services",
    "view": "fill the disk, and write wherever nothing else keeps it away",
    "files": "read what the sandbox's user may read, and write there",
    "user": "meddle with other jobs' files where nothing else keeps it away (needs root)",
    "tree": "leave a process behind for a moment",
    "signals": "send signals to other processes of the sandbox's user",
    "syscalls": "call parts of the kernel that no service needs, and try their faults",
    "privileges": "gain rights by setuid programs",
}
LEAST = ("files", "user")  # one of them must be in force

APP = """async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
"""
TEST = "def test_nothing():\n    pass\n"
ASK = (
    "import importlib.util, platform; print(platform.python_version(), importlib.util.find_spec('pytest') is not None)"
)


def checks(settings: Settings, service: ServiceSettings) -> Iterator[Check]:
    if settings.sandbox is not None:
        yield from _reached(settings, service, Sandbox(settings.sandbox))
    else:
        interpreter = _interpreter(service)
        yield interpreter
        if interpreter.state != MISSING:
            yield from _local(settings, service)


def _reached(settings: Settings, service: ServiceSettings, sandbox: Sandbox) -> Iterator[Check]:
    tree = _tree({"app.py": APP, "test_app.py": TEST})
    try:
        answer = sandbox.replay(tree, [Request("GET", "/")], entry="app:app", env={}, headers={}, limits=LIMITS)
        suite = sandbox.tests(tree, ["test_app.py"], env={}, limits=LIMITS)
    except SandboxError as error:
        remedy = "Start the sandbox, or correct HEALER_SANDBOX; unset, the healer starts its own."
        yield Check(service.name, "sandbox", MISSING, str(error), remedy)
        return
    if answer.problem:
        yield Check(
            service.name, "sandbox", MISSING, f"a trivial job failed: {answer.problem}", "See the sandbox's log."
        )
        return
    if suite.problem or list(suite.outcomes.values()) != ["passed"]:
        found = f"the service's tests cannot run there: {suite.problem or 'a trivial test did not pass'}"
        yield Check(service.name, "tests", MISSING, found, "Install pytest in the sandbox's image.")
    yield from _measures(service, f"answers at {settings.sandbox}", answer.isolation, weak=settings.sandbox_weak)


def _interpreter(service: ServiceSettings) -> Check:
    try:
        said = subprocess.run(
            [service.interpreter, "-I", "-c", ASK], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        found = f"cannot run {service.interpreter}: {error}"
        return Check(service.name, "interpreter", MISSING, found, "Set python to the service's interpreter.")
    if said.returncode != 0:
        found = f"{service.interpreter} fails: {said.stderr.strip()[-200:]}"
        return Check(service.name, "interpreter", MISSING, found, "Set python to the service's interpreter.")
    version, pytest = said.stdout.split()
    if pytest != "True":
        found = f"{service.interpreter} (Python {version}) has no pytest: the service's tests cannot run"
        return Check(service.name, "interpreter", MISSING, found, "Install pytest beside the service.")
    return Check(service.name, "interpreter", OK, f"{service.interpreter}, Python {version} with pytest")


def _local(settings: Settings, service: ServiceSettings) -> Iterator[Check]:
    spec = importlib.util.find_spec("selfheal")
    if spec is None or not spec.submodule_search_locations:
        found = "the package selfheal is not installed beside the healer"
        yield Check(service.name, "sandbox", MISSING, found, "Install app-service.")
        return
    with tempfile.TemporaryDirectory() as library:
        # Nothing but the client: the service's interpreter must not see the healer's own packages.
        (Path(library) / "selfheal").symlink_to(spec.submodule_search_locations[0])
        environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": library, "LANG": "C.UTF-8"}
        command = [service.interpreter, "-m", "selfheal.sandbox", "--measures"]
        try:
            said = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False, cwd="/"
            )
            isolation = tuple(map(str, json.loads(said.stdout)["isolation"]))
        except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
            found = f"its own survey failed: {type(error).__name__}"
            yield Check(service.name, "sandbox", MISSING, found, f"Run {' '.join(command)} to see why.")
            return
    yield from _measures(service, "a process of the healer's own", isolation, weak=settings.sandbox_weak)


def _measures(service: ServiceSettings, where: str, isolation: Sequence[str], *, weak: bool) -> Iterator[Check]:
    if not set(LEAST) & set(isolation):
        found = f"{where}; neither Landlock nor a user for each job is to be had"
        state = WEAKER if weak else MISSING
        remedy = "Use a kernel with Landlock (5.13 or newer), the compose service, or HEALER_SANDBOX_WEAK=true."
        yield Check(service.name, "sandbox", state, found, remedy)
    else:
        yield Check(service.name, "sandbox", OK, f"{where}; in force: {', '.join(isolation)}")
    for name, meaning in MEANINGS.items():
        if name not in isolation:
            yield Check(service.name, f"sandbox: {name}", WEAKER, f"code under test could {meaning}", _how_to_get(name))


def _how_to_get(measure: str) -> str:
    if measure == "files":
        return "A kernel with Landlock (5.13 or newer, named in its lsm= list)."
    if measure == "user":
        return "The compose service, or a healer started as root."
    return "The compose service, or a kernel that lets users make namespaces and seccomp filters."


def _tree(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()
