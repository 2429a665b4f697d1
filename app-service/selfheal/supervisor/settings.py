"""The supervisor's settings, from its command line and its environment.

It does not touch the outside: sockets and directories are opened by those who use them.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

_APP = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
MOST_WORKERS = 64
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True)
class Settings:
    """What one supervisor serves and where. `health` None: the usual paths are tried (see health)."""

    app: str
    releases: Path
    control: Path
    host: str = "127.0.0.1"
    port: int = 8000
    health: str | None = None
    start_seconds: float = 20.0
    drain_seconds: float = 10.0
    workers: int = 1
    probation_seconds: float = 30.0  # 0: never goes back by itself
    hang_seconds: float = 6.0  # 0: never takes a worker for hung
    control_mode: int = 0o660
    access_log: bool = True


class _OneLine(argparse.ArgumentParser):
    """argparse prints its usage before the error; whoever reads a container's log wants the one line that says it."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message}\n")
        sys.exit(2)


def _app(text: str) -> str:
    if not _APP.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not MODULE:ATTRIBUTE, like shop.main:app")
    return text


def _path(text: str) -> Path:
    # Workers change directory, so nothing may stay relative to the supervisor's.
    return Path(text).expanduser().absolute()


def _directory(text: str) -> Path:
    path = _path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a directory")
    return path


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port between 0 and 65535")
    return int(text)


def _health(text: str) -> str | None:
    if text and not re.fullmatch(r"/[!-~]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a path like /health")
    return text or None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0 and up to 3600")
    return seconds


def _seconds_or_never(text: str) -> float:
    return 0.0 if re.fullmatch(r"0+(\.0+)?", text) else _seconds(text)


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 to {MOST_WORKERS}")
    return int(text)


def _mode(text: str) -> int:
    if not re.fullmatch(r"(0o)?[0-7]{3,4}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a file mode like 0660")
    return int(text.replace("0o", ""), 8)


def _truth(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise argparse.ArgumentTypeError(f"{text!r} is neither yes nor no")
    return _WORDS[text.lower()]


def read_settings(arguments: Sequence[str] | None = None) -> Settings:
    """A flag wins over its variable. Anything unusable ends the process with one line on stderr and status 2."""
    parser = _OneLine(
        prog="selfheal.supervisor",
        description="Serves one release of an app and changes to another without dropping a request.",
        epilog="Every flag can also be set in the environment: --start-seconds is SELFHEAL_START_SECONDS.",
        allow_abbrev=False,
    )

    def add(name: str, default: str | None, kind: object, metavar: str, text: str) -> None:
        variable = "SELFHEAL_" + name.upper().replace("-", "_")
        default = os.environ.get(variable) or default  # an empty variable is an unset one, as compose files write it
        # argparse runs `type` on a default that is text, so both ways in are checked alike.
        parser.add_argument(f"--{name}", default=default, type=kind, metavar=metavar, help=text)  # type: ignore[arg-type]

    add("app", None, _app, "MODULE:ATTRIBUTE", "the ASGI or WSGI app, imported from the release")
    add("releases", None, _directory, "DIR", "holds one directory a release and the symlink `current`")
    add("control", None, _path, "SOCKET", "path of the Unix socket that takes commands")
    add("host", "127.0.0.1", str, "HOST", "address to serve on (default 127.0.0.1)")
    add("port", "8000", _port, "PORT", "port to serve on; 0 lets the system choose (default 8000)")
    add("health", "", _health, "PATH", "asked of a new worker, must answer 2xx or 3xx (default: the usual paths)")
    add("start-seconds", "20", _seconds, "N", "a new worker must be healthy within (default 20)")
    add("drain-seconds", "10", _seconds, "N", "an old worker may finish its requests within (default 10)")
    add("workers", "1", _workers, "N", "processes that serve a release together (default 1)")
    add(
        "probation-seconds",
        "30",
        _seconds_or_never,
        "N",
        "goes back to the release before within; 0: never (default 30)",
    )
    add("hang-seconds", "6", _seconds_or_never, "N", "no health answer for so long is a hang; 0: never (default 6)")
    add("control-mode", "0660", _mode, "MODE", "permissions of the control socket (default 0660)")
    add("access-log", "yes", _truth, "yes|no", "one line a request on stdout (default yes)")
    found = vars(parser.parse_args(arguments))
    for name in ("app", "releases", "control"):
        if found[name] is None:
            parser.error(f"--{name} (or SELFHEAL_{name.upper()}) is missing")
    return Settings(**found)
