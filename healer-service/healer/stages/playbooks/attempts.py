"""A conversion put in a try whose handler refuses: alone, with the whole statement, or with the statements next to it
that convert the rest of the same text. It does not decide what to say.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from healer.stages.playbooks.drafts import Draft, Wish, answer_of, caught, chained, hoisted, weigh
from healer.stages.playbooks.parse_errors import errors_of
from healer.syntax.edits import AddImport, Edit, InsertBefore, Removed, Replace, ReplaceStatement
from healer.syntax.expressions import fresh_name, in_lazy_part
from healer.syntax.failing import CONVERSIONS
from healer.syntax.project import Function, Module, names_in
from healer.syntax.refusals import Wording
from healer.syntax.situation import Situation, block_of
from healer.syntax.wording import refuse

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr, ast.AugAssign)
_SPLITS = ("split", "rsplit", "partition", "rpartition", "splitlines")
_MOST = 4  # statements put in one try beside the failing one


def sites(
    s: Situation,
    call: ast.expr,
    errors: str,
    wish: Wish,
    base: float,
    module: Module,
    function: Function,
    whole: Wish | None = None,
) -> Iterator[Draft]:
    """`whole` is what to say where several parts of one text are converted together."""
    statement = module.statement_of(call)
    run = _run(s, module, function, statement, call)
    if len(run) > 1:
        yield from _together(s, module, function, run, call, whole or wish, base + 0.02)
    body = _parsing_body(s, module, function, statement)
    if body and any(part not in run for part in body):
        yield from _together(s, module, function, body, call, whole or wish, base + 0.04)
    lone = isinstance(statement, _SIMPLE)
    if lone and (does_only(statement, call) or in_lazy_part(module, call)):
        yield from caught(s, module, function, statement, errors, wish, base)
        return
    calls = _like(s, module, function, statement, call)
    if len(calls) > 1:
        yield from _all_hoisted(s, module, function, calls, whole or wish, base + 0.01)
    yield from hoisted(s, module, function, call, errors, wish, base)
    if lone:
        yield from caught(s, module, function, statement, errors, wish, base - 0.06)


def does_only(statement: ast.stmt, call: ast.expr) -> bool:
    """Whether nothing else in the statement could raise the same."""
    inside = {id(n) for n in ast.walk(call)}
    return not any(isinstance(n, ast.Call) and id(n) not in inside for n in ast.walk(statement))


def _run(s: Situation, module: Module, function: Function, statement: ast.stmt, call: ast.expr) -> list[ast.stmt]:
    """The statement with its neighbours that take the same text apart or convert its parts."""
    block = block_of(module, statement)
    if block is None or not isinstance(statement, _SIMPLE) or not _is_harmless(s, module, function, statement):
        return [statement]
    index = block.index(statement)
    found: list[ast.stmt] = [statement]
    parts = _stored(statement) if _splits(statement) else names_in(call)
    for earlier in reversed(block[:index]):
        if not (_splits(earlier) and _stored(earlier) & parts and _is_unpacking(earlier)):
            break
        found.insert(0, earlier)
        parts |= _stored(earlier)
    if _splits(found[0]) and _is_unpacking(found[0]):
        for later in block[index + 1 :]:
            if len(found) >= _MOST or not _converts(later, parts) or not _is_harmless(s, module, function, later):
                break
            found.append(later)
    if _is_token(call) and isinstance(statement, ast.Assign):
        for later in block[index + 1 :]:
            if not isinstance(later, ast.Assign) or not _picks(later, _stored(statement)):
                break
            found.append(later)
    return found


def _is_token(call: ast.expr) -> bool:
    """Something that the service wrote itself and the client may have changed."""
    return any(isinstance(n, ast.Call) and ast.unparse(n.func).endswith("b64decode") for n in ast.walk(call))


def _picks(statement: ast.stmt, names: set[str]) -> bool:
    return any(
        isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant) and names_in(n.value) & names
        for n in ast.walk(statement)
    )


def _parsing_body(s: Situation, module: Module, function: Function, failing: ast.stmt) -> list[ast.stmt]:
    """Of a helper that only takes text apart, all statements from the first conversion on, when there are several."""
    if s.refusals.is_route(function) or any(isinstance(n, (ast.Raise, ast.Try)) for n in function.own_nodes):
        return []
    body = function.node.body
    converting = [
        one
        for one in body
        if any(is_conversion(n) or _is_unpacked_split(n) for n in ast.walk(one))
        and not (isinstance(one, ast.Return) and not any(_is_reader(n) for n in ast.walk(one)))
    ]
    if len(converting) < 2 or not all(_is_harmless(s, module, function, one) for one in body):
        return []
    found = body[body.index(converting[0]) :]
    return found if any(failing is one for part in found for one in ast.walk(part)) else []


def _is_reader(node: ast.AST) -> bool:
    """A conversion of text, not an arithmetic of numbers that has its name."""
    return is_conversion(node) and isinstance(node, ast.Call) and not ast.unparse(node.func).endswith("timedelta")


def _is_unpacked_split(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and _splits(node) and _is_unpacking(node)


def _splits(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in _SPLITS
        for n in ast.walk(statement.value)
    )


def _is_unpacking(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and isinstance(statement.targets[0], (ast.Tuple, ast.List))


def _stored(statement: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _converts(statement: ast.stmt, parts: set[str]) -> bool:
    if not isinstance(statement, _SIMPLE):
        return False
    return any(is_conversion(n) and names_in(n) & parts for n in ast.walk(statement))


def is_conversion(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not (node.args or node.keywords):
        return False
    word = ast.unparse(node.func).rpartition(".")[2]
    return word in CONVERSIONS and word not in ("replace", "round", "range", "bytes", "chr")


def _is_harmless(s: Situation, module: Module, function: Function, statement: ast.stmt) -> bool:
    """Whether it calls nothing of the service whose own errors the handler would take for bad input."""
    if any(isinstance(n, (ast.Await, ast.Yield, ast.YieldFrom)) for n in ast.walk(statement)):
        return False
    calls = [n for n in ast.walk(statement) if isinstance(n, ast.Call)]
    return not any(s.project.find_function(module, n.func, function) is not None for n in calls)


def _together(
    s: Situation,
    module: Module,
    function: Function,
    run: Sequence[ast.stmt],
    call: ast.expr,
    wish: Wish,
    fit: float,
) -> Iterator[Draft]:
    lines = module.source.splitlines()[run[0].lineno - 1 : run[-1].end_lineno]
    indent = " " * run[0].col_offset
    if not all(line.startswith(indent) or not line.strip() for line in lines):
        return
    body = "".join(f"    {line[len(indent) :]}\n" for line in lines)
    scope = ast.Module(body=list(run), type_ignores=[])
    errors, imports = errors_of(s, module, call, scope)
    rest = [Removed(other) for other in run[1:]]
    for code, wording in _tried(s, function, body, errors, wish):
        edits = (ReplaceStatement(run[0], code), *rest, *wording.imports, *imports)
        yield _refusing(wording, errors, module, function, edits, fit)


def _like(s: Situation, module: Module, function: Function, statement: ast.stmt, call: ast.expr) -> list[ast.Call]:
    """The conversions of a statement that take what the client sent, the failing one among them."""
    found = [
        n
        for n in ast.walk(statement)
        if is_conversion(n) and isinstance(n, ast.Call) and not in_lazy_part(module, n)
        if any(o.is_client for o in s.tracer.origins(n, module, function))
    ]
    inner = {id(n) for one in found for n in ast.walk(one) if n is not one}
    outer = [one for one in found if id(one) not in inner]
    return outer if any(one is call for one in outer) else []


def _all_hoisted(
    s: Situation,
    module: Module,
    function: Function,
    calls: Sequence[ast.Call],
    wish: Wish,
    fit: float,
) -> Iterator[Draft]:
    statement = module.statement_of(calls[0])
    names: list[str] = []
    for one in calls:
        name = _value_name(one, function)
        if name in names:
            return
        names.append(name)
    scope = ast.Module(body=[ast.Expr(value=one) for one in calls], type_ignores=[])
    errors, imports = errors_of(s, module, calls[0], scope)
    body = "".join(f"    {name} = {module.text(one)}\n" for name, one in zip(names, calls, strict=True))
    rest = [Replace(one, name) for name, one in zip(names, calls, strict=True)]
    for code, wording in _tried(s, function, body, errors, wish):
        edits = (InsertBefore(statement, code), *rest, *wording.imports, *imports)
        yield _refusing(wording, errors, module, function, edits, fit)


def _tried(s: Situation, function: Function, body: str, errors: str, wish: Wish) -> Iterator[tuple[str, Wording]]:
    for wording in refuse(s.refusals, function, wish, 2):
        yield f"try:\n{body}except {errors}:\n    {chained(s, wording.code)}\n", wording


def _refusing(
    wording: Wording, errors: str, module: Module, function: Function, edits: Sequence[Edit], fit: float
) -> Draft:
    return Draft(
        f"Refuse with {wording.status} on {errors}",
        tuple((module, edit) for edit in edits),
        answer_of(wording.status),
        weigh(fit, wording, function),
    )


def _value_name(call: ast.Call, function: Function) -> str:
    first = next(iter(call.args), None)
    if isinstance(first, ast.Name):
        return f"{first.id}_value"
    return fresh_name(first if isinstance(first, (ast.Call, ast.Attribute)) else call, function)


def with_imports(one: Draft, module: Module, imports: tuple[AddImport, ...]) -> Draft:
    return Draft(one.summary, (*one.edits, *((module, added) for added in imports)), one.answer, one.fit)
