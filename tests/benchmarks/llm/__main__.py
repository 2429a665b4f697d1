"""`make bench-llm`: speed and memory of the local model's service, beside llama.cpp called directly. Needs no weights.

Without --model it makes a model of the 1.5B's shape once, in .bench, and measures with that.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import signal
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]
_MODEL = _ROOT / ".bench" / "qwen2.5-coder-1.5b-q4.gguf"
# What is imported, and the make target that installs it.
_NEEDED = {
    "gguf": "setup",
    "httpx": "setup",
    "numpy": "setup",
    "rich": "setup",
    "llama_cpp": "llm",
    "llm_service": "llm",
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.llm", description=__doc__)
    parser.add_argument("--model", type=Path, help="measure with this GGUF file instead")
    parser.add_argument("--rounds", type=int, default=5, help="of service and llama.cpp in turns (default: 5)")
    parser.add_argument("--heals", type=int, default=9, help="of the shop by the model; 0 for none (default: 9)")
    parser.add_argument("--json", action="store_true", help="figures for scripts instead of the table")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error(f"--rounds is {options.rounds}; at least 1 is needed")
    if options.heals < 0:
        parser.error(f"--heals is {options.heals}; 0 or more is needed")
    if missing := [name for name in _NEEDED if importlib.util.find_spec(name) is None]:
        for name in missing:
            print(f"bench-llm: {name} is not installed; it comes with: make {_NEEDED[name]}", file=sys.stderr)
        return 2

    from rich.console import Console

    from tests.benchmarks.llm import bench, vocabulary, weights
    from tests.benchmarks.table import machine, show

    console = Console(stderr=options.json)

    def say(text: str) -> None:
        console.print(text, style="dim", soft_wrap=True, highlight=False)

    # By default the signal ends this process on the spot, and leaves the service running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    console.print(machine(), soft_wrap=True)
    model: Path = options.model or _MODEL
    if not model.exists():
        if options.model:
            print(f"bench-llm: --model is {model}; there is no such file", file=sys.stderr)
            return 2
        say("a model of the 1.5B's shape, 1.1 GB, once …")
        try:
            weights.write_model(model, weights.Shape(), vocabulary.fetch(), say)
        except OSError as error:
            print(f"bench-llm: no model was made: {error}; --model takes another one", file=sys.stderr)
            return 2
    report = bench.measure(model, options.rounds, options.heals, say)
    good = all(row[3] for row in report.rows)
    if options.json:
        rows = [dict(zip(("measured", "value", "aim", "ok"), row, strict=True)) for row in report.rows]
        print(
            json.dumps({"machine": machine(), "notes": report.notes, "figures": report.figures, "rows": rows}, indent=2)
        )
        return 0 if good else 1
    for note in report.notes:
        console.print(note, soft_wrap=True, highlight=False)
    show(console, report.rows)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
