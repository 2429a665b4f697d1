"""Rule 38: a patch changes what runs, and no function of it stops doing what it is for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.answers import is_nothing, refuses
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import FunctionNode, Side, Trees
from healer.stages.guardrails.work import only_makes, works


def about_substance(trees: Trees) -> Iterator[Finding]:
    if trees.is_test:
        return
    for dead in trees.added(ast.If, ast.While):
        if isinstance(dead.test, ast.Constant) and not dead.test.value:
            yield finding(38, dead, "What stands here never runs.")
    for end in trees.added(ast.Raise):
        if end.exc is not None and "NotImplementedError" in ast.unparse(end.exc):
            yield finding(38, end, "Something is left to be made.")
    for name, old, new in trees.pairs:
        if _is_stub(trees.after, new) and not _is_stub(trees.before, old):
            yield finding(38, new, f"{name} no longer does anything.")
        elif _is_cut_off(trees, old, new):
            yield finding(38, new, f"Most of {name} is gone or never runs.")
        elif works(trees.before, old) and only_makes(trees.after, new):
            yield finding(38, new, f"{name} no longer does its work; it answers what it was given.")


def is_same(trees: Trees) -> bool:
    """Whether both sides do the same, but for comments, docstrings and statements without effect."""
    return _effects(trees.before) == _effects(trees.after)


def _effects(side: Side) -> object:
    return _effect(list(side.changed))


def _effect(value: object) -> object:
    """A node as nested tuples, without the statements that have no effect."""
    if isinstance(value, ast.AST):
        return type(value).__name__, *(_effect(part) for _, part in ast.iter_fields(value))
    if isinstance(value, list):
        return tuple(_effect(item) for item in value if not (isinstance(item, ast.stmt) and _is_idle(item)))
    return type(value).__name__, value  # True is no 1, and 1.0 neither


def _is_idle(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, (ast.Constant, ast.Name))
    if isinstance(statement, ast.Assign):
        return len(statement.targets) == 1 and ast.unparse(statement.targets[0]) == ast.unparse(statement.value)
    if isinstance(statement, ast.Assert):
        return isinstance(statement.test, ast.Constant) and bool(statement.test.value)
    if isinstance(statement, ast.If):
        never = isinstance(statement.test, ast.Constant) and not statement.test.value
        return never and not statement.orelse
    return False


def _is_stub(side: Side, node: FunctionNode) -> bool:
    """The first thing it does is to leave, with nothing that it worked out."""
    for statement in node.body:
        if isinstance(statement, ast.Expr) and not isinstance(statement.value, (ast.Await, ast.Yield, ast.YieldFrom)):
            called = ast.unparse(statement.value)
            if isinstance(statement.value, ast.Constant) or called.startswith(("log", "print", "_log", "self.log")):
                continue
            return False
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and is_nothing(side, statement.value):
            continue
        if isinstance(statement, ast.Pass) or _forgets_names(statement):
            continue
        if isinstance(statement, (ast.If, ast.While)) and _is_true(statement.test):
            return bool(statement.body) and _leaves_empty(side, statement.body[-1])
        return _leaves_empty(side, statement)
    return True


def _forgets_names(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Delete) and all(isinstance(target, ast.Name) for target in statement.targets)


def _leaves_empty(side: Side, statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Raise):
        return True
    if not isinstance(statement, ast.Return):
        return isinstance(statement, ast.Expr) and refuses([statement])
    return is_nothing(side, statement.value) or refuses([statement])


def _is_true(test: ast.expr) -> bool:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return isinstance(test.operand, ast.Constant) and not test.operand.value
    return isinstance(test, ast.Constant) and bool(test.value)


def _is_cut_off(trees: Trees, old: FunctionNode, new: FunctionNode) -> bool:
    """A way out that always applies stands before statements that ran, or takes the place of most of them."""
    for node in ast.walk(new):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and any(_always_leaves(statement) for statement in block[:-1]):
                return not _was_cut_off(old)
    if isinstance(new.body[-1], ast.Raise) and not _answers(new) and _answers(old):
        return True
    before, after = _calls(old), _calls(new)
    return len(before) >= 3 and len(after) <= len(before) // 3 and _uses_nothing(trees, new)


def _answers(function: FunctionNode) -> bool:
    return any(isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)) for node in ast.walk(function))


def _was_cut_off(function: FunctionNode) -> bool:
    blocks = [getattr(n, f, None) for n in ast.walk(function) for f in ("body", "orelse", "finalbody")]
    return any(isinstance(b, list) and any(_always_leaves(s) for s in b[:-1]) for b in blocks)


def _always_leaves(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.If, ast.While)) and _is_true(statement.test):
        return bool(statement.body) and _always_leaves(statement.body[-1])
    return isinstance(statement, (ast.Return, ast.Raise, ast.Continue, ast.Break))


def _calls(function: FunctionNode) -> list[ast.Call]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Call)]


def _uses_nothing(trees: Trees, function: FunctionNode) -> bool:
    """Whether all that it answers is made of constants."""
    returned = [n for n in ast.walk(function) if isinstance(n, ast.Return)]
    return all(is_nothing(trees.after, statement.value) or refuses([statement]) for statement in returned)
