"""llama.cpp called directly, in a process of its own: what a service can reach at best. Speaks no HTTP, makes no text.

The process calls the C functions one by one, as llama.cpp's own bench does, with llama.cpp's own defaults.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any


@dataclass(frozen=True)
class Run:
    first: float  # seconds to the first token
    rest: float  # seconds for the others


class Direct:
    """The other process, seen from here. It computes only while `run` waits."""

    def __init__(self, requests: IO[str], answers: IO[str]) -> None:
        self._requests, self._answers = requests, answers
        loaded = self._hear()
        self.load_seconds: float = loaded["seconds"]
        self.features: str = loaded["features"]  # of the processor, as far as this build of llama.cpp uses them

    def run(self, prompt: list[int], count: int) -> Run:
        """Reads the prompt into an empty context and makes `count` tokens, the most probable each time."""
        print(json.dumps([prompt, count]), file=self._requests, flush=True)
        return Run(**self._hear())

    def _hear(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise SystemExit("llama.cpp, called directly, ended; its reason stands above")
        return dict(json.loads(line))


@contextmanager
def running(model: Path, context: int, threads: int) -> Iterator[Direct]:
    command = [sys.executable, "-m", __name__, str(model), str(context), str(threads)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        try:
            yield Direct(process.stdin, process.stdout)
        finally:
            process.kill()


def _serve(model_path: str, context_size: int, threads: int) -> None:
    import llama_cpp.llama_cpp as native

    started = time.perf_counter()
    silent = native.llama_log_callback(lambda *_: None)
    native.llama_log_set(silent, ctypes.c_void_p())
    native.llama_backend_init()
    model = native.llama_model_load_from_file(model_path.encode(), native.llama_model_default_params())
    if not model:
        raise SystemExit(f"llama.cpp cannot load {model_path}")
    settings = native.llama_context_default_params()
    settings.n_ctx = context_size
    settings.n_threads = settings.n_threads_batch = threads
    context = native.llama_init_from_model(model, settings)
    if not context:
        raise SystemExit(f"llama.cpp cannot make a context of {context_size} tokens")
    sampler = native.llama_sampler_init_greedy()

    def compute(tokens: list[int]) -> int:
        """The next token after these."""
        for place in range(0, len(tokens), settings.n_batch):
            part = tokens[place : place + settings.n_batch]
            kept = (ctypes.c_int32 * len(part))(*part)  # the batch only points to it
            code = native.llama_decode(context, native.llama_batch_get_one(kept, len(part)))
            if code:
                raise SystemExit(f"llama_decode of {len(part)} tokens answered {code}")
        return int(native.llama_sampler_sample(sampler, context, -1))

    features = native.llama_print_system_info().decode().strip()
    print(json.dumps({"seconds": time.perf_counter() - started, "features": features}), flush=True)
    for line in sys.stdin:
        prompt, count = json.loads(line)
        native.llama_memory_clear(native.llama_get_memory(context), True)
        started = time.perf_counter()
        token = compute(prompt)
        middle = time.perf_counter()
        for _ in range(count - 1):
            token = compute([token])
        print(json.dumps({"first": middle - started, "rest": time.perf_counter() - middle}), flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
