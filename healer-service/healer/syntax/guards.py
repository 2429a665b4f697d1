"""Guards that other code puts before the same value: those that follow here, and those of the neighbours.

It copies nothing by itself.
"""

from __future__ import annotations

import ast
import re

from healer.syntax.bindings import Definition, assignments, default_of
from healer.syntax.examples import Example, lookup_shape, none_subject
from healer.syntax.kinds import root_of
from healer.syntax.project import Function, Module, names_in, same
from healer.syntax.refusals import Refusal
from healer.syntax.relations import asked_with
from healer.syntax.situation import Situation, block_of


def later_refusal(s: Situation, module: Module, function: Function, statement: ast.stmt) -> Refusal | None:
    """How the function refuses a wrong value of what the statement reads: what is missing is wrong in the same way."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    names = {t.id for t in ast.walk(target) if isinstance(t, ast.Name) and isinstance(t.ctx, ast.Store)}
    block = block_of(module, statement)
    if not names or block is None:
        return None
    for later in block[block.index(statement) + 1 :]:
        if isinstance(later, ast.If) and names_in(later.test) & names:
            found = next((r for r in s.refusals.all if later.body and r.node is later.body[0]), None)
            # A given value that is not found, or does not fit the state, is refused otherwise than a missing one.
            return found if found is not None and found.status in (400, 401, 422) else None
        stored = {n.id for n in ast.walk(later) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if stored & names:
            return None
    return None


def guards_of_same(s: Situation, value: ast.expr, function: Function) -> list[Example]:
    """Refusals elsewhere where the same attribute or item, or what the same dependency gives, turned out to be
    nothing: `if g.user is None`.
    """
    given = _dependency(value, function)
    if not given and not isinstance(value, (ast.Attribute, ast.Subscript)):
        return []
    found = []
    for refusal in s.refusals.all:
        subject = none_subject(refusal.test)
        if subject is None or refusal.function is None:
            continue
        if not (_dependency(subject, refusal.function) == given if given else same(subject, value)):
            continue
        if refusal.function.node is not function.node:
            found.append(Example(refusal, subject))
    return sorted(found, key=lambda e: e.refusal.module is not function.module)


def _dependency(value: ast.expr, function: Function) -> str:
    """The `Depends(…)` behind a parameter."""
    arg = next((a for a in function.params if isinstance(value, ast.Name) and a.arg == value.id), None)
    if arg is None:
        return ""
    default = default_of(function, arg.arg)
    for node in (default, arg.annotation):
        for call in ast.walk(node) if node is not None else ():
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in ("Depends", "Security"):
                return ast.unparse(call)
    return ""


def range_guards(s: Situation, table: ast.expr, index: ast.expr) -> list[tuple[Example, str]]:
    """Refusals of a position that the same list does not have, with their tests said of this index's name."""
    names = names_in(index)
    if len(names) != 1:
        return []
    here, length = next(iter(names)), ast.unparse(table)
    found = []
    for refusal in s.refusals.all:
        if refusal.test is None or f"len({length})" not in ast.unparse(refusal.test):
            continue
        asked = names_in(refusal.test) - names_in(table) - {"len", "range"}
        if len(asked) != 1:
            continue
        there = next(iter(asked))
        text = re.sub(rf"\b{re.escape(there)}\b", here, refusal.module.text(refusal.test))
        found.append((Example(refusal, ast.Name(there)), text))
    return sorted(found, key=lambda pair: pair[0].refusal.function is not s.function)


def emptiness_guards(s: Situation, made: Definition, culprit: ast.expr) -> list[Example]:
    """Refusals of a collection, got in the same way, that is empty: `if not readings`."""
    wanted = _shape_of(s, made.module, made.value)
    found = []
    for refusal in s.refusals.all:
        subject = empty_subject(refusal.test)
        if subject is None or refusal.function is None:
            continue
        if isinstance(culprit, (ast.Attribute, ast.Subscript)) and same(subject, culprit):
            found.append(Example(refusal, subject))
            continue
        source: ast.expr = subject
        if isinstance(subject, ast.Name):
            defined = s.tracer.definitions(subject.id, refusal.module, refusal.function, refusal.node)
            source = defined[0].value if defined and not defined[0].item else subject
        if wanted and _shape_of(s, refusal.module, source) == wanted:
            found.append(Example(refusal, subject))
    here = s.function
    return sorted(found, key=lambda e: (e.refusal.function is not here, e.refusal.module is not made.module))


def empty_subject(test: ast.expr | None) -> ast.expr | None:
    """What is empty when the test holds: of `not rows`, `len(rows) == 0`, `rows == []`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    left, right = test.left, ast.unparse(test.comparators[0])
    if isinstance(left, ast.Call) and ast.unparse(left.func) == "len" and left.args:
        sign = type(test.ops[0])
        return left.args[0] if (sign, right) in ((ast.Eq, "0"), (ast.Lt, "1")) else None
    return left if isinstance(test.ops[0], ast.Eq) and right in ("[]", "()", "{}") else None


def _shape_of(s: Situation, module: Module, value: ast.expr) -> str:
    if isinstance(value, (ast.ListComp, ast.GeneratorExp)):
        return f"[{ast.unparse(value.generators[0].iter)}]"
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("sorted", "list", "tuple") and value.args:
        return _shape_of(s, module, value.args[0])
    if isinstance(value, (ast.Attribute, ast.Subscript)):
        root = root_of(value)
        return ast.unparse(value) if root is not None else ""
    return lookup_shape(s, module, value)


def _asked(s: Situation, example: Example) -> list[ast.expr]:
    """What the look-up behind an example is given."""
    refusal, subject = example.refusal, example.subject
    if refusal.function is None:
        return []
    made = assignments(refusal.function, subject.id) if isinstance(subject, ast.Name) else []
    values = [d.value for d in made if getattr(d.statement, "lineno", 0) <= refusal.node.lineno][-1:] or [subject]
    return [argument for value in values for argument in asked_with(value)]


def kinds_asked(s: Situation, example: Example) -> set[str]:
    """Where the key of an example's look-up came from: the path, the body, …"""
    refusal = example.refusal
    found = [o for a in _asked(s, example) for o in s.tracer.origins(a, refusal.module, refusal.function)]
    return {o.kind for o in found if o.is_client}


def asked_of_record(s: Situation, example: Example) -> bool:
    """Whether the example looks up what a stored record leads to."""
    plain = [a for a in _asked(s, example) if isinstance(a, (ast.Attribute, ast.Subscript))]
    return bool(plain) and not kinds_asked(s, example)


def nearest_first(s: Situation, examples: list[Example], function: Function, asked: set[str]) -> list[Example]:
    """Those of the function itself, then those whose key came the same way, then those of the module."""

    def rank(example: Example) -> tuple[bool, bool, bool]:
        kinds = kinds_asked(s, example)
        otherwise = bool(kinds and asked) and ("path" in kinds) != ("path" in asked)
        owner = example.refusal.function
        elsewhere = owner is None or owner.node is not function.node
        return (otherwise, elsewhere, example.refusal.module is not function.module)

    return sorted(examples, key=rank)


def asked_otherwise(s: Situation, example: Example, asked: set[str]) -> bool:
    """A key in the path names a resource, one in the query or body is input: they are refused in different ways."""
    kinds = kinds_asked(s, example)
    return bool(kinds and asked) and ("path" in kinds) != ("path" in asked)
