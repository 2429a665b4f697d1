"""What other code of the service does in the same case: guards, defaults and handlers to follow.

It copies nothing by itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from healer.syntax.bindings import assignments
from healer.syntax.kinds import BAD_INPUT, CONFLICT, NOT_FOUND, kind_of, root_of
from healer.syntax.parsing import parse
from healer.syntax.project import Function, Module, same
from healer.syntax.refusals import Refusal
from healer.syntax.situation import Situation


@dataclass(frozen=True, eq=False)
class Example:
    refusal: Refusal
    subject: ast.expr  # what the example's guard looks at: the key, or the name holding None


def membership_guards(s: Situation, table: ast.expr) -> list[Example]:
    """Refusals behind `if key not in table`, nearest first."""
    found = []
    for refusal in s.refusals.all:
        test = _first_test(refusal.test)
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.NotIn):
            if same_thing(test.comparators[0], table):
                found.append(Example(refusal, test.left))
    return sorted(found, key=lambda e: 0 if e.refusal.module is s.module else 1)


def lookup_guards(s: Situation, value: ast.expr, module: Module) -> list[Example]:
    """Refusals where a name that got its value in the same way turned out to be None."""
    wanted = lookup_shape(s, module, value)
    found = []
    for refusal in s.refusals.all:
        subject = none_subject(refusal.test)
        if subject is None or refusal.function is None:
            continue
        source: ast.expr | None = subject
        if isinstance(subject, ast.Name):
            defined = s.tracer.definitions(subject.id, refusal.module, refusal.function, refusal.node)
            source = defined[0].value if defined else None
        if source is not None and wanted and lookup_shape(s, refusal.module, source) == wanted:
            found.append(Example(refusal, subject))
    return sorted(found, key=lambda e: 0 if e.refusal.module is module else 1)


def none_subject(test: ast.expr | None) -> ast.expr | None:
    """What is None when the test holds: of `x is None`, `not x`, and of the first part of an `or`."""
    test = _first_test(test)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Is, ast.Eq)):
        if isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value is None:
            return test.left.value if isinstance(test.left, ast.NamedExpr) else test.left
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return None


def _first_test(test: ast.expr | None) -> ast.expr | None:
    return test.values[0] if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) else test


def same_thing(one: ast.expr, other: ast.expr) -> bool:
    """The same name, seen from wherever: `plans.PLANS` is `PLANS`."""
    if same(one, other):
        return True
    names = [n.attr if isinstance(n, ast.Attribute) else n.id if isinstance(n, ast.Name) else "" for n in (one, other)]
    return bool(names[0]) and names[0] == names[1] and names[0].isupper()


def lookup_shape(s: Situation, module: Module, value: ast.expr) -> str:
    """The call without what is looked for: `ITEMS.get(_)`, `find_item(_)`, `session.get(Item, _)`."""
    if isinstance(value, ast.Await):
        value = value.value
    if not isinstance(value, ast.Call):
        return ""
    if ast.unparse(value.func) == "next" and value.args and isinstance(value.args[0], ast.GeneratorExp):
        return f"next({ast.unparse(value.args[0].generators[0].iter)})"
    table = _table_asked(value)
    if table:
        return table
    known = s.project.find_function(module, value.func, module.function_of(value))
    callee = known.name if known is not None else ast.unparse(value.func)
    fixed = [
        ast.unparse(a) if isinstance(a, ast.Name) and a.id[:1].isupper() else "_"
        for a in [*value.args, *(k.value for k in value.keywords)]
    ]
    if fixed[-1:] == ["_"] and isinstance(value.args[-1] if value.args else None, ast.Constant):
        fixed = fixed[:-1] if len(fixed) > 1 else [ast.unparse(value.args[-1])]
    return f"{callee}({', '.join(fixed)})"


_ONE_ROW = re.compile(r"select\b.*?\bfrom\s+(\w+)\s+where\s+(\w+)\s*=\s*(?:\?|%s|:\w+)\s*;?\s*$", re.I | re.S)


def _table_asked(value: ast.Call) -> str:
    """Of a query for the row with a key the table and the key, whatever columns are read: `plots.id`."""
    if not isinstance(value.func, ast.Attribute) or value.func.attr not in ("fetchone", "first", "one_or_none"):
        return ""
    texts = [n.value for n in ast.walk(value.func) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    found = next((m for text in texts if (m := _ONE_ROW.search(text))), None)
    return f"{found.group(1)}.{found.group(2)}".lower() if found is not None else ""


def ensuring_functions(
    s: Situation, module: Module, table: ast.expr | None, lookup: ast.expr | None
) -> Iterator[Function]:
    """Functions of one key that refuse when it is not there and answer what is: `get_item_or_404`."""
    for refusal in s.refusals.all:
        function = refusal.function
        if function is None or refusal.returns or len(_own_params(function)) != 1:
            continue
        if function.node.decorator_list or same_node(function, s.function) or s.refusals.is_route(function):
            continue
        if (table is not None and any(_gives(node, table) for node in function.own_nodes)) or (
            lookup is not None
            and any(
                isinstance(node, ast.Call) and lookup_shape(s, function.module, node) == lookup_shape(s, module, lookup)
                for node in function.own_nodes
            )
        ):
            yield function


def same_node(one: Function | None, other: Function | None) -> bool:
    return one is not None and other is not None and one.node is other.node


def _own_params(function: Function) -> list[ast.arg]:
    return [arg for arg in function.params if arg.arg not in ("self", "cls")]


def _gives(node: ast.AST, table: ast.expr) -> bool:
    value = node.value if isinstance(node, ast.Return) else None
    return isinstance(value, ast.Subscript) and same_thing(value.value, table)


def nullable_defaults(s: Situation, attribute: str, whole: ast.expr | None = None) -> list[ast.expr]:
    """What other code answers where the same attribute or key is None: `x.a.b if x.a else ""` → `""`. Those that read
    the same of it, such as `whole`, come first.
    """
    found: list[tuple[bool, ast.expr]] = []
    for module in s.project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.IfExp) and _names_attribute(node.test, attribute):
                negated = isinstance(node.test, ast.UnaryOp) or " is None" in ast.unparse(node.test)
                there, missing = (node.orelse, node.body) if negated else (node.body, node.orelse)
                found.append((not _ends_alike(there, whole), missing))
            elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and len(node.values) == 2:
                if _names_attribute(node.values[0], attribute) and not isinstance(node.values[1], ast.Compare):
                    found.append((not same(node.values[0], whole), _said_of(node.values[1], node.values[0], whole)))
    return [value for _, value in sorted(found, key=lambda pair: pair[0])]


def _said_of(default: ast.expr, tested: ast.expr, here: ast.expr | None) -> ast.expr:
    """A default that reads the same record, said of the record here: of `u.nick or u.name` the name of `user`."""
    old, new = (root_of(n) if isinstance(n, (ast.Attribute, ast.Subscript)) else None for n in (tested, here))
    own = root_of(default) if isinstance(default, (ast.Attribute, ast.Subscript)) else None
    if old is None or new is None or own is None or own.id != old.id:
        return default
    text = re.sub(rf"^{re.escape(old.id)}\b", new.id, ast.unparse(default))
    return parse(text, "eval").body


def read_alike(s: Situation, whole: ast.expr) -> list[ast.expr]:
    """What other code answers in the place of the very same reading: `x.a.b if x.a else NOBODY`."""
    found: list[ast.expr] = []
    for module in s.project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.IfExp):
                if _ends_alike(node.body, whole):
                    found.append(node.orelse)
                elif _ends_alike(node.orelse, whole):
                    found.append(node.body)
    return found


def _ends_alike(one: ast.expr, other: ast.expr | None) -> bool:
    """The same attributes or keys of whatever name: `lot.room.label` and `a.room.label`."""
    if other is None or not isinstance(one, (ast.Attribute, ast.Subscript, ast.Call)):
        return False
    mine, theirs = (re.sub(r"^\w+", "_", ast.unparse(node)) for node in (one, other))
    return mine == theirs and mine.count(".") + mine.count("[") > 1


def _names_attribute(test: ast.expr, name: str) -> bool:
    for node in ast.walk(test):
        if isinstance(node, ast.Attribute) and node.attr == name:
            return True
        if isinstance(node, ast.Constant) and node.value == name:
            return True
    return False


def get_defaults(s: Situation, key: ast.expr | str, base: ast.expr | None = None) -> list[ast.expr]:
    """Defaults that other code gives `.get(key, default)`; with a base, those of the same kind of holder only."""
    key = ast.Constant(key) if isinstance(key, str) else key
    found: list[ast.expr] = []
    for module in s.project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
                if len(node.args) == 2 and same(node.args[0], key):
                    if base is None or same(node.func.value, base):
                        found.append(node.args[1])
    return found


@dataclass(frozen=True, eq=False)
class Handled:
    """An except clause that turns a failure into a refusal, and the call it protects."""

    module: Module
    function: Function | None
    call: ast.Call
    handler: ast.ExceptHandler
    refusal: Refusal | None


def handlers_around(s: Situation, callee: str) -> list[Handled]:
    """try blocks elsewhere that protect a call of the same name."""
    found = []
    for module in s.project.modules.values():
        for node in module.nodes:
            if not isinstance(node, ast.Try):
                continue
            calls = [c for statement in node.body for c in ast.walk(statement) if isinstance(c, ast.Call)]
            for call in calls:
                if ast.unparse(call.func).rpartition(".")[2] != callee:
                    continue
                for handler in node.handlers:
                    refusal = next((r for r in s.refusals.all if r.node in handler.body), None)
                    found.append(Handled(module, module.function_of(node), call, handler, refusal))
    return found


def handlers_of(s: Situation, error: str) -> list[ast.ExceptHandler]:
    """Except clauses that name an error."""
    return [
        node
        for module in s.project.modules.values()
        for node in module.nodes
        if isinstance(node, ast.ExceptHandler) and node.type is not None and error in ast.unparse(node.type)
    ]


def kind_of_missing(s: Situation, asked: set[str]) -> str:
    """How the service refuses a reference to what is not there: one in the path is not found, one that was sent
    in the body is what its other routes make of that.
    """
    if not asked or asked & {"path", "query"}:
        return NOT_FOUND
    said: list[int] = []
    for refusal in s.refusals.all:
        subject = none_subject(refusal.test)
        if subject is None or refusal.function is None or refusal.status not in (400, 404, 422):
            continue
        made = [d.value for d in assignments(refusal.function, subject.id)] if isinstance(subject, ast.Name) else []
        arguments = [a for v in made if isinstance(v, ast.Call) for a in v.args if not isinstance(a, ast.Starred)]
        origins = [o for a in arguments for o in s.tracer.origins(a, refusal.module, refusal.function)]
        if any(o.kind in ("body", "form", "raw") for o in origins):
            said.append(refusal.status)
    return BAD_INPUT if said and said.count(404) * 2 < len(said) else NOT_FOUND


def said_in_conflict(s: Situation, pattern: str, noun: str) -> str:
    """What another refusal of the same kind says after its noun, said of this one; "" when none does."""
    for refusal in s.refusals.all:
        found = re.match(rf"^[\w -]+? ({pattern})\.?$", refusal.words, re.I)
        if found and "{" not in found.group(1) and kind_of(refusal) == CONFLICT:
            return f"{noun} {found.group(1).rstrip('.')}"
    return ""
