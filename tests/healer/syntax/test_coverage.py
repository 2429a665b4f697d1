import ast
import sys
from typing import Any

import pytest
from healer.model import Candidate, Change
from healer.syntax import coverage

BEFORE = """\
def pay(order, rates):
    total = order["total"]
    return total * rates[order["currency"]]
"""
AFTER = '''\
import logging


def pay(order, rates):
    """Converted.

    In the shop's currency.
    """
    total = order["total"]
    if (
        order["currency"]
        not in rates
    ):
        if order.get("strict"):
            raise ValueError("currency")
        return None
    try:
        rate = rates[order["currency"]]
    except KeyError:
        raise ValueError("rate") from None
    else:
        pass
    return total * rate
'''


def candidate(after: str = AFTER, before: str = BEFORE) -> Candidate:
    return Candidate("x", "x", (Change("app/pay.py", before, after), Change("README.md", "a", "b")))


def ran(**arguments: Any) -> dict[str, list[int]]:
    """The lines of AFTER that run, by a real tracer."""
    code = compile(ast.parse(AFTER), "app/pay.py", "exec")
    lines: set[int] = set()

    def trace(frame: Any, event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename == "app/pay.py" and event == "line":
            lines.add(frame.f_lineno)
        return trace

    before, space = sys.gettrace(), {}
    sys.settrace(trace)
    try:
        exec(code, space)
        space["pay"](**arguments)
    except ValueError:
        pass
    finally:
        sys.settrace(before)
    return {"app/pay.py": sorted(lines)}


RATES = {"EUR": 2}
UNKNOWN = {"order": {"total": 1, "currency": "XXX"}, "rates": RATES}
KNOWN = {"order": {"total": 1, "currency": "EUR"}, "rates": RATES}
STRICT = {"order": {"total": 1, "currency": "XXX", "strict": True}, "rates": RATES}


@pytest.mark.parametrize(
    ("runs", "left"),
    [
        ([], [1, 10, 14, 15, 16, 18, 19, 20, 23]),
        ([UNKNOWN], [15, 18, 19, 20, 23]),
        ([UNKNOWN, KNOWN], [15, 19, 20]),
        ([UNKNOWN, KNOWN, STRICT], [19, 20]),
    ],
)
def test_the_changed_statements_that_nothing_ran(runs: list[dict[str, Any]], left: list[int]) -> None:
    found = coverage.not_run(candidate(), *(ran(**arguments) for arguments in runs))
    assert [site.line for site in found] == left
    assert coverage.share(candidate(), found) == pytest.approx(1 - len(left) / 9)
    assert {site.function for site in found if site.line > 1} <= {"pay"}


def test_every_line_of_a_changed_statement_is_watched() -> None:
    assert coverage.watched(candidate()) == {"app/pay.py": [1, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 23]}


def test_a_patch_that_only_takes_away_is_covered() -> None:
    shorter = candidate(BEFORE.replace('    total = order["total"]\n', ""), BEFORE)
    assert coverage.watched(shorter) == {}
    assert coverage.share(shorter, coverage.not_run(shorter)) == 1


def test_source_that_is_none_is_not_watched() -> None:
    assert coverage.watched(candidate("def pay(:\n")) == {}
