"""What a diagnosis tells of the bad value: what it was, what it was taken from, and the places it passed."""

from __future__ import annotations

from healer.model import Diagnosis, ExceptionInfo
from healer.stages.diagnosis import diagnose

from .crashes import report_at

APP = {
    "app.py": """from fastapi import FastAPI

from paging import pages, tag_of

app = FastAPI()
ITEMS = {"a": {"tag": None}}


@app.get("/items")
def items(size: int = 20):
    wanted = size
    return {"pages": pages(len(ITEMS), wanted)}


@app.get("/items/{name}")
def item(name: str):
    tag = tag_of(ITEMS, name)
    return {"tag": tag.lower()}


@app.get("/again")
def again():
    last = None
    for one in (1, 2):
        last = last.parent
    return last.name
""",
    "paging.py": """def pages(total, size):
    return (total + size - 1) // size


def tag_of(items, name):
    return items[name]["tag"]
""",
}


ZERO = ExceptionInfo("ZeroDivisionError", "integer division or modulo by zero", bases=("ZeroDivisionError",))
NONE = ExceptionInfo("AttributeError", "'NoneType' object has no attribute 'lower'", bases=("AttributeError",))


def diagnosed(exception: ExceptionInfo, line: str, file: str = "app.py", caller: str = "") -> Diagnosis:
    stack = [("app.py", caller)] if caller else []
    return diagnose(report_at(APP, line, exception, file=file, framework="fastapi", stack=stack), APP)


def steps(diagnosis: Diagnosis) -> list[str]:
    return [f"{step.what} {step.file}:{step.line} {step.code}" for step in diagnosis.trail]


def test_a_value_that_was_sent_is_followed_through_its_callers() -> None:
    diagnosis = diagnosed(ZERO, "// size", "paging.py", 'return {"pages"')
    assert steps(diagnosis) == [
        "read paging.py:2 return (total + size - 1) // size",
        'passed app.py:12 return {"pages": pages(len(ITEMS), wanted)}',
        "assigned app.py:11 wanted = size",
    ]
    assert (diagnosis.value, diagnosis.origins) == ("0", ("the query string, size",))
    assert round(sum(part.points for part in diagnosis.confidence_parts), 2) == diagnosis.confidence
    assert round(sum(part.points for part in diagnosis.risk_parts), 2) == diagnosis.risk


def test_what_a_function_of_the_service_answered_is_followed_into_it() -> None:
    diagnosis = diagnosed(NONE, "tag.lower()")
    assert steps(diagnosis) == [
        'read app.py:18 return {"tag": tag.lower()}',
        "assigned app.py:17 tag = tag_of(ITEMS, name)",
        'returned paging.py:6 return items[name]["tag"]',
    ]
    assert (diagnosis.value, diagnosis.culprit) == ("None", "tag")


def test_a_value_that_a_loop_gives_again_is_followed_once() -> None:
    nameless = ExceptionInfo("AttributeError", "'NoneType' object has no attribute 'name'", bases=("AttributeError",))
    assert steps(diagnosed(nameless, "return last.name")) == [
        "read app.py:26 return last.name",
        "assigned app.py:25 last = last.parent",
        "assigned app.py:23 last = None",
    ]
