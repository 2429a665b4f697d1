"""Who reported a crash, how it was caught and what else belongs to it, in lines for a terminal. It prints nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_RELATIONS = {"cause": "caused by", "context": "raised while handling", "group": "member of", "member": "beside it"}


def lines(report: dict[str, Any]) -> Iterator[str]:
    """Of an incident's report as the API gives it; foreign text among it."""
    if report["client"]:
        yield f"reported by: {report['client']} ({report['platform']})"
    if report["caught"]:
        yield f"caught: {report['caught']}"
    for linked in report["chain"]:
        yield f"{_RELATIONS[linked['relation']]}: {linked['exception']['type']}: {linked['exception']['message']}"
    if report["approximate"]:
        yield f"approximate replay: {report['approximate']}"
