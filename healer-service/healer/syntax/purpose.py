"""Exceptions that the service raises on purpose: who else handles them, and whether the client caused them.

It does not decline.
"""

from __future__ import annotations

import ast

from healer.syntax.examples import Handled
from healer.syntax.project import Function, Module
from healer.syntax.situation import Situation

_CLIENT_ERRORS = ("ValueError", "LookupError", "KeyError", "TypeError", "IndexError")
_NEVER = (
    "AssertionError",
    "RuntimeError",
    "PermissionError",
    "NotImplementedError",
    "SystemError",
    "OSError",
    "ArithmeticError",
)


def handled_elsewhere(s: Situation) -> list[Handled]:
    """Handlers that turn this exception, from the same function or of the same class, into a refusal."""
    names = [
        s.report.exception.type,
        *(b for b in s.report.exception.bases if b not in ("Exception", "BaseException", "object")),
    ]
    stack = _functions_on_stack(s)
    found: list[tuple[int, Handled]] = []
    for module in s.project.modules.values():
        for node in module.nodes:
            if not isinstance(node, ast.Try):
                continue
            calls = [c for statement in node.body for c in ast.walk(statement) if isinstance(c, ast.Call)]
            for handler in node.handlers:
                caught = _caught_names(handler)
                refusal = next((r for r in s.refusals.all if r.node in handler.body), None)
                if refusal is None or not caught & set(names):
                    continue
                for call in calls:
                    target = s.project.find_function(module, call.func, module.function_of(node))
                    same = target is not None and any(target.node is f.node for f in stack)
                    own_class = s.report.exception.module != "builtins"
                    if same or own_class:
                        found.append(
                            (0 if same else 1, Handled(module, module.function_of(node), call, handler, refusal))
                        )
                        break
    return [handled for _, handled in sorted(found, key=lambda pair: pair[0])]


def _caught_names(handler: ast.ExceptHandler) -> set[str]:
    if handler.type is None:
        return set()
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(part).rpartition(".")[2] for part in parts}


def _functions_on_stack(s: Situation) -> list[Function]:
    found = []
    for frame in s.report.app_frames:
        module = s.project.modules.get(frame.file)
        function = module.function_at(frame.line) if module is not None else None
        if function is not None:
            found.append(function)
    return found


def is_client_error(s: Situation) -> bool:
    """Raised for what the client sent: an error of bad values whose condition looks at the request."""
    exception = s.report.exception
    if any(exception.is_a(name) for name in _NEVER) or not isinstance(s.crash.statement, ast.Raise):
        return False
    wanted = any(exception.is_a(name) for name in _CLIENT_ERRORS) or exception.module not in ("builtins", "")
    tests = [a.test for a in s.module.ancestors(s.crash.statement) if isinstance(a, (ast.If, ast.While))]
    looked_at = tests or [a for a in ast.walk(s.crash.statement) if isinstance(a, ast.Name)]
    return wanted and any(o.is_client for test in looked_at[:2] for o in s.origins(test))


def outer_call(s: Situation) -> tuple[Module, Function, ast.Call] | None:
    """The call of the raising function nearest to the crash that stands in a request handler or can refuse."""
    functions = _functions_on_stack(s)
    for inner, outer in zip(reversed(functions[1:]), reversed(functions[:-1]), strict=True):
        for module, call in s.callers(inner):
            if (owner := module.function_of(call)) is not None and owner.node is outer.node:
                if s.refusals.is_route(outer):
                    return module, outer, call
    return None
