"""Types that do not go together: converted where the value comes in, or refused when the client sent the wrong
kind.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from healer.model import Answer
from healer.stages.playbooks.days import read_from_text, read_to_compare, same_kind
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish, guard
from healer.stages.playbooks.handlers import widened
from healer.stages.playbooks.kept_moments import through_helper
from healer.stages.playbooks.mixed_types import mixed
from healer.stages.playbooks.nothing import without
from healer.stages.playbooks.numbers import counted, items_as_numbers
from healer.stages.playbooks.positions import as_position
from healer.stages.playbooks.read_moments import read_in_one_zone
from healer.stages.playbooks.ties import by_what_differs
from healer.stages.playbooks.zones import in_one_zone
from healer.syntax.edits import Edit, Replace
from healer.syntax.expressions import wrap
from healer.syntax.nouns import name_of
from healer.syntax.project import Module, names_in
from healer.syntax.readings import is_one_of_many_left_out
from healer.syntax.situation import Place, Situation, anchor
from healer.syntax.values import Unknown

CATEGORIES = ("wrong-type", "missing-attribute")
NAME = "wrong-type"
_JSON = {"list": "list", "dict": "dict", "str": "str", "int": "int", "float": "(int, float)", "bool": "bool"}
_PLURAL = {"dict": "JSON objects", "list": "lists", "str": "texts", "int": "whole numbers", "float": "numbers"}
_NAMED = {"dict": "a JSON object", "list": "a list", "str": "text", "int": "a whole number", "float": "a number"}


def draft(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    if "offset-naive" in message:
        yield from in_one_zone(s)
        yield from read_in_one_zone(s)
        yield from through_helper(s)
        return
    yield from by_what_differs(s)
    yield from same_kind(s)
    yield from read_from_text(s)
    yield from read_to_compare(s)
    yield from items_as_numbers(s)
    yield from counted(s)
    yield from as_position(s)
    yield from _as_bytes(s, message)
    if s.report.exception.is_a("TypeError"):
        yield from widened(s, "TypeError", lookups=False)
    if s.report.exception.is_a("AttributeError"):
        # A number where text was read from may as well be meant: it is refused only where no one else takes it.
        as_number = re.match(r"'(int|float)'", message) is not None
        yield from (replace(one, fit=one.fit - 0.14 * as_number) for one in widened(s, "AttributeError", lookups=False))
    if "expected str instance" in message:
        yield from _joined(s)
    operands = re.search(r"'([\w.]+)' and '([\w.]+)'", message)
    concatenated = re.search(r'can only concatenate (\w+) \(not "([\w.]+)"\)', message)
    if operands or concatenated:
        kinds = operands.groups() if operands else concatenated.groups() if concatenated else ("", "")
        yield from mixed(s, kinds[0].rpartition(".")[2], kinds[1].rpartition(".")[2])
    yield from _wrong_shape(s, message)
    if re.search(r"must be (a )?(str|string|bytes)|expected string|argument must be", message):
        # Some of Python's messages do not say that the wrong value was None.
        for expression, culprit in s.crash.pairs[:2]:
            if s.seen(culprit) is None or isinstance(s.seen(culprit), Unknown):
                yield from without(s, expression, culprit)


def _as_bytes(s: Situation, message: str) -> Iterator[Draft]:
    """compare_digest() takes any bytes, but of texts only those in ASCII."""
    if "non-ASCII characters is not supported" not in message:
        return
    for call in [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call)]:
        if ast.unparse(call.func).endswith("compare_digest") and len(call.args) == 2:
            edits: tuple[tuple[Module, Edit], ...] = tuple(
                (s.module, Replace(a, f"{wrap(s.module, a, s.module.text(a))}.encode()")) for a in call.args
            )
            yield Draft("Compare as bytes", edits, Answer.CORRECT, 0.97)


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
            # A body that is no object has no other reading; a field may have one.
            fit = 0.88 if wanted == "dict" and whole and name == "body" else 0.84
            yield from guard(s, place, test, Wish(BAD_INPUT, name, says=phrase), fit - 0.12 * rank)


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
        fit = 0.5 if not text else 0.7 if is_one_of_many_left_out(s) else 0.84
        yield from guard(s, Place(s.function, spot, one.value), test, wish, fit)


def _wanted_type(s: Situation, message: str) -> str:
    """The type the code took for granted."""
    attribute = re.search(r"'(\w+)' object has no attribute '(\w+)'", message)
    if attribute:
        if attribute.group(1) not in ("list", "str", "int", "float", "bool", "dict", "tuple"):
            return ""
        method = attribute.group(2)
        return next((k for k, t in (("str", str), ("dict", dict), ("list", list)) if hasattr(t, method)), "")
    if re.search(r"argument of type '(int|float|bool|NoneType)' is not iterable", message):
        return _looked_into(s)
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


def _looked_into(s: Situation) -> str:
    """Of `"title" in row` an object where its items are read by name, else a list."""
    expression = s.crash.expression
    if not isinstance(expression, ast.Compare) or not isinstance(expression.left, (ast.Constant, ast.Name)):
        return ""
    text, key = s.module.text(expression.comparators[0]), s.module.text(expression.left)
    for node in s.function.own_nodes if s.function is not None else ():
        if isinstance(node, ast.Subscript) and s.module.text(node.value) == text:
            if s.module.text(node.slice) == key or isinstance(getattr(node.slice, "value", None), str):
                return "dict"
        if (
            isinstance(node, ast.Attribute)
            and node.attr in ("get", "items", "keys")
            and s.module.text(node.value) == text
        ):
            return "dict"
    return "dict" if isinstance(expression.left, ast.Constant) else "list"
