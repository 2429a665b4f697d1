"""Operands of types that do not go together: one is converted to the other's kind, where it comes in or is used."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish, guard
from healer.stages.playbooks.numbers import number_word
from healer.stages.playbooks.stored_kinds import stored_alike
from healer.syntax.edits import AddImport, Edit, InsertBefore, Replace
from healer.syntax.expressions import in_lazy_part
from healer.syntax.project import Function, Module, same
from healer.syntax.situation import Situation, anchor
from healer.syntax.values import evaluate, type_name
from healer.syntax.wording import refuse

_CHECKED = {"int": "int", "float": "(int, float)"}
_NAMED = {"int": "a whole number", "float": "a number"}


def mixed(s: Situation, left: str, right: str) -> Iterator[Draft]:
    for expression, culprit in s.crash.pairs[:8]:
        kind, other = _side(s, expression, culprit, left, right)
        if kind == other:
            continue
        if kind in ("float", "str", "list") and other != kind:
            yield from stored_alike(s, culprit, other)
        if {kind, other} == {"Decimal", "float"} and kind == "float":
            literal = isinstance(culprit, ast.Constant)
            code = f'Decimal("{s.module.text(culprit)}")' if literal else f"Decimal(str({s.module.text(culprit)}))"
            needs = () if "Decimal" in s.module.imports else (AddImport("decimal", "Decimal"),)
            edits: tuple[tuple[Module, Edit], ...] = (
                (s.module, Replace(culprit, code)),
                *((s.module, n) for n in needs),
            )
            yield Draft(f"Make {s.module.text(culprit)} a Decimal", edits, Answer.CONVERT, 0.88)
        elif {kind, other} == {"date", "datetime"} and kind == "datetime":
            edits = ((s.module, Replace(culprit, f"{s.module.text(culprit)}.date()")),)
            yield Draft("Compare dates with dates", edits, Answer.CONVERT, 0.85)
        elif kind == "str" and other in ("int", "float", "Decimal") and not isinstance(expression, ast.Call):
            yield from _to_number(s, culprit, other)
        elif (
            kind in ("int", "float", "Decimal", "UUID", "bool") and other == "str" and isinstance(expression, ast.BinOp)
        ):
            client_text = any(
                o.is_client for n in (expression.left, expression.right) if n is not culprit for o in s.origins(n)
            )
            edits = ((s.module, Replace(culprit, f"str({s.module.text(culprit)})")),)
            texty = any(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(expression))
            yield Draft(
                f"Make {s.module.text(culprit)} text",
                edits,
                Answer.CONVERT,
                (0.86 if texty else 0.6) - 0.1 * client_text,
            )


def _side(s: Situation, expression: ast.expr, culprit: ast.expr, left: str, right: str) -> tuple[str, str]:
    """The type of the culprit and of what it was combined with, by its place in the expression and its value."""
    first = isinstance(expression, (ast.BinOp, ast.Compare)) and expression.left is culprit
    kinds = (left, right) if first else (right, left)
    # What a table held when the module was loaded does not tell what it holds now.
    known = type_name(evaluate(culprit, s.crash.names))
    known = known if known in (left, right) else ""
    return (known, right if known == left else left) if known and known != kinds[0] else kinds


def _to_number(s: Situation, culprit: ast.expr, kind: str) -> Iterator[Draft]:
    """Text where a number is meant."""
    if s.function is None:
        return
    origins = s.origins(culprit)
    kinds = {o.kind for o in origins if o.is_client}
    as_text = bool(kinds & {"form", "query", "path", "header", "cookie"}) or not kinds
    for place in s.places(culprit):
        name = place.text.rpartition(".")[2] if isinstance(place.value, (ast.Name, ast.Attribute)) else "value"
        if isinstance(place.value, ast.Name):
            converts = _converts_elsewhere(place.function, place.value)
            spot = anchor(place.module, place.function, place.statement, {place.value.id})
            word = converts or number_word(s, place.function, place.value, kind)
            fit = 0.93 if converts else 0.55
            before: tuple[tuple[Module, Edit], ...] = (
                (place.module, InsertBefore(spot, f"{place.text} = {word}({place.text})\n")),
            )
            yield Draft(f"Make {name} a number before it is used", before, Answer.CONVERT, fit - 0.05 * place.depth)
            if kinds:
                yield from _or_refuse(
                    s, place.module, place.function, spot, place.text, word, 0.84 if as_text else 0.72
                )
        if kinds and not as_text:
            test = f"not isinstance({{0}}, {_CHECKED.get(kind, 'int')})"
            test = f"isinstance({{0}}, bool) or {test}" if kind == "int" else test
            wish = Wish(BAD_INPUT, name, says=f"{name} must be {_NAMED.get(kind, 'a number')}")
            yield from guard(s, place, test, wish, 0.82)
    if not in_lazy_part(s.module, culprit) or not kinds:
        edits = ((s.module, Replace(culprit, f"{kind}({s.module.text(culprit)})")),)
        yield Draft("Make it a number where it is used", edits, Answer.CONVERT, 0.5)


def _or_refuse(
    s: Situation, module: Module, function: Function, spot: ast.stmt, name: str, word: str, fit: float
) -> Iterator[Draft]:
    kind = "a whole number" if word == "int" else "a number"
    error = "InvalidOperation" if word == "Decimal" else "ValueError"
    for wording in refuse(s.refusals, function, Wish(BAD_INPUT, name, says=f"{name} must be {kind}")):
        code = f"try:\n    {name} = {word}({name})\nexcept {error}:\n    {wording.code}\n"
        edits = ((module, InsertBefore(spot, code)), *((module, a) for a in wording.imports))
        yield Draft(
            f"Make {name} a number, or refuse with {wording.status}",
            edits,
            Answer.CONVERT,
            fit + 0.5 * (wording.fit - 0.85),
        )


def _converts_elsewhere(function: Function, name: ast.Name) -> str:
    for node in function.own_nodes:
        if isinstance(node, ast.Call) and len(node.args) == 1 and same(node.args[0], name):
            if ast.unparse(node.func) in ("int", "float", "Decimal"):
                return ast.unparse(node.func)
    return ""
