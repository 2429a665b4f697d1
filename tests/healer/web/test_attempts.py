"""How the attempts of an incident are read from its log."""

from __future__ import annotations

from typing import Any

from healer.model import Event
from healer.web.attempts import attempts


def logged(*events: tuple[str, dict[str, Any]]) -> list[Event]:
    return [Event(at, type, "i1", payload, f"t{at}", "", "execution") for at, (type, payload) in enumerate(events, 1)]


def to(state: str, reason: str = "") -> tuple[str, dict[str, Any]]:
    return "incident.state", {"to": state, "reason": reason}


def test_a_round_is_an_attempt_of_its_own_with_what_was_asked() -> None:
    found = attempts(
        logged(
            ("stage.started", {"stage": "repair"}),
            to("repairing"),
            ("candidate.judged", {"accepted": False}),
            ("candidate.judged", {"accepted": True}),
            ("stage.finished", {"stage": "repair", "seconds": 2.5, "detail": ""}),
            to("proposed"),
            ("round.started", {"round": 1, "asked": "answer 422", "by": "ada"}),
            to("open", "ada asked for changes."),
            ("stage.started", {"stage": "fetch"}),
            ("stage.finished", {"stage": "fetch", "seconds": 0.1, "detail": "fetch: no such host"}),
            to("open"),
            ("stage.started", {"stage": "fetch"}),
            ("stage.started", {"stage": "fetch"}),
        ),
        3,
        "t0",
    )
    assert [(one["number"], one["round"], one["asked"], one["why"]) for one in found] == [
        (1, 0, "", ""),
        (2, 1, "answer 422", "ada asked for changes."),
        (3, 0, "", ""),
    ]
    first, second, third = found
    assert first["states"] == [
        {"state": "open", "at": "t0"},
        {"state": "repairing", "at": "t2"},
        {"state": "proposed", "at": "t6"},
    ]
    assert (first["judged"], first["stood"]) == (2, 1)
    done = {"stage": "repair", "started_at": "t1", "seconds": 2.5, "state": "done", "detail": ""}
    assert first["stages"] == [done]
    assert [(one["state"], one["detail"]) for one in second["stages"]] == [("failed", "fetch: no such host")]
    assert [(one["started_at"], one["state"]) for one in third["stages"]] == [("t13", "running")]
