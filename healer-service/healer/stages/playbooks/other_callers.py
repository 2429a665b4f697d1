"""A helper that was given None: not asked at all, as its other callers do it, or where the call decides a branch."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.bindings import argument_of
from healer.syntax.branches import passing
from healer.syntax.defaults import natural
from healer.syntax.edits import Replace
from healer.syntax.expressions import wrap
from healer.syntax.project import Function, Module, same
from healer.syntax.situation import Situation


def as_other_callers(s: Situation, culprit: ast.expr) -> Iterator[Draft]:
    function = s.function
    if function is None or not isinstance(culprit, ast.Name) or s.refusals.is_route(function):
        return
    if culprit.id not in {arg.arg for arg in function.params} or culprit.id in ("self", "cls"):
        return
    for module, call in s.callers(function)[:1]:
        given = argument_of(call, function, culprit.id)
        if not isinstance(given, (ast.Name, ast.Attribute, ast.Subscript)):
            continue
        text, whole = module.text(given), module.text(call)
        guards = [g for m, c in s.project.calls_of(function) if c is not call for g in _guards(m, c, function, culprit)]
        for default in [g for g in guards if g][:1]:
            code = wrap(module, call, f"{whole} if {text} is not None else {default}")
            summary = f"Answer {default} where {text} is None, as other callers do"
            yield Draft(summary, ((module, Replace(call, code)),), Answer.NATURAL_VALUE, 0.93)
        outer = module.function_of(call)
        if not _decides(module, call) and outer is not None and _insists(function, culprit.id):
            for value in natural(s, module, call, outer)[:1]:
                code = wrap(module, call, f"{whole} if {text} is not None else {value}")
                summary = f"Answer {value} where {text} is None"
                yield Draft(summary, ((module, Replace(call, code)),), Answer.NATURAL_VALUE, 0.86 if guards else 0.76)
        if _decides(module, call):
            code = f"{text} {passing(module, call, given)} {whole}"
            code = code if isinstance(module.parents.get(call), ast.If) else f"({code})"
            summary = f"Ask whether {text} is there first"
            yield Draft(summary, ((module, Replace(call, code)),), Answer.NATURAL_VALUE, 0.94 if guards else 0.82)


def _insists(function: Function, name: str) -> bool:
    """Whether the signature says that the helper is to be given something, and answers something."""
    annotation = next((a.annotation for a in function.params if a.arg == name), None)
    texts = [ast.unparse(node) for node in (annotation, function.node.returns) if node is not None]
    return len(texts) == 2 and not any("None" in text or "Optional" in text for text in texts)


def _guards(module: Module, call: ast.Call, function: Function, culprit: ast.Name) -> Iterator[str]:
    """How another call asks for None first: what it answers then, "" where it goes on as if the answer were no."""
    given = argument_of(call, function, culprit.id)
    if given is None:
        return
    inner: ast.AST = call
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, ast.IfExp) and inner is ancestor.body and _asks(ancestor.test, given):
            yield module.text(ancestor.orelse)
        elif isinstance(ancestor, ast.BoolOp) and isinstance(ancestor.op, ast.And):
            if any(_asks(value, given) for value in ancestor.values[: ancestor.values.index(inner)]):  # type: ignore[arg-type]
                yield ""
        elif isinstance(ancestor, ast.stmt):
            return
        inner = ancestor


def _asks(test: ast.expr, given: ast.expr) -> bool:
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.IsNot):
        return same(test.left, given)
    return same(test, given)


def _decides(module: Module, call: ast.Call) -> bool:
    """Whether the call's answer is a condition."""
    inner: ast.AST = call
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, (ast.If, ast.While, ast.IfExp)):
            return inner is ancestor.test
        if isinstance(ancestor, ast.comprehension):
            return inner in ancestor.ifs
        if not isinstance(ancestor, (ast.BoolOp, ast.UnaryOp)):
            return False
        inner = ancestor
    return False
