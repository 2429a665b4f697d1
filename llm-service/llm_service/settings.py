"""The service's settings, from LLM_… variables of the environment. Reads no file and opens nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from llm_service.cores import usable_cores

DEFAULT_MODEL = "models/qwen2.5-coder-1.5b-q4.gguf"


class SettingError(ValueError):
    """A variable that cannot be used; the message names it, its value and what would do."""


@dataclass(frozen=True)
class Settings:
    host: str = "127.0.0.1"
    port: int = 8002
    model: Path = Path(DEFAULT_MODEL)
    context: int = 4096
    threads: int = 1

    @property
    def model_name(self) -> str:
        """What `/v1/models` calls the model: the file's name without its ending."""
        return self.model.name.removesuffix(".gguf")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Empty variables count as absent, as `${NAME:-}` in a compose file makes them. Raises SettingError."""
    return Settings(
        host=environ.get("LLM_HOST") or "127.0.0.1",
        port=_number(environ, "LLM_PORT", 8002, 0, 65535),
        model=Path(environ.get("LLM_MODEL") or DEFAULT_MODEL),
        context=_number(environ, "LLM_CONTEXT", 4096, 256, 131072),
        threads=_number(environ, "LLM_THREADS", None, 1, 512),
    )


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
