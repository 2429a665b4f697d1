"""Whether users get clearly worse answers from a release than from the one before: more failures, or slower ones.

It is asked again and again while a release soaks, so what chance alone brings about must not add up to an alarm. It
counts nothing and decides nothing.
"""

from __future__ import annotations

import math

from healer.model import Traffic

# How likely chance alone may be, at one look. Most looks repeat what the one before saw: at equal rates, computed
# exactly, the 60 looks of a minute together alarm in less than one soak of 100,000.
CHANCE = 1e-6
LEAST_FAILURES = 5
LEAST_REQUESTS = 20  # fewer are nothing to compare with
LEAST_TIMED = 200  # requests, before times are compared
# The 99th percentile rests on few requests, and where about one of a hundred is always slow it leaps without a reason.
# So it counts when the median agrees; alone, only when it is beyond all measure and rests on more.
TIMES, SECONDS = 2.0, 0.1  # slower: so many times what it was, and that many seconds more
TIMES_ALONE, SECONDS_ALONE = 10.0, 1.0
LEAST_TIMED_ALONE = 500


def worse(before: Traffic | None, after: Traffic, known_failures: int) -> str:
    """What is worse, in one sentence with figures; "" while nothing is.

    `known_failures`: those of `after` that are crashes which were known before the release.
    """
    return _fails_more(before, after, max(0, after.failed - known_failures)) or _is_slower(before, after)


def _fails_more(before: Traffic | None, after: Traffic, failed: int) -> str:
    if failed < LEAST_FAILURES:
        return ""
    share = failed / after.requests
    figures = f"{failed:,} of {after.requests:,} requests failed, {share * 100:.1f} %"
    if before is None or before.requests < LEAST_REQUESTS:
        gross = after.requests >= LEAST_REQUESTS and share > 0.5
        return f"{figures}; the release before had too few to compare with." if gross else ""
    if share < 2 * before.failed / before.requests:
        return ""
    if _by_chance(before.failed, before.requests, failed, after.requests) > CHANCE:
        return ""
    return f"{figures}; of the release before {before.failed:,} of {before.requests:,} did."


def _by_chance(failed_before: int, before: int, failed: int, after: int) -> float:
    """Fisher's exact test: how likely so many or more of all failures fall to the later requests at equal rates.

    It is right for any numbers, however few; asked only where the later share is the larger one.
    """
    failures, requests = failed_before + failed, before + after
    ways = _log_choose(after, failed) + _log_choose(before, failed_before) - _log_choose(requests, failures)
    term = math.exp(ways)
    likely = 0.0
    for number in range(failed, min(failures, after) + 1):
        likely += term
        left = failures - number
        term *= left * (after - number) / ((number + 1) * (before - left + 1))
        if term < likely * 1e-9:  # they only get smaller from here on
            break
    return likely


def _log_choose(of: int, number: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(number + 1) - math.lgamma(of - number + 1)


def _is_slower(before: Traffic | None, after: Traffic) -> str:
    requests = min(before.requests, after.requests) if before is not None else 0
    if before is None or requests < LEAST_TIMED:
        return ""
    all_of_it = _is_above(after.p99, before.p99) and _is_above(after.p50, before.p50)
    alone = requests >= LEAST_TIMED_ALONE and after.p99 > TIMES_ALONE * before.p99 + SECONDS_ALONE
    if not all_of_it and not alone:
        return ""
    return (
        f"Of 100 requests the slowest takes {after.p99:.2f} s or longer, and half of them {after.p50:.2f} s; of the "
        f"release before it was {before.p99:.2f} s and {before.p50:.2f} s."
    )


def _is_above(seconds: float, usual: float) -> bool:
    return seconds > TIMES * usual + SECONDS
