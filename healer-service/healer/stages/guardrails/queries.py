"""Rule 26: SQL put together from values, or taken from the data as it comes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.names import HOLE
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import FunctionNode, Side, Trees

_WHOLE = re.compile(
    (
        r"\b(select\b.{1,400}?\bfrom\b|insert\s+(or\s+\w+\s+)?into\b|replace\s+into\b|"
        r"update\b.{1,80}?\bset\b|delete\s+from\b|with\b.{1,80}?\bas\s*\(|pragma\s+\w+|call\s+\w+|"
        r"create\s+\w+|alter\s+\w+|drop\s+\w+|union\s+(all\s+)?select)"
    ),
    re.IGNORECASE | re.DOTALL,
)
_PART = re.compile(
    (
        r"\b(where|and|or|having|order\s+by|group\s+by|limit|offset|values|set|in|like|"
        r"join)\b\s*[\w.(\"'`]*\s*(=|<|>|\(|like|in|is|%|\0|$)"
    ),
    re.IGNORECASE,
)
_RUNS = re.compile(
    r"(execute|executemany|executescript|text|raw|read_sql\w*|query|fetch|fetchall|fetchone|"
    r"fetchrow|fetchval|scalar|RawSQL|extra|literal_column)$"
)
_NAMED = re.compile(r"sql|query|stmt|statement|where|clause|cond", re.IGNORECASE)
_MOST, _DEPTH = 24, 3  # pieces of one text, and names for names, that are followed
_RUN = frozenset({"execute", "executemany", "executescript", "exec_driver_sql"})
_ADDS = frozenset({"append", "extend", "insert"})
_PICKS = frozenset({"get", "pop", "popitem", "read", "decode", "getlist", "get_json", "json", "setdefault"})


def about_queries(trees: Trees) -> Iterator[Finding]:
    yield from _put_together(trees)
    yield from _by_template(trees)
    yield from _from_outside(trees)
    yield from _filled_first(trees)


def _put_together(trees: Trees) -> Iterator[Finding]:
    side = trees.after
    seen: set[int] = set()
    for node in trees.added(ast.JoinedStr, ast.BinOp, ast.Call, ast.AugAssign):
        value = node.value if isinstance(node, ast.AugAssign) else node
        if isinstance(node, ast.Call) and not isinstance(node.func, ast.Attribute):
            continue
        template = side.names.template(value)
        if template is None or HOLE not in template or node.lineno in seen:
            continue
        if _only_marks(template, value, side):
            continue
        if _is_sql(side, node, template):
            seen.add(node.lineno)
            yield finding(26, node, "A value is put into the text of an SQL statement; pass it as a parameter.")
    for node in trees.added(ast.Call):
        if _RUNS.search(ast.unparse(node.func).rpartition(".")[2]) and node.args and node.lineno not in seen:
            template = side.names.template(node.args[0])
            if template is not None and HOLE in template and _WHOLE.search(template):
                if not _only_marks(template, node.args[0], side):
                    yield finding(26, node, "A value is put into the text of an SQL statement; pass it as a parameter.")


def _by_template(trees: Trees) -> Iterator[Finding]:
    """`string.Template("SELECT … $name")`."""
    for call in trees.added(ast.Call):
        if any(name.endswith("Template") for name in trees.after.names.meanings(call.func)) and call.args:
            text = trees.after.names.template(call.args[0]) or ""
            if "$" in text and _WHOLE.search(text):
                yield finding(26, call, "A value is put into the text of an SQL statement; pass it as a parameter.")


def _from_outside(trees: Trees) -> Iterator[Finding]:
    """`execute(request["statement"])`: what is run is itself a piece of the data."""
    known = {ast.unparse(statement) for _, statement in _run(trees.before.every)}
    added = set(trees.added(ast.Call))
    for call, statement in _run(trees.after.nodes):
        if call not in added or ast.unparse(statement) in known:
            continue
        if isinstance(statement, ast.Subscript):
            given = not _is_mark(trees.after, statement)
        else:
            method = statement.func if isinstance(statement, ast.Call) else None
            given = isinstance(method, ast.Attribute) and method.attr in _PICKS
        if given:
            yield finding(26, call, "What is run as a statement comes out of the data.")


def _filled_first(trees: Trees) -> Iterator[Finding]:
    """`query = QUERY.replace("?", name)` and then `execute(query)`, of whatever text the query was."""
    known = {ast.dump(text) for _, first in _run(trees.before.every) for text in _made(trees.before, first)}
    side = trees.after
    for call, first in _run(side.nodes):
        for text in _made(side, first):
            if ast.dump(text) not in known and not all(_is_safe(side, part) for part in _filling(side, text)):
                yield finding(26, call, "A value is put into the text of an SQL statement; pass it as a parameter.")
                break


def _run(nodes: tuple[ast.AST, ...]) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Calls that run a statement, and the statement."""
    for call in nodes:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _RUN and call.args:
            yield call, call.args[0]


def _made(side: Side, statement: ast.expr) -> list[ast.expr]:
    if isinstance(statement, ast.Name):
        function = side.function_of(statement)
        grown = [ast.BinOp(statement, ast.Add(), part) for part in _added_to(function, statement.id)]
        return [*side.given_in(function, statement.id), *grown]
    return [statement]


def _filling(side: Side, text: ast.expr) -> list[ast.expr]:
    """What is put into a text that is there already."""
    if isinstance(text, ast.BinOp) and isinstance(text.op, ast.Mod):
        return text.right.elts if isinstance(text.right, ast.Tuple) else [text.right]
    if isinstance(text, ast.BinOp) and isinstance(text.op, ast.Add):
        return list(_summands(text))[1:]
    if not isinstance(text, ast.Call) or not isinstance(text.func, ast.Attribute):
        return []
    if text.func.attr == "replace":
        return [*text.args[1:2], *_filling(side, text.func.value)]
    if text.func.attr in ("format", "format_map"):
        return [*text.args, *(keyword.value for keyword in text.keywords)]
    joins = text.func.attr == "join" and side.names.text(text.func.value) is not None  # a query joins tables
    return list(text.args) if joins else []


def _is_safe(side: Side, part: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
    """Written out in the source, piece by piece: a text, a closed table, a list that only such texts are added to."""
    if _is_mark(side, part):
        return True
    if isinstance(part, (ast.List, ast.Tuple)):
        return all(_is_safe(side, item, seen) for item in part.elts)
    if isinstance(part, ast.Name):
        function = side.function_of(part)
        pieces = [*side.given_in(function, part.id), *_added_to(function, part.id)]
        return part.id in seen or (
            0 < len(pieces) <= _MOST
            and len(seen) < _DEPTH
            and all(_is_safe(side, one, seen | {part.id}) for one in pieces)
        )
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
        return _is_safe(side, part.left, seen) and _is_safe(side, part.right, seen)
    if isinstance(part, ast.JoinedStr):
        return all(_is_safe(side, n.value, seen) for n in part.values if isinstance(n, ast.FormattedValue))
    if isinstance(part, (ast.GeneratorExp, ast.ListComp)):
        return _is_safe(side, part.elt, seen)
    filling = _filling(side, part)
    return bool(filling) and all(_is_safe(side, one, seen) for one in filling)


def _added_to(function: FunctionNode | None, name: str) -> Iterator[ast.expr]:
    for node in ast.walk(function) if function is not None else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ADDS:
            yield from node.args if isinstance(node.func.value, ast.Name) and node.func.value.id == name else ()
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            yield node.value


def _is_sql(side: Side, node: ast.AST, template: str) -> bool:
    if _WHOLE.match(template.lstrip(" \n\t(" + HOLE)):
        return True
    inside = " ".join(_context(side, node))
    if not (_NAMED.search(inside) or _RUNS.search(inside)):
        return False
    return bool(_WHOLE.search(template) or _PART.search(template))


def _context(side: Side, node: ast.AST) -> Iterator[str]:
    """Names of what takes the text: the variable, or the function that is called with it."""
    child = node
    for outer in side.above(node):
        if isinstance(outer, ast.stmt):
            targets = outer.targets if isinstance(outer, ast.Assign) else [getattr(outer, "target", None)]
            yield from (ast.unparse(target) for target in targets if target is not None)
            break
        if isinstance(outer, ast.Call) and child is not outer.func:
            yield ast.unparse(outer.func).rpartition(".")[2]
        child = outer
    if isinstance(node, ast.AugAssign):
        yield ast.unparse(node.target)


def _only_marks(template: str, value: ast.expr, side: Side) -> bool:
    """Where every value that is put in is a constant's name in capitals, or nothing but placeholders."""
    holes = [n.value for n in ast.walk(value) if isinstance(n, ast.FormattedValue)]
    if not holes and isinstance(value, ast.BinOp):
        holes = [n for n in _summands(value) if side.names.text(n) is None]
    return bool(holes) and all(_is_mark(side, hole) for hole in holes)


def _summands(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        yield from _summands(value.left)
        yield from _summands(value.right)
    else:
        yield value


def _is_mark(side: Side, hole: ast.expr, depth: int = 3) -> bool:
    text = side.names.template(hole)
    if text is not None and HOLE not in text:
        return True
    if isinstance(hole, (ast.Name, ast.Attribute)):
        name = ast.unparse(hole).rpartition(".")[2]
        given = side.names.assigned(ast.unparse(hole))
        if given and depth:
            return all(_is_mark(side, value, depth - 1) for value in given)
        return name.isupper() and len(name) > 1 and side.names.imports(name)
    if isinstance(hole, ast.BinOp) and isinstance(hole.op, ast.Mult):
        return _is_mark(side, hole.left, depth)
    if isinstance(hole, ast.Subscript):  # a closed table of columns: _COLUMNS[sort]
        table = side.names.assigned(ast.unparse(hole.value))
        if not table and side.names.imports(ast.unparse(hole.value)):
            return ast.unparse(hole.value).isupper()
        return bool(table) and all(
            isinstance(t, (ast.Dict, ast.List, ast.Tuple))
            and all(isinstance(v, ast.Constant) for v in (t.values if isinstance(t, ast.Dict) else t.elts))
            for t in table
        )
    return isinstance(hole, ast.IfExp) and _is_mark(side, hole.body, depth) and _is_mark(side, hole.orelse, depth)
