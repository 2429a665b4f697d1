"""What a service's own outermost code answers for the errors that its handlers raise: the `except` clauses of a plain
ASGI application, of a middleware and of a decorator around handlers. It looks at clauses only, never at what is raised.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from healer.syntax.project import Module, Project


def outer_clauses(project: Project) -> Iterator[tuple[Module, ast.ExceptHandler]]:
    """Clauses of a try around a call of whatever handler is asked for."""
    for module in project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Try) and _surrounds_handlers(project, module, node):
                yield from ((module, handler) for handler in node.handlers)


def _surrounds_handlers(project: Project, module: Module, node: ast.Try) -> bool:
    function = module.function_of(node)
    if function is None:
        return False
    if [a.arg for a in function.params if a.arg not in ("self", "cls")][:3] == ["scope", "receive", "send"]:
        return True
    calls = [n for part in node.body for n in ast.walk(part) if isinstance(n, ast.Call)]
    return any(_is_any_handler(project, module, call) for call in calls)


def _is_any_handler(project: Project, module: Module, call: ast.Call) -> bool:
    """A call of something that a variable holds, and not of a function that the text names."""
    called = call.func
    if isinstance(called, ast.Attribute):
        return ast.unparse(called) in ("self.app", "self.inner", "route.handler", "route.endpoint")
    if not isinstance(called, ast.Name) or called.id in module.imports or hasattr(builtins, called.id):
        return False
    return project.find_function(module, called) is None and project.find_class(module, called) is None


def statuses_said(handler: ast.ExceptHandler) -> set[int]:
    """Numbers of refusals that a clause puts into names, as `status, body = 404, {…}` does."""
    found: set[int] = set()
    for statement in handler.body:
        value = statement.value if isinstance(statement, ast.Assign) else None
        parts = value.elts if isinstance(value, ast.Tuple) else [value]
        found |= {
            part.value
            for part in parts
            if isinstance(part, ast.Constant) and type(part.value) is int and 400 <= part.value < 500
        }
    return found
