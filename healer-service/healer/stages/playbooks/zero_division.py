"""Division by zero: a client's zero is refused, a quotient over an empty collection gets its natural value."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish, guard
from healer.syntax.defaults import is_answered, of_mean, says_null
from healer.syntax.edits import AddImport, Edit, Replace
from healer.syntax.expressions import whole_of, wrap
from healer.syntax.optional import may_answer_none
from healer.syntax.project import Module
from healer.syntax.situation import Situation, bound_inside

CATEGORIES = ("zero-division",)
NAME = "zero-division"
_COUNTED = (
    "size",
    "limit",
    "count",
    "per_page",
    "page",
    "people",
    "parts",
    "batch",
    "step",
    "every",
    "n",
    "days",
    "months",
    "seats",
)


_PLAIN = re.compile(r"[a-z]|[a-z]\d|divisor|denominator|by|right|second|value|number", re.I)


def _is_whole(expression: ast.expr) -> bool:
    if isinstance(expression, ast.BinOp):
        return isinstance(expression.op, ast.FloorDiv)
    return isinstance(expression, ast.Call) and ast.unparse(expression.func) == "divmod"


def draft(s: Situation) -> Iterator[Draft]:
    for rank, (expression, divisor) in enumerate(s.crash.pairs[:3]):
        for one in [*_refuse(s, expression, divisor), *_natural(s, expression, divisor)]:
            yield Draft(one.summary, one.edits, one.answer, one.fit - 0.15 * rank)


def _refuse(s: Situation, expression: ast.expr, divisor: ast.expr) -> Iterator[Draft]:
    if isinstance(divisor, ast.Constant):
        return
    for place in s.places(divisor):
        origins = s.origins_at(place)
        client = [o for o in origins if o.is_client]
        if not client or _is_count(place.value):
            continue
        others = [o for o in origins if o.kind in ("state", "record", "row")]
        name = place.text.rpartition(".")[2] if isinstance(place.value, (ast.Name, ast.Attribute)) else client[0].name
        whole = not any(
            isinstance(n, ast.Call) and ast.unparse(n.func) in ("float", "Decimal") for n in ast.walk(place.value)
        )
        named = any(name == word or name.endswith("_" + word) for word in _COUNTED)
        # What is shared out in whole parts is a number of something, unless it is named as plain arithmetic.
        counted = whole and (named or (_is_whole(expression) and not _PLAIN.fullmatch(name)))
        test, says = ("{0} < 1", f"{name} must be at least 1") if counted else ("{0} == 0", f"{name} must not be zero")
        fit = 0.84 - 0.15 * bool(others) + 0.04 * all(o.is_client for o in origins)
        yield from guard(s, place, test, Wish(BAD_INPUT, name, says=says), fit)


def _is_count(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("len", "sum")


def _natural(s: Situation, expression: ast.expr, divisor: ast.expr) -> Iterator[Draft]:
    module = s.module
    text = module.text(divisor)
    whole = _rounded(module, expression)
    client = any(o.is_client for o in s.origins(divisor)) and not _is_count(divisor)
    test = _test(divisor, text, bound_inside(divisor, module, divisor))
    for value, fit in of_mean(s, module, whole, s.function):
        code = wrap(module, whole, f"{module.text(whole)} if {test} else {value}")
        if isinstance(whole, ast.BinOp) and module.parents.get(whole) is not None:
            code = wrap(module, whole, f"{_bare(module, whole)} if {test} else {value}")
        needs = (AddImport("decimal", "Decimal"),) if "Decimal(" in value and "Decimal" not in module.imports else ()
        edits: tuple[tuple[Module, Edit], ...] = ((module, Replace(whole, code)), *((module, n) for n in needs))
        told = (says_null(s.function) and is_answered(module, whole)) or may_answer_none(s, module, whole)
        final = max(0.3 + 0.6 * fit, 0.9 * (told and value == "None")) - 0.2 * client
        yield Draft(f"Answer {value} when {text} is zero", edits, Answer.NATURAL_VALUE, final)


def _bare(module: Module, node: ast.expr) -> str:
    return module.text(node)


def _test(divisor: ast.expr, text: str, inside: bool) -> str:
    """`len(rows)` is tested as `rows`."""
    if (
        isinstance(divisor, ast.Call)
        and ast.unparse(divisor.func) == "len"
        and isinstance(divisor.args[0], (ast.Name, ast.Attribute))
    ):
        return ast.unparse(divisor.args[0])
    return text if isinstance(divisor, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)) else f"({text})"


def _rounded(module: Module, node: ast.expr) -> ast.expr:
    """The quotient with what is done to it at once: `round(a / b * 100, 1)`."""
    current = node
    while True:
        parent = module.parents.get(current)
        if (isinstance(parent, ast.BinOp) and isinstance(parent.op, (ast.Mult, ast.Div))) or isinstance(
            parent, ast.UnaryOp
        ):
            current = parent
        elif isinstance(parent, ast.Call) and parent.args and parent.args[0] is current:
            if ast.unparse(parent.func) not in (
                "round",
                "int",
                "float",
                "math.ceil",
                "math.floor",
                "ceil",
                "floor",
                "min",
                "max",
            ):
                return current
            current = parent
        elif isinstance(parent, ast.Attribute) and parent.attr == "quantize":
            found = whole_of(module, current)
            assert isinstance(found, ast.expr)
            return found
        else:
            return current
