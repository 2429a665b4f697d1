"""One crash with everything the source tells about it: what diagnosis and playbooks both look at.

It proposes nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from healer.model import Report
from healer.syntax.bindings import argument_of, default_of, same_function
from healer.syntax.crash import Crash, locate
from healer.syntax.origins import Origin, Tracer
from healer.syntax.parsing import parse
from healer.syntax.project import COMPREHENSIONS, Function, Module, Project, names_in
from healer.syntax.refusals import Refusals
from healer.syntax.routes import route_path
from healer.syntax.values import UNKNOWN


@dataclass(frozen=True, eq=False)
class Place:
    """Somewhere a guard may stand: the expression to look at as that function knows it, and the statement it
    goes before.
    """

    function: Function
    statement: ast.stmt
    value: ast.expr
    depth: int = 0  # calls away from the crash

    @property
    def module(self) -> Module:
        return self.function.module

    @property
    def text(self) -> str:
        return self.module.text(self.value)


@dataclass(frozen=True, eq=False)
class Situation:
    report: Report
    project: Project
    refusals: Refusals
    tracer: Tracer
    crash: Crash

    @classmethod
    def of(cls, report: Report, sources: Mapping[str, str]) -> Situation | None:
        project, refusals = _read(tuple(sources.items()), report.framework)
        crash = locate(report, project)
        if crash is None:
            return None
        return cls(report, project, refusals, Tracer(project, refusals, report.app_frames), crash)

    @property
    def module(self) -> Module:
        return self.crash.module

    @property
    def function(self) -> Function | None:
        return self.crash.function

    def origins(self, node: ast.expr) -> frozenset[Origin]:
        return self.tracer.origins(node, self.module, self.function)

    def origins_at(self, place: Place) -> frozenset[Origin]:
        return self.tracer.origins(place.value, place.module, place.function, at=place.statement)

    @cached_property
    def route(self) -> Function | None:
        """The request handler on the stack."""
        for frame in self.report.app_frames:
            module = self.project.modules.get(frame.file)
            function = module.function_at(frame.line) if module is not None else None
            if function is not None and route_path(function):
                return function
        return None

    def callers(self, function: Function) -> list[tuple[Module, ast.Call]]:
        """Calls of a function; those on the stack first, and only they when there are any."""
        calls = [(m, c) for m, c in self.project.calls_of(function) if not same_function(m.function_of(c), function)]
        on_stack = [
            (m, c)
            for m, c in calls
            if any(f.file == m.path and c.lineno <= f.line <= (c.end_lineno or 0) for f in self.report.app_frames)
        ]
        return on_stack or calls

    def places(self, value: ast.expr, depth: int = 3) -> Iterator[Place]:
        """Where `value` could be looked at before the crash: at the crash, then in the callers that passed it in."""
        if self.function is not None:
            yield from self._places(value, self.function, self.crash.statement, 0, depth)

    def _places(
        self, value: ast.expr, function: Function, statement: ast.stmt, level: int, depth: int
    ) -> Iterator[Place]:
        module = function.module
        if bound_inside(value, module, value):
            return
        yield Place(function, anchor(module, function, statement, names_in(value)), value, level)
        if level >= depth:
            return
        names = [arg.arg for arg in function.params if arg.arg in names_in(value) and arg.arg not in ("self", "cls")]
        assigned = {n.id for n in function.own_nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if len(names) != 1 or names[0] in assigned or not isinstance(value, (ast.Name, ast.Attribute)):
            return
        for other, call in self.callers(function)[:2]:
            argument = argument_of(call, function, names[0])
            outer = other.function_of(call)
            if argument is None or outer is None or argument is default_of(function, names[0]):
                continue
            passed = _seen_outside(value, argument)
            if passed is not None:
                yield from self._places(passed, outer, other.statement_of(call), level + 1, depth)

    def outer_place(self, value: ast.expr, function: Function, statement: ast.stmt) -> Place | None:
        """The value as the caller on the stack passed it in."""
        return next((p for p in self._places(value, function, statement, 0, 1) if p.depth == 1), None)

    def seen(self, node: ast.expr) -> object:
        return self.crash.value_of(node) if not isinstance(node, ast.Constant) else UNKNOWN


def _seen_outside(value: ast.expr, argument: ast.expr) -> ast.expr | None:
    """What a function knows as `loan.tier` in the words of a caller that passed it `found`."""
    if isinstance(value, ast.Name):
        return argument
    if not isinstance(argument, (ast.Name, ast.Attribute)):
        return None
    _, _, rest = ast.unparse(value).partition(".")
    return parse(f"{ast.unparse(argument)}.{rest}", "eval").body


@lru_cache(maxsize=4)
def _read(sources: tuple[tuple[str, str], ...], framework: str | None) -> tuple[Project, Refusals]:
    """Diagnosis and playbooks look at the same source: what one found out serves the other."""
    project = Project(dict(sources))
    return project, Refusals(project, framework)


def bound_inside(value: ast.expr, module: Module, node: ast.AST) -> bool:
    """Whether an expression uses a name that only exists inside the comprehension or lambda around it."""
    names = names_in(value)
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.stmt):
            return False
        if isinstance(ancestor, COMPREHENSIONS):
            if any(names & names_in(generator.target) for generator in ancestor.generators):
                return True
        elif isinstance(ancestor, ast.Lambda) and names & {arg.arg for arg in ancestor.args.args}:
            return True
    return False


def anchor(module: Module, function: Function, statement: ast.stmt, names: set[str]) -> ast.stmt:
    """The statement a guard on `names` goes before: the given one, or an earlier one so that nothing changes
    before it.
    """
    statement = out_of_elif(module, statement)
    block = block_of(module, statement)
    if block is None or statement not in block:
        return statement
    best = statement
    for earlier in reversed(block[: block.index(statement)]):
        stored = {n.id for n in ast.walk(earlier) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if stored & names or any(isinstance(n, (ast.Return, ast.Raise)) for n in ast.walk(earlier)):
            break
        if _has_effects(earlier):
            best = earlier
    return best


def out_of_elif(module: Module, statement: ast.stmt) -> ast.stmt:
    """An elif has no place before it: its whole if has."""
    parent = module.parents.get(statement)
    while isinstance(statement, ast.If) and isinstance(parent, ast.If) and parent.orelse == [statement]:
        line = module.source.splitlines()[statement.lineno - 1].strip()
        if not line.startswith("elif"):
            break
        statement, parent = parent, module.parents.get(parent)
    return statement


def block_of(module: Module, statement: ast.stmt) -> list[ast.stmt] | None:
    parent = module.parents.get(statement)
    for name in ("body", "orelse", "finalbody"):
        block = getattr(parent, name, None)
        if isinstance(block, list) and statement in block:
            return block
    return None


def _has_effects(statement: ast.stmt) -> bool:
    changing = {"append", "add", "update", "pop", "remove", "insert", "extend", "commit", "delete", "save", "discard"}
    for node in ast.walk(statement):
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in changing:
            return True
    return False
