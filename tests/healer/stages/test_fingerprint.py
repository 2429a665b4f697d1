import time
from dataclasses import replace

import pytest
from healer.model import ExceptionInfo, Frame, Report, Request
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


NODE = Frame("/srv/app/src/orders.js", 20, "price", True, "return item.price * 2;")
GO = Frame("main.go", 57, "main.func1", True, "fmt.Fprintln(w, seat(7))")


def elsewhere(platform: str, *frames: Frame, **changes: object) -> Report:
    exception = ExceptionInfo("TypeError", "item is undefined")
    return a_report(**{"platform": platform, "frames": frames, "exception": exception, **changes})


@pytest.mark.parametrize(
    ("platform", "frame", "same"),
    [
        ("node", NODE, {"line": 99, "file": "/srv/other/dist/orders.js", "source": " return  item.price * 3;"}),
        ("go", GO, {"line": 60, "function": "main.func2"}),
        ("node", {"function": "?", "file": "dist/app.3f2a9b1c.js"}, {"file": "dist/app.9d8e7f6a.js"}),
        ("node", {"function": "<anonymous>", "file": "dist/app-DiwrgTdA.js"}, {"file": "dist/app-B2x9_aQe.js"}),
        (
            "node",
            {
                "function": "next",
                "source": "",
                "in_app": False,
                "file": "/a/node_modules/.pnpm/x@4.18.2/node_modules/x/r.js",
            },
            {"file": "/b/node_modules/.pnpm/x@5.0.1/node_modules/x/r.js"},
        ),
        (
            "go",
            {"function": "Do", "source": "", "in_app": False, "file": "/root/go/pkg/mod/github.com/x/y@v1.2.3/z.go"},
            {"file": "/home/b/go/pkg/mod/github.com/x/y@v1.4.0/z.go"},
        ),
    ],
)
def test_the_same_fault_elsewhere(platform, frame, same):
    one = frame if isinstance(frame, Frame) else replace(NODE, **frame)
    told = elsewhere(platform, one, exception=ExceptionInfo("TypeError", "another message"))
    assert fingerprint(elsewhere(platform, replace(one, **same))) == fingerprint(told)


@pytest.mark.parametrize(
    "other",
    [
        elsewhere("go", NODE),
        elsewhere("node", NODE, exception=ExceptionInfo("RangeError", "")),
        elsewhere("node", replace(NODE, function="tax")),
        elsewhere("node", replace(NODE, source="return item.tax;")),
        elsewhere("node", replace(NODE, function="?")),
        elsewhere("node", replace(NODE, source="")),
        elsewhere("node"),
    ],
)
def test_another_fault_elsewhere(other):
    assert fingerprint(other) != fingerprint(elsewhere("node", NODE))


def test_anonymous_functions_are_told_apart_by_their_file():
    one, other = (replace(NODE, function="<anonymous>", file=f"/srv/{name}.js") for name in ("a", "b"))
    assert fingerprint(elsewhere("node", one)) != fingerprint(elsewhere("node", other))


@pytest.mark.parametrize("start", ["-", "a.", "0", "f-"])
def test_a_hostile_line_takes_no_time(start):
    text = start * 50_000
    frame = replace(NODE, source=text, function=text, file=text)
    started = time.perf_counter()
    fingerprint(elsewhere("node", frame))
    assert time.perf_counter() - started < 2
