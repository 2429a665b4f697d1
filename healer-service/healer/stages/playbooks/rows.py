"""A query that must find one row and found none: not found, in the service's own words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from healer.stages.playbooks.drafts import Draft, Wish, answer_of, caught, weigh
from healer.stages.playbooks.handlers import widened
from healer.syntax.edits import AddImport, Edit, InsertAfter, InsertBefore, Replace
from healer.syntax.examples import kind_of_missing
from healer.syntax.expressions import fresh_name, in_lazy_part
from healer.syntax.nouns import entity_in, noun_of
from healer.syntax.project import Module
from healer.syntax.situation import Situation
from healer.syntax.wording import refuse

CATEGORIES = ("missing-row",)
NAME = "rows"
_SOFT = {"one": "one_or_none", "scalar_one": "scalar_one_or_none", "get_one": "get"}


def draft(s: Situation) -> Iterator[Draft]:
    error = s.report.exception.type
    if error == "MultipleResultsFound" or s.function is None:
        return  # which of several rows was meant is not for the healer to say
    yield from widened(s, error)
    calls = [n for n in ast.walk(s.crash.statement) if _insists(n)]
    for call in calls[:1]:
        yield from _softened(s, call)
    if error != "NoResultFound":
        return
    yield from _caught_outside(s, calls)


def _insists(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SOFT


def _wish(s: Situation, node: ast.AST, *names: str) -> Wish:
    """What was looked for, and whether its absence is the path's or the input's fault."""
    asked = {n.id: o for n in ast.walk(node) if isinstance(n, ast.Name) for o in s.origins(n) if o.is_client}
    noun = entity_in(node) or noun_of(*names, s.function.name if s.function is not None else "")
    shown = next(iter(asked)) if len(asked) == 1 and not isinstance(node, ast.stmt) else ""
    return Wish(kind_of_missing(s, {o.kind for o in asked.values()}), noun, shown)


def _softened(s: Situation, call: ast.AST) -> Iterator[Draft]:
    """The query may find nothing, and what then is None is refused."""
    assert isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and s.function is not None
    module, statement = s.module, s.crash.statement
    if in_lazy_part(module, call):
        return
    arguments = ", ".join(module.text(a) for a in [*call.args, *call.keywords])
    soft = f"{module.text(call.func.value)}.{_SOFT[call.func.attr]}({arguments})"
    parent = module.parents.get(call)
    whole: ast.expr = parent if isinstance(parent, ast.Await) else call
    plain = (
        isinstance(statement, ast.Assign) and statement.value is whole and isinstance(statement.targets[0], ast.Name)
    )
    name = ast.unparse(statement.targets[0]) if plain and isinstance(statement, ast.Assign) else _name_for(s, call)
    for wording in refuse(s.refusals, s.function, _wish(s, call, name)):
        guard = f"if {name} is None:\n    {wording.code}\n"
        edits: list[tuple[Module, Edit]]
        if plain:
            edits = [(module, Replace(call, soft)), (module, InsertAfter(statement, guard))]
        else:
            awaited = "await " if whole is not call else ""
            before = f"{name} = {awaited}{soft}\n{guard}"
            edits = [(module, InsertBefore(statement, before)), (module, Replace(whole, name))]
        edits += [(module, added) for added in wording.imports]
        summary = f"Refuse with {wording.status} when there is no row"
        yield Draft(summary, tuple(edits), answer_of(wording.status), weigh(0.86, wording, s.function))


def _name_for(s: Situation, call: ast.Call) -> str:
    assert s.function is not None
    word = entity_in(call).replace(" ", "_")
    return fresh_name(ast.Attribute(ast.Name("x"), word) if word.isidentifier() else call, s.function)


def _caught_outside(s: Situation, calls: list[ast.AST]) -> Iterator[Draft]:
    """The error caught where the query is asked for: at the line itself, and in the caller that can refuse."""
    assert s.function is not None
    wish = replace(_wish(s, calls[0] if calls else s.crash.statement), value="")
    if isinstance(s.crash.statement, (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr)):
        for one in caught(s, s.module, s.function, s.crash.statement, "NoResultFound", wish, 0.8):
            yield _importing(one, s.module)
    for module, outer in s.callers(s.function)[:1]:
        function, statement = module.function_of(outer), module.statement_of(outer)
        if function is None or not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr)):
            continue
        for one in caught(s, module, function, statement, "NoResultFound", wish, 0.83):
            yield _importing(one, module)


def _importing(one: Draft, module: Module) -> Draft:
    if "NoResultFound" in module.imports:
        return one
    return Draft(one.summary, (*one.edits, (module, AddImport("sqlalchemy.exc", "NoResultFound"))), one.answer, one.fit)
