"""Crashes that no code change answers: something outside failed, or the code refused on purpose.

It looks at no style of code.
"""

from __future__ import annotations

import ast
import difflib
import re

from healer.model import ExceptionInfo, Report
from healer.syntax.purpose import handled_elsewhere, is_client_error
from healer.syntax.situation import Situation

_UNREACHABLE = {
    "ConnectionRefusedError": "refused the connection",
    "ConnectionResetError": "closed the connection",
    "ConnectionAbortedError": "closed the connection",
    "BrokenPipeError": "closed the connection",
    "ConnectError": "could not be reached over the network",
    "ConnectTimeout": "did not answer in time",
    "ReadTimeout": "did not answer in time",
    "TimeoutError": "did not answer in time",
    "Timeout": "did not answer in time",
    "TimeoutException": "did not answer in time",
    "gaierror": "has a name that could not be resolved over the network",
    "herror": "has a name that could not be resolved",
    "URLError": "could not be reached over the network",
    "NetworkError": "could not be reached over the network",
    "ConnectionError": "could not be reached over the network",
    "MaxRetryError": "could not be reached over the network",
    "RemoteDisconnected": "closed the connection",
    "SSLError": "could not be trusted: its TLS certificate or handshake failed",
    "RemoteProtocolError": "broke the protocol",
    "SSLCertVerificationError": "could not be trusted: its TLS certificate is not valid",
    "ReadError": "broke the connection",
    "SMTPException": "(the mail server) refused",
    "IncompleteRead": "broke off its answer",
    "TransportError": "could not be reached",
}
# The upstream answered, with a status; only a failure of its own is outside.
_ANSWERED = ("HTTPStatusError", "HTTPError", "ClientResponseError")
_FAILED = re.compile(r"(?<![\d.:/])(5\d\d|429)(?!\d)")
_SYSTEM = (
    (
        r"No space left on device|disk quota exceeded|\[Errno 28\]|database or disk is full",
        "The disk is full: no space left on the device.",
    ),
    (r"Too many open files|\[Errno 24\]", "The process has too many open files: a limit of the machine was reached."),
    (r"Cannot allocate memory|\[Errno 12\]|can't start new thread", "The machine ran out of memory."),
    (r"Read-only file system|\[Errno 30\]|readonly database", "The storage is read-only, so nothing could be written."),
    (r"Input/output error|\[Errno 5\]|disk I/O error", "The disk failed with an input/output error."),
    (r"Network is unreachable|No route to host|\[Errno 101\]|\[Errno 113\]", "The network is unreachable from here."),
)
_DATABASE = (
    (
        r"database is locked|database table is locked|deadlock|lock timeout|could not obtain lock|Lock wait timeout",
        "The database is locked by another writer; it was busy at that moment.",
    ),
    (r"unable to open database file", "The database file could not be opened: a matter of the deployment."),
    (
        r"could not connect|connection refused|server closed the connection|Can't connect|"
        r"too many (clients|connections)|"
        r"terminating connection|connection (timed out|to server)|QueuePool limit|Lost connection|gone away",
        "The database refused or lost the connection.",
    ),
    (
        r"no such table|no such column|does not exist|Unknown column",
        "The database does not have the schema this release expects; a migration is missing.",
    ),
    (r"malformed|not a database|disk image", "The database file is damaged."),
)
_GUARDS = (
    "AssertionError",
    "RuntimeError",
    "PermissionError",
    "SystemError",
    "NotImplementedError",
    "SystemExit",
    "OSError",
    "EnvironmentError",
)


def no_code_change(report: Report, situation: Situation | None) -> str:
    """Why no code change is right, in plain English with the exception's own words; "" when one may be."""
    exception = report.exception
    own = situation is not None and situation.crash.category == "raised-on-purpose"
    said = f" ({exception.type}: {exception.message[:160]})"
    reason = "" if own else _outside(exception, situation)
    if reason:
        return f"{reason.rstrip('.')}{said}; no code change is right."
    if situation is None:
        return ""
    if own:
        return _on_purpose(situation)
    return _configuration(situation)


def _outside(exception: ExceptionInfo, situation: Situation | None) -> str:
    message = exception.message
    for pattern, reason in _SYSTEM:
        if re.search(pattern, message, re.I):
            return reason
    if exception.type in (
        "OperationalError",
        "InterfaceError",
        "InternalError",
        "DatabaseError",
        "PendingRollbackError",
    ):
        for pattern, reason in _DATABASE:
            if re.search(pattern, message, re.I):
                return reason
        if exception.type in ("OperationalError", "InterfaceError"):
            return "The database failed."
    if exception.is_a("MemoryError"):
        return "The process ran out of memory."
    if exception.is_a("PermissionError"):
        return "The operating system denied permission to a file or port: a matter of the deployment."
    if exception.type in _ANSWERED:
        failed = _FAILED.search(message)
        return f"An upstream service{_named(situation)} failed with {failed.group(1)}." if failed else ""
    for name in [exception.type, *exception.bases]:
        if name in _UNREACHABLE:
            return f"An upstream service{_named(situation)} {_UNREACHABLE[name]}: it is down or the network is."
    return ""


def _named(situation: Situation | None) -> str:
    """The upstream as the source's file and function call it."""
    if situation is None or situation.function is None:
        return ""
    stem = situation.module.name.rpartition(".")[2]
    doc = (ast.get_docstring(situation.module.tree) or "").partition(".")[0].strip()
    known = re.search(
        r"(?:the |our |shared )?([\w-]+(?: [\w-]+)? "
        r"(?:store|service|server|gateway|database|provider|cache|queue|broker|api))\b",
        doc,
        re.I,
    )
    return f" ({known.group(1)})" if known else f" (called from {stem})"


def _on_purpose(situation: Situation) -> str:
    crash = situation.crash
    exception = situation.report.exception
    if handled_elsewhere(situation) or is_client_error(situation):
        return ""
    said = exception.message[:160] or ast.unparse(crash.statement)[:120]
    if isinstance(crash.statement, ast.Assert) or any(exception.is_a(name) for name in _GUARDS):
        return (
            f"The code stopped on purpose: a guard protects the data here ({exception.type}: {said}). "
            "Removing it would hide that an invariant is broken; no code change is right without a person."
        )
    return ""


def _configuration(situation: Situation) -> str:
    crash = situation.crash
    if crash.category == "missing-key" and crash.culprit is not None and "environ" in ast.unparse(crash.culprit):
        return f"The environment variable {crash.exception.message} is not set: a matter of configuration, not of code."
    if crash.category == "import-error" and "No module named" in crash.exception.message:
        name = crash.exception.message.rpartition("named")[2].strip().strip("'")
        known = [module.name for module in situation.project.modules.values()]
        if situation.project.module_named(name) is None and not difflib.get_close_matches(name, known, 1, 0.75):
            return f"The package {name} is not installed: a matter of the deployment, not of code."
    return ""
