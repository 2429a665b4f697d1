"""The filter that a neighbouring view puts before the same processing of the same collection: put here, too."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, InsertBefore, Replace
from healer.syntax.examples import same_thing
from healer.syntax.project import COMPREHENSIONS, Module, names_in, same
from healer.syntax.rewording import negated, renamed, written
from healer.syntax.situation import Situation

CATEGORIES = (
    *("none-dereference", "missing-key", "empty-sequence", "wrong-type", "missing-attribute", "zero-division"),
    *("conversion", "unpacking"),
)
NAME = "sibling-filters"


def draft(s: Situation) -> Iterator[Draft]:
    for node, target, collection in _goings_through(s):
        for test, where in _filters(s, collection, target):
            if not _is_about_failure(s, test) or not _visible(s, test, target):
                continue
            edits = _put(s, node, test)
            if edits:
                summary = f"Leave out what {where} leaves out: only items with {ast.unparse(test)}"
                yield Draft(summary, edits, Answer.NATURAL_VALUE, 0.8 if _lists(node) else 0.95)
                break


def _lists(node: ast.AST) -> bool:
    """Whether it shows each item: a list of all with some left out would be a guess."""
    if isinstance(node, COMPREHENSIONS):
        return isinstance(getattr(node, "elt", None), ast.Dict)
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    return any(c.func.attr == "append" and c.args and isinstance(c.args[0], ast.Dict) for c in calls)  # type: ignore[attr-defined]


def _goings_through(s: Situation) -> Iterator[tuple[ast.AST, str, ast.expr]]:
    """The comprehensions and loops around what failed, with the name of an item and the collection."""
    for pair in s.crash.pairs[:1]:
        for ancestor in [pair[1], *s.module.ancestors(pair[0])]:
            if isinstance(ancestor, COMPREHENSIONS) and len(ancestor.generators) == 1:
                one = ancestor.generators[0]
                if isinstance(one.target, ast.Name):
                    yield ancestor, one.target.id, one.iter
            elif isinstance(ancestor, (ast.For, ast.AsyncFor)) and isinstance(ancestor.target, ast.Name):
                yield ancestor, ancestor.target.id, ancestor.iter


def _filters(s: Situation, collection: ast.expr, name: str) -> Iterator[tuple[ast.expr, str]]:
    """What other code asks of an item of the same collection before it looks at it, in the words of `name`."""
    for module in s.project.modules.values():
        for node in module.nodes:
            tests: list[ast.expr] = []
            if isinstance(node, ast.comprehension) and _same_collection(node.iter, collection):
                target, tests = node.target, [*node.ifs]
            elif isinstance(node, (ast.For, ast.AsyncFor)) and _same_collection(node.iter, collection):
                target = node.target
                for statement in node.body:
                    if not isinstance(statement, ast.If) or not isinstance(statement.body[0], ast.Continue):
                        break
                    tests.append(negated(statement.test))
                only = node.body[0]
                if len(node.body) == 1 and isinstance(only, ast.If) and not only.orelse:
                    tests.append(only.test)
            else:
                continue
            function = module.function_of(node)
            if isinstance(target, ast.Name) and (
                function is None or s.function is None or function.node is not s.function.node
            ):
                for test in tests:
                    for part in (
                        test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
                    ):
                        yield renamed(part, {target.id: name}), function.name if function is not None else module.name


def _same_collection(one: ast.expr, other: ast.expr) -> bool:
    if isinstance(one, ast.Call) and isinstance(other, ast.Call) and isinstance(one.func, ast.Attribute):
        if (
            isinstance(other.func, ast.Attribute)
            and one.func.attr == other.func.attr
            and not one.args
            and not other.args
        ):
            return same_thing(one.func.value, other.func.value)
    return same_thing(one, other)


def _is_about_failure(s: Situation, test: ast.expr) -> bool:
    """Whether it lets in only what is there: the value that was None, or the key that was missing."""
    expression, culprit = s.crash.pairs[0]
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.In):
        return isinstance(expression, ast.Subscript) and same(test.left, expression.slice)
    asked = test
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.IsNot):
        asked = test.left
    if isinstance(asked, ast.Call) and isinstance(asked.func, ast.Attribute) and asked.func.attr == "get":
        asked = ast.Subscript(asked.func.value, asked.args[0]) if asked.args else asked
    if not isinstance(asked, (ast.Attribute, ast.Subscript)):
        return False
    looked_at = culprit.elt if isinstance(culprit, (ast.GeneratorExp, ast.ListComp)) else expression
    return any(same(n, asked) for part in (looked_at, culprit) for n in ast.walk(part))


def _visible(s: Situation, test: ast.expr, name: str) -> bool:
    return names_in(test) <= {name, *s.module.constants, *s.module.imports, *(f.name for f in s.module.functions)}


def _put(s: Situation, node: ast.AST, test: ast.expr) -> tuple[tuple[Module, Edit], ...]:
    module, text = s.module, written(s.module, test)
    if isinstance(node, (ast.For, ast.AsyncFor)):
        if any(isinstance(n, ast.Return) for n in ast.walk(node)):
            return ()
        opposite = written(module, negated(test))
        return ((module, InsertBefore(node.body[0], f"if {opposite}:\n    continue\n")),)
    if not isinstance(node, COMPREHENSIONS):
        return ()
    one = node.generators[0]
    if any(ast.unparse(test) in ast.unparse(known) for known in one.ifs) or isinstance(test, ast.BoolOp):
        return ()
    if one.ifs:
        known = module.text(one.ifs[0])
        known = f"({known})" if isinstance(one.ifs[0], ast.BoolOp) and isinstance(one.ifs[0].op, ast.Or) else known
        return ((module, Replace(one.ifs[0], f"{text} and {known}")),)
    whole, inner = module.text(node), module.text(one.iter)
    at = whole.rfind(inner)
    alone = isinstance(node, ast.GeneratorExp) and not whole.startswith("(")
    code = f"{whole[: at + len(inner)]} if {text}{whole[at + len(inner) :]}"
    code = code.replace("\n" + " " * module.statement_of(one.iter).col_offset, "\n")
    return ((module, Replace(node, f"({code})" if alone else code)),)
