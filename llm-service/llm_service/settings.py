"""The service's settings, from LLM_… variables of the environment. Reads no file and opens nothing."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from llm_service.cores import usable_cores

DEFAULT_MODEL = "models/qwen2.5-coder-1.5b-q4.gguf"
_OWN = (
    "LLM_HOST",
    "LLM_PORT",
    "LLM_MODEL",
    "LLM_CONTEXT",
    "LLM_THREADS",
    "LLM_QUEUE",
    "LLM_DEADLINE_SECONDS",
    "LLM_STATE",
)
# The image sets the first; docker-compose.yml reads the second, which a shell may have exported.
_OTHERS = ("LLM_CONTAINER", "LLM_MODELS")


class SettingError(ValueError):
    """A variable that cannot be used; the message names it, its value and what would do."""


@dataclass(frozen=True)
class Settings:
    host: str = "127.0.0.1"
    port: int = 8002
    model: Path = Path(DEFAULT_MODEL)
    context: int = 4096
    threads: int = 1
    queue: int = 8  # requests that may wait beside the one that runs
    deadline_seconds: int = 120
    state: Path | None = None  # folder for what is worth keeping across restarts
    container: bool = False

    @property
    def model_name(self) -> str:
        """What `/v1/models` calls the model: the file's name without its ending."""
        return self.model.name.removesuffix(".gguf")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Empty variables count as absent, as `${NAME:-}` in a compose file makes them. Raises SettingError."""
    _refuse_unknown(environ)
    return Settings(
        host=environ.get("LLM_HOST") or "127.0.0.1",
        port=_number(environ, "LLM_PORT", 8002, 0, 65535),
        model=Path(environ.get("LLM_MODEL") or DEFAULT_MODEL),
        context=_number(environ, "LLM_CONTEXT", 4096, 256, 131072),
        threads=_number(environ, "LLM_THREADS", None, 1, 512),
        queue=_number(environ, "LLM_QUEUE", 8, 0, 1000),
        deadline_seconds=_number(environ, "LLM_DEADLINE_SECONDS", 120, 1, 3600),
        state=_state(environ),
        container=bool(environ.get("LLM_CONTAINER")),
    )


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    """A misspelt variable must not silently leave its default in force."""
    for name in sorted(environ):
        if name.startswith("LLM_") and name not in _OWN and name not in _OTHERS:
            near = difflib.get_close_matches(name, _OWN, 1)
            raise SettingError(f"{name}: there is no such setting" + (f"; is {near[0]} meant?" if near else ""))


def _number(environ: Mapping[str, str], name: str, default: int | None, low: int, high: int) -> int:
    text = environ.get(name) or ""
    if not text:
        return usable_cores() if default is None else default
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise SettingError(f"{name} is {text!r}; it must be a whole number from {low} to {high}")
    return number


def _state(environ: Mapping[str, str]) -> Path | None:
    """None where there is neither a setting nor a home."""
    if environ.get("LLM_STATE"):
        return Path(environ["LLM_STATE"])
    if environ.get("XDG_CACHE_HOME"):
        return Path(environ["XDG_CACHE_HOME"]) / "llm-service"
    if environ.get("HOME"):
        return Path(environ["HOME"]) / ".cache" / "llm-service"
    return None
