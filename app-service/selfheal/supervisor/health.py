"""Whether a worker is healthy, asked over HTTP on its private port.

It does not wait or judge: how long, how often, and what an unhealthy worker means is the caller's.
"""

from __future__ import annotations

from .smoke import status_of

USUAL_PATHS = ("/health", "/healthz")


async def unhealthy(port: int, chosen: str | None) -> str:
    """Empty when healthy, else what was wrong. Raises OSError, or ValueError for an answer that is not HTTP.

    The path that was set must answer 2xx or 3xx. Without one the usual paths are tried: one that the app does not
    have (4xx) says nothing, and if it has none of them any answer below 500 to GET / will do.
    """
    for path in (chosen,) if chosen else USUAL_PATHS:
        status = await _asked(port, path)
        if 200 <= status < 400:
            return ""
        if chosen or status >= 500:
            return f"GET {path} answered {status}"
    status = await _asked(port, "/")
    return "" if status < 500 else f"GET / answered {status}"


async def _asked(port: int, path: str) -> int:
    return await status_of(port, {"method": "GET", "path": path, "headers": {}, "body": None})
