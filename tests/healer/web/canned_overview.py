"""Canned incidents and numbers for the overview, listed and filtered as the healer's API does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

ENDED = ("healed", "declined", "rejected", "rolled_back", "regressed")
WORKING = ("open", "diagnosing", "repairing", "merged", "releasing", "soaking")
STATES = (*WORKING, *ENDED[1:], "proposed", "resolved")
QUIET = [0] * 24


def ago(**time: float) -> str:
    return (datetime.now(UTC) - timedelta(**time)).isoformat().replace("+00:00", "Z")


def summary(id_: str, state: str = "resolved", **changes: Any) -> dict[str, Any]:
    """One line of the list; `proposal` is a number, or None."""
    number = changes.pop("proposal", None)
    line = {"number": number, "title": f"Proposal {id_}", "state": "open", "url": "", "draft": False}
    return {
        "id": id_,
        "service": "shop",
        "state": state,
        "reason": "",
        "title": "",
        "exception": {"type": "KeyError", "message": f"'{id_}'"},
        "fault": {"file": "shop/orders.py", "line": 12, "function": "total"},
        "route": "GET /orders",
        "count": 1,
        "first_seen": ago(hours=3),
        "last_seen": ago(minutes=3),
        "attempt": 1,
        "origin": "",
        "trace_id": id_,
        "category": "missing-key",
        "opened_at": ago(hours=3),
        "proposed_at": "",
        "healed_at": "",
        "seconds_to_proposal": None,
        "seconds_to_healed": None,
        "sparkline": QUIET,
        "proposal": None if number is None else line,
        **changes,
    }


def _fits(one: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    text = str([one[name] for name in ("id", "exception", "route", "fault")])
    named = {"service": one["service"], "category": one["category"], "origin": one["origin"].split("@")[0]}
    same = all(query.get(name, "") in ("", value) for name, value in named.items())
    return same and query.get("q", "").lower() in text.lower()


def answer(incidents: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """What `GET /incidents` answers. The cursor is a place in the list here."""
    by = query.get("order") or "last_seen"
    fitting = sorted((one for one in incidents if _fits(one, query)), key=lambda one: one[by], reverse=True)
    states = [name for name in query.get("state", "").split(",") if name]
    found = [one for one in fitting if not states or one["state"] in states]
    start, limit = int(query.get("cursor") or 0), int(query.get("limit") or 50)
    following = start + limit if start + limit < len(found) else None
    return {
        "incidents": found[start : start + limit],
        "next": None if following is None else str(following),
        "total": len(found),
        "states": Counter(one["state"] for one in fitting),
    }


def attention(incidents: list[dict[str, Any]]) -> dict[str, Any]:
    """What `GET /overview` answers of what waits and of what is at work."""
    known = summary("", proposal=0)
    short = [{name: one[name] for name in known if name in one} for one in incidents]
    for one in short:  # as the list has it: without its diff, text and discussion
        one["proposal"] = one["proposal"] and {name: one["proposal"].get(name) for name in known["proposal"]}
    waiting = [one for one in short if one["state"] == "proposed"]
    working = [one for one in short if one["state"] in WORKING]
    return {name: answer(of, {"limit": "5"}) for name, of in (("waiting", waiting), ("working", working))}


def statistics(**changes: Any) -> dict[str, Any]:
    """A month in which more and more is healed."""
    first = datetime.now(UTC).date() - timedelta(days=29)
    days: list[dict[str, Any]] = []
    for number in range(30):
        busy = (number * 7) % 5
        ended: dict[str, int] = {
            "healed": busy * (number + 6) // 12,
            "declined": 2 - number // 12,
            "rejected": int(number % 9 == 4),
        }
        ended |= {"rolled_back": int(number in (6, 21)), "regressed": int(number == 11)}
        median = 40 + (number * 37) % 90 - number if ended["healed"] else None
        day = (first + timedelta(days=number)).isoformat()
        days.append({"day": day, "opened": sum(ended.values()), **ended, "median_seconds": median})
    totals = {name: sum(day[name] for day in days) for name in ENDED}
    row = {"merged": 0, "rejected": 0, "rolled_back": 0, "open": 0}
    return {
        "days": days,
        "incidents": sum(totals.values()),
        "ended_healed": totals["healed"] - 5,  # those were healed twice
        "ended_otherwise": 41,
        "healed_share": (totals["healed"] - 5) / (totals["healed"] - 5 + 41),
        "median_seconds": 64.2,
        "by_category": [
            row | {"name": "none-dereference", "merged": 34, "rejected": 2, "rolled_back": 1, "open": 1},
            row | {"name": "missing-key", "merged": 21, "rejected": 1, "open": 1},
            row | {"name": "conversion", "merged": 9, "rejected": 2},
            row | {"name": "integrity", "merged": 3, "rolled_back": 1},
        ],
        "by_origin": [
            row | {"name": "none-guard", "merged": 41, "rejected": 1, "rolled_back": 1},
            row | {"name": "coder@5eed5eed", "merged": 18, "rejected": 4, "rolled_back": 1, "open": 2},
            row | {"name": "missing-key", "merged": 8},
        ],
        **changes,
    }


NO_STATISTICS = {
    "days": [],
    "incidents": 0,
    "ended_healed": 0,
    "ended_otherwise": 0,
    "healed_share": None,
    "median_seconds": None,
    "by_category": [],
    "by_origin": [],
}
