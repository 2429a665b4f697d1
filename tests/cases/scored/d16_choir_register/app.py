"""Rehearsal register of a choir (plain ASGI): programme and attendance of every rehearsal."""
import json
from datetime import date

SINGERS = {"Ada", "Benno", "Carla", "Dirk", "Edda"}
REHEARSALS = {}


class Reply(Exception):
    """Ends the request with a status and a message."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


async def read_json(receive):
    raw = b""
    while True:
        message = await receive()
        raw += message.get("body", b"")
        if not message.get("more_body"):
            break
    try:
        return json.loads(raw)
    except ValueError:
        raise Reply(400, "JSON expected")


def day_of(text):
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Reply(400, "no such day")


def rehearsal(day):
    if day not in REHEARSALS:
        raise Reply(404, "no rehearsal on that day")
    return REHEARSALS[day]


def text_rows(body, width):
    """A list of rows, each of them `width` texts."""
    if not isinstance(body, list):
        raise Reply(400, "a list is expected")
    for number, row in enumerate(body, 1):
        if not isinstance(row, list) or len(row) != width or not all(isinstance(cell, str) for cell in row):
            raise Reply(400, f"row {number} must have {width} texts")
    return body


def known_singer(name):
    if name not in SINGERS:
        raise Reply(400, f"{name} is not in the choir")
    return name


async def schedule(day, receive):
    if day in REHEARSALS:
        raise Reply(409, "there is one on that day")
    REHEARSALS[day] = {"programme": [], "present": {}}
    return 201, {"day": day}


async def set_programme(day, receive):
    """Pieces as [title, composer]; replaces the programme."""
    entry = rehearsal(day)
    rows = text_rows(await read_json(receive), 2)
    entry["programme"] = [{"title": title, "composer": composer} for title, composer in rows]
    return 200, entry["programme"]


async def take_attendance(day, receive):
    """Marks as [name, "yes" or "no"]; adds to what is there. Nothing is recorded if any of it is wrong."""
    entry = rehearsal(day)
    marks = await read_json(receive)
    if not isinstance(marks, list):
        raise Reply(400, "a list is expected")
    present = {}
    for name, mark in marks:
        if mark not in ("yes", "no"):
            raise Reply(400, "marks are yes and no")
        present[known_singer(name)] = mark == "yes"
    entry["present"].update(present)
    return 200, summary(entry)


def summary(entry):
    marks = entry["present"]
    return {
        "present": sorted(n for n, here in marks.items() if here),
        "absent": sorted(n for n, here in marks.items() if not here),
        "unmarked": sorted(SINGERS - set(marks)),
    }


async def show(day, receive):
    entry = rehearsal(day)
    return 200, {"day": day, "programme": entry["programme"], **summary(entry)}


async def listing(receive):
    return 200, [{"day": day, "present": len(summary(REHEARSALS[day])["present"])} for day in sorted(REHEARSALS)]


ROUTES = {
    ("PUT", ""): schedule,
    ("GET", ""): show,
    ("PUT", "programme"): set_programme,
    ("POST", "attendance"): take_attendance,
}


async def handle(scope, receive):
    parts = scope["path"].strip("/").split("/")
    if parts[0] != "rehearsals" or len(parts) > 3:
        raise Reply(404, "not found")
    if len(parts) == 1 and scope["method"] == "GET":
        return await listing(receive)
    handler = ROUTES.get((scope["method"], parts[2] if len(parts) == 3 else "")) if len(parts) > 1 else None
    if handler is None:
        raise Reply(404, "not found")
    return await handler(day_of(parts[1]), receive)


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        status, out = await handle(scope, receive)
    except Reply as reply:
        status, out = reply.status, {"error": reply.message}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})
