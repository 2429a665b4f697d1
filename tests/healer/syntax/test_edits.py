"""Edits keep comments and layout, and refuse what they cannot place."""

from __future__ import annotations

import ast

import pytest
from healer.syntax.edits import AddElse, AddImport, Edit, Guarded, InsertAfter, InsertBefore, Replace, apply

SOURCE = '''"""Doc."""
import json

from x import (
    a,
    c,
)


def f(é):
    # why
    y = (é.b + 1)  # note

    # above
    if y:
        return """
kept
"""
    elif é:
        return 2
'''
TREE = ast.parse(SOURCE)
FUNCTION = TREE.body[-1]
assert isinstance(FUNCTION, ast.FunctionDef)
ASSIGN, BRANCH = FUNCTION.body
assert isinstance(ASSIGN, ast.Assign) and isinstance(ASSIGN.value, ast.BinOp) and isinstance(BRANCH, ast.If)

CASES: list[tuple[Edit, str, str]] = [
    (Replace(ASSIGN.value.left, "g(é)"), "(é.b + 1)  # note", "(g(é) + 1)  # note"),
    (
        InsertBefore(BRANCH, "if not y:\n    raise E\n"),
        "  # note\n\n    # above\n",
        "  # note\n\n    if not y:\n        raise E\n    # above\n",
    ),
    (InsertAfter(ASSIGN, "z = 1\n"), "  # note\n", "  # note\n    z = 1\n"),
    (
        Guarded(ASSIGN, "except E:\n    raise F\n"),
        "    y = (é.b + 1)  # note\n",
        "    try:\n        y = (é.b + 1)  # note\n    except E:\n        raise F\n",
    ),
    (AddElse(BRANCH, "raise E\n"), "        return 2\n", "        return 2\n    else:\n        raise E\n"),
    (AddImport("x", "b"), "    a,\n    c,\n", "    a,\n    b,\n    c,\n"),
    (AddImport("", "math"), "import json\n", "import json\nimport math\n"),
    (AddImport("y", "z"), ")\n\n\ndef", ")\nfrom y import z\n\n\ndef"),
]


@pytest.mark.parametrize(("edit", "old", "new"), CASES)
def test_only_what_was_asked_changes(edit: Edit, old: str, new: str) -> None:
    assert apply(SOURCE, [edit]) == SOURCE.replace(old, new)


def test_a_place_that_is_not_there_makes_nothing() -> None:
    other = ast.parse("\n" * 50 + "q = w.e\n").body[0]
    assert apply(SOURCE, [InsertBefore(other, "x = 1\n")]) is None or not isinstance(other, ast.Assign)


def test_a_result_that_is_no_python_makes_nothing() -> None:
    assert apply(SOURCE, [Replace(ASSIGN.value.left, "1 +")]) is None


def test_edits_far_apart_are_made_at_once() -> None:
    before = "import json\n\n\ndef f():\n    return 1\n\n\n# of g\ndef g():\n    return f()\n"
    one, other = ast.parse(before).body[1:]
    assert isinstance(one, ast.FunctionDef) and isinstance(other, ast.FunctionDef)
    edits = [InsertBefore(one.body[0], "x = 2\n"), AddImport("", "math"), InsertBefore(other.body[0], "y = 3\n")]
    assert apply(before, edits) == (
        "import json\nimport math\n\n\ndef f():\n    x = 2\n    return 1\n\n\n"
        "# of g\ndef g():\n    y = 3\n    return f()\n"
    )


@pytest.mark.parametrize("before", ["a = 1\n\n# of b\nb = a\n", "# of a\na = 1; c = 2\n# of b\nb = a"])
def test_a_statement_of_the_top_level_keeps_its_comments(before: str) -> None:
    last = ast.parse(before).body[-1]
    assert apply(before, [InsertBefore(last, "x = 2\n")]) == before.replace("# of b", "x = 2\n# of b")


def test_lines_are_counted_as_python_does() -> None:
    before = 'A = "\x85"\n\n\ndef f():\n    return A\n'
    statement = ast.parse(before).body[1]
    assert isinstance(statement, ast.FunctionDef)
    assert apply(before, [InsertBefore(statement.body[0], "x = 2\n")]) == before.replace(
        "    return", "    x = 2\n    return"
    )
