"""Takes reports in, whatever protocol brought them: a lane for each service, and one writer that empties them in turns.

What waits is stored in one transaction and answered when that is committed. How a body is read is the route's business.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from healer.edges.store import Incident
from healer.model import Report

LANE_REPORTS = 500  # that may wait in one service's lane
LANE_BYTES = 32 * 2**20
BATCH_REPORTS = 64  # about as many as are read and stored in 50 ms: so long another service may have to wait
BATCH_BYTES = 2**19
RETRY_SECONDS = 2

Read = Callable[[bytes, str], Report]  # (body, service); raises BadInput


@dataclass(frozen=True)
class Taken:
    """What became of a report."""

    report_id: str
    incident_id: str


@dataclass(frozen=True)
class _Waiting:
    service: str
    body: bytes
    read: Read
    answer: asyncio.Future[Taken]


@dataclass
class _Lane:
    waiting: deque[_Waiting] = field(default_factory=deque)
    bytes: int = 0


class Intake:
    """Belongs to the event loop that serves the routes; only the reading and storing is done by a thread."""

    def __init__(self, store: Callable[[Sequence[Report]], Sequence[Incident]]) -> None:
        """`store` keeps all of these reports; when it raises it is asked again for each, and each counts once."""
        self._store = store
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()  # those with something in them, next one first
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self._emptying: asyncio.Task[None] | None = None

    async def take(self, service: str, body: bytes, read: Read) -> Taken:
        """Returns when the report is stored for good. Raises what `read` raises, and 429 when the lane is full."""
        lane = self._lanes.get(service) or _Lane()
        if len(lane.waiting) >= LANE_REPORTS or lane.bytes + len(body) > LANE_BYTES:
            detail = f"{service} reports faster than reports are stored; send this one again later"
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": str(RETRY_SECONDS)})
        answer: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        lane.waiting.append(_Waiting(service, body, read, answer))
        lane.bytes += len(body)
        self._lanes[service] = lane
        if self._emptying is None:
            self._emptying = asyncio.create_task(self._empty())
        return await answer

    def waiting(self) -> dict[str, int]:
        """How many reports wait in each service's lane; one that has none is not named."""
        return {service: len(lane.waiting) for service, lane in list(self._lanes.items())}

    def stop(self) -> None:
        self._writer.shutdown()

    async def _empty(self) -> None:
        try:
            # What has arrived together goes together: a transaction for one costs as much as one for ten.
            await asyncio.sleep(0)
            while batch := self._next_batch():
                results = await asyncio.get_running_loop().run_in_executor(self._writer, self._work, batch)
                for waiting, result in zip(batch, results, strict=True):
                    if waiting.answer.done():
                        continue  # whoever asked is gone
                    if isinstance(result, Taken):
                        waiting.answer.set_result(result)
                    else:
                        waiting.answer.set_exception(result)
        finally:
            self._emptying = None

    def _next_batch(self) -> list[_Waiting]:
        """One of each lane, again and again; the next batch goes on with the next lane."""
        batch: list[_Waiting] = []
        size = 0
        while self._lanes and len(batch) < BATCH_REPORTS and size < BATCH_BYTES:
            service, lane = next(iter(self._lanes.items()))
            taken = lane.waiting.popleft()
            batch.append(taken)
            size += len(taken.body)
            lane.bytes -= len(taken.body)
            self._lanes.move_to_end(service)
            if not lane.waiting:
                del self._lanes[service]
        return batch

    def _work(self, batch: Sequence[_Waiting]) -> list[Taken | Exception]:
        results: dict[int, Taken | Exception] = {}
        readable: dict[int, Report] = {}
        for place, waiting in enumerate(batch):
            try:
                # Whoever holds a key may not set up the sandbox.
                readable[place] = replace(waiting.read(waiting.body, waiting.service), env={})
            except Exception as error:  # it is the answer to this one and must not spoil the others
                results[place] = error
        results |= zip(readable, self._stored(list(readable.values())), strict=True)
        return [results[place] for place in range(len(batch))]

    def _stored(self, reports: Sequence[Report]) -> list[Taken | Exception]:
        if not reports:
            return []
        try:
            incidents = self._store(reports)
        except OperationalError as error:  # the database itself; alone none of them would fare better
            return [error] * len(reports)
        except Exception as error:
            if len(reports) == 1:
                return [error]
            return [result for report in reports for result in self._stored([report])]
        return [Taken(report.report_id, incident.id) for report, incident in zip(reports, incidents, strict=True)]
