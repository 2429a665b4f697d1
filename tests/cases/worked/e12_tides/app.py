"""Tide tables (plain ASGI). One JSON file per port and year in data/."""
import json
from datetime import date
from urllib.parse import parse_qs, unquote

from tides import store
from tides.errors import ApiError
from tides.summary import describe, highest


def one(query, name):
    values = query.get(name)
    if not values:
        raise ApiError(400, f"{name} is required")
    return values[-1]


def a_day(text):
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ApiError(400, "day must be a date like 2024-05-01")


def ports(query):
    return [{"port": p, "name": name, "years": store.years(p)} for p, name in sorted(store.PORTS.items())]


def tides_of_day(query, port):
    """High and low waters of one day."""
    store.check_port(port)
    day = a_day(one(query, "day"))
    rows = store.table(port, day.year).get(day.isoformat(), [])
    return {"port": port, "day": day.isoformat(), "tides": [describe(r) for r in rows]}


def highest_of_year(query, port, year):
    store.check_port(port)
    if not year.isdecimal() or int(year) not in store.years(port):
        raise ApiError(404, "no table for this year")
    return highest(store.table(port, int(year)))


def dispatch(method, path, query):
    if method != "GET":
        raise ApiError(405, "read only")
    match [unquote(p) for p in path.strip("/").split("/")]:
        case ["ports"]:
            return ports(query)
        case ["ports", port, "tides"]:
            return tides_of_day(query, port)
        case ["ports", port, "highest", year]:
            return highest_of_year(query, port, year)
    raise ApiError(404, "not found")


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        status, out = 200, dispatch(scope["method"], scope["path"], query)
    except ApiError as err:
        status, out = err.status, {"error": err.message}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})
