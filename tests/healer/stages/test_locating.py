"""Frames of stock Sentry SDKs, found in the repository."""

from __future__ import annotations

import pytest
from healer.model import ExceptionInfo, Frame, Linked
from healer.stages.locating import located

from tests.healer.samples import CRASH, a_report

READ = "def read(key):\n    value = TABLE[key]\n    return value\n"
SOURCES = {
    "shop/main.py": READ,
    "src/stock/items.py": READ,
    "services/mail/letters.py": READ,
    "services/web/views.py": READ,
    "services/desk/views.py": "import shop\n",
    "handlers.py": READ,
    "json/decoder.py": READ,
    "tools/.venv/lib/python3.11/site-packages/six.py": READ,
}


def frame(path: str, file: str, *, in_app: bool = True, source: str = "value = TABLE[key]") -> Frame:
    return Frame(file, 2, "read", in_app, source, path=path)


@pytest.mark.parametrize(
    ("path", "file", "in_app", "found"),
    [
        ("/srv/app/shop/main.py", "shop/main.py", True, "shop/main.py"),
        ("C:\\srv\\shop\\main.py", "shop/main.py", True, "shop/main.py"),
        ("", "shop/main.py", True, "shop/main.py"),
        ("/srv/app/shop/main.py", "main.py", False, "shop/main.py"),  # python -m shop.main, beside in_app_exclude
        ("/x/lib/python3.11/site-packages/shop/main.py", "shop/main.py", False, "shop/main.py"),
        ("/x/lib/python3.11/site-packages/stock/items.py", "stock/items.py", False, "src/stock/items.py"),
        ("/srv/stock/items.py", "stock/items.py", True, "src/stock/items.py"),
        ("/srv/letters.py", "letters.py", True, "services/mail/letters.py"),
        ("/srv/views.py", "views.py", True, "services/web/views.py"),  # of two the one that has the line
        ("/srv/letters.py", "letters.py", False, None),
        ("/opt/other/handlers.py", "other/handlers.py", True, None),  # a package of another
        ("/x/site-packages/other/handlers.py", "other/handlers.py", False, None),
        ("/usr/lib/python3.11/json/decoder.py", "json/decoder.py", False, None),
        ("C:\\Python311\\Lib\\json\\decoder.py", "json/decoder.py", True, None),
        ("/x/site-packages/six.py", "six.py", False, None),
        ("/x/tools/.venv/lib/python3.11/site-packages/six.py", "six.py", True, None),
        ("", "<string>", True, None),
        ("", "", True, None),
    ],
)
def test_where_a_file_of_the_machine_is_in_the_repository(
    path: str, file: str, in_app: bool, found: str | None
) -> None:
    report = located(a_report(approximate=True, frames=(frame(path, file, in_app=in_app),)), SOURCES)
    assert (report.frames[0].file, report.frames[0].in_app) == (found or file, found is not None)


def test_a_file_that_might_be_two_is_neither() -> None:
    (one,) = located(
        a_report(approximate=True, frames=(frame("/srv/views.py", "views.py", source=""),)), SOURCES
    ).frames
    assert not one.in_app


def test_source_that_is_missing_comes_from_the_repository_where_the_line_agrees() -> None:
    frames = tuple(
        frame("/a/shop/main.py", "shop/main.py", source=text) for text in ("", "value = TABLE[key]", "old()")
    )
    missing, agrees, older = located(a_report(approximate=True, frames=frames), SOURCES).frames
    assert (missing.source, missing.context) == ("value = TABLE[key]", dict(enumerate(READ.splitlines(), 1)))
    assert agrees == missing
    assert (older.source, older.context) == ("old()", {})


def test_a_line_that_has_moved_since_is_followed_where_there_is_one_such_line() -> None:
    old = Frame("shop/main.py", 40, "read", True, "value = TABLE[key]", {39: "def read(key):", 1: "import os"})
    twice = {"shop/main.py": READ + READ}
    moved = located(a_report(approximate=True, frames=(old,)), SOURCES).frames[0]
    assert (moved.line, moved.context) == (2, {1: "def read(key):"})
    assert located(a_report(approximate=True, frames=(old,)), twice).frames[0] == old


def test_functions_are_named_as_the_source_names_them_and_chained_frames_are_found_too() -> None:
    method = Frame("shop/main.py", 2, "Shop.<locals>.read", True, path="/srv/shop/main.py")
    linked = Linked("cause", ExceptionInfo("OSError", ""), (method,))
    report = located(a_report(approximate=True, frames=(method,), chain=(linked,)), SOURCES)
    assert report.frames[0].function == "read"
    assert report.chain[0].frames == report.frames


def test_a_native_report_stays_as_it_is() -> None:
    report = a_report(frames=(frame("/srv/app/shop/main.py", "main.py"),), chain=(Linked("cause", CRASH),))
    assert located(report, SOURCES) is report
