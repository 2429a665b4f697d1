"""A local that hides a name from outside the function: declared as the outer one, renamed, or imported at the top."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import AddImport, Edit, InsertBefore, Removed, Replace
from healer.syntax.project import Function, Module
from healer.syntax.scopes import bound_by, imported_at_top
from healer.syntax.situation import Situation, block_of


def of_hidden(s: Situation, function: Function, name: str) -> Iterator[Draft]:
    """For a name that the function binds, while what it reads first is another thing of the same name."""
    inner = _imported_inside(function, name)
    if inner is not None:
        yield from _import_at_top(s, function, inner, name)
        return
    outer = _enclosing(function, name)
    if outer:
        yield _declared(function, outer, name)
    elif name in s.module.constants and not _only_read_of_import(s, name):
        yield _declared(function, "global", name)
    elif name in {*imported_at_top(s.module), *s.module.classes, *(f.name for f in s.module.functions if not f.owner)}:
        renamed = renamed_local(s, function, name)
        if renamed is not None:
            yield renamed


def _only_read_of_import(s: Situation, name: str) -> bool:
    return name in imported_at_top(s.module)


def _enclosing(function: Function, name: str) -> str:
    """A function around this one that has the variable."""
    for ancestor in function.module.ancestors(function.node):
        if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef)):
            around = function.module.function_of(ancestor)
            stored = {n.id for n in around.own_nodes if isinstance(n, ast.Name)} if around is not None else set()
            params = {a.arg for a in around.params} if around is not None else set()
            return "nonlocal" if name in stored | params else ""
    return ""


def _declared(function: Function, word: str, name: str) -> Draft:
    body = function.node.body
    first = body[1] if function.docstring and len(body) > 1 else body[0]
    known = next((n for n in body if isinstance(n, (ast.Global, ast.Nonlocal))), None)
    edits = ((function.module, InsertBefore(known or first, f"{word} {name}\n")),)
    return Draft(f"Declare {name} as the one outside", edits, Answer.CORRECT, 0.95)


def _imported_inside(function: Function, name: str) -> ast.Import | ast.ImportFrom | None:
    for statement in function.statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            if any(bound_by(alias, isinstance(statement, ast.Import)) == name for alias in statement.names):
                return statement
    return None


def _import_at_top(
    s: Situation, function: Function, statement: ast.Import | ast.ImportFrom, name: str
) -> Iterator[Draft]:
    """An import in one branch makes the name local in all: the module imports it instead."""
    block = block_of(s.module, statement)
    alias = statement.names[0]
    if len(statement.names) == 1 and block is not None and len(block) > 1:
        edits: list[tuple[Module, Edit]] = [(s.module, Removed(statement))]
        if name not in imported_at_top(s.module):
            origin = s.module.absolute(statement) if isinstance(statement, ast.ImportFrom) else ""
            edits.append((s.module, AddImport(origin, alias.name, alias.asname or "")))
        yield Draft(f"Import {name} at the top of the module", tuple(edits), Answer.CORRECT, 0.94)
    body = function.node.body
    first = body[1] if function.docstring and len(body) > 1 else body[0]
    code = f"{s.module.text(statement)}\n"
    yield Draft(
        f"Import {name} at the top of the function", ((s.module, InsertBefore(first, code)),), Answer.CORRECT, 0.84
    )


def renamed_local(s: Situation, function: Function, name: str) -> Draft | None:
    """The local variable gets a name of its own, so that the function or class which it hides can be used."""
    if any(arg.arg == name for arg in function.params):
        return None
    nodes = [n for n in function.own_nodes if isinstance(n, ast.Name) and n.id == name]
    stored = [n for n in nodes if isinstance(n.ctx, ast.Store)]
    fresh = f"{name}_value"
    if not stored or re.search(rf"\b{fresh}\b", s.module.text(function.node)):
        return None
    hidden = [n for n in nodes if isinstance(n.ctx, ast.Load) and _means_outer(s, n, stored)]
    edits = tuple((s.module, Replace(n, fresh)) for n in nodes if n not in hidden)
    return Draft(f"Call the variable {fresh}: it hides {name}", edits, Answer.CORRECT, 0.9)


def _means_outer(s: Situation, node: ast.Name, stored: list[ast.Name]) -> bool:
    """Called, or read before or while the variable gets its first value."""
    parent = s.module.parents.get(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return True
    statements = [s.module.statement_of(n) for n in stored]
    first = min(statements, key=lambda one: one.lineno)
    return (node.end_lineno or 0) <= (first.end_lineno or 0) or s.module.statement_of(node) in statements
