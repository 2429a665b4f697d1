"""Rules 1 and 2, against hiding a failure: handlers that catch everything, and those that drop what they caught.

What counts as an answer in spite of an exception is decided in excuses.py.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.answers import is_nothing, refuses
from healer.stages.guardrails.excuses import is_excused
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import FunctionNode, Side, Trees

_BROAD = {"Exception", "BaseException", "BaseExceptionGroup", "ExceptionGroup", "StandardError", "object"}
_REGISTRARS = (
    "exception_handler",
    "errorhandler",
    "app_errorhandler",
    "add_exception_handler",
    "register_error_handler",
)
_TALK = (
    "print",
    "log",
    "warn",
    "debug",
    "info",
    "error",
    "exception",
    "critical",
    "incr",
    "inc",
    "increment",
    "str",
    "repr",
)


def about_handlers(trees: Trees) -> Iterator[Finding]:
    before = Counter(ast.dump(node) for node in trees.before.nodes if isinstance(node, ast.ExceptHandler))
    for handler in (node for node in trees.after.nodes if isinstance(node, ast.ExceptHandler)):
        text = ast.dump(handler)
        if before[text] > 0:
            before[text] -= 1
            if is_broad(trees.after, handler.type) and _protects_more(trees, handler):
                yield finding(1, handler, "More code is put under an except that catches everything.")
            continue
        if is_broad(trees.after, handler.type):
            yield finding(1, handler, "An except that catches everything hides other faults.")
        reason = _swallows(trees, handler)
        if reason:
            yield finding(2, handler, reason)
    yield from _registered(trees)
    yield from _finally(trees)
    yield from _other_ways(trees)


def is_broad(side: Side, caught: ast.expr | None, depth: int = 3) -> bool:
    """Whether it is, or may stand for, everything. What is worked out when it runs may be anything."""
    if caught is None:
        return True
    if isinstance(caught, ast.Starred):
        return is_broad(side, caught.value, depth)
    if isinstance(caught, (ast.Tuple, ast.List)):
        return any(is_broad(side, item, depth) for item in caught.elts)
    if isinstance(caught, ast.BinOp):
        return is_broad(side, caught.left, depth) or is_broad(side, caught.right, depth)
    if not isinstance(caught, (ast.Name, ast.Attribute)):
        return True
    if side.names.meanings(caught) & _BROAD:
        return True
    given = side.names.assigned(ast.unparse(caught)) if depth else []
    return any(is_broad(side, value, depth - 1) for value in given)


def _protects_more(trees: Trees, handler: ast.ExceptHandler) -> bool:
    attempt = trees.after.parents.get(handler)
    if not isinstance(attempt, (ast.Try, ast.TryStar)) or refuses(handler.body) or _raises(handler):
        return False
    known = Counter(ast.dump(node) for node in trees.before.nodes if isinstance(node, ast.stmt))
    covered = {ast.dump(s) for t in trees.before.nodes if isinstance(t, (ast.Try, ast.TryStar)) for s in t.body}
    return any(known[ast.dump(s)] and ast.dump(s) not in covered for s in attempt.body)


def _raises(handler: ast.ExceptHandler) -> bool:
    return bool(handler.body) and isinstance(handler.body[-1], ast.Raise)


def _swallows(trees: Trees, handler: ast.ExceptHandler) -> str:
    body = [statement for statement in handler.body if not _is_remark(statement)]
    if not body or all(isinstance(statement, (ast.Pass, ast.Continue, ast.Break)) for statement in body):
        return "" if is_excused(trees, handler, None) else "The exception is dropped."
    last = body[-1]
    if isinstance(last, ast.Return):
        if refuses(body) or not is_nothing(trees.after, last.value) or is_excused(trees, handler, last):
            return ""
        return "A constant is answered for what was swallowed."
    if isinstance(last, ast.Expr) and isinstance(last.value, (ast.Yield, ast.YieldFrom)):
        return "A constant is answered for what was swallowed." if is_nothing(trees.after, last.value.value) else ""
    if all(_sets_nothing(trees.after, statement) for statement in body):
        return "" if is_excused(trees, handler, last) else "A constant takes the place of what was swallowed."
    return ""


def _sets_nothing(side: Side, statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Pass, ast.Continue, ast.Break, ast.Delete)):
        return True
    if isinstance(statement, ast.Expr):
        call = statement.value
        tidy = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        return tidy and ast.unparse(call).rpartition(".")[2] in ("rollback()", "close()")
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return is_nothing(side, statement.value)
    return False


def _is_remark(statement: ast.stmt) -> bool:
    """A docstring, `...`, a name alone or a log line: none of them handles anything."""
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
    if not isinstance(value, ast.Call):
        return not isinstance(value, (ast.Yield, ast.YieldFrom, ast.NamedExpr))
    said = ast.unparse(value.func).lower()
    return said.startswith(("print", "log", "self.log", "self._log", "_log", "warnings.")) or (
        said.rpartition(".")[2] in _TALK
    )


def _registered(trees: Trees) -> Iterator[Finding]:
    """A handler of the framework for everything, or for the failure itself."""
    for node in trees.added(ast.Call):
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in _REGISTRARS and node.args:
            first = node.args[0]
            status = first.value if isinstance(first, ast.Constant) else None
            if status == 500 or (status is None and is_broad(trees.after, first)):
                yield finding(1, node, "A handler for every exception hides the faults.")
        for keyword in node.keywords:
            if keyword.arg == "exception_handlers":
                yield finding(1, node, "Handlers of exceptions are replaced for the whole application.")
            if keyword.arg == "return_exceptions":
                yield finding(2, node, "Exceptions are handed on as if they were results.")


def _finally(trees: Trees) -> Iterator[Finding]:
    known = Counter(ast.dump(s) for s in _leaving(trees.before))
    for statement in _leaving(trees.after):
        text = ast.dump(statement)
        if known[text] > 0:
            known[text] -= 1
        else:
            yield finding(2, statement, "Leaving from a finally drops the exception.")


def _leaving(side: Side) -> Iterator[ast.stmt]:
    for node in side.nodes:
        if isinstance(node, (ast.Try, ast.TryStar)):
            for statement in node.finalbody:
                yield from (n for n in ast.walk(statement) if isinstance(n, (ast.Return, ast.Break, ast.Continue)))


def _other_ways(trees: Trees) -> Iterator[Finding]:
    old = trees.before.functions
    for function in trees.added(ast.FunctionDef, ast.AsyncFunctionDef):
        name = trees.after.name_of(function)
        if function.name in ("__exit__", "__aexit__") and _may_say_true(function):
            if name not in old or not _may_say_true(old[name]):
                yield finding(2, function, "A context manager drops what its body raises.")
    for call in trees.added(ast.Call):
        meanings = trees.after.names.meanings(call.func)
        if any(name.endswith((".push", ".callback")) and "ExitStack" in name for name in meanings):
            yield finding(2, call, "A stack of contexts can drop exceptions.")
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("decode", "encode", "open"):
            if any(k.arg == "errors" and ast.unparse(k.value) == "'ignore'" for k in call.keywords):
                yield finding(2, call, "What cannot be read is left out without a word.")


def _may_say_true(function: FunctionNode) -> bool:
    returned = [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value is not None]
    return any(not (isinstance(value, ast.Constant) and not value.value) for value in returned)
