"""Texts in the place of numbers: items of a sum, counts of a timedelta, ends of a slice; and which number is meant."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish, chained
from healer.syntax.edits import AddImport, Edit, InsertBefore, Replace
from healer.syntax.nouns import name_as_sent
from healer.syntax.project import Function, Module, names_in
from healer.syntax.situation import Situation, anchor
from healer.syntax.wording import refuse

_WORDS = ("Decimal", "float", "int")


def number_word(s: Situation, function: Function, name: ast.Name, kind: str) -> str:
    """The conversion that other branches make of the same value or source, or that a type check allows for; else the
    kind of what it met.
    """
    made = s.tracer.definitions(name.id, function.module, function, name)
    sources = names_in(name).union(*(names_in(one.value) for one in made)) if made else names_in(name)
    for node in function.own_nodes:
        if isinstance(node, ast.Call) and node.args:
            word = ast.unparse(node.func)
            if word in _WORDS and names_in(node.args[0]) & sources:
                return word
            if word == "isinstance" and names_in(node.args[0]) & sources and "float" in ast.unparse(node.args[1]):
                return "float"
    return {"int": "int", "float": "float", "Decimal": "Decimal"}[kind]


def items_as_numbers(s: Situation) -> Iterator[Draft]:
    """`sum(prices)` of texts, converted as other code converts the items of the same thing."""
    if not re.search(r"for \+: '(int|float)' and 'str'", s.report.exception.message):
        return
    for call in [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call)]:
        if ast.unparse(call.func) != "sum" or len(call.args) != 1:
            continue
        source = call.args[0]
        word = _converted_elsewhere(s, source)
        needs = (AddImport("decimal", "Decimal"),) if word == "Decimal" and "Decimal" not in s.module.imports else ()
        if isinstance(source, (ast.GeneratorExp, ast.ListComp)):
            edits: tuple[tuple[Module, Edit], ...] = (
                (s.module, Replace(source.elt, f"{word}({s.module.text(source.elt)})")),
            )
        else:
            edits = ((s.module, Replace(source, f"map({word}, {s.module.text(source)})")),)
        yield Draft(f"Add the items as {word}", (*edits, *((s.module, n) for n in needs)), Answer.CONVERT, 0.92)


def _converted_elsewhere(s: Situation, source: ast.expr) -> str:
    keys = {
        n.slice.value for n in ast.walk(source) if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant)
    }
    named = {n.attr for n in ast.walk(source) if isinstance(n, ast.Attribute)} | keys | names_in(source)
    for module in [s.module, *s.project.modules.values()]:
        for node in module.nodes:
            if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in _WORDS:
                inner = node.args[0]
                here = {n.attr for n in ast.walk(inner) if isinstance(n, ast.Attribute)} | names_in(inner)
                here |= {n.value for n in ast.walk(inner) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
                if here & named - {"request", "values", "get", "row", "r", "x"}:
                    return ast.unparse(node.func)
    return "Decimal" if "Decimal" in s.module.imports else "float"


def counted(s: Situation) -> Iterator[Draft]:
    """Text given to timedelta() or as the end of a slice."""
    message = s.report.exception.message
    if re.search(r"unsupported type for timedelta \w+ component: str", message):
        for call in [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call)]:
            if ast.unparse(call.func).endswith("timedelta"):
                yield from _converted(s, [*call.args, *(k.value for k in call.keywords)])
    elif "slice indices must be integers" in message:
        slices = [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Slice)]
        yield from _converted(s, [p for one in slices for p in ast.walk(one) if isinstance(p, ast.Name)])
    elif re.search(r"'str' object cannot be interpreted as an integer", message):
        calls = [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call) and ast.unparse(n.func) == "range"]
        yield from _converted(s, [a for call in calls for a in call.args])


def _converted(s: Situation, values: list[ast.expr]) -> Iterator[Draft]:
    for value in values:
        if isinstance(value, ast.Constant) or s.function is None:
            continue
        seen = s.seen(value)
        if not isinstance(seen, str) and not isinstance(value, (ast.Subscript, ast.Attribute, ast.Call)):
            continue
        sent = [o for o in s.origins(value) if o.is_client]
        if sent and isinstance(value, ast.Name):
            yield from _or_refused(s, value, name_as_sent(value, [o.name for o in sent]))
            return
        edits: tuple[tuple[Module, Edit], ...] = ((s.module, Replace(value, f"int({s.module.text(value)})")),)
        yield Draft(f"Make {s.module.text(value)} a number", edits, Answer.CONVERT, 0.86)


def _or_refused(s: Situation, value: ast.Name, name: str) -> Iterator[Draft]:
    assert s.function is not None
    spot = anchor(s.module, s.function, s.crash.statement, {value.id})
    for wording in refuse(s.refusals, s.function, Wish(BAD_INPUT, name, says=f"{name} must be a whole number"), 2):
        refusal = chained(s, wording.code)
        code = f"try:\n    {value.id} = int({value.id})\nexcept ValueError:\n    {refusal}\n"
        edits = ((s.module, InsertBefore(spot, code)), *((s.module, a) for a in wording.imports))
        yield Draft(f"Make {name} a number, or refuse with {wording.status}", edits, Answer.CONVERT, 0.9)
