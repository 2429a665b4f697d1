"""Each rule refuses what it names and lets an honest repair through."""

from __future__ import annotations

import pytest
from healer.model import Candidate, Change
from healer.stages.guardrails import Policy, check

BEFORE = '''import os

from flask import Flask, abort

app = Flask(__name__)
LIMIT = 3


@app.get("/a/<x>")
def show(x):
    """One."""
    return str(int(x))


def helper(x, y=1):
    return x / y
'''


def broken(after: str, *, before: str = BEFORE, file: str = "shop/app.py", values: tuple[str, ...] = ()) -> set[int]:
    change = Change(file, before, after)
    policy = Policy(("shop",), failing_values=values)
    return {finding.number for finding in check(Candidate("x", "x", (change,)), policy)}


def with_body(*lines: str) -> str:
    return BEFORE.replace("    return str(int(x))", "\n".join(f"    {line}" for line in lines))


HONEST = [
    with_body("try:", "    return str(int(x))", "except ValueError:", "    abort(400)"),
    with_body("if not x.isdecimal():", "    return {'error': 'x must be a number'}, 400", "return str(int(x))"),
    with_body("if x == '0':", "    abort(400)", "return str(int(x))"),
    BEFORE.replace("x / y", "x / y if y else 0"),
    BEFORE.replace("def helper(x, y=1)", "def helper(x, y=1, *, z=2)"),
    BEFORE.replace("import os\n", "import os\nfrom decimal import Decimal\n").replace("x / y", "Decimal(x) / y"),
]

BAD = [
    (1, with_body("try:", "    return str(int(x))", "except Exception:", "    abort(400)")),
    (1, with_body("try:", "    return str(int(x))", "except:", "    abort(400)")),
    (1, with_body("try:", "    return str(int(x))", "except (ValueError, BaseException):", "    abort(400)")),
    (2, with_body("try:", "    n = int(x)", "except ValueError:", "    pass", "return str(n)")),
    (2, with_body("try:", "    return str(int(x))", "except ValueError:", "    return ''")),
    (2, with_body("try:", "    n = int(x)", "except ValueError:", "    n = 0", "return str(n)")),
    (2, with_body("try:", "    return str(int(x))", "except ValueError:", "    print('oh')", "    return {}")),
    (
        2,
        with_body(
            "from contextlib import suppress", "with suppress(ValueError):", "    return str(int(x))", "return x"
        ),
    ),
    (6, with_body("return str(eval(x))")),
    (6, with_body("run = eval", "return run(x)")),
    (6, with_body("return __import__('math').floor(x)")),
    (7, with_body("os.system(x)", "return str(int(x))")),
    (7, with_body("from subprocess import run", "run(x)", "return str(int(x))")),
    (8, with_body("import httpx", "return httpx.get(x).text")),
    (8, with_body("import socket as s", "s.create_connection((x, 1))", "return str(int(x))")),
    (9, with_body("import pickle", "return pickle.loads(x)")),
    (10, with_body("import ctypes", "return str(int(x))")),
    (25, with_body("return str(call(x, verify=False))")),
    (29, with_body("import time", "time.sleep(1)", "return str(int(x))")),
    (29, with_body("while True:", "    return str(int(x))")),
    (31, with_body("os._exit(0)", "return str(int(x))")),
    (36, with_body("return str(int(x))  # type: ignore")),
    (36, with_body("return str(int(x))  # noqa: E501")),
    (37, BEFORE.replace('"/a/<x>"', '"/b/<x>"')),
    (37, BEFORE.replace('@app.get("/a/<x>")\n', "")),
    (37, BEFORE.replace("def helper(x, y=1)", "def helper(x)")),
    (37, BEFORE.replace("def helper", "def other")),
    (37, BEFORE.replace("LIMIT = 3\n", "")),
    (38, with_body("return ''")),
    (38, with_body("pass")),
    (38, BEFORE),
    (0, with_body("return str(int(x)")),
    (32, with_body("return str(int(x))  # \u202ereversed")),
]

FILES = [
    (20, "../shop/app.py"),
    (20, "/etc/app.py"),
    (20, "other/app.py"),
    (12, "requirements.txt"),
    (12, "pyproject.toml"),
    (15, ".github/workflows/ci.yml"),
    (16, "Dockerfile"),
    (16, "docker-compose.yml"),
    (17, "tests/conftest.py"),
    (17, "shop/sitecustomize.py"),
    (22, ".git/hooks/pre-commit"),
    (22, ".gitattributes"),
    (39, "CODEOWNERS"),
]


@pytest.mark.parametrize("after", HONEST)
def test_an_honest_repair_passes(after: str) -> None:
    assert broken(after) == set()


@pytest.mark.parametrize(("number", "after"), BAD)
def test_a_broken_rule_is_named(number: int, after: str) -> None:
    assert number in broken(after)


@pytest.mark.parametrize(("number", "file"), FILES)
def test_files_out_of_reach(number: int, file: str) -> None:
    assert number in broken("x = 2\n", before="x = 1\n", file=file)


def test_the_failing_value_makes_no_special_case() -> None:
    special = with_body("if x == 'kg-17':", "    abort(400)", "return str(int(x))")
    assert broken(special, values=("kg-17",)) == {3}
    assert broken(special, values=("other",)) == set()
    field = with_body("if 'unit' not in x:", "    abort(400)", "return str(int(x))")
    assert broken(field, values=("unit",)) == set()


ASYNC = """
from fastapi import FastAPI

app = FastAPI()


async def load(x):
    return x


def twice(x: int, found: list = []):
    return load(x)


@app.get("/a/{x}")
def show(x: int):
    return load(x)


@app.get("/b/{x}")
async def both(x: int):
    return twice(x)
"""


def test_a_function_may_become_async_where_it_is_awaited() -> None:
    route = ASYNC.replace("def show(x: int):\n    return load(x)", "async def show(x: int):\n    return await load(x)")
    assert broken(route, before=ASYNC) == set()
    helper = ASYNC.replace("def twice(x: int, found", "async def twice(x: int, found")
    assert broken(helper, before=ASYNC) == {37}
    assert broken(helper.replace("return twice(x)", "return await twice(x)"), before=ASYNC) == set()


def test_a_default_may_become_none_and_its_type_wider() -> None:
    after = ASYNC.replace("found: list = []", "found: list | None = None")
    assert broken(after, before=ASYNC) == set()
    assert broken(ASYNC.replace("found: list = []", "found: dict | None = None"), before=ASYNC) == {37}


def test_the_end_of_an_iterator_may_end_a_generator() -> None:
    after = with_body("try:", "    yield next(x)", "except StopIteration:", "    return")
    assert broken(after) == set()
    assert broken(after.replace("StopIteration", "ValueError")) == {2}


def test_what_was_there_before_may_stay() -> None:
    before = with_body("try:", "    return str(int(x))", "except Exception:", "    return ''")
    assert broken(before.replace("x / y", "x / y if y else 0"), before=before) == set()


def test_a_parser_that_answers_none_may_answer_it_again() -> None:
    before = "def parse(raw):\n    if not raw:\n        return None\n    return int(raw)\n"
    after = before.replace(
        "    return int(raw)", "    try:\n        return int(raw)\n    except ValueError:\n        return None"
    )
    assert broken(after, before=before) == set()


def test_size_is_bounded() -> None:
    assert 24 in broken(BEFORE + "\n".join(f"a{i} = {i}" for i in range(80)))
    changes = tuple(Change(f"shop/{name}.py", "a = 1\n", "a = 2\n") for name in "abcd")
    assert {f.number for f in check(Candidate("x", "x", changes), Policy(("shop",)))} == {24}


def test_tests_are_neither_deleted_nor_skipped_nor_weakened() -> None:
    before = "def test_a():\n    assert f() == 1\n\n\ndef test_b():\n    assert g() == 2\n"
    file = "tests/test_a.py"
    assert broken("def test_a():\n    assert f() == 1\n", before=before, file=file) == {18}
    assert broken("import pytest\n@pytest.mark.skip\n" + before, before=before, file=file) == {18}
    assert broken(before.replace("    assert g() == 2", "    g()"), before=before, file=file) == {19}
