"""watch(): crashes of scripts and jobs are reported and go on, and what is watched works as before."""

from __future__ import annotations

import asyncio
import inspect

import pytest
import selfheal

from tests.selfheal.sink import Sink


class Boom(Exception):
    pass


def jobs(sink: Sink) -> list[tuple[str, str]]:
    assert selfheal.flush(5)
    return [(report["mechanism"]["type"], report["frames"][0]["function"]) for report in sink.reports]


@selfheal.watch
def nightly(number: int, *, by: int = 1) -> float:
    """Divides."""
    return number / by


@selfheal.watch("hourly import")
async def hourly(number: int) -> float:
    await asyncio.sleep(0)
    return 1 / number


def test_a_block_that_crashes_is_reported_and_the_exception_goes_on(reporting: Sink) -> None:
    mine = Boom("the one")
    with pytest.raises(Boom) as raised, selfheal.watch("block"):
        raise mine
    assert raised.value is mine
    assert jobs(reporting) == [("job block", "test_a_block_that_crashes_is_reported_and_the_exception_goes_on")]
    assert reporting.reports[0]["mechanism"]["handled"] is False


def test_a_function_that_crashes_is_reported_under_its_name(reporting: Sink) -> None:
    assert nightly(6, by=3) == 2
    assert (nightly.__name__, nightly.__doc__) == ("nightly", "Divides.")
    with pytest.raises(ZeroDivisionError):
        nightly(6, by=0)
    with pytest.raises(ZeroDivisionError):
        nightly(6, by=0)
    assert set(jobs(reporting)) == {("job nightly", "nightly")}
    assert sum(1 + report["suppressed"] for report in reporting.reports) == 2


def test_a_coroutine_function_stays_one(reporting: Sink) -> None:
    assert inspect.iscoroutinefunction(hourly)
    assert asyncio.run(hourly(2)) == 0.5
    with pytest.raises(ZeroDivisionError):
        asyncio.run(hourly(0))
    assert jobs(reporting) == [("job hourly import", "hourly")]


def test_an_end_on_purpose_is_no_crash(reporting: Sink) -> None:
    for error in (SystemExit(0), KeyboardInterrupt(), asyncio.CancelledError()):
        with pytest.raises(type(error)), selfheal.watch("import"):
            raise error
    assert jobs(reporting) == []


def test_without_init_nothing_is_reported_and_everything_works(client_off: None) -> None:
    with pytest.raises(ZeroDivisionError):
        nightly(1, by=0)
