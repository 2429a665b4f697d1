"""Bodies as they come in, no further than they may be. What is in them is the routes' business."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request

from healer.model import HealerError


class TooLarge(HealerError):
    """What came is more than is taken; the message says how much that is."""


async def pieces(request: Request, largest: int, what: str) -> AsyncIterator[bytes]:
    """Raises TooLarge as soon as it is known, ClientDisconnect when whoever sent it goes away.

    `what`: with its article.
    """
    said = request.headers.get("content-length", "")
    if said.isdecimal() and (len(said) > 18 or int(said) > largest):
        raise TooLarge(f"{what} has at most {largest} bytes, not {said[:19]}")
    sent = 0
    async for piece in request.stream():
        sent += len(piece)
        if sent > largest:
            raise TooLarge(f"{what} has at most {largest} bytes")
        yield piece


async def whole(request: Request, largest: int, what: str) -> bytes:
    """Raises as `pieces` does."""
    return b"".join([piece async for piece in pieces(request, largest, what)])
