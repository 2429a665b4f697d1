from dataclasses import replace

import pytest
from healer.model import ExceptionInfo, Request
from healer.stages.fingerprint import fingerprint

from tests.healer.samples import FRAME, LIBRARY, a_report


def test_version_one_is_frozen():
    # A change here would turn every known incident into a new one: make a version 2 instead.
    assert fingerprint(a_report()) == "bc0fd75ea52244178ae6d3425c7a0f4e7ff733bb9ac075389c9c704e1c23f686"


@pytest.mark.parametrize(
    "same",
    [
        {"exception": ExceptionInfo("KeyError", "'another'")},
        {"frames": (LIBRARY, replace(FRAME, line=99))},
        {"frames": (LIBRARY, replace(FRAME, source="  value  =  TABLE[key]"))},
        {"frames": (LIBRARY, replace(FRAME, locals={"key": "'y'"}))},
        {"request": Request("GET", "/things?key=y")},
        {"release": "abc"},
    ],
)
def test_the_same_fault(same):
    assert fingerprint(a_report(**same)) == fingerprint(a_report())


@pytest.mark.parametrize(
    "other",
    [
        {"exception": ExceptionInfo("IndexError", "'x'")},
        {"exception": ExceptionInfo("KeyError", "'x'", module="app.errors")},
        {"frames": (LIBRARY, replace(FRAME, file="app/other.py"))},
        {"frames": (LIBRARY, replace(FRAME, function="write"))},
        {"frames": (LIBRARY, replace(FRAME, source="value = TABLE[name]"))},
        {"frames": (LIBRARY,)},
    ],
)
def test_another_fault(other):
    assert fingerprint(a_report(**other)) != fingerprint(a_report())


def test_text_that_is_no_unicode_is_taken():
    assert fingerprint(a_report(frames=(replace(FRAME, source="\udcff"),)))
