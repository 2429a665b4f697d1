"""The attempts to heal an incident, read from the log: what each passed, its stages, and how many fixes it judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from healer.model import Event, State

TYPES = (
    "incident.opened",
    "incident.state",
    "stage.started",
    "stage.finished",
    "candidate.judged",
    "round.started",
)


def attempts(events: Iterable[Event], newest: int, first_seen: str) -> list[dict[str, Any]]:
    """Oldest first. `events`: of TYPES, in order, maybe without the oldest; `newest`: the last attempt's number."""
    found = [_begun(first_seen)]
    asked: dict[str, Any] = {}
    for event in events:
        payload, last = event.payload, found[-1]
        if event.type == "incident.opened":  # what stands before it was forgotten, and is of another life
            found, asked = [_begun(first_seen)], {}
        elif event.type == "round.started":
            asked = {"round": payload.get("round", 0), "asked": payload.get("asked", "")}
        elif event.type == "incident.state" and payload.get("to") == State.OPEN:
            found.append({**_begun(event.timestamp), "why": payload.get("reason", ""), **asked})
            asked = {}
        elif event.type == "incident.state":
            last["states"].append({"state": payload.get("to"), "at": event.timestamp})
        elif event.type == "stage.started":
            _start(last["stages"], str(payload.get("stage", "")), event.timestamp)
        elif event.type == "stage.finished":
            _finish(last["stages"], event)
        else:
            last["judged"] += 1
            last["stood"] += bool(payload.get("accepted"))
    return [{"number": newest - len(found) + place, **one} for place, one in enumerate(found, 1)]


def _begun(at: str) -> dict[str, Any]:
    states = [{"state": State.OPEN.value, "at": at}]
    return {"round": 0, "asked": "", "why": "", "states": states, "stages": [], "judged": 0, "stood": 0}


def _start(stages: list[dict[str, Any]], name: str, at: str) -> None:
    """A stage that begins again, as after a restart of the healer, takes the place of itself."""
    stage = {"stage": name, "started_at": at, "seconds": None, "state": "running", "detail": ""}
    place = next((place for place, one in enumerate(stages) if one["stage"] == name), None)
    if place is None:
        stages.append(stage)
    else:
        stages[place] = stage


def _finish(stages: list[dict[str, Any]], event: Event) -> None:
    detail = event.payload.get("detail", "")
    for stage in stages:
        if stage["stage"] == event.payload.get("stage"):
            stage |= {
                "seconds": event.payload.get("seconds"),
                "detail": detail,
                "state": "failed" if detail else "done",
            }
