"""Who is next: one request at a time, in the order they came, and a bound on those that wait. Runs nothing itself."""

from __future__ import annotations

import asyncio
from collections import deque

from llm_service.errors import Refusal


class Ticket:
    """A place in the queue. Whoever has one must leave, however the request ends."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._called: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def turn(self) -> None:
        """Returns when it is this one's turn."""
        await asyncio.shield(self._called)

    def call(self) -> None:
        self._called.set_result(None)

    def leave(self) -> None:
        self._turns.leave(self)


class Turns:
    def __init__(self, most_waiting: int) -> None:
        self._most_waiting = most_waiting
        self._waiting: deque[Ticket] = deque()
        self._running: Ticket | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def running(self) -> bool:
        return self._running is not None

    def enter(self) -> Ticket:
        """Raises Refusal when as many wait as may."""
        if self.running and self.waiting >= self._most_waiting:
            raise Refusal(
                f"{self.waiting} requests wait already, which is as many as may; try again soon",
                status=429,
                code="queue_full",
            )
        ticket = Ticket(self)
        self._waiting.append(ticket)
        self._call_next()
        return ticket

    def enter_first(self) -> Ticket:
        """For the service itself: before all that wait, after the one that runs."""
        ticket = Ticket(self)
        self._waiting.appendleft(ticket)
        self._call_next()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        if ticket is self._running:
            self._running = None
            self._call_next()
        elif ticket in self._waiting:
            self._waiting.remove(ticket)

    def _call_next(self) -> None:
        if self._running is None and self._waiting:
            self._running = self._waiting.popleft()
            self._running.call()
