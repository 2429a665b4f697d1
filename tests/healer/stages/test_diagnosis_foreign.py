"""What is said of crashes in code that is not repaired here."""

from __future__ import annotations

import pytest
from healer.model import Answer, ExceptionInfo, Frame
from healer.stages.diagnosis import diagnose

from tests.healer.samples import a_report

AT = " in price (src/orders.js:17)."


def told(platform: str, error: str, message: str, source: str = "") -> tuple[str, str]:
    """Category and cause."""
    at = Frame("src/orders.js", 17, "price", True, source)
    exception = ExceptionInfo(error, message, "")
    found = diagnose(a_report(platform=platform, exception=exception, frames=(at,)), {})
    assert (found.answer, found.risk, found.fault.line) == (Answer.NONE, 0.0, 17)
    assert "only Python is repaired" in found.decline_reason
    assert found.cause.endswith(AT)
    assert len(found.cause.split()) < 30
    return found.category, found.cause.removesuffix(AT)


@pytest.mark.parametrize(
    ("error", "message", "source", "category", "cause"),
    [
        (
            "TypeError",
            "Cannot read properties of undefined (reading 'price')",
            "return sailing.price * booking.passengers.length;",
            "none-dereference",
            "sailing is undefined where its price is used",
        ),
        (
            "TypeError",
            "Cannot set properties of null (setting 'y')",
            "this.map[key].y = 1",
            "none-dereference",
            "this.map[key] is null where its y is used",
        ),
        (
            "TypeError",
            "Cannot read property 'x' of undefined",
            "",
            "none-dereference",
            "A property of undefined is used",
        ),
        (
            "TypeError",
            "Cannot destructure property 'a' of 'body' as it is undefined.",
            "const { a } = body;",
            "none-dereference",
            "body is undefined where its a is taken out",
        ),
        ("TypeError", "cart.total is not a function", "", "signature", "cart.total is called and is no function"),
        ("TypeError", "rows is not iterable", "", "wrong-type", "rows is looped over and cannot be"),
        ("ReferenceError", "rate is not defined", "", "name-error", "The name rate is not defined"),
        (
            "ReferenceError",
            "Cannot access 'rate' before initialization",
            "",
            "unbound-local",
            "rate is used before it has a value",
        ),
        ("RangeError", "Maximum call stack size exceeded", "", "recursion", "The calls have no end: the stack is full"),
        ("RangeError", "Invalid array length", "", "conversion", "A value has no range"),
        (
            "SyntaxError",
            "Unexpected token 's', \"sunday\" is not valid JSON",
            "",
            "decoding",
            "What is read is no JSON",
        ),
        ("Error", "connect ECONNREFUSED 127.0.0.1:5432", "", "outside", "Something outside the code failed"),
        ("NoTimetable", "no timetable for sunday", "", "other", "NoTimetable: no timetable for sunday"),
        ("Error", "{0} {value} %s", "", "other", "Error: {0} {value} %s"),
    ],
)
def test_node(error: str, message: str, source: str, category: str, cause: str) -> None:
    assert told("node", error, message, source) == (category, cause)


@pytest.mark.parametrize(
    ("message", "category", "cause"),
    [
        (
            "runtime error: invalid memory address or nil pointer dereference",
            "none-dereference",
            "A nil pointer is followed",
        ),
        ("assignment to entry in nil map", "none-dereference", "An entry is set in a map that is nil"),
        (
            "runtime error: index out of range [7] with length 2",
            "empty-sequence",
            "Index 7 is asked of a sequence of 2",
        ),
        ("runtime error: index out of range [-1]", "empty-sequence", "An index is out of range"),
        (
            "interface conversion: interface {} is string, not int",
            "wrong-type",
            "A value is string and is asserted to be int",
        ),
        ("runtime error: integer divide by zero", "zero-division", "An integer is divided by zero"),
        ("dial tcp: lookup db: no such host", "outside", "Something outside the code failed"),
        ("no such pier", "other", "*errors.errorString: no such pier"),
    ],
)
def test_go(message: str, category: str, cause: str) -> None:
    assert told("go", "*errors.errorString", message) == (category, cause)


def test_a_platform_nobody_knows_is_told_by_its_own_words() -> None:
    assert told("elixir", "KeyError", "rate is not defined") == ("other", "KeyError: rate is not defined")


def test_whatever_is_missing_or_too_long() -> None:
    exception = ExceptionInfo("E" * 1000, "m" * 100_000)
    bare = diagnose(a_report(platform="go", exception=exception, frames=()), {})
    assert (bare.fault.file, bare.fix_sites, len(bare.cause)) == ("", (), 123)
    library = Frame("node_modules/x/index.js", 3, "", False)
    foreign = diagnose(a_report(platform="node", frames=(library,)), {})
    assert (foreign.fix_sites, foreign.confidence) == ((), 0.2)
    assert foreign.cause.endswith("in a function (node_modules/x/index.js:3).")
