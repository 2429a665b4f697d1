"""When a handler may answer a constant after all: where the code says so itself, or a refusal follows.

It knows how a careful person handles an exception they expect; a handler for everything is never excused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.stages.guardrails.answers import refuses
from healer.stages.guardrails.rules import words
from healer.stages.guardrails.trees import FunctionNode, Side, Trees

_EVERYTHING = ("", "Exception", "BaseException")
_BROAD = words(
    "Exception BaseException ExceptionGroup BaseExceptionGroup StandardError object RuntimeError LookupError"
    " ArithmeticError AttributeError NameError AssertionError Error"
)
_FEW = 3
_LOUD = re.compile(r"(^|\.)_?log(ger|ging)?\.(warning|error|exception|critical)$")


def is_excused(trees: Trees, handler: ast.ExceptHandler, last: ast.stmt | None) -> bool:
    """`last`: the statement that ends the handler; None where it does nothing."""
    if handler.type is None or ast.unparse(handler.type) in _EVERYTHING:
        return False
    attempt = trees.after.parents.get(handler)
    if not isinstance(attempt, (ast.Try, ast.TryStar)):
        return False
    if isinstance(last, ast.Return):
        return (
            _ends_generator(handler, last)
            or _already_answers(trees, handler, last)
            or _is_as_beside(trees, handler, attempt)
            or _is_tested(trees, handler, last)
        )
    following = _following(trees.after, attempt)
    if isinstance(last, (ast.Assign, ast.AnnAssign)):
        return _is_default(attempt, last) or _is_refused_later(last, following)
    return bool(following) and refuses(following[:1]) and _always_leaves(attempt.body)


def _following(side: Side, statement: ast.stmt) -> list[ast.stmt]:
    outer = side.parents.get(statement)
    for field in ("body", "orelse", "finalbody"):
        block = getattr(outer, field, None)
        if isinstance(block, list) and statement in block:
            return list(block[block.index(statement) + 1 :])
    return []


def _always_leaves(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], (ast.Return, ast.Raise, ast.Break, ast.Continue))


def _is_default(attempt: ast.Try | ast.TryStar, last: ast.Assign | ast.AnnAssign) -> bool:
    """Whether the one statement that is tried names the same constant for the case that nothing was given."""
    if len(attempt.body) != 1 or not isinstance(last.value, (ast.Constant, ast.Name)):
        return False
    tried = list(ast.walk(attempt.body[0]))
    if isinstance(last.value, ast.Name):
        return any(isinstance(n, ast.Name) and n.id == last.value.id for n in tried)
    return str(last.value.value) in [str(n.value) for n in tried if isinstance(n, ast.Constant)]


def _is_refused_later(last: ast.Assign | ast.AnnAssign, following: list[ast.stmt]) -> bool:
    targets = last.targets if isinstance(last, ast.Assign) else [last.target]
    names = {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
    return any(_tests(statement, names) for statement in following[:2])


def _tests(statement: ast.stmt, names: set[str]) -> bool:
    if not isinstance(statement, ast.If) or not refuses(statement.body):
        return False
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(statement.test))


def _ends_generator(handler: ast.ExceptHandler, last: ast.Return) -> bool:
    """The end of an iterator is no failure: a generator that steps through one ends with it."""
    caught = ast.unparse(handler.type) if handler.type is not None else ""
    return last.value is None and caught in ("StopIteration", "StopAsyncIteration")


def _already_answers(trees: Trees, handler: ast.ExceptHandler, answer: ast.Return) -> bool:
    """A parser that answered None for other bad text may answer it for this, a check that answers the reason in words
    may say one more, and a predicate may say no.
    """
    function = trees.after.function_of(handler)
    if function is None or answer.value is None:
        return False
    old = trees.before.functions.get(trees.after.name_of(function))
    given = [
        n.value for n in ast.walk(old or function) if isinstance(n, ast.Return) and n.value not in (None, answer.value)
    ]
    if _is_reason(answer.value):
        return old is not None and any(_is_reason(value) for value in given)
    if isinstance(answer.value, ast.Constant) and answer.value.value is False:
        return bool(given) and all(_is_bool(value) for value in given)
    texts = [ast.unparse(value) for value in given if value is not None]
    said = ast.unparse(answer.value)
    return old is not None and said == "None" and any(text == "None" or text.endswith("else None") for text in texts)


def _is_as_beside(trees: Trees, handler: ast.ExceptHandler, attempt: ast.Try | ast.TryStar) -> bool:
    """The function said the same of another failure already: a line in the log and this answer."""
    function = trees.after.function_of(handler)
    old = trees.before.functions.get(trees.after.name_of(function)) if function is not None else None
    if old is None or len(attempt.body) != 1 or not _is_specific(handler.type):
        return False
    there = [n for n in ast.walk(old) if isinstance(n, ast.ExceptHandler) and _is_specific(n.type)]
    return _logs(handler) and any(_logs(n) and ast.dump(n.body[-1]) == ast.dump(handler.body[-1]) for n in there)


def _logs(handler: ast.ExceptHandler) -> bool:
    first, *rest = handler.body
    said = ast.unparse(first.value.func) if isinstance(first, ast.Expr) and isinstance(first.value, ast.Call) else ""
    return len(rest) == 1 and _LOUD.search(said) is not None


def _is_specific(caught: ast.expr | None) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return len(names) <= _FEW and all(
        isinstance(name, (ast.Name, ast.Attribute)) and ast.unparse(name).rpartition(".")[2] not in _BROAD
        for name in names
    )


def _is_reason(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and " " in value.value.strip()


def _is_bool(value: ast.expr | None) -> bool:
    if isinstance(value, ast.BoolOp):
        return all(_is_bool(part) for part in value.values)
    return isinstance(value, (ast.Compare, ast.Call)) or (
        isinstance(value, ast.Constant) and isinstance(value.value, bool)
    )


def _is_tested(trees: Trees, handler: ast.ExceptHandler, answer: ast.Return) -> bool:
    """None from a new function whose callers all refuse it."""
    function = trees.after.function_of(handler)
    if function is None or trees.after.name_of(function) in trees.before.functions:
        return False
    if answer.value is not None and ast.unparse(answer.value) != "None":
        return False
    calls = list(_calls(trees.after, function))
    return bool(calls) and all(_result_is_tested(trees.after, call) for call in calls)


def _calls(side: Side, function: FunctionNode) -> Iterator[ast.Call]:
    for node in side.every:
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == function.name:
            yield node


def _result_is_tested(side: Side, call: ast.Call) -> bool:
    statement = next((node for node in side.above(call) if isinstance(node, ast.stmt)), None)
    if isinstance(statement, ast.If):
        return refuses(statement.body)
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return False
    return _is_refused_later(statement, _following(side, statement))
