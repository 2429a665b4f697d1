"""Rules against hiding the failure: catch-alls, swallowed exceptions, a special case for the one value that
failed.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.policy import Policy, Trees, added

_BROAD = {"Exception", "BaseException", "builtins.Exception", "builtins.BaseException"}
_TRIVIAL = {"", "0", "1", "-1", "None", "True", "False", "0.0", "1.0", "nan", "inf", "-inf", "[]", "{}"}


def about_handlers(trees: Trees) -> Iterator[Finding]:
    before = Counter(_handler_key(trees, h) for h in _handlers(trees.before))
    for handler in _handlers(trees.after):
        key = _handler_key(trees, handler)
        if before[key] > 0:
            before[key] -= 1
            continue
        if _is_broad(trees, handler):
            yield _finding("catch-all", 1, handler, "An except that catches everything hides other faults.")
        reason = _swallows(trees, handler)
        if reason:
            yield _finding("swallowed", 2, handler, reason)
    for node in added(trees.before, trees.after, lambda n: isinstance(n, ast.Call)):
        if isinstance(node, ast.Call) and trees.dotted(node.func).rpartition(".")[2] == "suppress":
            yield _finding("swallowed", 2, node, "suppress() drops the exception.")


def _handlers(tree: ast.AST) -> list[ast.ExceptHandler]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]


def _handler_key(trees: Trees, handler: ast.ExceptHandler) -> str:
    return ast.dump(handler)


def _is_broad(trees: Trees, handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(trees.dotted(t) in _BROAD for t in types)


def _swallows(trees: Trees, handler: ast.ExceptHandler) -> str:
    body = [s for s in handler.body if not _is_remark(s)]
    if not body or all(isinstance(s, (ast.Pass, ast.Continue, ast.Break)) for s in body):
        return "The exception is dropped."
    last = body[-1]
    if _ends_generator(handler, last):
        return ""
    if isinstance(last, ast.Return) and _is_nothing(last.value) and not _already_answers(trees, handler, last):
        return "A constant is answered for what was swallowed."
    if len(body) == 1 and isinstance(last, ast.Assign) and _is_nothing(last.value) and not _is_default(trees, handler):
        return "A constant takes the place of what was swallowed."
    return ""


def _is_default(trees: Trees, handler: ast.ExceptHandler) -> bool:
    """Whether the one statement that is tried names the same constant for the case that nothing was given."""
    if _is_broad(trees, handler):
        return False
    last = handler.body[-1]
    attempt = next((n for n in ast.walk(trees.after) if isinstance(n, ast.Try) and handler in n.handlers), None)
    if attempt is None or len(attempt.body) != 1 or not isinstance(last, ast.Assign):
        return False
    values = [n.value for n in ast.walk(attempt.body[0]) if isinstance(n, ast.Constant)]
    return isinstance(last.value, ast.Constant) and str(last.value.value) in [str(value) for value in values]


def _ends_generator(handler: ast.ExceptHandler, last: ast.stmt) -> bool:
    """The end of an iterator is no failure: a generator that steps through one ends with it."""
    caught = ast.unparse(handler.type) if handler.type is not None else ""
    ends = isinstance(last, ast.Return) and last.value is None
    return ends and caught in ("StopIteration", "StopAsyncIteration")


def _is_remark(statement: ast.stmt) -> bool:
    """A docstring, `...` or a log line: none of them handles anything."""
    if not isinstance(statement, ast.Expr):
        return False
    if isinstance(statement.value, ast.Constant):
        return True
    call = statement.value
    return isinstance(call, ast.Call) and ast.unparse(call.func).startswith(
        ("print", "log", "self.log", "current_app.logger", "app.logger")
    )


def _is_nothing(value: ast.expr | None) -> bool:
    if value is None or isinstance(value, ast.Constant):
        return True
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        return not any(_is_status(item) for item in value.elts) and all(_is_nothing(item) for item in value.elts)
    if isinstance(value, ast.Dict):
        return all(_is_nothing(item) for item in value.values)
    return (
        isinstance(value, ast.Call)
        and not value.args
        and not value.keywords
        and ast.unparse(value.func) in ("dict", "list", "set", "tuple", "str")
    )


def _is_status(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and 400 <= node.value < 600


def _already_answers(trees: Trees, handler: ast.ExceptHandler, answer: ast.Return) -> bool:
    """A parser that answers None for other bad text before the patch may answer it for this, and a check that answers
    the reason in words may say one more; a broad except may not.
    """
    if _is_broad(trees, handler) or answer.value is None:
        return False
    reason = _is_reason(answer.value)
    if not reason and ast.unparse(answer.value) != "None":
        return False
    for function in ast.walk(trees.after):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and any(
            n is handler for n in ast.walk(function)
        ):
            old = next(
                (f for f in ast.walk(trees.before) if isinstance(f, type(function)) and f.name == function.name), None
            )
            texts = (
                [ast.unparse(n.value) for n in ast.walk(old) if isinstance(n, ast.Return) and n.value is not None]
                if old
                else []
            )
            if reason and old is not None:
                given = [n.value for n in ast.walk(old) if isinstance(n, ast.Return) and n.value is not None]
                return any(_is_reason(value) for value in given)
            return any(text == "None" or text.endswith("else None") for text in texts)
    return False


def _is_reason(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and " " in value.value.strip()


def about_special_cases(trees: Trees, policy: Policy) -> Iterator[Finding]:
    """Rule 3: the failing input's own value appears in a new comparison, key or case."""
    values = {value.strip("'\"") for value in policy.failing_values} - _TRIVIAL
    values = {value for value in values if len(value) > 1 or value.isdigit()}
    if not values:
        return
    wanted = (ast.Compare, ast.MatchValue, ast.Dict, ast.Set, ast.Call)
    for node in added(trees.before, trees.after, lambda n: isinstance(n, wanted)):
        for constant in _compared(node):
            if str(constant.value) in values and not isinstance(constant.value, bool):
                yield _finding(
                    "special-case", 3, node, f"A special case for the value that failed: {constant.value!r}."
                )


def _compared(node: ast.AST) -> list[ast.Constant]:
    """Constants that decide; an attribute's or key's name on the left of `in` names a field, not a value."""
    if isinstance(node, ast.Compare):
        parts = [node.left, *node.comparators]
        if isinstance(node.ops[0], (ast.In, ast.NotIn)) and isinstance(node.left, ast.Constant):
            parts = []
        flat = [e for p in parts for e in (p.elts if isinstance(p, (ast.Tuple, ast.List, ast.Set)) else [p])]
    elif isinstance(node, ast.MatchValue):
        flat = [node.value]
    elif isinstance(node, ast.Dict):
        flat = [key for key in node.keys if key is not None]
    elif isinstance(node, ast.Set):
        flat = list(node.elts)
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("startswith", "endswith", "replace")
    ):
        flat = list(node.args)
    else:
        flat = []
    return [part for part in flat if isinstance(part, ast.Constant)]


def _finding(rule: str, number: int, node: ast.AST, reason: str) -> Finding:
    return Finding(rule, number, "", getattr(node, "lineno", 0), reason)
