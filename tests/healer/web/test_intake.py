"""How reports wait and are stored: in turns, in batches, and answered only when they are there for good."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest
from healer.model import BadInput, Report
from healer.web.intake import BATCH_REPORTS, LANE_BYTES, LANE_REPORTS, Intake, Taken
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from tests.healer.samples import a_report


def read(body: bytes, service: str) -> Report:
    if body.startswith(b"bad"):
        raise BadInput("the report is bad")
    return a_report(report_id=body[:20].decode(), service=service, env={"A": "b"})


class Shelf:
    """A store whose batches can be looked at, and held up."""

    def __init__(self, fails: Callable[[Sequence[str]], Exception | None] = lambda ids: None) -> None:
        self.fails = fails
        self.batches: list[list[str]] = []
        self.reports: list[Report] = []
        self.open = threading.Event()
        self.open.set()

    def take(self, reports: Sequence[Report]) -> list[SimpleNamespace]:
        assert self.open.wait(10)
        ids = [report.report_id for report in reports]
        self.batches.append(ids)
        if (error := self.fails(ids)) is not None:
            raise error
        self.reports += reports
        return [SimpleNamespace(id=f"of {report.report_id}") for report in reports]


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def filled(intake: Intake, shelf: Shelf, lanes: dict[str, Sequence[bytes]]) -> list[asyncio.Task[Taken]]:
    """What waits behind a first report that the writer is held up with."""
    shelf.open.clear()
    first = asyncio.create_task(intake.take("first", b"0", read))
    await until(lambda: not intake._lanes and intake._emptying)
    bodies = [(service, body) for service, bodies in lanes.items() for body in bodies]
    tasks = [first, *(asyncio.create_task(intake.take(service, body, read)) for service, body in bodies)]
    await asyncio.sleep(0)
    return tasks


def test_a_report_is_answered_when_it_is_stored_and_brings_no_environment():
    async def run() -> None:
        shelf = Shelf()
        shelf.open.clear()
        task = asyncio.create_task(Intake(shelf.take).take("shop", b"a", read))
        await asyncio.sleep(0.05)
        assert not task.done()
        shelf.open.set()
        assert await task == Taken("a", "of a")
        assert shelf.reports[0].env == {}

    asyncio.run(run())


def test_lanes_are_emptied_in_turns_and_what_waits_together_is_stored_together():
    async def run() -> None:
        shelf = Shelf()
        flood = [b"a%d" % number for number in range(3 * BATCH_REPORTS)]
        tasks = await filled(Intake(shelf.take), shelf, {"flooding": flood, "quiet": [b"b"], "other": [b"c", b"d"]})
        shelf.open.set()
        await asyncio.gather(*tasks)
        assert shelf.batches[1][:6] == ["a0", "b", "c", "a1", "d", "a2"]
        assert [len(batch) for batch in shelf.batches] == [1, BATCH_REPORTS, BATCH_REPORTS, BATCH_REPORTS, 3]

    asyncio.run(run())


@pytest.mark.parametrize(("number", "size"), [(LANE_REPORTS, 1), (3, LANE_BYTES // 3)])
def test_a_full_lane_is_refused_for_a_while_and_hinders_no_other(number, size):
    async def run() -> None:
        shelf = Shelf()
        intake = Intake(shelf.take)
        tasks = await filled(intake, shelf, {"full": [b"%d" % one + b" " * (size - 1) for one in range(number)]})
        with pytest.raises(HTTPException) as refused:
            await intake.take("full", b"more", read)
        assert (refused.value.status_code, refused.value.headers) == (429, {"Retry-After": "2"})
        other = asyncio.create_task(intake.take("other", b"b", read))
        shelf.open.set()
        await asyncio.gather(*tasks, other)
        assert (await intake.take("full", b"later", read)).report_id == "later"

    asyncio.run(run())


def test_an_unreadable_report_and_one_that_cannot_be_stored_spoil_no_other():
    async def run() -> None:
        shelf = Shelf(lambda ids: ValueError("no room for it") if "odd" in ids else None)
        bodies = [b"a", b"bad", b"odd", b"b"]
        tasks = await filled(Intake(shelf.take), shelf, {"shop": bodies})
        shelf.open.set()
        _, *results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [Taken, BadInput, ValueError, Taken]
        assert [report.report_id for report in shelf.reports] == ["0", "a", "b"]

    asyncio.run(run())


def test_a_database_that_is_away_is_asked_once_a_batch():
    async def run() -> None:
        shelf = Shelf(lambda ids: OperationalError("insert", {}, Exception("locked")) if len(ids) > 1 else None)
        tasks = await filled(Intake(shelf.take), shelf, {"shop": [b"a", b"b"]})
        shelf.open.set()
        _, *results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [OperationalError] * 2
        assert len(shelf.batches) == 2

    asyncio.run(run())


def test_who_does_not_wait_for_the_answer_holds_nobody_up():
    async def run() -> None:
        shelf = Shelf()
        tasks = await filled(Intake(shelf.take), shelf, {"shop": [b"a", b"b"]})
        tasks[1].cancel()
        shelf.open.set()
        assert (await tasks[2]).report_id == "b"
        assert {"a", "b"} <= {report.report_id for report in shelf.reports}

    asyncio.run(run())
