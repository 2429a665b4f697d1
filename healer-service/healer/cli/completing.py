"""What the shell may complete: incidents, services and the like, as the running healer knows them at this moment.

Each question gets half a second, and nothing is said when that does not work out. It reads the environment itself: all
settings would take longer than the answer may.
"""

from __future__ import annotations

import http.client
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from healer.cli.choices import ENDED, ORDERS, STATES
from healer.hosts import address_of

PATIENCE_SECONDS = 0.5
MOST = 50

Completed = list[tuple[str, str]]

_VALUE = re.compile(r"[\w.@:/-]{1,200}")
_UNSAFE = re.compile(r"[^\w .,/-]")


def incidents(*states: str) -> Callable[[str], Completed]:
    """Ids, with state and title as help; only of incidents in these states where some are given."""

    def complete(incomplete: str) -> Completed:
        found = _asked("incidents", id=incomplete, state=",".join(states), limit=MOST).get("incidents", ())
        return _safe((item["id"], f"{item['state']} {item['service']} {item['title']}") for item in found)

    return complete


def services(_incomplete: str) -> Completed:
    return _safe((item["name"], item["state"]) for item in _asked("overview").get("services", ()))


def incidents_and_services(incomplete: str) -> Completed:
    """Of what can be rolled back."""
    return [*services(incomplete), *incidents("releasing", "soaking", "resolved")(incomplete)]


def categories(_incomplete: str) -> Completed:
    return _safe((item["name"], "") for item in _asked("statistics").get("by_category", ()))


def origins(_incomplete: str) -> Completed:
    return _safe((item["name"], "") for item in _asked("statistics").get("by_origin", ()))


def event_types(_incomplete: str) -> Completed:
    return _safe((name, "") for name in _asked("audit/events", limit=1).get("types", ()))


def states(incomplete: str) -> Completed:
    """After a comma too."""
    done, comma, _ = incomplete.rpartition(",")
    return [(f"{done}{comma}{state}", "") for state in STATES]


def orders(_incomplete: str) -> Completed:
    return [(order, "") for order in ORDERS]


proposed = incidents("proposed")
ended = incidents(*ENDED)


def _safe(found: Iterator[tuple[str, str]]) -> Completed:
    """The shell evaluates what it is given: of foreign text nothing is left that it would obey."""
    try:
        return [(value, _UNSAFE.sub(" ", about)[:80].strip()) for value, about in found if _VALUE.fullmatch(value)]
    except (KeyError, TypeError):  # another version's answer
        return []


def _asked(path: str, **query: Any) -> dict[str, Any]:
    given = urlencode({name: value for name, value in query.items() if value})
    try:
        address = urlsplit(_address())
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=PATIENCE_SECONDS)
        headers = {"authorization": f"Bearer {_token()}"}
        with closing(connection):
            connection.request("GET", f"{address.path.rstrip('/')}/api/v1/{path}?{given}", headers=headers)
            answer = connection.getresponse()
            document = json.loads(answer.read()) if answer.status == 200 else {}
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return document if isinstance(document, dict) else {}


def _address() -> str:
    host, port = os.environ.get("HEALER_HOST") or "127.0.0.1", os.environ.get("HEALER_PORT") or "8001"
    return address_of(os.environ.get("HEALER_URL", ""), host, int(port))


def _token() -> str:
    if token := os.environ.get("HEALER_OPERATOR_TOKEN"):
        return token
    made = Path(os.environ.get("HEALER_HOME") or ".healer") / "operator-token"
    return Path(os.environ.get("HEALER_OPERATOR_TOKEN_FILE") or made).read_text().strip()
