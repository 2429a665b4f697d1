"""GitHub's words, made fit to stand in ours: bounded, printable, and permissions called as its pages call them."""

from __future__ import annotations

import re
from typing import Any

LONGEST_LINE = 300

_PERMISSIONS = {
    "statuses": "Commit statuses",
    "repository_hooks": "Webhooks",
    "repository_projects": "Projects",
    "organization_administration": "Administration of the organization",
}
_LEVELS = {"read": "read-only", "write": "read and write", "admin": "admin"}
_PERMISSION = re.compile(r"\s*([a-z_]{1,40})=(read|write|admin)\s*")


def line(text: object, most: int = LONGEST_LINE) -> str:
    """One line of somebody else's text."""
    flat = "".join(filter(str.isprintable, " ".join(str(text or "").split())))
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def block(text: str | None, most: int) -> str:
    """Somebody else's text with its lines."""
    lines = (text or "")[: most * 2].expandtabs(4).splitlines()
    clean = "\n".join("".join(filter(str.isprintable, one)) for one in lines).strip()
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def said(data: Any, message: str | None = None) -> str:
    """What an answer that refuses says, from all the places where GitHub puts it; as it came."""
    parts = [message]
    if isinstance(data, dict):
        parts.append(data.get("message"))
        errors = data.get("errors")
        parts += [_error(error) for error in errors[:5]] if isinstance(errors, list) else [errors]
    return "; ".join(dict.fromkeys(part for part in parts if isinstance(part, str) and part))


def _error(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or f"{error.get('field') or error.get('resource')} is {error.get('code')}")


def permissions(header: str | None) -> str:
    """`pull_requests=write` → "Pull requests: read and write". Commas join what is needed together, semicolons part
    choices.
    """
    choices = [
        " and ".join(
            _permission(match[1], match[2]) for one in choice.split(",") if (match := _PERMISSION.fullmatch(one))
        )
        for choice in (header or "")[:LONGEST_LINE].split(";")
    ]
    return " or ".join(filter(None, choices))


def _permission(name: str, level: str) -> str:
    return f"{_PERMISSIONS.get(name) or name.replace('_', ' ').capitalize()}: {_LEVELS[level]}"
