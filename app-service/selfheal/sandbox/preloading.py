"""Imports what most jobs need once, so that each of them, being a fork, has it already.

It imports nothing of a job: only third-party packages that are installed, and those a server was told of.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.metadata
import warnings
from collections.abc import Iterable, Iterator

FRAMEWORKS = (
    *("fastapi", "fastapi.testclient", "starlette.middleware.base", "starlette.middleware.cors", "starlette.responses"),
    *("flask", "flask.testing", "werkzeug.test", "httpx", "pydantic", "pydantic.v1", "pydantic_settings", "anyio"),
    *("anyio.to_thread", "anyio._backends._asyncio", "sqlalchemy", "sqlalchemy.orm", "sqlalchemy.dialects.sqlite"),
    *("sqlmodel", "jinja2", "multipart", "python_multipart", "email_validator", "yaml", "requests", "coverage"),
    *("sqlite3", "decimal", "csv", "uuid", "logging.config", "concurrent.futures.thread", "pdb", "unittest"),
    *("hypothesis", "hypothesis.strategies", "pytest"),
)


def _of_pytest() -> Iterator[str]:
    """pytest's own parts and the plugins that are installed; loading them takes longer than most test suites."""
    with contextlib.suppress(Exception):
        from _pytest.config import default_plugins  # noqa: PLC0415 - the app's environment may lack it

        yield from (f"_pytest.{name}" for name in default_plugins)
        for distribution in importlib.metadata.distributions():
            for point in distribution.entry_points:
                if point.group == "pytest11":
                    yield point.value.partition(":")[0]


def preload(names: Iterable[str], *, frameworks: bool) -> None:
    """A module that breaks on import breaks in the job too, which tells."""
    shown, warnings.showwarning = warnings.showwarning, _keep_quiet
    for name in (*(FRAMEWORKS if frameworks else ()), *(_of_pytest() if frameworks else ()), *names):
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    warnings.showwarning = shown
    gc.collect()
    gc.freeze()  # a collection in a job then leaves the shared pages alone


def _keep_quiet(*_values: object, **_named: object) -> None:
    """What a framework warns of on import is no news of this server's; filters stay as they are."""
