"""Places in the module of the fault that show the same pattern without a guard. They are told, never patched unasked.

A false one costs trust in all the others: what might be guarded, or only looks similar, is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from healer.model import Site
from healer.stages.diagnosis.guards import Guards
from healer.syntax.bindings import assignments
from healer.syntax.kinds import root_of
from healer.syntax.nouns import noun_of
from healer.syntax.project import Function, same
from healer.syntax.situation import Situation, block_of

_MOST = 5
_FIRST_ROW = {"first", "one_or_none", "scalar", "scalar_one_or_none", "fetchone"}
_EXTREMES = {"max", "min"}
_AVERAGES = {"mean", "median", "mode", "fmean", "choice"}
_DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)
_TAKING_AWAY = {"pop", "popitem", "remove", "discard", "clear"}
_READING = {"get", "getlist", "pop", "strip", "lower", "upper"}
_TEXT = {"", "str", "str | None", "Optional[str]", "bytes"}
_NUMBER = {"", "int", "float", "Decimal"}

Shape = tuple[object, ...]  # equal for what is alike


@dataclass(frozen=True)
class _Alike:
    """A place with the same pattern; `subjects` are the sources of what a guard there would look at."""

    node: ast.expr
    subjects: frozenset[str]
    why: str


def siblings(s: Situation) -> tuple[Site, ...]:
    """In the order of the text, at most five, one for each line."""
    finder = _FINDERS.get(s.crash.category)
    if finder is None or s.function is None:
        return ()
    guards = Guards(s.project, s.crash.exception)
    found: dict[int, Site] = {}
    for function in s.module.functions:
        seen: set[frozenset[str]] = set()
        for one in finder(s, function):
            line = one.node.lineno
            if s.module.statement_of(one.node) is s.crash.statement or one.subjects in seen or line in found:
                continue
            seen.add(one.subjects)
            if not guards.guarded(function, one.node, set(one.subjects)):
                found[line] = Site(s.module.path, line, function.name, one.why)
    return tuple(found[line] for line in sorted(found)[:_MOST])


def _nodes(function: Function) -> list[ast.expr]:
    return [node for node in function.own_nodes if isinstance(node, ast.expr)]


def _text(*nodes: ast.expr) -> frozenset[str]:
    return frozenset(ast.unparse(node) for node in nodes)


def _behind(s: Situation, function: Function, *nodes: ast.expr) -> frozenset[str]:
    """The values themselves, and what they were made of: a test of the name before `find(name)` may do as well."""
    found = list(nodes)
    for node in nodes:
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and assignments(function, node.value.id)
        ):
            found.append(node.value)
    for node in list(found):
        made = _made(function, node)
        if isinstance(made, ast.Call):
            parts = [*made.args, *(keyword.value for keyword in made.keywords)]
            if isinstance(made.func, ast.Attribute) and isinstance(made.func.value, ast.Name):
                parts.append(made.func.value)
            found += [part for part in parts if _is_local(s, part)]
    for node in list(found):
        made = _made(function, node)
        if isinstance(made, (ast.GeneratorExp, ast.ListComp)):
            found.append(made.generators[0].iter)
    return _text(*found)


def _is_local(s: Situation, node: ast.expr) -> bool:
    """A value of the function's own, and not the request or the object it works on."""
    if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) or _is_shared(s, node):
        return False
    return not isinstance(node, ast.Name) or node.id not in ("request", "self", "cls")


def _shown(node: ast.expr) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else text[:57] + "…"


def _made(function: Function, value: ast.expr) -> ast.expr | None:
    """The one expression that gave the value; None where there are several, or a parameter."""
    if isinstance(value, ast.Name):
        given = assignments(function, value.id)
        if len(given) != 1 or given[0].item:
            return None
        value = given[0].value
    return value.value if isinstance(value, ast.Await) else value


def _same_value(s: Situation, function: Function, one: ast.expr, other: ast.expr) -> bool:
    """Whether both are the value of the crash: a guard on it serves both."""
    return function is s.function and same(one, other)


def _is_client(s: Situation, function: Function, node: ast.expr) -> bool:
    return any(origin.is_client for origin in s.tracer.origins(node, s.module, function))


def _is_shared(s: Situation, node: ast.expr) -> bool:
    """Something that all functions of the module know by this name."""
    root = root_of(node)
    return root is not None and (root.id in s.module.constants or root.id in s.module.imports)


def _annotation(function: Function, node: ast.expr) -> str | None:
    """Of a parameter; None for anything else."""
    if not isinstance(node, ast.Name) or assignments(function, node.id):
        return None
    found = [arg for arg in function.params if arg.arg == node.id]
    return (ast.unparse(found[0].annotation) if found[0].annotation is not None else "") if found else None


def _shape(s: Situation, function: Function, value: ast.expr) -> Shape | None:
    """What made a value, without what differs from one use to the next."""
    if isinstance(value, ast.Attribute) and isinstance(value.value, (ast.Name, ast.Attribute)):
        own = function.owner if (root := root_of(value)) is not None and root.id in ("self", "cls") else None
        return ("attribute", own, noun_of(value.value), value.attr)
    if not isinstance(value, ast.Call):
        return None
    callee = s.project.find_function(s.module, value.func, function)
    if callee is not None:
        given = [*value.args, *(keyword.value for keyword in value.keywords)]
        settled = bool(given) and all(isinstance(one, ast.Constant) for one in given)
        return None if settled else ("function", callee.node)
    if not isinstance(value.func, ast.Attribute):
        return None
    name = value.func.attr
    if name in _FIRST_ROW:
        models = {n.id for n in ast.walk(value) if isinstance(n, ast.Name) and n.id[:1].isupper()}
        return ("row", name, frozenset(models)) if models else None
    if (
        name == "get"
        and len(value.args) == 2
        and isinstance(value.args[0], ast.Name)
        and value.args[0].id[:1].isupper()
    ):
        return ("row", name, value.args[0].id)
    if name in ("get", "match", "search", "fullmatch") and len(value.args) == 1 and not value.keywords:
        settled = isinstance(value.args[0], ast.Constant)
        return ("method", ast.unparse(value.func)) if _is_shared(s, value.func.value) and not settled else None
    if name in ("match", "search", "fullmatch") and value.args and isinstance(value.args[0], ast.Constant):
        return ("method", ast.unparse(value.func), value.args[0].value)
    return None


def _dereferences(s: Situation, function: Function) -> Iterator[_Alike]:
    """The same helper's answer, or the same optional attribute, used as if it were always there."""
    culprit = s.crash.culprit
    assert s.function is not None
    made = _made(s.function, culprit) if culprit is not None else None
    wanted = _shape(s, s.function, made) if made is not None else None
    if culprit is None or wanted is None:
        return
    for node in _nodes(function):
        if not isinstance(node, (ast.Attribute, ast.Subscript)) or not isinstance(node.ctx, ast.Load):
            continue
        value = _made(function, node.value)
        if value is None or value is made or _shape(s, function, value) != wanted:
            continue
        if not _same_value(s, function, node.value, culprit):
            yield _Alike(
                node,
                _behind(s, function, node.value, value),
                f"{_shown(node.value)} may be None in {_shown(node)} as well",
            )


def _subscripts(s: Situation, function: Function) -> Iterator[_Alike]:
    """The same table read with a key of the client's, or another field of what the client sent."""
    crash = s.crash.expression
    assert s.function is not None
    if not isinstance(crash, ast.Subscript) or isinstance(crash.slice, ast.Slice):
        return
    by_field = isinstance(crash.slice, ast.Constant)
    kinds = {origin.kind for origin in s.tracer.origins(crash.value, s.module, s.function) if origin.is_client}
    usable = bool(kinds) if by_field else _is_shared(s, crash.value) and _is_client(s, s.function, crash.slice)
    for node in _nodes(function) if usable else ():
        if (
            not isinstance(node, ast.Subscript)
            or not isinstance(node.ctx, ast.Load)
            or _same_value(s, function, node, crash)
        ):
            continue
        key = node.slice
        if by_field and isinstance(key, ast.Constant) and isinstance(key.value, str):
            if {origin.kind for origin in s.tracer.origins(node.value, s.module, function)} == kinds:
                yield _Alike(node, _text(node, key), f"{_shown(node)} is read from what the client sent as well")
        elif not by_field and not isinstance(key, (ast.Constant, ast.Slice)) and same(node.value, crash.value):
            if _annotation(function, key) in (None, *_TEXT, *_NUMBER) and _is_client(s, function, key):
                yield _Alike(node, _behind(s, function, key), f"{_shown(node)} takes the client's key as well")


def _conversions(s: Situation, function: Function) -> Iterator[_Alike]:
    """The same conversion of something that the client sent."""
    crash, culprit = s.crash.expression, s.crash.culprit
    assert s.function is not None
    if not isinstance(crash, ast.Call) or culprit is None or not _is_client(s, s.function, culprit):
        return
    for node in _nodes(function):
        if not isinstance(node, ast.Call) or not node.args or not same(node.func, crash.func):
            continue
        value = node.args[0]
        if _is_sent_text(s, function, value) and not _same_value(s, function, value, culprit):
            yield _Alike(node, _behind(s, function, value), f"{_shown(node)} converts what the client sent as well")


def _is_sent_text(s: Situation, function: Function, value: ast.expr) -> bool:
    """A field as it came: neither counted nor converted yet."""
    if not _is_client(s, function, value):
        return False
    annotation = _annotation(function, value)
    if annotation is not None:
        return annotation in _TEXT
    made = _made(function, value)
    if isinstance(made, ast.Call):
        reads = isinstance(made.func, ast.Attribute) and made.func.attr in _READING
        return reads and all(keyword.arg != "type" for keyword in made.keywords)
    return isinstance(made, (ast.Subscript, ast.Attribute))


def _divisions(s: Situation, function: Function) -> Iterator[_Alike]:
    culprit = s.crash.culprit
    assert s.function is not None
    wanted = _divisor(s, s.function, culprit) if culprit is not None else None
    if culprit is None or wanted is None:
        return
    for node in _nodes(function):
        if (
            not isinstance(node, ast.BinOp)
            or not isinstance(node.op, _DIVISIONS)
            or isinstance(node.left, ast.JoinedStr)
        ):
            continue
        if isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
            continue
        if _divisor(s, function, node.right) == wanted and not _same_value(s, function, node.right, culprit):
            made = _made(function, node.right) or node.right
            yield _Alike(
                node,
                _behind(s, function, node.right, made),
                f"{_shown(node.right)} may be zero in {_shown(node)} as well",
            )


def _divisor(s: Situation, function: Function, value: ast.expr) -> Shape | None:
    made = _made(function, value)
    if made is None:
        sent = _annotation(function, value) in _NUMBER and _is_client(s, function, value)
        return ("sent",) if sent and not _has_bounds(function, value) else None
    if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id in ("len", "sum") and made.args:
        argument = made.args[0]
        fixed = isinstance(argument, ast.Name) and _is_filled(s, argument.id)
        return None if fixed else (made.func.id,)
    if isinstance(made, ast.Attribute):
        return ("attribute", made.attr)
    return None


def _has_bounds(function: Function, value: ast.expr) -> bool:
    """Whether the framework checks a parameter, as by `Query(gt=0)`."""
    positional = [*function.node.args.posonlyargs, *function.node.args.args]
    defaults = dict(zip(reversed([arg.arg for arg in positional]), reversed(function.node.args.defaults), strict=False))
    pairs = zip(function.node.args.kwonlyargs, function.node.args.kw_defaults, strict=True)
    defaults.update({arg.arg: default for arg, default in pairs if default is not None})
    return isinstance(value, ast.Name) and isinstance(defaults.get(value.id), ast.Call)


def _is_filled(s: Situation, name: str) -> bool:
    constant = s.project.constant(s.module, name)
    return constant is not None and s.tracer.constant_kind(*constant, name) == "table"


def _emptinesses(s: Situation, function: Function) -> Iterator[_Alike]:
    """A search by next() over the same, an item or the largest of the same kind of sequence."""
    crash, culprit = s.crash.expression, s.crash.culprit
    assert s.function is not None
    if isinstance(crash, ast.Subscript) and not isinstance(crash.slice, (ast.Constant, ast.UnaryOp)):
        yield from _subscripts(s, function)
        return
    wanted = _emptiness(s, s.function, crash) if crash is not None else None
    if crash is None or culprit is None or wanted is None:
        return
    for node in _nodes(function):
        if _emptiness(s, function, node) != wanted:
            continue
        value = node.value if isinstance(node, ast.Subscript) else node.args[0] if isinstance(node, ast.Call) else node
        if not _same_value(s, function, value, culprit):
            made = _made(function, value) or value
            yield _Alike(node, _behind(s, function, value, made), f"{_shown(node)} may find nothing as well")


def _emptiness(s: Situation, function: Function, node: ast.expr) -> Shape | None:
    if isinstance(node, ast.Subscript):
        if not isinstance(node.ctx, ast.Load) or ast.unparse(node.slice) not in ("0", "-1"):
            return None
        sequence = _sequence(s, function, node.value)
        return ("item", sequence) if sequence is not None else None
    if not isinstance(node, ast.Call) or len(node.args) != 1 or any(k.arg == "default" for k in node.keywords):
        return None
    name = ast.unparse(node.func).rpartition(".")[2]
    if name not in ("next", *_EXTREMES, *_AVERAGES):
        return None
    sequence = _sequence(s, function, node.args[0])
    return ("extreme" if name in _EXTREMES else name, sequence) if sequence is not None else None


def _sequence(s: Situation, function: Function, value: ast.expr) -> Shape | None:
    made = _made(function, value)
    if made is None or made is value:
        if isinstance(value, (ast.Name, ast.Attribute)) and _is_shared(s, value):
            return ("shared", ast.unparse(value))
    if isinstance(made, (ast.GeneratorExp, ast.ListComp)):
        searched = made.generators[0].iter
        known = isinstance(searched, ast.Attribute) or _is_shared(
            s, searched.func if isinstance(searched, ast.Call) else searched
        )
        return ("over", ast.unparse(searched)) if known and made.generators[0].ifs else None
    if isinstance(made, ast.Subscript) and _is_shared(s, made.value):
        return ("item", ast.unparse(made.value))
    return _shape(s, function, made) if made is not None else None


def _calls_alike(s: Situation, function: Function) -> Iterator[_Alike]:
    """The same call on what the client sent: it is decoded, or taken apart by an assignment."""
    crash = s.crash.expression
    if isinstance(crash, ast.Await):
        crash = crash.value
    assert s.function is not None
    if not isinstance(crash, ast.Call) or not _is_client(s, s.function, crash):
        return
    apart = s.crash.category == "unpacking"
    method = crash.func.attr if isinstance(crash.func, ast.Attribute) else ""
    for node in _nodes(function):
        if not isinstance(node, ast.Call) or not _is_client(s, function, node):
            continue
        if apart:
            parent = s.module.parents.get(node)
            targets = parent.targets if isinstance(parent, ast.Assign) else []
            alike = isinstance(node.func, ast.Attribute) and node.func.attr == method
            alike = alike and any(isinstance(t, ast.Tuple) and not _is_starred(t) for t in targets)
        else:
            alike = same(node.func, crash.func)
        if alike and not _same_value(s, function, node, crash):
            subjects = [*node.args[:1], *([node.func.value] if apart and isinstance(node.func, ast.Attribute) else [])]
            subjects = [one for one in subjects if not isinstance(one, ast.Constant)]
            what = "takes apart" if apart else "reads"
            yield _Alike(node, _text(*subjects), f"{_shown(node)} {what} what the client sent as well")


def _is_starred(target: ast.Tuple) -> bool:
    return any(isinstance(part, ast.Starred) for part in target.elts)


def _unawaited(s: Situation, function: Function) -> Iterator[_Alike]:
    """The same coroutine used as if it were its result."""
    assert s.function is not None
    names = [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Name)]
    values = [one.value for name in names for one in assignments(s.function, name.id)]
    calls = [n for part in (s.crash.statement, *values) for n in ast.walk(part) if isinstance(n, ast.Call)]
    forgotten = {_coroutine(s, s.function, call) for call in calls if not _is_awaited(s, call)} - {None}
    mine = {id(call) for call in calls}
    if not isinstance(function.node, ast.AsyncFunctionDef):
        return
    for node in _nodes(function):
        if isinstance(node, ast.Call) and id(node) not in mine and _coroutine(s, function, node) in forgotten:
            if _used_as_value(s, function, node):
                yield _Alike(node, frozenset(), f"{_shown(node)} is not awaited either")


def _coroutine(s: Situation, function: Function, call: ast.Call) -> ast.AST | None:
    callee = s.project.find_function(s.module, call.func, function)
    return callee.node if callee is not None and isinstance(callee.node, ast.AsyncFunctionDef) else None


def _is_awaited(s: Situation, call: ast.Call) -> bool:
    return isinstance(s.module.parents.get(call), ast.Await)


def _used_as_value(s: Situation, function: Function, call: ast.Call) -> bool:
    parent = s.module.parents.get(call)
    if isinstance(parent, (ast.Attribute, ast.Subscript, ast.BinOp, ast.Compare, ast.FormattedValue, ast.Dict)):
        return True
    if not isinstance(parent, ast.Assign) or not isinstance(parent.targets[0], ast.Name):
        return False
    name = parent.targets[0].id
    uses = [n for n in _nodes(function) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)]
    return bool(uses) and all(isinstance(s.module.parents.get(use), (ast.Attribute, ast.Subscript)) for use in uses)


def _loops(s: Situation, function: Function) -> Iterator[_Alike]:
    """A loop that takes away from what it loops over and goes on."""
    for loop in [one for one in function.statements if isinstance(one, (ast.For, ast.AsyncFor))]:
        over = loop.iter
        if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and not over.args:
            over = over.func.value if over.func.attr in ("items", "keys", "values") else over
        if loop is not s.crash.statement and any(
            _takes_away(s, node, over) for part in loop.body for node in ast.walk(part)
        ):
            yield _Alike(loop.iter, frozenset(), f"the loop over {_shown(over)} changes it as well")


def _takes_away(s: Situation, node: ast.AST, over: ast.expr) -> bool:
    if isinstance(node, ast.Delete):
        changed = any(isinstance(target, ast.Subscript) and same(target.value, over) for target in node.targets)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TAKING_AWAY:
        changed = same(node.func.value, over)
    else:
        return False
    statement = s.module.statement_of(node)
    block = block_of(s.module, statement) or [statement]
    after = block[block.index(statement) :]
    return changed and not any(isinstance(one, (ast.Break, ast.Return, ast.Raise)) for one in after)


_FINDERS: dict[str, Callable[[Situation, Function], Iterator[_Alike]]] = {
    "none-dereference": _dereferences,
    "missing-key": _subscripts,
    "conversion": _conversions,
    "zero-division": _divisions,
    "empty-sequence": _emptinesses,
    "unpacking": _calls_alike,
    "decoding": _calls_alike,
    "await": _unawaited,
    "changed-while-iterated": _loops,
}
