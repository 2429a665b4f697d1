"""What the bad value was, and the places it passed: from the crash back through assignments, calls and returns.

It follows the likeliest way only and judges nothing; what the value was taken from in the end is told by cause.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from healer.model import Step
from healer.syntax.bindings import argument_of
from healer.syntax.project import Function, Module
from healer.syntax.routes import route_path
from healer.syntax.situation import Situation
from healer.syntax.values import Shown, Unknown

_MOST_STEPS = 8
_MOST_FOLLOWED = 20
_LONGEST = 200  # characters of a line, or of a value
_BY_KIND = {"none-dereference": "None", "zero-division": "0"}  # the failure itself says what the value was


@dataclass(frozen=True)
class _Held:
    """An expression that holds the value, as it stands in one function."""

    node: ast.expr
    module: Module
    function: Function | None
    at: ast.AST


def value_of(s: Situation) -> str:
    """What was bad, as the report shows it: the key of a look-up, else the culprit. "" where it does not tell."""
    crash = s.crash
    if crash.category == "missing-key":
        return crash.exception.message[:_LONGEST]
    if crash.category in _BY_KIND:
        return _BY_KIND[crash.category] if crash.culprit is not None else ""
    if isinstance(crash.culprit, ast.Name) and crash.culprit.id in crash.names:
        return crash.names[crash.culprit.id][:_LONGEST]
    value = s.seen(crash.culprit) if crash.culprit is not None else None
    return "" if value is None or isinstance(value, (Unknown, Shown)) else repr(value)[:_LONGEST]


def trail_of(s: Situation) -> tuple[Step, ...]:
    """The crash first. Empty where no part of the line is to blame."""
    culprit = _followed(s)
    if culprit is None:
        return ()
    steps = [_step("read", s.module, s.function, s.crash.frame.line)]
    for step in islice(_back(s, _Held(culprit, s.module, s.function, culprit)), _MOST_FOLLOWED):
        if all((step.file, step.line) != (other.file, other.line) for other in steps):
            steps.append(step)  # a loop comes by the same lines again and again
    return tuple(steps[:_MOST_STEPS])


def _followed(s: Situation) -> ast.expr | None:
    crash = s.crash
    if crash.category == "missing-key" and isinstance(crash.expression, ast.Subscript):
        return crash.culprit if isinstance(crash.expression.slice, ast.Constant) else crash.expression.slice
    return crash.culprit


def _back(s: Situation, held: _Held) -> Iterator[Step]:
    while (found := _assigned(s, held) or _returned(s, held) or _passed(s, held)) is not None:
        step, held = found
        yield step


def _assigned(s: Situation, held: _Held) -> tuple[Step, _Held] | None:
    name = _name(held.node)
    made = s.tracer.definitions(name, held.module, held.function, held.at) if name else []
    if not made:
        return None
    one = made[0]
    line = getattr(one.statement, "lineno", 0)
    return _step("assigned", one.module, one.function, line), _Held(one.value, one.module, one.function, one.statement)


def _returned(s: Situation, held: _Held) -> tuple[Step, _Held] | None:
    """By a function of the service that answers one thing only: of several nobody knows which."""
    node = held.node.value if isinstance(held.node, ast.Await) else held.node
    callee = s.project.find_function(held.module, node.func, held.function) if isinstance(node, ast.Call) else None
    if callee is None:
        return None
    answers = [one for one in callee.own_nodes if isinstance(one, ast.Return) and one.value is not None]
    if len(answers) != 1 or answers[0].value is None:
        return None
    step = _step("returned", callee.module, callee, answers[0].lineno)
    return step, _Held(answers[0].value, callee.module, callee, answers[0])


def _passed(s: Situation, held: _Held) -> tuple[Step, _Held] | None:
    """In by the caller, on the stack where there is one. A route's callers are its clients."""
    name, function = _name(held.node), held.function
    if function is None or route_path(function) or all(arg.arg != name for arg in function.params):
        return None
    for module, call in s.callers(function)[:1]:
        value = argument_of(call, function, name)
        if value is not None:
            outer = module.function_of(call)
            return _step("passed", module, outer, call.lineno), _Held(value, module, outer, call)
    return None


def _name(node: ast.expr) -> str:
    """The name that an attribute, an item or a method's answer begins with; "" for what begins otherwise."""
    while True:
        if isinstance(node, ast.Call):
            node = node.func
            if isinstance(node, ast.Name):
                return ""  # a function, which holds no value
        elif isinstance(node, (ast.Attribute, ast.Subscript, ast.Await, ast.Starred)):
            node = node.value
        else:
            return node.id if isinstance(node, ast.Name) else ""


def _step(what: str, module: Module, function: Function | None, line: int) -> Step:
    lines = module.source.splitlines()
    code = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return Step(module.path, line, function.name if function is not None else "", what, code[:_LONGEST])
