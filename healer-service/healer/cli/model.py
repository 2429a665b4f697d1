"""`healer model`: hands over to the llm service's own command. Knows nothing about models."""

from __future__ import annotations

import importlib.util
import os
import sys

import typer

from healer.model import HealerError

app = typer.Typer(no_args_is_help=True, help="The local model's weights.")


@app.callback()
def group() -> None:
    """The local model's weights."""  # a group of its own even while it has one command


@app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def pull(context: typer.Context) -> None:
    """Download the weights from the Hugging Face hub into models/; --help shows the options."""
    if importlib.util.find_spec("llm_service") is None:
        raise HealerError(
            "llm_service is not installed here; it helps to run: docker-compose run --rm llm-service pull"
        )
    # In this process's place and without a shell: the terminal, signals and the exit code are the download's own.
    os.execv(sys.executable, [sys.executable, "-m", "llm_service", "pull", *context.args])  # noqa: S606
