"""Reports the crashes of a Python service to a healer: `selfheal.init()` and one hook. Standard library only.

It never raises into its host, never blocks it, and always lets the host's own exception go on.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterable

from selfheal.client import Client, active, replace
from selfheal.hooks.beside import attach, detach
from selfheal.hooks.jobs import watch
from selfheal.quiet import quietly
from selfheal.settings import read_settings

__all__ = ["capture_exception", "flush", "init", "watch"]
__version__ = "0.1.0"

log = logging.getLogger("selfheal")


def init(
    dsn: str | None = None,
    *,
    release: str | None = None,
    root: str | None = None,
    entry: str | None = None,
    traffic: bool | None = None,
    spool: str | None = None,
    redact: Iterable[str | re.Pattern[str]] | None = None,
    hooks: bool | Iterable[str] | None = None,
) -> None:
    """Starts reporting, or does nothing where no DSN is set. Called again, it replaces what was set before.

    What is not given comes from SELFHEAL_DSN or SELFHEAL_DSN_FILE, SELFHEAL_RELEASE (default: the commit in
    root/.git), SELFHEAL_ROOT (default: the current folder), SELFHEAL_ENTRY, SELFHEAL_TRAFFIC=off, SELFHEAL_SPOOL (a
    folder for reports that could not be sent), SELFHEAL_REDACT (further names of fields to hide, and patterns between
    slashes, with commas) and SELFHEAL_HOOKS (off, or the names of those to install, with commas).
    """
    given = locals()
    before = replace(None)
    try:
        detach()
        if before is not None:
            before.close()
        settings = read_settings(given, os.environ)
        if settings.destination is None:
            log.debug("there is no SELFHEAL_DSN to report crashes to")
            return
        replace(Client(settings, settings.destination))
        attach()
    except Exception:
        quietly(log.warning, "reporting could not be started and is off", exc_info=True)


def capture_exception(error: BaseException | None = None) -> str | None:
    """Reports an exception that the service has caught itself (default: the one being handled). Returns the
    report's id."""
    error = error if error is not None else sys.exc_info()[1]
    client = active()
    return client.capture(error) if client is not None and error is not None else None


def flush(timeout: float = 2.0) -> bool:
    """Waits until all reports are delivered, at most `timeout` seconds; whether they are."""
    client = active()
    return client is None or client.delivery.flush(timeout)
