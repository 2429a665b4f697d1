"""Whether a worker is healthy, asked over HTTP on its private port.

It does not wait or judge: how long, how often, and what an unhealthy worker means is the caller's.
"""

from __future__ import annotations

import asyncio

USUAL_PATHS = ("/health", "/healthz")


async def unhealthy(port: int, chosen: str | None) -> str:
    """Empty when healthy, else what was wrong. Raises OSError, or ValueError for an answer that is not HTTP.

    The path that was set must answer 2xx or 3xx. Without one the usual paths are tried: one that the app does not
    have (4xx) says nothing, and if it has none of them any answer below 500 to GET / will do.
    """
    for path in (chosen,) if chosen else USUAL_PATHS:
        status = await _get(port, path)
        if 200 <= status < 400:
            return ""
        if chosen or status >= 500:
            return f"GET {path} answered {status}"
    status = await _get(port, "/")
    return "" if status < 500 else f"GET / answered {status}"


async def _get(port: int, path: str) -> int:
    """The status of one GET on loopback; the body is not read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        request = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: selfheal-supervisor\r\nConnection: close\r\n\r\n"
        )
        writer.write(request.encode("ascii"))
        words = (await reader.readline()).split(None, 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
            raise ValueError("the answer is not HTTP")
        return int(words[1])
    finally:
        writer.close()
