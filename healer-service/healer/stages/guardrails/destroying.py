"""Rule 34 in code: statements, calls and loops that delete everything. Files written are looked at in places.py."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import Side, Trees

_DESTROYS = re.compile(
    r"\b(drop\s+(table|database|schema|index|view|column)|truncate\s+(table\s+)?\w|alter\s+table|vacuum\b)",
    re.IGNORECASE,
)
_DELETES = re.compile(r"\bdelete\s+from\s+[\w.\"`\[\]]+\s*(;|$|where\s+(1|true|'?1'?\s*=\s*'?1))", re.IGNORECASE)
_REMOVERS = frozenset({"unlink", "remove", "rmdir", "rmtree", "removedirs"})


def about_destruction(trees: Trees) -> Iterator[Finding]:
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
