"""What a stored record should lead to and does not: whether that forbids the request, and what to call it.

It words no refusal.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from healer.syntax.bindings import Definition
from healer.syntax.kinds import root_of
from healer.syntax.nouns import GENERIC, entity_in, noun_of
from healer.syntax.project import Function
from healer.syntax.situation import Situation

ACTING = ("POST", "PUT", "PATCH", "DELETE")
_NUMBERS = ("int", "float", "str", "bool", "Decimal", "list", "dict")
SEARCHES = ("get", "first", "one_or_none", "scalar", "scalar_one_or_none", "next", "fetchone", "find_one", "pop")


@dataclass(frozen=True)
class Relation:
    """Of `loan.member.tier` the owner is member and the thing tier."""

    owner: str
    thing: str

    @property
    def missing(self) -> str:
        return f"{self.owner} has no {self.thing}"


def definition(s: Situation, node: ast.expr) -> Definition:
    """The expression that made the value: behind a name, and behind a parameter in the caller on the stack."""
    module, function, at = s.module, s.function, s.crash.statement
    value = node
    for _ in range(4):
        if isinstance(value, ast.Attribute) and function is not None:
            set_here = _set_before(function, value, at)
            value = set_here if set_here is not None else value
        if not isinstance(value, ast.Name):
            break
        found = s.tracer.definitions(value.id, module, function, value if value is node else at)
        if found:
            one = found[0]
            if one.item:
                break
            value, module, function = one.value, one.module, one.function
            at = one.statement if isinstance(one.statement, ast.stmt) else at
            continue
        outer = s.outer_place(value, function, at) if function is not None else None
        if outer is None:
            break
        value, module, function, at = outer.value, outer.module, outer.function, outer.statement
    if isinstance(value, ast.Await):
        value = value.value
    return Definition(module, function, value, at)


def _set_before(function: Function, attribute: ast.Attribute, at: ast.stmt) -> ast.expr | None:
    """What the function itself gave an attribute before it used it."""
    text = ast.unparse(attribute)
    found = [
        one.value
        for one in function.statements
        if isinstance(one, ast.Assign) and one.lineno < at.lineno and text in [ast.unparse(t) for t in one.targets]
    ]
    return found[-1] if found else None


def asked_with(value: ast.expr) -> list[ast.expr]:
    """What a look-up is given: its own arguments, or those of the calls that it ends, as in `where(…).first()`."""
    while isinstance(value, (ast.Call, ast.Attribute, ast.Await)):
        if isinstance(value, ast.Call):
            found = [a for a in value.args if not isinstance(a, ast.Starred)] + [k.value for k in value.keywords]
            if found:
                return found
        value = value.func if isinstance(value, ast.Call) else value.value
    return []


_AGGREGATE = re.compile(r"\bselect\s+(?:distinct\s+)?(sum|total|count|avg|max|min)\s*\(", re.I)
_CALLED = re.compile(r"\bfunc\.(sum|total|count|avg|max|min)\(")


def aggregate_in(value: ast.expr) -> str:
    """The function of a query that gives one row whatever it finds, with NULL for nothing; "" for other values."""
    text = ast.unparse(value)
    found = _CALLED.search(text)
    for node in ast.walk(value):
        if found is None and isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = _AGGREGATE.search(node.value)
    return found.group(1).lower() if found is not None and "group_by" not in text.lower() else ""


def looks_up(s: Situation, made: Definition) -> bool:
    """Whether the value is the outcome of a search that may find nothing."""
    value = made.value
    if not isinstance(value, ast.Call):
        return False
    known = s.project.find_function(made.module, value.func, made.function)
    if known is not None:
        return ast.unparse(known.node.returns).strip("'\"") not in _NUMBERS if known.node.returns is not None else True
    return ast.unparse(value.func).rpartition(".")[2] in SEARCHES


def acts(s: Situation) -> bool:
    """Whether the request is to change something that is there, rather than to show it."""
    if s.report.request is not None:
        return s.report.request.method.upper() in ACTING
    decorators = s.route.node.decorator_list if s.route is not None else []
    return any(re.search(rf"\.({'|'.join(ACTING)})\(", ast.unparse(d), re.I) for d in decorators)


def relation_of(s: Situation, made: Definition) -> Relation | None:
    """The record and what it lacks: an attribute of it, an item of it, or what was looked up by its key."""
    value = made.value
    if _is_stored(s, value, made):
        base = value.value if isinstance(value, (ast.Attribute, ast.Subscript)) else value
        return _named(s, base, noun_of(value), made)
    if not isinstance(value, ast.Call) or not looks_up(s, made):
        return None
    own = _of_record(s, value, made)
    if own is not None:
        return own
    parts = [part for argument in [*value.args, *(k.value for k in value.keywords)] for part in ast.walk(argument)]
    keys = [p for p in parts if isinstance(p, (ast.Attribute, ast.Subscript)) and _is_stored(s, p, made)]
    arguments = [p for p in parts if isinstance(p, (ast.Name, ast.Attribute, ast.Subscript))]
    if not keys or any(_is_sent(s, p, made) for p in arguments):
        return None
    key = keys[-1]
    thing = noun_of(key) if noun_of(key) not in GENERIC else ""
    owner = key.value if isinstance(key, (ast.Attribute, ast.Subscript)) else key
    return _named(s, owner, thing or entity_in(value) or noun_of(value), made)


def _of_record(s: Situation, value: ast.Call, made: Definition) -> Relation | None:
    """What a method of a stored record, or a helper that is given it, did not find: `doctor.first_free()`."""
    callee = s.project.find_function(made.module, value.func, made.function)
    if callee is None:
        return None
    if callee.owner is not None and isinstance(value.func, ast.Attribute) and not value.args and not value.keywords:
        record: ast.expr = value.func.value
    elif callee.owner is None and len(value.args) == 1 and not value.keywords:
        record = value.args[0]
    else:
        return None
    if not isinstance(record, ast.Name) or record.id in ("self", "cls", "request", *made.module.imports):
        return None
    if record.id in made.module.constants or made.function is None or _is_sent(s, record, made):
        return None
    found = s.tracer.definitions(record.id, made.module, made.function, made.statement)
    if not found or not isinstance(found[0].value, (ast.Call, ast.Await, ast.Subscript)):
        return None
    return _named(s, record, noun_of(callee.name), made)


def _named(s: Situation, owner: ast.expr, thing: str, made: Definition) -> Relation:
    """A name that says nothing, such as `found`, is called by what was looked for."""
    word = noun_of(owner)
    if word in GENERIC and isinstance(owner, ast.Name):
        found = s.tracer.definitions(owner.id, made.module, made.function, made.statement)
        word = next((w for d in found for w in (entity_in(d.value), noun_of(d.value)) if w and w not in GENERIC), word)
    return Relation(word, thing)


def _is_sent(s: Situation, node: ast.expr, made: Definition) -> bool:
    return any(o.is_client for o in s.tracer.origins(node, made.module, made.function, at=made.statement))


def _is_stored(s: Situation, value: ast.expr, made: Definition) -> bool:
    """An attribute or item of something that the service holds, and not of what was sent or of a class or module."""
    if isinstance(value, ast.Subscript) and not isinstance(value.slice, ast.Constant):
        return False
    root = root_of(value) if isinstance(value, (ast.Attribute, ast.Subscript)) else None
    if root is None or root.id in ("self", "cls", "request") or root.id in made.module.imports:
        return False
    if root.id in made.module.classes or root.id in made.module.constants:
        return False
    return not _is_sent(s, root, made)


def forbids(s: Situation, expression: ast.expr, made: Definition) -> Relation | None:
    """A request acts on a record that is there, and what it needs of that record is not: its state forbids it."""
    if not acts(s) or not isinstance(expression, (ast.Attribute, ast.Subscript, ast.Call)):
        return None
    return None if _only_shown(s, expression) else relation_of(s, made)


def _only_shown(s: Situation, expression: ast.expr) -> bool:
    """Whether the value goes into the answer or a text as it is, and decides nothing."""
    for ancestor in s.module.ancestors(expression):
        if isinstance(ancestor, (ast.BinOp, ast.Compare, ast.Subscript)):
            return False
        if isinstance(ancestor, (ast.Dict, ast.JoinedStr, ast.Return)):
            return True
        if isinstance(ancestor, ast.Call) and s.project.find_class(s.module, ancestor.func) is not None:
            return True
        if isinstance(ancestor, ast.stmt):
            return False
    return False
