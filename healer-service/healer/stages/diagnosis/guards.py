"""Whether code around a place sees to it that a value is fit: a test that looks at it, a try, a call that checks it.

It errs on the side of the guard: whatever might be one counts as one.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from healer.model import ExceptionInfo
from healer.syntax.bindings import same_function
from healer.syntax.project import COMPREHENSIONS, Function, Module, Project

_DEPTH = 2  # calls that a try may be away


class Guards:
    """Of one module, against one kind of exception."""

    def __init__(self, project: Project, exception: ExceptionInfo) -> None:
        self._project = project
        known = getattr(builtins, exception.type, None)
        bases = [one.__name__ for one in known.__mro__] if isinstance(known, type) else []
        self._errors = {exception.type, *exception.bases, *bases, "Exception", "BaseException"}

    def guarded(self, function: Function, node: ast.expr, subjects: set[str]) -> bool:
        """`subjects` are the sources of what would have to be looked at."""
        return self._caught(function, node) or self._tested(function, node, subjects)

    def _caught(self, function: Function, node: ast.AST, depth: int = _DEPTH) -> bool:
        if any(self._catches(ancestor, below) for ancestor, below in _upwards(function.module, node)):
            return True
        calls = self._project.calls_of(function) if depth else []
        outer = [(module.function_of(call), call) for module, call in calls]
        return any(
            caller is not None and not same_function(caller, function) and self._caught(caller, call, depth - 1)
            for caller, call in outer
        )

    def _catches(self, ancestor: ast.AST, below: ast.AST) -> bool:
        if isinstance(ancestor, (ast.With, ast.AsyncWith)):
            return any("suppress" in ast.unparse(item.context_expr) for item in ancestor.items)
        if not isinstance(ancestor, (ast.Try, ast.TryStar)) or below not in ancestor.body:
            return False
        return any(self._may_catch(handler.type) for handler in ancestor.handlers)

    def _may_catch(self, caught: ast.expr | None) -> bool:
        if caught is None:
            return True
        types = caught.elts if isinstance(caught, ast.Tuple) else [caught]
        names = {ast.unparse(one).rpartition(".")[2] for one in types}
        return bool(names & self._errors) or any(not hasattr(builtins, name) for name in names)

    def _tested(self, function: Function, node: ast.expr, subjects: set[str]) -> bool:
        wanted = subjects | _derived(function, subjects)
        for part in _looked_at(function, node):
            if any(
                isinstance(n, ast.expr) and ast.unparse(n) in wanted for n in _with_constants(part, function.module)
            ):
                return True
        handed = [ast.unparse(one) for one in _handed_over(function, node)]
        return any(one == text or one.startswith((f"{text}[", f"{text}.")) for one in wanted for text in handed)


def _upwards(module: Module, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Each ancestor inside the function, with its child on the way."""
    below = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return
        yield ancestor, below
        below = ancestor


def _derived(function: Function, subjects: set[str]) -> set[str]:
    """Names that were made of a subject: `known = STOCK.get(name)` looks at name."""
    found = set()
    for node in function.own_nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            if any(isinstance(part, ast.expr) and ast.unparse(part) in subjects for part in ast.walk(node.value)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def _looked_at(function: Function, node: ast.expr) -> Iterator[ast.AST]:
    """What tests look at that begin no later than the place."""
    inside = set(ast.walk(node))
    for one in function.own_nodes:
        if getattr(one, "lineno", 0) > node.lineno or one in inside:
            continue
        if isinstance(one, (ast.If, ast.While, ast.IfExp, ast.Assert)):
            yield one.test
        elif isinstance(one, ast.BoolOp):
            yield one
        elif isinstance(one, ast.Match):
            yield one.subject
        elif isinstance(one, (ast.For, ast.AsyncFor)) and _holds_test(one):
            yield one.iter
        elif isinstance(one, COMPREHENSIONS):
            for generator in one.generators:
                yield from generator.ifs
                if generator.ifs:
                    yield generator.iter


def _holds_test(loop: ast.For | ast.AsyncFor) -> bool:
    return any(isinstance(inner, (ast.If, ast.Assert)) for statement in loop.body for inner in ast.walk(statement))


def _handed_over(function: Function, node: ast.expr) -> Iterator[ast.expr]:
    """What went before to a call whose answer nobody takes: it may raise."""
    for one in function.own_nodes:
        if isinstance(one, ast.Expr) and one.lineno < node.lineno:
            call = one.value.value if isinstance(one.value, ast.Await) else one.value
            if isinstance(call, ast.Call):
                yield from call.args
                yield from (keyword.value for keyword in call.keywords)


def _with_constants(part: ast.AST, module: Module) -> Iterator[ast.AST]:
    """The nodes, and those of the module's constants that they name."""
    for node in ast.walk(part):
        yield node
        if isinstance(node, ast.Name) and node.id in module.constants:
            yield from ast.walk(module.constants[node.id])
