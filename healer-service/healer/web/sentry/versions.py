"""What the event says ran: language, framework, and the versions of the interpreter and of what stands on the stack."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

from healer.model import PYTHON
from healer.web.sentry.exceptions import MOST_FRAMES, exceptions_of
from healer.web.sentry.shapes import items, mapping, text

MOST = 50

_PLATFORMS = {"javascript": "node"}  # a browser's events have no word of their own
_NAMED = re.compile(r"[a-z0-9.+_-]{1,30}")
_FRAMEWORKS = ("fastapi", "starlette", "flask", "django")  # the nearest to the service first
_OF_NODE = re.compile(r"node_modules/((?:@[^/]+/)?[^/]+)/")
_V = re.compile(r"^(v|go)(?=\d)")


def platform_of(event: dict[str, Any]) -> str:
    named = text(event.get("platform")).lower()
    if not named:
        named = text(mapping(event.get("sdk")).get("name")).removeprefix("sentry.").partition(".")[0]
    named = _PLATFORMS.get(named, named)
    return named if _NAMED.fullmatch(named) else "other"


def framework_of(event: dict[str, Any], platform: str, packages: Set[str]) -> str | None:
    """Not by the SDK's name: it names any framework that is installed."""
    if platform != PYTHON:
        return None
    seen = packages | {text(mapping(one.get("mechanism")).get("type")) for one in exceptions_of(event)}
    return next((name for name in _FRAMEWORKS if name in seen), None)


def versions_of(event: dict[str, Any], platform: str, packages: Set[str]) -> dict[str, str]:
    found = {}
    runtime = mapping(mapping(event.get("contexts")).get("runtime"))
    if text(runtime.get("version")):
        name = PYTHON if platform == PYTHON else text(runtime.get("name")) or platform
        found[name] = _V.sub("", text(runtime.get("version")))
    for name, version in mapping(event.get("modules")).items():
        if name and _plain(name) in packages and text(version) and len(found) < MOST:
            found[text(name)] = text(version)
    return found


def packages_of(event: dict[str, Any]) -> Set[str]:
    """What stands on the stack, whichever way its language names packages."""
    found = set()
    for one in exceptions_of(event):
        for frame in map(mapping, items(mapping(one.get("stacktrace")).get("frames"))[-MOST_FRAMES:]):
            if module := text(frame.get("module")):
                found.add(module.partition(".")[0])
                found.add(module)
            found.update(_OF_NODE.findall(text(frame.get("filename"))))
    return {_plain(name) for name in found}


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
