"""What a probe is, and the application that carries it into the sandbox. It runs none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Runs the file attack.py for each request and answers what it found. `attempt` is for what must fail (a success that
# only hostile code tells of counts too), `look` for what may succeed and must not show the secret.
APP = """
import ctypes, json, os, resource, signal, socket, sys, threading, time
import facts

libc = ctypes.CDLL(None, use_errno=True)
near = facts.witnesses[0]
found = []

def breach(text):
    found.append(f"{facts.breach} {text}")

def attempt(call, *arguments):
    try:
        result = call(*arguments)
    except BaseException:
        return
    if result != -1:
        breach(f"{getattr(call, '__name__', call)}{arguments!r:.200}: {result!r:.200}")

def look(call, *arguments):
    try:
        found.append(repr(call(*arguments))[:5000])
    except BaseException:
        pass

def read(path, mode="rb"):
    with open(path, mode) as file:
        return file.read(100_000)

def every_descriptor(data):
    for number in range(1, 600):
        try:
            os.set_blocking(number, False)
            os.write(number, data)
        except OSError:
            pass

with open("attack.py") as file:
    attack = compile(file.read(), "attack.py", "exec")

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    held = dict(globals(), headers=[], body=None)
    exec(attack, held)
    body = held["body"] if held["body"] is not None else json.dumps(found).encode()
    await send({"type": "http.response.start", "status": 200, "headers": held["headers"]})
    await send({"type": "http.response.body", "body": body})
"""


@dataclass(frozen=True)
class Probe:
    """Hostile code and what it may and may not bring about."""

    name: str
    tries: str
    code: str = ""  # attack.py for APP
    needs: tuple[str, ...] = ()  # measures without which it is too dangerous to be tried
    limits: Mapping[str, float] = field(default_factory=dict)
    status: tuple[str, ...] = ("ok",)  # what the sandbox may say of the job
    peak: Mapping[str, int] = field(default_factory=dict)  # the highest that the witness may see
    sibling: bool = False  # another job runs meanwhile, and must come to its right answer
    files: Mapping[str, str] = field(default_factory=dict)  # of the tree, instead of APP and `code`
    kind: str = "replay"
    requests: int = 1
    category: str = ""


def of_category(category: str, *probes: Probe) -> tuple[Probe, ...]:
    return tuple(Probe(**{**vars(probe), "category": category}) for probe in probes)
