"""Running a tree's own tests in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.selfheal.running_sandbox import FORGES, RunningSandbox

TESTS = """
import pytest

@pytest.fixture
def broken():
    raise RuntimeError("set-up")

@pytest.fixture
def leaks():
    yield
    raise RuntimeError("tear-down")

def test_good(): pass
def test_bad(): assert 1 == 2
def test_skipped(): pytest.skip("not now")
def test_error(broken): pass
def test_error_late(leaks): pass
@pytest.mark.xfail
def test_expected(): assert False
@pytest.mark.parametrize("n", [1, 2])
def test_each(n): print("x" * 100_000); assert n == 1
"""
FASTAPI_TESTS = """
import warnings
from fastapi.testclient import TestClient
from shop import app

def test_home(tmp_path):
    (tmp_path / "x").write_text("1")
    with TestClient(app) as client:
        assert client.get("/").json() == {"home": True}
"""
SHOP = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef home(): return {'home': True}\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox() as running:
        yield running


def test_each_test_has_its_outcome(sandbox: RunningSandbox) -> None:
    answer = sandbox.ask({"kind": "tests", "args": ["tests"]}, {"tests/test_a.py": TESTS})
    result = answer["result"]
    assert (answer["status"], result["problem"], result["exit_code"]) == ("ok", "", 1)
    assert result["outcomes"] == {
        "tests/test_a.py::test_good": "passed",
        "tests/test_a.py::test_bad": "failed",
        "tests/test_a.py::test_skipped": "skipped",
        "tests/test_a.py::test_error": "error",
        "tests/test_a.py::test_error_late": "error",
        "tests/test_a.py::test_expected": "skipped",
        "tests/test_a.py::test_each[1]": "passed",
        "tests/test_a.py::test_each[2]": "failed",
    }
    assert "3 failed" not in result["output"]
    assert "2 failed, 3 passed, 1 skipped, 1 xfailed, 2 errors" in result["output"]
    assert len(result["output"]) <= 20_000
    assert "shop" not in result["output"]


@pytest.mark.parametrize(
    ("files", "args", "exit_code", "outcomes"),
    [
        (
            {
                "shop.py": SHOP,
                "tests/test_a.py": FASTAPI_TESTS,
                "pytest.ini": "[pytest]\nfilterwarnings = error::pytest.PytestWarning",
            },
            ["tests"],
            0,
            {"tests/test_a.py::test_home": "passed"},
        ),
        ({"tests/test_a.py": "import nothing_like_this"}, ["tests"], 2, {"tests/test_a.py": "error"}),
        ({"tests/test_a.py": "def test_a(): pass"}, [], 0, {"tests/test_a.py::test_a": "passed"}),
        ({"app.py": "X = 1"}, [], 5, {}),
        ({"app.py": "X = 1"}, ["missing"], 4, {}),
    ],
)
def test_pytest_tells_how_it_went(
    sandbox: RunningSandbox, files: dict[str, str], args: list[str], exit_code: int, outcomes: dict[str, str]
) -> None:
    result = sandbox.ask({"kind": "tests", "args": args}, files)["result"]
    assert (result["problem"], result["exit_code"], result["outcomes"]) == ("", exit_code, outcomes), result["output"]


def test_without_pytest_the_problem_is_told(sandbox: RunningSandbox) -> None:
    files = {"pytest.py": "raise ImportError('no pytest here')", "tests/test_a.py": "def test_a(): pass"}
    result = sandbox.ask({"kind": "tests", "args": []}, files)["result"]
    assert result == {
        "problem": "pytest cannot be imported: no pytest here",
        "exit_code": None,
        "outcomes": {},
        "output": "",
    }


def test_a_test_that_ends_the_process_ends_the_job(sandbox: RunningSandbox) -> None:
    answer = sandbox.ask({"kind": "tests", "args": []}, {"test_a.py": "import os\ndef test_a(): os._exit(0)"})
    assert (answer["status"], answer["result"]) == ("killed", None)


@pytest.mark.parametrize(
    ("conftest", "tests", "detail"),
    [
        (
            "def pytest_sessionfinish(session): session.exitstatus = 0",
            "def test_a(): assert False",
            "pytest's exit code tells of success, and a test failed",
        ),
        ("", "from forging import line\ndef test_a(): line().send({'exit_code': 1})", "without problem"),
        (
            "from forging import line\ndef pytest_unconfigure():\n"
            "  line().send({'exit_code': 0, 'problem': '', 'output': ''})",
            "def test_a(): pass",
            "asked",
        ),
    ],
)
def test_a_forged_report_of_tests_is_found_out(sandbox: RunningSandbox, conftest: str, tests: str, detail: str) -> None:
    files = {"conftest.py": conftest, "test_a.py": tests, "forging.py": FORGES}
    answer = sandbox.ask({"kind": "tests", "args": []}, files)
    assert (answer["status"], answer["result"]) == ("tampered", None)
    assert detail in answer["detail"]
