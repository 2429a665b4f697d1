"""How a function gives up on one bad item: it raises an error that its caller collects, answers the reason as text, or
notes it and goes on with the next. It does not decide when to give up.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from healer.model import Frame
from healer.syntax.project import Function, Module, Project, names_in
from healer.syntax.statuses import caught_by
from healer.syntax.wording import replaced

_ENDS = (ast.Raise, ast.Return, ast.Continue)


@dataclass(frozen=True, eq=False)
class Bailout:
    function: Function
    body: list[ast.stmt]
    message: ast.expr

    @property
    def end(self) -> ast.stmt:
        return self.body[-1]

    @property
    def words(self) -> str:
        if isinstance(self.message, ast.Constant):
            return str(self.message.value)
        parts = self.message.values if isinstance(self.message, ast.JoinedStr) else []
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in parts)

    def saying(self, message: str) -> str:
        """Its statements with other words, as source without indentation."""
        module = self.function.module
        lines = [replaced(module, one, self.message, message) if _holds(one, self.message) else module.text(one)
                 for one in self.body]  # fmt: skip
        return "\n".join(lines)


def bailouts(function: Function) -> Iterator[Bailout]:
    """Bodies of `if` and of `except` that end the work on an item and say why in words of their own."""
    for node in function.own_nodes:
        if not isinstance(node, (ast.If, ast.ExceptHandler)) or not isinstance(node.body[-1], _ENDS):
            continue
        if len(node.body) > 3 or not all(
            isinstance(one, (*_ENDS, ast.Expr, ast.Assign, ast.AugAssign)) for one in node.body
        ):
            continue
        told = {node.name} if isinstance(node, ast.ExceptHandler) and node.name else set()
        if any(told & _used(one) for one in node.body):
            continue
        message = next((m for one in node.body for m in _messages(one)), None)
        if message is not None:
            yield Bailout(function, node.body, message)


def _used(statement: ast.stmt) -> set[str]:
    cause = statement.cause if isinstance(statement, ast.Raise) else None
    return names_in(statement) - (names_in(cause) if cause is not None else set())


def _messages(statement: ast.stmt) -> Iterator[ast.expr]:
    """Texts that a person reads: f-strings, and strings with a blank in them."""
    if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Tuple):
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip()
        ):
            yield node


def _holds(statement: ast.stmt, part: ast.expr) -> bool:
    return any(node is part for node in ast.walk(statement))


def is_collected(project: Project, frames: list[Frame], bailout: Bailout, level: int) -> bool:
    """Whether a frame further out catches what it raises."""
    raised = bailout.end.exc if isinstance(bailout.end, ast.Raise) else None
    named = raised.func if isinstance(raised, ast.Call) else raised
    if named is None:
        return False
    names = {ast.unparse(named).rpartition(".")[2]}
    found = project.find_class(bailout.function.module, named)
    names |= {ast.unparse(base).rpartition(".")[2] for base in found[1].bases} if found is not None else set()
    for frame in frames[: len(frames) - 1 - level]:
        module = project.modules.get(frame.file)
        for node in module.nodes if module is not None else ():
            if isinstance(node, ast.Try) and node.body[0].lineno <= frame.line <= (node.body[-1].end_lineno or 0):
                if any(caught_by(handler) & names for handler in node.handlers):
                    return True
    return False


def loop_of(module: Module, node: ast.AST) -> ast.AST | None:
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (ast.For, ast.AsyncFor, ast.While)):
            return ancestor
        if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return None
    return None
