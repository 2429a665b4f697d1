"""Events in one line each, for `healer watch` and `healer audit list`. It prints nothing; they hold foreign text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from healer.cli.printing import span

LONGEST = 500
SHORT = 10

Payload = Mapping[str, Any]


def told(event: Mapping[str, Any]) -> str:
    """Never raises: a log may hold what another version wrote."""
    payload = event.get("payload") or {}
    kind = str(event.get("type", ""))
    try:
        text = _SENTENCES[kind](payload) if kind in _SENTENCES else _summary(kind, payload)
    except (KeyError, TypeError, ValueError):
        text = _summary(kind, payload)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def is_detail(event: Mapping[str, Any]) -> bool:
    """A model's words as they come: nobody reads these line by line."""
    return str(event.get("type", "")) in ("model.tokens", "stage.started")


def _summary(kind: str, payload: Payload) -> str:
    """What an event of any type may tell about itself."""
    parts = [kind.replace(".", " ").replace("_", " "), str(payload.get("stage") or "")]
    parts += [f"#{payload['number']}" if payload.get("number") else ""]
    parts += [str(payload["commit"])[:SHORT] if payload.get("commit") else ""]
    parts += [f"by {payload['by']}" if payload.get("by") else ""]
    if isinstance(seconds := payload.get("seconds"), int | float):
        parts.append(f"in {span(seconds)}")
    why = next((payload[name] for name in ("reason", "detail", "cause", "title", "text") if payload.get(name)), "")
    return " ".join(part for part in parts if part) + _because(why)


def _because(text: object) -> str:
    return f": {text}" if text else ""


def _state(payload: Payload) -> str:
    return f"{payload['from']} → {payload['to']}{_because(payload.get('reason'))}"


def _judged(payload: Payload) -> str:
    verdict = "chosen" if payload["chosen"] else "stands" if payload["accepted"] else "refused"
    return f"{verdict} {payload['origin']}: {payload['summary']}{_because(payload.get('reason'))}"


def _diagnosis(payload: Payload) -> str:
    return f"cause: {payload['cause']} (confidence {payload['confidence']:.0%}, risk {payload['risk']:.0%})"


def _not_told(payload: Payload) -> str:
    number = payload.get("number", 1)
    what = f"{number} state changes" if number > 1 else "it"
    return f"{payload['target']} was not told of {what}{_because(payload.get('reason'))}"


_SENTENCES: dict[str, Callable[[Payload], str]] = {
    "incident.opened": lambda p: f"reported: {p['exception']}: {p['message']}",
    "incident.state": _state,
    "incident.healed": lambda p: f"healed {span(p['seconds'])} after the report",
    "stage.finished": lambda p: f"{p['stage']} took {span(p['seconds'])}{_because(p.get('detail'))}",
    "diagnosis.made": _diagnosis,
    "candidate.judged": _judged,
    "proposal.merged": lambda p: f"merged by {p['by']} as {str(p['merge_sha'])[:SHORT]}",
    "release.live": lambda p: f"release {p['commit'][:SHORT]} is live after {span(p['seconds'])}",
    "notification.failed": _not_told,
    "operator.example": lambda p: f"{p['by']} tries {p['example']} on {p['service']}",
}
