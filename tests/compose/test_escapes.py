"""Hostile code in the container of the sandbox, with witnesses in it, in its neighbours and on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.compose.conftest import Stack
from tests.escapes.probe import Probe
from tests.escapes.probes import ALL
from tests.escapes.runner import Ground, Witness, new_secret

pytestmark = pytest.mark.compose

_SOCKET = "/run/sandbox/sandbox.sock"

# Runs in the healer's container, which has the volume of the socket: jobs in by its input, answers out.
_RELAY = """
import socket, sys
while size := sys.stdin.buffer.read(8):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(sys.argv[1])
        connection.sendall(sys.stdin.buffer.read(int.from_bytes(size, "big")))
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    sys.stdout.buffer.write(len(data).to_bytes(8, "big") + data)
    sys.stdout.buffer.flush()
"""


class _Relayed:
    """One relay for each thread that sends."""

    def __init__(self, container: str) -> None:
        self._command = ["docker", "exec", "-i", container, "python3", "-c", _RELAY, _SOCKET]
        self._own = threading.local()
        self._started: list[subprocess.Popen[bytes]] = []

    def send(self, data: bytes) -> bytes:
        relay: subprocess.Popen[bytes] | None = getattr(self._own, "relay", None)
        if relay is None:
            relay = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._own.relay = relay
            self._started.append(relay)
        assert relay.stdin is not None
        assert relay.stdout is not None
        relay.stdin.write(len(data).to_bytes(8, "big") + data)
        relay.stdin.flush()
        return relay.stdout.read(int.from_bytes(relay.stdout.read(8), "big"))

    def end(self) -> None:
        for relay in self._started:
            relay.communicate(timeout=20)


def _inspected(container: str) -> Any:
    return json.loads(subprocess.run(["docker", "inspect", container], capture_output=True, check=True).stdout)[0]


@pytest.fixture(scope="module")
def ground(stack: Stack) -> Iterator[Ground]:
    secret = new_secret()
    sandbox, *neighbours = (
        stack.compose("ps", "-q", service).strip() for service in ("sandbox", "healer-service", "app-service")
    )
    networks = [next(iter(_inspected(each)["NetworkSettings"]["Networks"].values())) for each in neighbours]
    with ExitStack() as ending:

        def witness(container: str, host: str, server: int | None = 0) -> Witness:
            into = ["docker", "exec", "-i", "-e", f"OUTPOST_SECRET={secret}", container, "python3"]
            started = Witness(into if container else [sys.executable], secret, host, server=server)
            ending.callback(started.end)
            return started

        witnesses = [witness(sandbox, "", None)]
        witnesses += [witness(each, network["IPAddress"]) for each, network in zip(neighbours, networks, strict=True)]
        witnesses.append(witness("", networks[0]["Gateway"]))
        relayed = _Relayed(neighbours[0])
        ending.callback(relayed.end)
        running = Ground(relayed, secret, _SOCKET, witnesses)
        running.learn()
        yield running


@pytest.mark.parametrize("probe", ALL, ids=lambda probe: f"{probe.category}-{probe.name}".replace(" ", "-"))
def test_it_is_contained(ground: Ground, probe: Probe) -> None:
    assert set(probe.needs) <= ground.measures, "it is not tried where it might succeed"
    assert ground.harm(probe) == []
