"""Answers what the water level is."""

import json

from tides.levels import UnknownStation, highest, mean_level


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    status, body = answer(scope["path"].strip("/").split("/"))
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def answer(parts):
    if len(parts) != 2:
        return 404, {"error": "not found"}
    kind, station = parts
    try:
        level = mean_level(station) if kind == "mean" else highest(station)
    except UnknownStation:
        return 404, {"error": "no such station"}
    return 200, {"station": station, "level": level}
