"""An entry that a helper makes when it is first asked for: asked for through the helper, here, too."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, reference
from healer.syntax.edits import Replace
from healer.syntax.examples import same_thing
from healer.syntax.project import Function
from healer.syntax.situation import Situation


def through_its_maker(s: Situation, expression: ast.expr, base: ast.expr, key: ast.expr) -> Iterator[Draft]:
    """`prefs_of(user)` for `PREFS[user]`, where it answers `PREFS.setdefault(user, …)` or fills the entry first."""
    if not isinstance(expression, ast.Subscript) or not isinstance(expression.ctx, ast.Load):
        return
    for helper in s.project.functions:
        if s.function is None or helper.node is s.function.node or s.refusals.is_route(helper):
            continue
        said = reference(s, s.module, helper.module, helper.name)
        if len(helper.params) == 1 and _makes(helper, base) and said is not None:
            code = f"{said[0]}({s.module.text(key)})"
            edits = ((s.module, Replace(expression, code)), *((s.module, added) for added in said[1]))
            yield Draft(f"Ask {helper.name}, which makes what is not there", edits, Answer.NATURAL_VALUE, 0.95)
            return


def _makes(helper: Function, base: ast.expr) -> bool:
    param = helper.params[0].arg
    for node in helper.own_nodes:
        if not isinstance(node, ast.Return) or node.value is None:
            continue
        value = node.value
        made = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "setdefault"
        if made and isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            return same_thing(value.func.value, base) and ast.unparse(value.args[0]) == param
        if isinstance(value, ast.Subscript) and same_thing(value.value, base) and ast.unparse(value.slice) == param:
            return _fills(helper, base, param)
    return False


def _fills(helper: Function, base: ast.expr, param: str) -> bool:
    """`if user not in PREFS: PREFS[user] = …`"""
    tests = [n for n in helper.own_nodes if isinstance(n, ast.If) and ast.unparse(n.test).startswith(f"{param} not in")]
    return any(
        isinstance(target, ast.Subscript) and same_thing(target.value, base)
        for test in tests
        for n in test.body
        if isinstance(n, ast.Assign)
        for target in n.targets
    )
