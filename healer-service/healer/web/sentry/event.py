"""An event of a Sentry SDK as the document of a report. Everything in it is untrusted; it is only put in other words.

What is longer than a report takes is cut here, not refused: the SDK has no second try.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from healer.model import PYTHON, BadInput, Report
from healer.web.reports import read_object, report_from
from healer.web.sentry.exceptions import crash_of
from healer.web.sentry.request import request_of
from healer.web.sentry.shapes import mapping, text
from healer.web.sentry.versions import framework_of, packages_of, platform_of, versions_of

_REPORT_ID = re.compile(r"[0-9a-zA-Z-]{8,64}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class NoCrash(BadInput):
    """The event tells of no exception."""


def id_of(event: Mapping[str, object]) -> str:
    """Of an event or its envelope; "" where it has none that can be a report's."""
    given = text(event.get("event_id"))
    return given if _REPORT_ID.fullmatch(given) else ""


def read_event(body: bytes, service: str, event_id: str = "") -> Report:
    """`event_id`: of the envelope, which has the last word. Raises NoCrash, and BadInput for what is no event."""
    event = read_object(body.decode("utf-8", "replace"), "event")
    return report_from(document_of({**event, "event_id": event_id} if event_id else event), service)


def document_of(event: dict[str, Any]) -> dict[str, Any]:
    """As POST /api/v1/reports takes it. Raises NoCrash."""
    platform = platform_of(event)
    crash = crash_of(event, python=platform == PYTHON)
    if crash is None:
        raise NoCrash("the event tells of no exception")
    packages = packages_of(event)
    report_id = id_of(event)
    return {
        **({"report_id": report_id} if report_id else {}),
        "exception": crash.main.document(),
        "frames": crash.main.frames,
        "chain": crash.chain(),
        "mechanism": {
            "type": text(crash.caught_by.get("type")),
            "handled": _is_handled(event, crash.caught_by, platform),
        },
        "request": request_of(event),
        "release": _commit(text(event.get("release"))),
        "framework": framework_of(event, platform, packages),
        "platform": platform,
        "versions": versions_of(event, platform, packages),
        "client": _client(mapping(event.get("sdk"))),
        "approximate": True,
    }


def _is_handled(event: dict[str, Any], mechanism: dict[str, Any], platform: str) -> bool:
    """Not every SDK says so; what nobody caught is fatal then."""
    said = mechanism.get("handled")
    if isinstance(said, bool) or platform == PYTHON:
        return said is True
    return text(event.get("level")) not in ("", "fatal")


def _commit(release: str) -> str | None:
    """Releases are named freely: a commit, app@1.2.3, app@4be1c8f, 1.2.3+4be1c8f."""
    last = re.split(r"[@+]", release)[-1].lower()
    return last if _COMMIT.fullmatch(last) else None


def _client(sdk: dict[str, Any]) -> str:
    name, version = text(sdk.get("name"), 200) or "sentry", text(sdk.get("version"), 200)
    return f"{name}/{version}" if version else name
