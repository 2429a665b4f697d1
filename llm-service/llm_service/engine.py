"""How the process that holds the model is started, and whether it can be. Imports no native code.

llama-cpp-python is looked for but not imported: the service must start and explain itself where it is not installed.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Protocol

from llm_service.settings import Settings


class Engine(Protocol):
    def problem(self) -> str | None:
        """Why no model can be served here whatever the file; None when one can."""

    def command(self, settings: Settings, socket: Path, report: int) -> list[str]:
        """Starts a worker: it loads the model, listens on `socket`, and tells descriptor `report` how that went."""


class LlamaCpp:
    def problem(self) -> str | None:
        missing = [name for name in ("llama_cpp", "sse_starlette") if importlib.util.find_spec(name) is None]
        if missing:
            return "llama-cpp-python is not installed with its server; it helps to run: make llm"
        return None

    def command(self, settings: Settings, socket: Path, report: int) -> list[str]:
        options = {
            "model": settings.model,
            "name": settings.model_name,
            "context": settings.context,
            "threads": settings.threads,
            "socket": socket,
            "report": report,
        }
        return [sys.executable, "-m", "llm_service.worker", *(f"--{name}={value}" for name, value in options.items())]
