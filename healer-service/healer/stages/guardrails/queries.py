"""Rules 26 and 34: SQL put together from values, and statements or loops that delete everything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.names import HOLE
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import Side, Trees

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
_DESTROYS = re.compile(
    r"\b(drop\s+(table|database|schema|index|view|column)|truncate\s+(table\s+)?\w|alter\s+table|vacuum\b)",
    re.IGNORECASE,
)
_DELETES = re.compile(r"\bdelete\s+from\s+[\w.\"`\[\]]+\s*(;|$|where\s+(1|true|'?1'?\s*=\s*'?1))", re.IGNORECASE)
_REMOVERS = frozenset({"unlink", "remove", "rmdir", "rmtree", "removedirs"})


def about_queries(trees: Trees) -> Iterator[Finding]:
    yield from _put_together(trees)
    yield from _by_template(trees)
    if not trees.is_test:
        yield from _destroyed(trees)


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
        return bool(table) and all(
            isinstance(t, (ast.Dict, ast.List, ast.Tuple))
            and all(isinstance(v, ast.Constant) for v in (t.values if isinstance(t, ast.Dict) else t.elts))
            for t in table
        )
    return isinstance(hole, ast.IfExp) and _is_mark(side, hole.body, depth) and _is_mark(side, hole.orelse, depth)


def _destroyed(trees: Trees) -> Iterator[Finding]:
    side = trees.after
    before = "\n".join(n.value for n in trees.before.nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))
    for node in trees.added(ast.Constant, ast.JoinedStr, ast.BinOp):
        template = side.names.template(node)
        if template is None or isinstance(side.parents.get(node), ast.Expr):
            continue
        said = _DESTROYS.search(template) or _DELETES.search(template.strip())
        if said and said.group(0) not in before:
            yield finding(34, node, f"Data can be lost for good ({said.group(0).strip()[:40]}).")
    for emptied in trees.added(ast.Attribute):
        root = ast.unparse(emptied.value).partition(".")[0]
        if emptied.attr == "clear" and (root == "self" or root in _of_module(side)):
            yield finding(34, emptied, f"All of {ast.unparse(emptied.value)[:40]} is thrown away.")
    for call in trees.added(ast.Call):
        name = ast.unparse(call.func)
        method = name.rpartition(".")[2]
        loops = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.GeneratorExp)
        if method in _REMOVERS and ("os." in name or "unlink" in name or "rmdir" in name):
            if any(isinstance(outer, loops) for outer in side.above(call)):
                yield finding(34, call, "Files are deleted one after the other.")
        elif method == "delete" and isinstance(call.func, ast.Attribute) and not call.args:
            if re.search(r"\bquery(\(\w*\))?\.delete$|objects\.all\(\)\.delete$|\.query\([\w.]*\)\.delete$", name):
                yield finding(34, call, "All rows are deleted.")
        elif method == "delete" and re.fullmatch(
            r"(sqlalchemy|sa)\.delete|\?delete", next(iter(side.names.meanings(call.func)), "")
        ):
            if not isinstance(side.parents.get(call), ast.Attribute):
                yield finding(34, call, "All rows are deleted.")
    before_where = [t for t in _texts(trees.before) if re.search(r"\b(delete|update)\b.*\bwhere\b", t, re.I | re.S)]
    for text in before_where:
        head = re.match(r"\s*(delete\s+from\s+\S+|update\s+\S+\s+set\b)", text, re.I)
        if head and any(
            t.lower().lstrip().startswith(head.group(1).lower().strip()) and " where " not in f" {t.lower()} "
            for t in _texts(side)
        ):
            yield finding(34, 0, "A statement that changes rows no longer says which.")


def _of_module(side: Side) -> set[str]:
    statements = [n for n in side.tree.body if isinstance(n, (ast.Assign, ast.AnnAssign))]
    return {n.id for s in statements for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _texts(side: Side) -> list[str]:
    return [n.value for n in side.nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
