"""How other code of the service answers where something is not there: `x or d`, `y if x else d`, a filter over items.

It finds such places and says which of them are about the same thing; it changes nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from healer.syntax.kinds import root_of
from healer.syntax.parsing import parse
from healer.syntax.project import Function, Module, same
from healer.syntax.situation import Situation

_COMMON = frozenset({"name", "id", "value", "title", "text", "data", "type", "key", "get"})
"""Fields that say little of what they belong to."""


@dataclass(frozen=True, eq=False)
class Treatment:
    """`there` is what is answered when the subject is there, None where the subject only leaves an item out."""

    module: Module
    subject: ast.expr
    strict: bool  # asked with `is None`, not for its truth
    there: ast.expr | None
    default: ast.expr | None

    @property
    def function(self) -> Function | None:
        return self.module.function_of(self.subject)


def treatments(s: Situation) -> Iterator[Treatment]:
    """Those of the module of the crash first."""
    for module in [s.module, *(m for m in s.project.modules.values() if m is not s.module)]:
        for node in module.nodes:
            if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and len(node.values) == 2:
                first, second = node.values
                if isinstance(second, (ast.Constant, ast.List, ast.Dict, ast.Tuple, ast.Name, ast.Call)):
                    yield Treatment(module, first, False, first, second)
            elif isinstance(node, ast.IfExp):
                asked = asked_for(node.test)
                if asked is not None:
                    subject, strict, negated = asked
                    there, default = (node.orelse, node.body) if negated else (node.body, node.orelse)
                    yield Treatment(module, subject, strict, there, default)
            elif isinstance(node, ast.comprehension):
                for test in node.ifs:
                    asked = asked_for(test)
                    if asked is not None and not asked[2]:
                        yield Treatment(module, asked[0], asked[1], None, None)


def early_answers(module: Module) -> Iterator[Treatment]:
    """`if not rows: return 0` before the work."""
    for node in module.nodes:
        if isinstance(node, ast.If) and not node.orelse and len(node.body) == 1:
            only = node.body[0]
            asked = asked_for(node.test) or _zero(node.test)
            if asked is not None and asked[2] and isinstance(only, ast.Return) and only.value is not None:
                yield Treatment(module, asked[0], asked[1], None, only.value)


def _zero(test: ast.expr) -> tuple[ast.expr, bool, bool] | None:
    """Of `count == 0` the count."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Eq, ast.LtE)):
        if isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value == 0:
            return test.left, False, True
    return None


def asked_for(test: ast.expr) -> tuple[ast.expr, bool, bool] | None:
    """The subject of a test for presence, whether it is asked with `is None`, and whether the test is for absence."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Is, ast.IsNot)):
        right = test.comparators[0]
        if isinstance(right, ast.Constant) and right.value is None:
            return test.left, True, isinstance(test.ops[0], ast.Is)
        return None
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = asked_for(test.operand)
        return (inner[0], inner[1], not inner[2]) if inner is not None else None
    return (test, False, False) if isinstance(test, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)) else None


def identity(s: Situation, module: Module, node: ast.expr) -> str:
    """What a value is, whatever it is called there: the field of a record, the table or helper it was asked of; ""
    when the text does not tell.
    """
    value = node
    function = module.function_of(node)
    if isinstance(node, ast.Name):
        made = s.tracer.definitions(node.id, module, function, node) if function is not None else []
        if not made or made[0].item:
            return ""
        value = made[0].value
    if isinstance(value, ast.Await):
        value = value.value
    field = field_of(value)
    if field:
        root = root_of(value) if field in _COMMON and isinstance(value, (ast.Attribute, ast.Subscript)) else None
        return f".{field}" if field not in _COMMON else f"{root.id}.{field}" if root is not None else ""
    if isinstance(value, ast.Subscript) and not isinstance(value.slice, (ast.Slice, ast.Constant)):
        return f"{ast.unparse(value.value)}[]"
    if isinstance(value, ast.Call) and isinstance(value.func, (ast.Attribute, ast.Name)):
        called = ast.unparse(value.func)
        entity = next((a.id for a in value.args[:1] if isinstance(a, ast.Name) and a.id[:1].isupper()), "")
        return f"{called}({entity})" if value.args else ""
    return ""


def field_of(node: ast.expr) -> str:
    """Of `x.due`, `x["due"]` and `x.get("due")` due."""
    if isinstance(node, ast.Attribute):
        return node.attr
    key: ast.expr | None = node.slice if isinstance(node, ast.Subscript) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        key = next(iter(node.args), None)
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def of_same_thing(s: Situation, culprit: ast.expr) -> list[Treatment]:
    """Treatments of what the culprit is, itself left out."""
    wanted = identity(s, s.module, culprit)
    if not wanted:
        return []
    return [t for t in treatments(s) if t.subject is not culprit and identity(s, t.module, t.subject) == wanted]


def of_siblings(s: Situation, culprit: ast.expr) -> list[Treatment]:
    """Treatments of other fields of the same record, in the same function."""
    if s.function is None or not isinstance(culprit, (ast.Attribute, ast.Subscript)):
        return []
    return [
        t
        for t in treatments(s)
        if t.function is s.function
        and type(t.subject) is type(culprit)
        and isinstance(t.subject, (ast.Attribute, ast.Subscript))
        and same(t.subject.value, culprit.value)
        and not same(t.subject, culprit)
    ]


def with_hole(whole: ast.expr, part: ast.expr) -> str:
    """The text of an expression with another in it left open, so that two can be compared."""
    return ast.unparse(_Opened(ast.dump(part)).visit(parse(ast.unparse(whole), "eval")))


class _Opened(ast.NodeTransformer):
    def __init__(self, wanted: str) -> None:
        self.wanted = wanted

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and ast.dump(node) == self.wanted:
            return ast.Name("_", ast.Load())
        return super().generic_visit(node)
