"""How often one client may ask."""

import time
from collections import defaultdict, deque

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import config


class RateLimitMiddleware(BaseHTTPMiddleware):
    def __init__(self, app, per_minute: int = config.REQUESTS_PER_MINUTE) -> None:
        super().__init__(app)
        self.per_minute = per_minute
        self.seen: dict[str, deque[float]] = defaultdict(deque)

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        times = self.seen[request.client.host]
        now = time.monotonic()
        while times and now - times[0] > 60:
            times.popleft()
        if len(times) >= self.per_minute:
            return JSONResponse({"error": "Too many requests."}, 429)
        times.append(now)
        return await call_next(request)
