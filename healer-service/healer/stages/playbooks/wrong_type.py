"""Types that do not go together: converted where the value comes in, or refused when the client sent the wrong
kind.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish, guard
from healer.stages.playbooks.handlers import widened
from healer.stages.playbooks.nothing import without
from healer.stages.playbooks.zones import in_one_zone
from healer.syntax.edits import AddImport, Edit, InsertBefore, Replace
from healer.syntax.expressions import in_lazy_part
from healer.syntax.nouns import name_of
from healer.syntax.project import Function, Module, names_in, same
from healer.syntax.situation import Place, Situation, anchor
from healer.syntax.values import Unknown, type_name
from healer.syntax.wording import refuse

CATEGORIES = ("wrong-type", "missing-attribute")
NAME = "wrong-type"
_JSON = {"list": "list", "dict": "dict", "str": "str", "int": "int", "float": "(int, float)", "bool": "bool"}
_PLURAL = {"dict": "JSON objects", "list": "lists", "str": "texts", "int": "whole numbers", "float": "numbers"}
_NAMED = {"dict": "a JSON object", "list": "a list", "str": "text", "int": "a whole number", "float": "a number"}


def draft(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    if "offset-naive" in message:
        yield from in_one_zone(s)
        return
    if s.report.exception.is_a("TypeError"):
        yield from widened(s, "TypeError")
    if s.report.exception.is_a("AttributeError"):
        yield from widened(s, "AttributeError")
    if "expected str instance" in message:
        yield from _joined(s)
    operands = re.search(r"'([\w.]+)' and '([\w.]+)'", message)
    concatenated = re.search(r'can only concatenate (\w+) \(not "([\w.]+)"\)', message)
    if operands or concatenated:
        kinds = operands.groups() if operands else concatenated.groups() if concatenated else ("", "")
        yield from _mixed(s, kinds[0].rpartition(".")[2], kinds[1].rpartition(".")[2])
    yield from _wrong_shape(s, message)
    if re.search(r"must be (a )?(str|string|bytes)|expected string|argument must be", message):
        # Some of Python's messages do not say that the wrong value was None.
        for expression, culprit in s.crash.pairs[:2]:
            if s.seen(culprit) is None or isinstance(s.seen(culprit), Unknown):
                yield from without(s, expression, culprit)


def _mixed(s: Situation, left: str, right: str) -> Iterator[Draft]:
    for expression, culprit in s.crash.pairs[:8]:
        kind, other = _side(s, expression, culprit, left, right)
        if kind == other:
            continue
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
        elif kind == "str" and other in ("int", "float", "Decimal"):
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
    known = type_name(s.seen(culprit))
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
            word = converts or {"int": "int", "float": "float", "Decimal": "Decimal"}[kind]
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
            test = f"not isinstance({{0}}, {_JSON.get(kind, 'int')})"
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


def _joined(s: Situation) -> Iterator[Draft]:
    for expression, culprit in s.crash.pairs:
        if not (isinstance(expression, ast.Call) and ast.unparse(expression.func).endswith(".join")):
            continue
        if isinstance(culprit, (ast.GeneratorExp, ast.ListComp)):
            edits = ((s.module, Replace(culprit.elt, f"str({s.module.text(culprit.elt)})")),)
        else:
            edits = ((s.module, Replace(culprit, f"map(str, {s.module.text(culprit)})")),)
        yield Draft("Join the items as text", edits, Answer.CONVERT, 0.88)


def _wrong_shape(s: Situation, message: str) -> Iterator[Draft]:
    """JSON of another shape than the code takes for granted."""
    wanted = _wanted_type(s, message)
    if not wanted:
        return
    for rank, (_, culprit) in enumerate(s.crash.pairs[:3]):
        yield from _wrong_items(s, culprit, wanted)
        for place in s.places(culprit):
            origins = s.origins_at(place)
            if not any(o.kind in ("body", "raw", "form", "query") for o in origins):
                continue
            name = place.text.rpartition(".")[2] if isinstance(place.value, ast.Attribute) else ""
            if isinstance(place.value, ast.Subscript) and isinstance(place.value.slice, ast.Constant):
                name = str(place.value.slice.value)
            field = next((o.name for o in origins if o.name and o.kind in ("body", "form", "query")), "")
            whole = isinstance(place.value, ast.Name) and not field
            name = name or field or ("body" if whole else place.text)
            phrase = "a JSON object is required" if wanted == "dict" and whole else f"{name} must be {_NAMED[wanted]}"
            test = f"not isinstance({{0}}, {_JSON[wanted]})"
            yield from guard(s, place, test, Wish(BAD_INPUT, name, says=phrase), 0.84 - 0.12 * rank)


def _wrong_items(s: Situation, culprit: ast.expr, wanted: str) -> Iterator[Draft]:
    """One item of a list the client sent is of the wrong kind: all are asked before the first is used."""
    if not isinstance(culprit, ast.Name) or s.function is None:
        return
    for one in s.tracer.definitions(culprit.id, s.module, s.function, culprit)[:1]:
        if not one.item or not isinstance(one.value, (ast.Name, ast.Attribute, ast.Subscript)):
            continue
        if not any(o.kind in ("body", "raw", "form") for o in s.origins(one.value)):
            continue
        statement = one.statement if isinstance(one.statement, (ast.For, ast.AsyncFor)) else s.crash.statement
        spot = anchor(s.module, s.function, statement, names_in(one.value))
        text = s.module.text(one.value)
        test = f"not all(isinstance({culprit.id}, {_JSON[wanted]}) for {culprit.id} in {{0}})"
        wish = Wish(BAD_INPUT, name_of(one.value), says=f"{name_of(one.value)} must be a list of {_PLURAL[wanted]}")
        yield from guard(s, Place(s.function, spot, one.value), test, wish, 0.86 if text else 0.5)


def _wanted_type(s: Situation, message: str) -> str:
    """The type the code took for granted."""
    attribute = re.search(r"'(\w+)' object has no attribute '(\w+)'", message)
    if attribute:
        if attribute.group(1) not in ("list", "str", "int", "float", "bool", "dict", "tuple"):
            return ""
        method = attribute.group(2)
        return next((k for k, t in (("str", str), ("dict", dict), ("list", list)) if hasattr(t, method)), "")
    if re.search(r"(list|string|str|tuple) indices must be integers|indices must be integers", message):
        return "dict"
    if re.search(r"'(int|float|bool)' object is not subscriptable", message):
        expression = s.crash.expression
        constant = isinstance(expression, ast.Subscript) and isinstance(expression.slice, ast.Constant)
        return "dict" if constant and isinstance(getattr(expression.slice, "value", None), str) else "list"  # type: ignore[union-attr]
    if re.search(r"'(int|float|bool)' object is not iterable|object of type '(int|float|bool)' has no len", message):
        return "list"
    if re.search(r"unhashable type: '(list|dict)'", message):
        return "str"
    if re.search(r"must be (a )?(str|string)|expected string|argument must be str|expected str", message):
        return "str"
    if re.search(
        r"argument must be a string.*not '(list|dict)'|cannot be interpreted as an integer|integer is required|"
        r"unsupported type for timedelta",
        message,
    ):
        return "int"
    return ""
