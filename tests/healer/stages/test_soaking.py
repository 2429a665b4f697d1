import math

import pytest
from healer.model import Traffic
from healer.stages import soaking
from healer.stages.soaking import worse

BEFORE = Traffic(4100, 2, 0.02, 0.1)


def test_what_is_worse_is_said_with_figures() -> None:
    assert worse(BEFORE, Traffic(340, 12), 0) == (
        "12 of 340 requests failed, 3.5 %; of the release before 2 of 4,100 did."
    )
    assert worse(None, Traffic(20, 11), 0) == (
        "11 of 20 requests failed, 55.0 %; the release before had too few to compare with."
    )
    assert worse(BEFORE, Traffic(300, 0, 0.5, 2.0), 0) == (
        "Of 100 requests the slowest takes 2.00 s or longer, and half of them 0.50 s; of the release before it was "
        "0.10 s and 0.02 s."
    )


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [
        (BEFORE, Traffic(340, 4), 0),  # too few, whatever the rate was
        (BEFORE, Traffic(340, 12), 8),  # crashes that were known before
        (BEFORE, Traffic(340, 12), 100),
        (Traffic(100_000, 1000), Traffic(100_000, 1900), 0),  # clearly more, and not twice as many
        (Traffic(40, 1), Traffic(40, 6), 0),  # more, and chance may have done it
        (None, Traffic(20, 10), 0),  # no more than half, and nothing to compare with
        (Traffic(19, 0), Traffic(1000, 500), 0),
        (None, Traffic(10, 10), 0),
        (None, Traffic(0), 0),
    ],
)
def test_these_failures_are_no_reason_to_leave(before: Traffic | None, after: Traffic, known: int) -> None:
    assert worse(before, after, known) == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Traffic(1000, 0), Traffic(5, 5)),
        (Traffic(20, 0), Traffic(20, 15)),
        (Traffic(10_000, 100), Traffic(300, 30)),
        (Traffic(3_000_000, 300), Traffic(20_000, 40)),
    ],
)
def test_these_failures_are(before: Traffic, after: Traffic) -> None:
    assert worse(before, after, 0)


@pytest.mark.parametrize(
    ("before", "after", "is_worse"),
    [
        (Traffic(200, 0, 0.02, 0.1), Traffic(200, 0, 0.15, 0.31), True),
        (Traffic(199, 0, 0.02, 0.1), Traffic(200, 0, 5, 9), False),  # too few to tell
        (Traffic(200, 0, 0.02, 0.1), Traffic(199, 0, 5, 9), False),
        (Traffic(9000, 0, 0.02, 0.1), Traffic(9000, 0, 0.15, 0.29), False),
        (Traffic(9000, 0, 0.01, 0.02), Traffic(9000, 0, 0.01, 0.5), False),  # one of 100 was about as slow before
        (Traffic(500, 0, 0.01, 0.02), Traffic(500, 0, 0.01, 1.3), True),
        (Traffic(500, 0, 0.01, 0.02), Traffic(499, 0, 0.01, 1.3), False),  # four cold starts
    ],
)
def test_times_are_compared_by_their_percentiles(before: Traffic, after: Traffic, is_worse: bool) -> None:
    assert bool(worse(before, after, 0)) is is_worse


def _binomial(requests: int, rate: float) -> list[float]:
    """How likely each number of failures is, as far as it matters."""
    most = min(requests, int(requests * rate + 12 * math.sqrt(requests * rate) + 12))
    return [math.comb(requests, n) * rate**n * (1 - rate) ** (requests - n) for n in range(most + 1)]


def _ever(rate: float, before: int, each: int, looks: int) -> float:
    """How likely a soak alarms at one of its looks when the new release fails as often as the old one: exactly."""
    alarmed, between = 0.0, _binomial(each, rate)
    for failed_before, likely in enumerate(_binomial(before, rate)):
        old = Traffic(before, failed_before)
        states = {0: likely} if likely > 1e-10 else {}
        for look in range(1, looks + 1):
            after: dict[int, float] = {}
            for failed, share in states.items():
                for more, chance in enumerate(between):
                    after[failed + more] = after.get(failed + more, 0.0) + share * chance
            reached = (failed for failed in sorted(after) if worse(old, Traffic(look * each, failed), 0))
            limit = next(reached, math.inf)
            alarmed += sum(share for failed, share in after.items() if failed >= limit)
            states = {failed: share for failed, share in after.items() if failed < limit and share > 1e-14}
    return alarmed


@pytest.mark.parametrize(("rate", "before"), [(0.01, 200), (0.3, 25)])
def test_chance_alone_alarms_in_less_than_one_soak_of_ten_thousand(monkeypatch, rate: float, before: int) -> None:
    assert _ever(rate, before, each=5, looks=16) < 1e-4
    monkeypatch.setattr(soaking, "CHANCE", 0.01)  # as a test of one look alone would have it
    assert _ever(rate, before, each=5, looks=16) > 1e-4
