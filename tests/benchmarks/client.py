"""The client beside sentry-sdk: what leaves the process, what a request pays, and what an outage costs.

A plain service, one with our client and one with the newest sentry-sdk run side by side and are asked in turns; both
report to the same sink. The environment is made for the run and thrown away.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.benchmarks.client_subject import SECRETS
from tests.benchmarks.table import Row, machine, show
from tests.selfheal.sink import Sink

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("plain", "sentry", "ours")
ROUNDS = 5
HEALTHY, FAILING, BLOCKS = 2000, 300, 10  # requests of a round, asked in so many turns
PATHS = {"healthy": HEALTHY, "failing": FAILING}
EVENTS = 1000
TRIALS = 3
_BUG = re.compile(r'"function": ?"price_([0-9]+)"')

Figures = dict[str, dict[str, float]]  # by row and kind


class Subject:
    def __init__(self, process: subprocess.Popen[str], sink: Sink) -> None:
        self._process = process
        self.sink = sink
        self._answer()

    def ask(self, *order: Any) -> list[int]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return list(self._answer())

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a measured service ended by itself")
        return json.loads(line)

    def sent(self) -> list[str]:
        """The bodies that arrived until now, as text."""
        found = []
        for _, headers, body in list(self.sink.requests):
            plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
            found.append(plain.decode("utf-8", "replace"))
        return found


@contextmanager
def subject(python: Path, kind: str) -> Iterator[Subject]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SELFHEAL_", "SENTRY_"))}
    environment["PYTHONPATH"] = str(ROOT / "app-service")
    sink = Sink()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(__file__).with_name("client_subject.py")
        process = subprocess.Popen(
            [python, script, kind, sink.dsn, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the frameworks log each crash
            text=True,
            env=environment,
            cwd=folder,
        )
        try:
            yield Subject(process, sink)
        finally:
            process.kill()
            process.communicate()
            sink.stop()


def prepared(folder: Path) -> tuple[Path, str]:
    """An interpreter with the newest sentry-sdk, and what is there by name."""
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "sentry-sdk", "fastapi"]
    subprocess.run(install, check=True)
    listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], check=True, capture_output=True, text=True)
    versions = {one["name"]: one["version"] for one in json.loads(listed.stdout)}
    return python, ", ".join(f"{name} {versions[name]}" for name in ("sentry-sdk", "fastapi", "starlette"))


def paths(subjects: dict[str, Subject]) -> Figures:
    """p50 of what the reporter adds to a request, in ms: the median of the rounds."""
    added: dict[str, dict[str, list[float]]] = {order: {kind: [] for kind in KINDS[1:]} for order in PATHS}
    for _ in range(ROUNDS):
        for order, number in PATHS.items():
            taken: dict[str, list[int]] = {kind: [] for kind in KINDS}
            for _ in range(BLOCKS):
                for kind, one in subjects.items():
                    taken[kind] += one.ask(order, number // BLOCKS)
                    one.ask("flush", 5)
            middle = {kind: statistics.median(values) / 1e6 for kind, values in taken.items()}
            for kind in KINDS[1:]:
                added[order][kind].append(middle[kind] - middle["plain"])
    return {
        order: {kind: statistics.median(rounds) for kind, rounds in kinds.items()} for order, kinds in added.items()
    }


def leaks(one: Subject) -> list[str]:
    """What of the planted secrets left."""
    one.ask("secrets")
    one.ask("flush", 10)
    left = "\n".join(one.sent())
    assert "/secrets" in left, "no report of the crash came"
    return [place for place, secret in SECRETS.items() if secret in left]


def blocked(python: Path, kind: str) -> float:
    """Milliseconds of the longest block of the loop, by a large or a slow local. The least of fresh processes: what
    the reporter does it does in each, and a busy machine holds up anybody's loop now and then."""
    longest = []
    for _ in range(TRIALS):
        with subject(python, kind) as one:
            longest.append(max(one.ask("large", value)[0] for value in ("text", "list", "slow")) / 1e6)
    return min(longest)


def outage(one: Subject, bugs: int) -> tuple[int, int]:
    """By how many crashes what is heard differs from EVENTS, and how many distinct bugs nobody hears of, after the
    sink did not answer while they happened."""
    one.sink.open.clear()
    one.ask("burst", bugs, EVENTS // bugs)
    one.sink.open.set()
    one.ask("flush", 20)
    time.sleep(0.5)
    told = {text_id: (bug, crashes) for text_id, bug, crashes in map(_told, one.sent()) if bug}
    heard = sum(crashes for _, crashes in told.values())
    return abs(EVENTS - heard), bugs - len({bug for bug, _ in told.values()})


def _told(text: str) -> tuple[str, str, int]:
    """(id, bug, crashes) of one report of ours, which may have been sent twice, or of the event in an envelope."""
    found = _BUG.search(text)
    if found is None or not text.startswith('{"report_id"'):
        return text, found[1] if found else "", 1
    report = json.loads(text)
    return report["report_id"], found[1], 1 + report["suppressed"] + sum(report["lost"].values())


def measure(say: Callable[[str], None]) -> Figures:
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as folder:
        say("sentry-sdk and fastapi are installed …")
        python, versions = prepared(Path(folder))
        say(versions)
        with ExitStack() as stack:
            say(f"{ROUNDS} rounds of {HEALTHY} good and {FAILING} failing requests each …")
            figures |= paths({kind: stack.enter_context(subject(python, kind)) for kind in KINDS})
        for kind in KINDS[1:]:
            say(f"{kind}: secrets, large values, outages …")
            with subject(python, kind) as one:
                found = leaks(one)
                say(f"{kind}: {len(found)} of {len(SECRETS)} left: {', '.join(found) or 'none'}")
            figures.setdefault("leaks", {})[kind] = len(found)
            figures.setdefault("blocked", {})[kind] = blocked(python, kind)
            for bugs in (EVENTS, EVENTS // 10):
                with subject(python, kind) as one:
                    crashes, lost = outage(one, bugs)
                figures.setdefault(f"crashes of {bugs}", {})[kind] = crashes
                figures.setdefault(f"bugs of {bugs}", {})[kind] = lost
    return figures


def rows(figures: Figures) -> list[Row]:
    tenth = EVENTS // 10
    aims = [
        (f"of {len(SECRETS)} planted secrets, left the process", "leaks", 0.0, ""),
        ("error path, p50 added", "failing", 3.0, " ms"),
        ("healthy path, p50 added", "healthy", 0.05, " ms"),
        (f"{EVENTS} crashes in an outage, each its own bug: crashes lost", f"crashes of {EVENTS}", 0.0, ""),
        ("  bugs lost", f"bugs of {EVENTS}", 0.0, ""),
        (f"{EVENTS} crashes in an outage, of {tenth} bugs: crashes lost", f"crashes of {tenth}", 0.0, ""),
        ("  bugs lost", f"bugs of {tenth}", 0.0, ""),
        ("huge or slow local, longest block of the loop", "blocked", 20.0, " ms"),
    ]
    return [_row(name, figures[key], aim, unit) for name, key, aim, unit in aims]


def _row(name: str, figure: dict[str, float], aim: float, unit: str) -> Row:
    ours, theirs = figure["ours"], figure["sentry"]
    good = ours <= aim and ours <= theirs
    return name, f"{ours:.3g}{unit} (sentry-sdk {theirs:.3g}{unit})", f"≤ {aim:g}{unit}", good


def main() -> int:
    console = Console()
    console.print(machine(), soft_wrap=True)
    figures = measure(lambda text: console.print(text, style="dim", soft_wrap=True))
    return 0 if show(console, rows(figures)) else 1


if __name__ == "__main__":
    sys.exit(main())
