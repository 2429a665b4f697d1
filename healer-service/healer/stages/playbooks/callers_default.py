"""A helper's answer that may be None, read here at once: read as another caller reads it, with what that one answers
for nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.bindings import assignments
from healer.syntax.edits import InsertBefore, Replace
from healer.syntax.expressions import in_lazy_part, whole_of, wrap
from healer.syntax.parsing import parse
from healer.syntax.project import Module, names_in, same
from healer.syntax.rewording import renamed, written
from healer.syntax.situation import Situation, bound_inside

CATEGORIES = ("none-dereference",)
NAME = "callers-default"


def draft(s: Situation) -> Iterator[Draft]:
    if s.function is None:
        return
    if not s.crash.pairs:
        return
    expression, culprit = s.crash.pairs[0]
    made = assignments(s.function, culprit.id) if isinstance(culprit, ast.Name) else []
    call = made[0].value if len(made) == 1 and not made[0].item else culprit
    callee = s.project.find_function(s.module, call.func, s.function) if isinstance(call, ast.Call) else None
    if callee is None or in_lazy_part(s.module, expression) or bound_inside(culprit, s.module, culprit):
        return
    for module, other in s.project.calls_of(callee):
        function, name = module.function_of(other), _name_of(module, other)
        if function is None or function.node is s.function.node or not name:
            continue
        for node in function.own_nodes:
            if (
                isinstance(node, ast.IfExp)
                and _asks(node.test, name)
                and not names_in(node.orelse) - set(s.module.constants)
            ):
                own = culprit.id if isinstance(culprit, ast.Name) else name
                read = whole_of(s.module, culprit)
                if not same(renamed(node.body, {name: "_"}), _with_hole(s.module, read, culprit)):
                    continue
                fresh = "" if isinstance(culprit, ast.Name) else f"{name} = {s.module.text(culprit)}\n"
                if fresh and name in {n.id for n in s.function.own_nodes if isinstance(n, ast.Name)}:
                    continue
                code = written(s.module, renamed(ast.IfExp(node.test, node.body, node.orelse), {name: own}))
                edits = [(s.module, Replace(read, wrap(s.module, read, code)))]
                before = [(s.module, InsertBefore(s.crash.statement, fresh))] if fresh else []
                default = ast.unparse(node.orelse)
                summary = f"Answer {default} for nothing, as {function.name} does"
                yield Draft(summary, (*before, *edits), Answer.NATURAL_VALUE, 0.96)
                return


def _name_of(module: Module, call: ast.Call) -> str:
    parent = module.parents.get(call)
    target = parent.targets[0] if isinstance(parent, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) else ""


def _asks(test: ast.expr, name: str) -> bool:
    return ast.unparse(test) in (name, f"{name} is not None")


def _with_hole(module: Module, whole: ast.expr, part: ast.expr) -> ast.expr:
    return parse(module.text(whole).replace(module.text(part), "_", 1), "eval").body
