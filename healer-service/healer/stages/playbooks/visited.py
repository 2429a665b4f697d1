"""The edits by which a recursion remembers where it was: one more parameter, handed from call to call.

It does not choose between leaving out, stopping and refusing.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from healer.syntax.bindings import argument_of, assignments
from healer.syntax.cycles import Recursion, Step
from healer.syntax.edits import AddParameter, Edit, InsertBefore, Replace
from healer.syntax.parsing import parse
from healer.syntax.project import COMPREHENSIONS, Function, Module, names_in
from healer.syntax.situation import Situation

Edits = tuple[tuple[Module, Edit], ...]


@dataclass(frozen=True, eq=False)
class Remembered:
    function: Function  # the one that asks and adds
    first: ast.stmt  # its first statement
    key: str
    seen: str
    passing: Edits  # the parameter, and the calls that hand it on with the key added
    skips: Edits  # instead of these: calls for what was visited are left out; empty where that cannot be said
    empty: str | None  # what the function answers for nothing; None when that cannot be told
    scalar: bool  # the answer is one value, which is wrong without the part left out
    ahead: Ahead | None = None  # where the next thing can be asked about before it is recorded


@dataclass(frozen=True, eq=False)
class Ahead:
    """A recursion along a chain that records the next thing: it is looked at as soon as it is known."""

    known: ast.stmt  # gives it its name
    key: str
    passing: Edits


def remembered(s: Situation, found: Recursion) -> Remembered | None:
    function = found.functions[0]
    if function.node.args.kwarg is not None or function.node.args.vararg is not None or not found.key:
        return None
    taken = {n.id for f in found.functions for n in ast.walk(f.node) if isinstance(n, ast.Name)}
    taken |= {a.arg for f in found.functions for a in f.params}
    seen = next((n for n in ("seen", "visited", "path_so_far") if n not in taken), "")
    if not seen:
        return None
    parameters: list[tuple[Module, Edit]] = [
        (f.module, AddParameter(f.node, f"{seen}=frozenset()")) for f in found.functions
    ]
    passing = [*parameters, *(_handed_on(step, function, found.key, seen) for step in found.steps)]
    body = function.node.body
    first = body[1] if function.docstring and len(body) > 1 else body[0]
    empty, scalar = _nothing(function)
    skips = _skips(found, function, seen, parameters, first)
    ahead = _ahead(found, function, seen, parameters, first)
    return Remembered(function, first, found.key, seen, tuple(passing), skips, empty, scalar, ahead)


def _ahead(
    found: Recursion, function: Function, seen: str, parameters: list[tuple[Module, Edit]], first: ast.stmt
) -> Ahead | None:
    own = [step for step in found.steps if step.callee is function and step.caller is function]
    if len(own) != 1 or len(found.steps) != 1:
        return None
    module, call = function.module, own[0].call
    value = argument_of(call, function, found.walker) if found.walker != "self" else None
    made = assignments(function, value.id) if isinstance(value, ast.Name) else []
    statement = module.statement_of(call)
    if len(made) != 1 or made[0].item or not isinstance(made[0].statement, ast.stmt) or not isinstance(value, ast.Name):
        return None
    inside = {id(n) for n in ast.walk(call)}
    recorded = any(isinstance(n, ast.Name) and n.id == value.id and id(n) not in inside for n in ast.walk(statement))
    if not recorded:
        return None
    passing = (
        *parameters,
        (module, InsertBefore(first, f"{seen} = {seen} | {{{found.key}}}\n")),
        (module, Replace(call, with_argument(module, call, seen, seen))),
    )
    return Ahead(made[0].statement, _key_at(own[0], function, found), passing)


def _handed_on(step: Step, function: Function, key: str, seen: str) -> tuple[Module, Edit]:
    module = step.caller.module
    value = f"{seen} | {{{key}}}" if step.caller is function else seen
    return module, Replace(step.call, with_argument(module, step.call, value, seen))


def with_argument(module: Module, call: ast.Call, value: str, name: str) -> str:
    text = module.text(call)
    given = f"{name}={value}" if call.keywords else value
    inside = text[:-1].rstrip().rstrip(",")
    return f"{inside}{', ' if call.args or call.keywords else ''}{given})"


def _skips(
    found: Recursion, function: Function, seen: str, parameters: list[tuple[Module, Edit]], first: ast.stmt
) -> Edits:
    """Where each call for the next thing stands in a comprehension or a loop over the things."""
    edits = [*parameters]
    if _nothing(function)[1] and not any(
        isinstance(n.value, ast.Dict) for n in function.own_nodes if isinstance(n, ast.Return)
    ):
        return ()
    edits.append((function.module, InsertBefore(first, f"{seen} = {seen} | {{{found.key}}}\n")))
    for step in found.steps:
        module = step.caller.module
        if step.callee is not function:
            edits.append((module, Replace(step.call, with_argument(module, step.call, seen, seen))))
            continue
        key = _key_at(step, function, found)
        loop = next(
            (a for a in module.ancestors(step.call) if isinstance(a, (ast.ListComp, ast.For, ast.SetComp))), None
        )
        if not key or loop is None:
            return ()
        call = with_argument(module, step.call, seen, seen)
        if isinstance(loop, ast.For):
            made = {
                n.id
                for one in loop.body
                for n in ast.walk(one)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            if made & names_in(parse(key, "eval")):
                return ()
            edits.append((module, InsertBefore(loop.body[0], f"if {key} in {seen}:\n    continue\n")))
            edits.append((module, Replace(step.call, call)))
            continue
        narrowed = _narrowed(module, loop, step.call, call, f"{key} not in {seen}")
        if narrowed is None:
            return ()
        edits.append((module, Replace(loop, narrowed)))
    return tuple(edits)


def _key_at(step: Step, function: Function, found: Recursion) -> str:
    """The key of what the call is for, in the caller's words."""
    if found.walker == "self":
        value: ast.expr | None = step.call.func.value if isinstance(step.call.func, ast.Attribute) else None
    else:
        value = argument_of(step.call, function, found.walker)
    if value is None or any(isinstance(n, (ast.Call, ast.Await)) for n in ast.walk(value)):
        return ""
    text = ast.unparse(value)
    return found.key.replace(found.walker, text, 1) if found.key != f"id({found.walker})" else f"id({text})"


def _narrowed(module: Module, loop: ast.expr, call: ast.Call, fresh: str, test: str) -> str | None:
    if not isinstance(loop, COMPREHENSIONS) or isinstance(loop, ast.DictComp) or len(loop.generators) != 1:
        return None
    one = loop.generators[0]
    if not names_in(one.target) & names_in(call):
        return None
    item = module.text(loop.elt).replace(module.text(call), fresh, 1)
    tests = " and ".join([*(module.text(t) for t in one.ifs), test])
    inner = f"{item} for {module.text(one.target)} in {module.text(one.iter)} if {tests}"
    return f"[{inner}]" if isinstance(loop, ast.ListComp) else f"{{{inner}}}"


def answers_collection(function: Function) -> bool:
    return _nothing(function)[0] in ("[]", "set()")


_BY_ANNOTATION = {
    **dict.fromkeys(("list", "List", "Sequence"), ("[]", False)),
    **dict.fromkeys(("set", "Set"), ("set()", False)),
    **dict.fromkeys(("dict", "Dict"), ("{}", False)),
    "tuple": ("()", False),
    "bool": ("False", False),
    "int": ("0", True),
    "float": ("0.0", True),
    "str": ('""', True),
    "None": ("", False),
}


def _nothing(function: Function) -> tuple[str | None, bool]:
    """What the function answers for nothing, and whether its answer is one value."""
    if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in function.own_nodes):
        return "", False
    if function.node.returns is not None:
        head = ast.unparse(function.node.returns).strip("'\"").partition("[")[0].rpartition(".")[2]
        if head in _BY_ANNOTATION:
            return _BY_ANNOTATION[head]
    values = [n.value for n in function.own_nodes if isinstance(n, ast.Return)]
    if all(v is None for v in values):
        return "", False
    for value in [v for v in values if v is not None]:
        for part in [value, *_names_made(function, value)]:
            known = _of_kind(part)
            if known is not None:
                return known
    return None, True


def _names_made(function: Function, value: ast.expr) -> list[ast.expr]:
    """What a returned name was first given."""
    return [
        n.value
        for n in function.own_nodes
        if isinstance(n, ast.Assign) and isinstance(value, ast.Name) and value.id in [ast.unparse(t) for t in n.targets]
    ]


def _of_kind(value: ast.expr) -> tuple[str, bool] | None:
    if isinstance(value, (ast.List, ast.ListComp)):
        return "[]", False
    if isinstance(value, (ast.Set, ast.SetComp)):
        return "set()", False
    if isinstance(value, (ast.Compare, ast.BoolOp)) or (
        isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)
    ):
        return "False", False
    if isinstance(value, ast.Call):
        word = ast.unparse(value.func)
        return {
            "any": ("False", False),
            "all": ("True", False),
            "set": ("set()", False),
            "list": ("[]", False),
            "sorted": ("[]", False),
            "sum": ("0", True),
            "max": ("0", True),
            "dict": ("{}", False),
        }.get(word)
    if isinstance(value, ast.BinOp):
        return _of_kind(value.left) or _of_kind(value.right)
    if isinstance(value, ast.Constant) and isinstance(value.value, bool):
        return str(value.value), False
    if isinstance(value, ast.Constant) and isinstance(value.value, (int, float)):
        return "0", True
    return None
