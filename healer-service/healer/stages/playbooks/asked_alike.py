"""Two keys of one request for one table, of which only the first is looked up through the helper that refuses: the
second is, too, right after the first and before anything has changed.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, InsertAfter, Replace
from healer.syntax.examples import ensuring_functions, same_node
from healer.syntax.project import Module, names_in, same
from healer.syntax.situation import Situation

CATEGORIES = ("missing-key", "none-dereference")
NAME = "asked-alike"


def draft(s: Situation) -> Iterator[Draft]:
    function, expression = s.function, s.crash.expression
    if function is None or not isinstance(expression, (ast.Subscript, ast.Call)):
        return
    table, key = _lookup(s, expression)
    if table is None or key is None or isinstance(key, ast.Constant):
        return
    helpers = list(ensuring_functions(s, s.module, table, None)) + list(
        ensuring_functions(s, s.module, None, ast.Call(ast.Attribute(table, "get"), [key], []))
    )
    for statement in function.statements:
        if not isinstance(statement, ast.Assign) or not statement.lineno < s.crash.statement.lineno:
            continue
        value = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
        if not isinstance(value, ast.Call) or len(value.args) != 1 or same(value.args[0], key):
            continue
        callee = s.project.find_function(s.module, value.func, function)
        if not any(same_node(callee, helper) for helper in helpers) or not isinstance(value.args[0], type(key)):
            continue
        known = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)} | {a.arg for a in function.params}
        name = next(
            n
            for n in (_word(key), f"found_{_word(key)}", f"{_word(key)}_entry", f"{_word(key)}_found_too")
            if n not in known
        )
        awaits = "await " if isinstance(statement.value, ast.Await) else ""
        code = f"{name} = {awaits}{s.module.text(value.func)}({s.module.text(key)})\n"
        uses = [n for n in function.own_nodes if isinstance(n, ast.expr) and same(n, expression)]
        if names_in(key) & {
            n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }:
            continue
        edits: list[tuple[Module, Edit]] = [(s.module, InsertAfter(statement, code))]
        edits += [(s.module, Replace(one, name)) for one in uses]
        summary = f"Look {s.module.text(key)} up like {s.module.text(value.args[0])}, before anything changes"
        yield Draft(summary, tuple(edits), Answer.NOT_FOUND, 0.96)
        return


def _lookup(s: Situation, expression: ast.Subscript | ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    if isinstance(expression, ast.Subscript):
        return (expression.value, expression.slice) if s.crash.category == "missing-key" else (None, None)
    if isinstance(expression.func, ast.Attribute) and expression.func.attr == "get" and expression.args:
        return expression.func.value, expression.args[0]
    return None, None


def _word(key: ast.expr) -> str:
    if isinstance(key, ast.Subscript) and isinstance(key.slice, ast.Constant):
        word = str(key.slice.value)
    else:
        word = ast.unparse(key).rpartition(".")[2]
    word = word.removesuffix("_id").removesuffix("_code").removesuffix("_name")
    return word if word.isidentifier() and not keyword.iskeyword(word) else "other"
