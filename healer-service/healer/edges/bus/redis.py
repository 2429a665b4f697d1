"""Lines of a shared bus over a stream in Redis."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

STREAM = "healer:log"
KEPT = 1000  # words; whoever missed one looks into the log anyhow
TIMEOUT_SECONDS = 5.0


class RedisLine:
    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            protocol=2,
            decode_responses=True,
            single_connection_client=True,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),  # the bus itself makes another line, and then looks what it missed
        )
        self._last = "0"

    def tell(self, who: str) -> None:
        self._redis.xadd(STREAM, {"by": who}, maxlen=KEPT, approximate=True)

    def listen(self) -> None:
        newest: Any = self._redis.xrevrange(STREAM, count=1)
        self._last = newest[0][0] if newest else "0"

    def hear(self, seconds: float) -> Collection[str]:
        found: Any = self._redis.xread({STREAM: self._last}, count=KEPT, block=int(seconds * 1000))
        told = found[0][1] if found else ()
        if told:
            self._last = told[-1][0]
        return {word.get("by", "") for _, word in told}

    def close(self) -> None:
        self._redis.close()
