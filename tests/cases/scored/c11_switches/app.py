"""Scheduled feature switches (plain ASGI).

A switch has a list of windows during which it is on. Times are ISO 8601 and kept in UTC;
what comes without an offset is UTC.
"""
import json
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs

SWITCHES = {
    "night-sale": [(datetime(2024, 11, 29, 20, tzinfo=timezone.utc), datetime(2024, 11, 30, 4, tzinfo=timezone.utc))],
    "new-search": [],
}
MAX_WINDOW = timedelta(days=60)


class ApiError(Exception):
    def __init__(self, status, code, detail=""):
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail


def parse_time(text, name):
    if not isinstance(text, str):
        raise ApiError(400, "bad_time", f"{name} must be a time")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ApiError(400, "bad_time", f"{name} must be a time")


def switch_or_404(key):
    if key not in SWITCHES:
        raise ApiError(404, "no_such_switch", key)
    return SWITCHES[key]


def shown(windows):
    return [{"from": a.isoformat(), "until": b.isoformat()} for a, b in sorted(windows)]


def overlaps(windows, start, end):
    return any(a < end and start < b for a, b in windows)


def list_switches(query, body):
    return 200, {key: shown(windows) for key, windows in sorted(SWITCHES.items())}


def show(query, body, key):
    return 200, {"key": key, "windows": shown(switch_or_404(key))}


def add_window(query, body, key):
    windows = switch_or_404(key)
    start, end = parse_time(body.get("from"), "from"), parse_time(body.get("until"), "until")
    if start.tzinfo is None:
        start = start.replace(tzinfo=timezone.utc)
    if end.tzinfo is None:
        end = end.replace(tzinfo=timezone.utc)
    start, end = start.astimezone(timezone.utc), end.astimezone(timezone.utc)
    if end <= start or end - start > MAX_WINDOW:
        raise ApiError(400, "bad_window", "a window lasts up to 60 days")
    if overlaps(windows, start, end):
        raise ApiError(409, "overlap")
    windows.append((start, end))
    return 201, {"key": key, "windows": shown(windows)}


def state(query, body, key):
    """On or off now, or at ?at=, and when that changes next."""
    windows = switch_or_404(key)
    at = parse_time(query["at"], "at") if query.get("at") else datetime.now(timezone.utc)
    for start, end in sorted(windows):
        if start <= at < end:
            return 200, {"key": key, "on": True, "changes": end.isoformat()}
        if at < start:
            return 200, {"key": key, "on": False, "changes": start.isoformat()}
    return 200, {"key": key, "on": False, "changes": None}


def clear(query, body, key):
    """Forget the windows that are over (before ?before=, else now)."""
    windows = switch_or_404(key)
    limit = parse_time(query["before"], "before") if query.get("before") else datetime.now(timezone.utc)
    keep = [w for w in windows if w[1] > limit]
    removed = len(windows) - len(keep)
    windows[:] = keep
    return 200, {"key": key, "removed": removed}


ROUTES = {
    ("GET", 1, None): list_switches,
    ("GET", 2, None): show,
    ("POST", 3, "windows"): add_window,
    ("DELETE", 3, "windows"): clear,
    ("GET", 3, "state"): state,
}


async def read(receive):
    raw = b""
    while True:
        message = await receive()
        raw += message.get("body", b"")
        if not message.get("more_body"):
            break
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        raise ApiError(400, "bad_json")
    if not isinstance(body, dict):
        raise ApiError(400, "bad_json", "an object is expected")
    return body


async def dispatch(scope, receive):
    parts = scope["path"].strip("/").split("/")
    handler = ROUTES.get((scope["method"], len(parts), parts[2] if len(parts) == 3 else None))
    if parts[0] != "switches" or handler is None:
        raise ApiError(404, "not_found")
    query = {k: v[-1] for k, v in parse_qs(scope["query_string"].decode("latin-1")).items()}
    return handler(query, await read(receive), *parts[1:2])


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        status, out = await dispatch(scope, receive)
    except ApiError as error:
        status, out = error.status, {"code": error.code, "detail": error.detail}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})
