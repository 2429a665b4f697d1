"""The canned log as the audit API answers with it: filtered as the API does it, newest first. It checks nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

SEARCHED = 2**62  # ids that an answer is searched in
STATE = {"whole": True, "checked": "end", "digest": "d1" * 32, "flaw": None, "notes": []}


def state(log: Sequence[Mapping[str, Any]], **changes: Any) -> dict[str, Any]:
    return {**STATE, "events": len(log), "last_id": log[-1]["id"] if log else 0, **changes}


def answer(log: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """What `GET /audit/events` answers."""
    before, limit = int(query.get("before") or 2**62), int(query["limit"])
    down_to = min(before, len(log) + 1) - SEARCHED
    found = [event for event in reversed(log) if down_to <= event["id"] < before and _fits(event, query)]
    events = [{**event, "once": None, "digest": f"{event['id']:064x}"} for event in found[:limit]]
    following, reached = (events[-1]["id"], None) if len(found) > limit else (None, None)
    if following is None and down_to > 1:
        following, reached = down_to, log[down_to - 2]["timestamp"]
    types = sorted({event["type"] for event in log})
    return {"events": events, "next": following, "reached": reached, "types": types}


def _fits(event: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    of_type = not query.get("type") or event["type"] in [name.strip() for name in query["type"].split(",")]
    asked = query.get("q", "").lower()
    found = asked in event["type"].lower() or json.dumps(asked)[1:-1] in json.dumps(event["payload"]).lower()
    by = query.get("by", "").lower()
    of_whom = not by or (isinstance(event["payload"], dict) and str(event["payload"].get("by")).lower() == by)
    at = datetime.fromisoformat(event["timestamp"])
    since, until = (datetime.fromisoformat(query[name]) if query.get(name) else at for name in ("since", "until"))
    in_time = since <= at and (at < until or not query.get("until"))
    about = event["key"].startswith(query.get("key", ""))
    return of_type and of_whom and in_time and about and found
