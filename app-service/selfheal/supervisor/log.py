"""The supervisor's own log: one JSON line an event on stderr, beside what its workers write there."""

from __future__ import annotations

import json
import sys
import time


def log(event: str, **fields: object) -> None:
    line = {"time": timestamp(), "logger": "selfheal.supervisor", "event": event, **fields}
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


def timestamp() -> str:
    """Now, as RFC 3339 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def first_line(problem: Exception) -> str:
    """What a worker wrote follows in the text of its failure, and has passed through to the log already."""
    return str(problem).partition("\n")[0]
