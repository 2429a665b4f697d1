"""Bad releases through the whole healer: how soon the users have the old one again, and what they noticed meanwhile.

Each is a person's push to the branch, under load. The bug that a fix of the healer's took away is one of them. What a
release breaks counts apart from what it does to the requests beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
from healer.cli import samples, stack
from healer.cli.client import Client
from healer.cli.load import Load
from rich.console import Console
from rich.table import Table

from tests.benchmarks.changeover import order
from tests.benchmarks.table import Row, machine, show, within
from tests.pushes import Clone, release_pushes

ROOT = Path(__file__).resolve().parents[2]
BUG = "return-without-policy"
PATHS = ("/health", "/products", "/categories")
VICTIM_SECONDS = 0.25  # between two requests of the kinds that a bad release breaks
PATIENCE_SECONDS = 90.0
SOAK_SECONDS = 30
MAIN, CART, CATALOG = "shop/main.py", "shop/cart.py", "shop/catalog.py"

Files = Mapping[str, str]
_Found = TypeVar("_Found")

# After the first request of a user's kind: a second later it happens, in the middle of serving.
_LATER = """

_began: list[float] = []


@app.middleware("http")
async def fail_later(request: Request, call_next):  # release {number}
    import os, time

    if request.url.path == "/products":
        _began.append(time.monotonic())
    if _began and time.monotonic() - _began[0] > 1:
        {what}
    return await call_next(request)
"""


@dataclass(frozen=True)
class Kind:
    name: str
    starts: bool  # whether users get to it
    spoil: Callable[[Files, Files, int], Files]  # the good files, those before the fix, and the number of the run


def _at_the_end(text: str) -> Callable[[Files, Files, int], Files]:
    return lambda good, _, number: {MAIN: good[MAIN] + text.replace("{number}", str(number))}


def _raising(path: str, before: str) -> Callable[[Files, Files, int], Files]:
    """A function of its own for each run: the same statement would be a crash that is known already."""

    def spoiled(good: Files, _: Files, number: int) -> Files:
        name = f"count_{number}"
        assert before in good[path], f"{path} has changed: {before!r} is not in it"
        indent = before[: len(before) - len(before.lstrip())]
        function = f"\n\ndef {name}() -> None:\n    {{}}['run {number}']\n"
        return {path: good[path].replace(before, f"{indent}{name}()\n{before}") + function}

    return spoiled


def _unfixed(good: Files, unfixed: Files, number: int) -> Files:
    changed = {path: text for path, text in unfixed.items() if good[path] != text}
    return {path: f"{text}\n# run {number}\n" for path, text in changed.items()}


KINDS = (
    Kind("does not import", False, _at_the_end("\nimport nobody_has_this_module_{number}\n")),
    Kind("hangs at start", False, _at_the_end("\nimport time\n\ntime.sleep(3600 + {number})\n")),
    Kind("fails its health", False, _raising(MAIN, '        db.execute(text("SELECT 1"))\n')),
    Kind(
        "breaks a page that was asked before", False, _raising(CATALOG, "    rows = db.execute(select(Product.category")
    ),
    Kind("breaks an action", True, _raising(CART, "    cart = Cart(id=")),
    Kind("brings the incident back", True, _unfixed),
    Kind("dies after a second", True, _at_the_end(_LATER.replace("{what}", "os._exit(3)"))),
    Kind("hangs after a second", True, _at_the_end(_LATER.replace("{what}", "time.sleep(3600)"))),
)


@dataclass(frozen=True)
class Run:
    kind: str
    served: bool  # to users, in the end or for a moment
    back: float  # seconds from being served until the old one served again; 0 when it never was
    decided: float  # seconds from the push until the healer had the release failed or rolled back
    requests: int  # of users, beside what the release broke
    failed: int
    broken: int  # requests of the kinds that a release breaks, answered with 5xx or not at all
    state: str
    reason: str


class Victim:
    """Sends what bad releases break, again and again: opens a cart, and returns the article without a policy."""

    def __init__(self, url: str, request: dict[str, Any]) -> None:
        self._url = url
        self._requests = ({"method": "POST", "path": "/carts"}, request)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.broken = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=10, trust_env=False) as shop:
            while not self._ended.wait(VICTIM_SECONDS):
                for request in self._requests:
                    try:
                        self.broken += samples.send(shop, request).status_code >= 500
                    except httpx.HTTPError:
                        self.broken += 1


class Gauge:
    """Asks the supervisor all the time which release it serves."""

    def __init__(self, control: Path) -> None:
        self._control = control
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.seen: list[tuple[float, str, bool]] = []  # when, which, and whether it serves

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(timeout=30)

    def served(self, release: str) -> tuple[float, float]:
        """When a release was served first, and for how many seconds: until another one was. 0 and 0 if it never was."""
        first = next((when for when, name, _ in self.seen if name == release), 0.0)
        last = max((when for when, name, serves in self.seen if name == release or not serves), default=0.0)
        return (first, last - first) if first else (0.0, 0.0)

    def _run(self) -> None:
        while not self._ended.wait(0.02):
            status = order(self._control, op="status")
            release = str(status.get("canary") or status["release"])
            self.seen.append((time.monotonic(), release, status["state"] != "waiting"))


@contextmanager
def _healed() -> Iterator[tuple[stack.Stack, Client, Clone, dict[str, Any], str]]:
    """A stack whose one incident is resolved; with it the request that crashed, and the commit before the fix."""
    os.environ["HEALER_SOAK_SECONDS"] = str(SOAK_SECONDS)
    with tempfile.TemporaryDirectory() as folder, stack.running(ROOT) as running:
        release_pushes(running)
        running.processes["healer"].terminate()
        running.processes["healer"].wait()
        stack.start_healer(running)
        client, clone = Client(running.settings), Clone(running, Path(folder) / "clone")
        before = clone.pull()
        sample = samples.load(ROOT / "tests" / "samples", BUG, running.admin_token)
        with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
            for path in PATHS:  # the good traffic that a report remembers, and new releases are asked
                shop.get(path).raise_for_status()
            played = samples.play(shop, sample)
        incident = _until("a proposal", lambda: _incident(client, "proposed"))
        client.post(f"/api/v1/incidents/{incident['id']}/approve", {})
        _until("the fix to stand its time", lambda: _incident(client, "resolved"))
        yield running, client, clone, played.request, before


def _incident(client: Client, state: str) -> dict[str, Any] | None:
    found = client.get("/api/v1/incidents")["incidents"]
    return found[-1] if found and found[-1]["state"] == state else None


def _release(client: Client, commit: str, *states: str) -> dict[str, Any] | None:
    for row in client.get("/api/v1/services/shop/releases")["releases"]:
        if row["commit"] == commit and row["state"] in states:
            return dict(row)
    return None


def _until(what: str, look: Callable[[], _Found | None]) -> _Found:
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := look()) is None:
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain for {what}")
        time.sleep(0.1)
    return found


def measure(runs: int, kinds: tuple[Kind, ...], say: Callable[[str], None]) -> list[Run]:
    found: list[Run] = []
    with _healed() as (running, client, clone, request, before):
        good = _texts(clone, clone.pull())
        unfixed = {path: text for path, text in _texts(clone, before).items() if path.startswith("shop/")}
        for kind in kinds:
            for _ in range(runs):
                bad = kind.spoil(good, unfixed, len(found) + 1)
                found.append(_run(running, client, clone, request, kind, bad))
                say(f"{found[-1]}")
                mended = clone.push({path: good[path] for path in bad}, "Take it back")
                _until("the good code", partial(_release, client, mended, "soaking", "live"))
    return found


def _texts(clone: Clone, commit: str) -> dict[str, str]:
    return {path: data.decode() for path, data in clone.tree(commit).items() if path.endswith(".py")}


def _run(running: stack.Stack, client: Client, clone: Clone, request: dict[str, Any], kind: Kind, bad: Files) -> Run:
    load, victim = Load(running.shop_url, PATHS), Victim(running.shop_url, request)
    gauge = Gauge(running.home / "supervisor.sock")
    started = (load, victim, gauge)
    for one in started:
        one.start()
    try:
        time.sleep(0.5)
        began = time.monotonic()
        commit = clone.push(bad, f"A change that {kind.name}")
        row = _until(f"{kind.name}: failed or taken back", lambda: _release(client, commit, "failed", "rolled_back"))
        decided = time.monotonic() - began
        time.sleep(0.5)
    finally:
        for one in started:
            one.stop()
    first, back = gauge.served(commit)
    return Run(
        kind=kind.name,
        served=first > 0,
        back=round(back, 2),
        decided=round(decided, 2),
        requests=load.answered,
        failed=len(load.failures),
        broken=victim.broken,
        state=row["state"],
        reason=row["reason"].partition("\n")[0],
    )


def table(found: list[Run]) -> Table:
    drawn = Table("kind", "runs", "served", "back p50", "back worst", "decided worst", "requests", "failed", "broken")
    for kind in dict.fromkeys(run.kind for run in found):
        runs = [run for run in found if run.kind == kind]
        backs = [run.back for run in runs]
        drawn.add_row(
            kind,
            str(len(runs)),
            str(sum(run.served for run in runs)),
            f"{statistics.median(backs):.1f} s",
            f"{max(backs):.1f} s",
            f"{max(run.decided for run in runs):.1f} s",
            str(sum(run.requests for run in runs)),
            str(sum(run.failed for run in runs)),
            str(sum(run.broken for run in runs)),
        )
    return drawn


def aims(found: list[Run]) -> list[Row]:
    unstarted = {kind.name for kind in KINDS if not kind.starts}
    hidden = [run for run in found if run.kind in unstarted]
    return [
        within("back, worst of all", max(run.back for run in found), 10, "s"),
        within("users' errors by those that do not start", sum(run.failed + run.broken for run in hidden), 0, ""),
        within("of those served to users", sum(run.served for run in hidden), 0, ""),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="of each kind")
    parser.add_argument("--only", choices=[kind.name for kind in KINDS], action="append")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    console = Console()
    console.print(machine(), soft_wrap=True)
    kinds = tuple(kind for kind in KINDS if not given.only or kind.name in given.only)
    found = measure(given.runs, kinds, lambda text: console.print(text, style="dim", soft_wrap=True))
    console.print(table(found))
    if given.json:
        document = {"machine": machine(), "runs": [asdict(run) for run in found]}
        given.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0 if show(console, aims(found)) else 1


if __name__ == "__main__":
    sys.exit(main())
