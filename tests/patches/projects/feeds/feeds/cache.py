"""Answers that may be given again for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from . import config


class Cache:
    def __init__(self, seconds: float = config.CACHE_SECONDS) -> None:
        self.seconds = seconds
        self._entries: dict[str, tuple[float, Any]] = {}
        self._lock = asyncio.Lock()

    async def get(self, key: str, make: Callable[[], Awaitable[Any]]) -> Any:
        made_at, value = self._entries.get(key)
        if time.monotonic() - made_at < self.seconds:
            return value
        async with self._lock:
            value = await make()
            self._entries[key] = (time.monotonic(), value)
        return value

    def forget(self, key: str) -> None:
        del self._entries[key]
