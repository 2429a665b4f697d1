"""The exception that another one was raised for: what it was, and where in the service's own code it came from."""

from __future__ import annotations

from collections.abc import Iterator

from healer.model import Linked, Site
from healer.syntax.situation import Situation


def behind(s: Situation) -> Iterator[tuple[Linked, Site]]:
    """The nearest first; only what came out of the service's own code."""
    for linked in s.report.chain:
        own = [frame for frame in linked.frames if frame.in_app and frame.file in s.project.modules]
        if linked.relation in ("cause", "context") and own:
            why = f"the {linked.exception.type} behind it came from here"
            yield linked, Site(own[-1].file, own[-1].line, own[-1].function, why)


def because(s: Situation) -> str:
    """As the end of a clause; "" where nothing is known to be behind it."""
    for linked, site in behind(s):
        elsewhere = s.function is None or site.function != s.function.name
        return f" because of {linked.exception.type}{f' in {site.function}' if elsewhere else ''}"
    return ""
