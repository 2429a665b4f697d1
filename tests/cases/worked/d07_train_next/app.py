"""Timetable of a branch line (plain ASGI). The same trains run every day."""
import json
from bisect import bisect_left
from urllib.parse import parse_qs

DAY = 24 * 60
TRAINS = {
    "RB 4101": {"Oberau": "05:12", "Moos": "05:24", "Hafen": "05:41"},
    "RB 4103": {"Oberau": "07:12", "Moos": "07:24", "Hafen": "07:41"},
    "RE 881": {"Oberau": "09:02", "Hafen": "09:20"},
    "RB 4105": {"Oberau": "12:12", "Moos": "12:24", "Hafen": "12:41"},
    "RB 4107": {"Oberau": "17:12", "Moos": "17:24", "Hafen": "17:41"},
    "RE 883": {"Oberau": "21:32", "Hafen": "21:50"},
}


class Reply(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


def minutes(text):
    """'07:05' in minutes since midnight; 400 if it is no time of day."""
    hours, colon, mins = text.partition(":")
    if not (colon and hours.isdecimal() and mins.isdecimal() and len(mins) == 2 and int(hours) < 24 and int(mins) < 60):
        raise Reply(400, "time must be HH:MM")
    return int(hours) * 60 + int(mins)


def departures(station):
    """(minutes, train) in order of time; 404 where no train stops."""
    found = sorted((minutes(stops[station]), train) for train, stops in TRAINS.items() if station in stops)
    if not found:
        raise Reply(404, "no such station")
    return found


def first_from(found, now):
    """Index of the first departure at or after now."""
    return bisect_left([at for at, _ in found], now)


def entry(at, train, now):
    wait = at - now
    return {"train": train, "departs": f"{at // 60:02}:{at % 60:02}", "wait": wait if wait >= 0 else wait + DAY}


def query_time(query):
    return minutes(query.get("at", ["00:00"])[0])


def stations(query):
    return sorted({name for stops in TRAINS.values() for name in stops})


def board(station, query):
    """The coming departures, as many as asked for; after the last train of the day it goes on with tomorrow's."""
    now = query_time(query)
    wanted = query.get("count", ["3"])[0]
    if not wanted.isdecimal() or not 1 <= int(wanted) <= 10:
        raise Reply(400, "count must be 1 to 10")
    found = departures(station)
    start = first_from(found, now)
    rows = []
    for offset in range(min(int(wanted), len(found))):
        at, train = found[(start + offset) % len(found)]
        rows.append(entry(at, train, now))
    return rows


def next_train(station, query):
    """The very next departure."""
    now = query_time(query)
    found = departures(station)
    at, train = found[first_from(found, now)]
    return entry(at, train, now)


def run(number):
    """The stops of one train."""
    name = number.replace("-", " ").upper()
    if name not in TRAINS:
        raise Reply(404, "no such train")
    return [{"station": station, "departs": at} for station, at in TRAINS[name].items()]


def answer(path, query):
    parts = [p for p in path.split("/") if p]
    if parts == ["stations"]:
        return stations(query)
    if len(parts) == 3 and parts[0] == "stations":
        station = parts[1].capitalize()
        if parts[2] == "board":
            return board(station, query)
        if parts[2] == "next":
            return next_train(station, query)
    if len(parts) == 2 and parts[0] == "trains":
        return run(parts[1])
    raise Reply(404, "not found")


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        if scope["method"] != "GET":
            raise Reply(405, "read only")
        status, out = 200, answer(scope["path"], parse_qs(scope["query_string"].decode("latin-1")))
    except Reply as reply:
        status, out = reply.status, {"error": reply.message}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})
