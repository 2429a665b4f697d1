"""Reports the crashes of a Python service to a healer: `selfheal.init()` and one hook. Standard library only.

It never raises into its host, never blocks it, and always lets the host's own exception go on.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
from collections.abc import Iterable

from selfheal.client import Client
from selfheal.settings import DsnError, explain, read_settings

__all__ = ["capture_exception", "flush", "init"]
__version__ = "0.1.0"

log = logging.getLogger("selfheal")

_EXIT_SECONDS = 2.0
_client: Client | None = None


def init(
    dsn: str | None = None,
    *,
    release: str | None = None,
    root: str | None = None,
    entry: str | None = None,
    traffic: bool | None = None,
    spool: str | None = None,
    redact: Iterable[str] | None = None,
) -> None:
    """Starts reporting, or does nothing where no DSN is set. Called again, it replaces what was set before.

    What is not given comes from SELFHEAL_DSN or SELFHEAL_DSN_FILE, SELFHEAL_RELEASE (default: the commit in
    root/.git), SELFHEAL_ROOT (default: the current folder), SELFHEAL_ENTRY, SELFHEAL_TRAFFIC=off, SELFHEAL_SPOOL (a
    folder for reports that could not be sent) and SELFHEAL_REDACT (further names of fields to hide, with commas).
    """
    global _client  # noqa: PLW0603 (one client a process: hooks are made before and after init)
    given = {
        "dsn": dsn,
        "release": release,
        "root": root,
        "entry": entry,
        "traffic": traffic,
        "spool": spool,
        "redact": redact,
    }
    before, _client = _client, None
    try:
        if before is not None:
            before.delivery.close(_EXIT_SECONDS)
        settings = read_settings(given, os.environ)
        if settings.destination is None:
            log.debug("no SELFHEAL_DSN is set: crashes are not reported")
            return
        _client = Client(settings, settings.destination)
    except DsnError as error:
        log.warning("%s", explain(error, dsn))
    except Exception:
        log.warning("reporting could not be started and is off", exc_info=True)


def capture_exception(error: BaseException | None = None) -> str | None:
    """Reports an exception that the service has caught itself (default: the one being handled). Returns the
    report's id."""
    error = error if error is not None else sys.exc_info()[1]
    if _client is None or error is None:
        return None
    return _client.capture(error)


def flush(timeout: float = 2.0) -> bool:
    """Waits until all reports are delivered, at most `timeout` seconds; whether they are."""
    return _client is None or _client.delivery.flush(timeout)


def active() -> Client | None:
    """The client, for the hooks."""
    return _client


def _leave() -> None:
    if _client is not None:
        _client.delivery.close(_EXIT_SECONDS)


def _in_child() -> None:
    if _client is not None:
        _client.delivery.forget()
        if _client.ring is not None:
            _client.ring.reset_lock()


atexit.register(_leave)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
