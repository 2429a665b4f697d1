"""Points in time with and without a zone that meet: brought into one form where they come in or are used."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, InsertBefore, Replace
from healer.syntax.expressions import fresh_name, in_lazy_part, wrap
from healer.syntax.moments import Moment, moments
from healer.syntax.project import Module, same
from healer.syntax.situation import Situation


def in_one_zone(s: Situation) -> Iterator[Draft]:
    """Points in time with and without a zone."""
    for one in moments(s):
        edits: tuple[tuple[Module, Edit], ...]
        needs = tuple((one.module, n) for n in one.imports)
        if one.statement is not None:
            code = "".join(_brought_into_form(one, name) for name in (one.name, *one.sisters))
            edits = ((one.module, InsertBefore(one.statement, code)), *needs)
        else:
            edits = (*_copied_once(one), *needs)
        yield Draft(one.summary, edits, Answer.CONVERT, one.fit)


def _copied_once(one: Moment) -> tuple[tuple[Module, Edit], ...]:
    """At its only use, or under a name that all its uses take."""
    module, spot = one.module, one.spot
    function = module.function_of(spot) if spot is not None else None
    uses = [
        node
        for node in (function.own_nodes if function is not None else ())
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and same(node, one.value)
        if spot is not None and node.lineno >= spot.lineno
    ]
    if len(uses) < 2 or function is None or spot is None or any(in_lazy_part(module, use) for use in uses):
        return ((module, Replace(one.value, wrap(module, one.value, one.code))),)
    name = fresh_name(one.value, function)
    return ((module, InsertBefore(spot, f"{name} = {one.code}\n")), *((module, Replace(u, name)) for u in uses))


def _brought_into_form(one: Moment, name: str) -> str:
    there = f"{name[:-1]} is not None and " if name.endswith("?") else ""
    name = name.removesuffix("?")
    code = one.code.replace(one.name, name, 1)
    return f"if {there}{name}.tzinfo is {'' if one.aware else 'not '}None:\n    {name} = {code}\n"
