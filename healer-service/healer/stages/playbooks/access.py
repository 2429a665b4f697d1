"""Dicts taken for something else: read by their keys where attributes were asked for, gone over by their values or
items where their keys were taken for records.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, Replace
from healer.syntax.project import COMPREHENSIONS, Module
from healer.syntax.situation import Situation

CATEGORIES = ("wrong-type", "missing-attribute", "unpacking")
NAME = "access"


def draft(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    yield from _by_name(s, message)
    yield from _by_values(s, message)
    yield from _by_items(s, message)


def _edit(module: Module, node: ast.expr, code: str) -> tuple[tuple[Module, Edit], ...]:
    return ((module, Replace(node, code)),)


def _quoted(module: Module, key: str) -> str:
    quote = '"' if module.source.count('"') >= module.source.count("'") else "'"
    return f"{quote}{key}{quote}"


def _by_name(s: Situation, message: str) -> Iterator[Draft]:
    """`row.title` of a dict."""
    told = re.search(r"'(dict|Row|RowMapping)' object has no attribute '(\w+)'", message)
    if told is None or hasattr(dict, told.group(2)):
        return
    key = told.group(2)
    for expression, held in s.crash.pairs[:3]:
        if not isinstance(expression, ast.Attribute) or not isinstance(expression.ctx, ast.Load):
            continue
        seen = s.seen(held)
        known = isinstance(seen, dict) and key in seen
        if isinstance(seen, dict) and not known:
            continue
        code = f"{s.module.text(held)}[{_quoted(s.module, key)}]"
        if _in_text(s.module, expression):
            code = f"{s.module.text(held)}['{key}']"
        used = f'["{key}"]' in s.module.source or f"['{key}']" in s.module.source
        fit = 0.78 + 0.1 * known + 0.08 * used
        yield Draft(f"Read {key} by its key", _edit(s.module, expression, code), Answer.CORRECT, fit)


def _in_text(module: Module, node: ast.expr) -> bool:
    return any(isinstance(a, ast.JoinedStr) for a in module.ancestors(node))


def _by_values(s: Situation, message: str) -> Iterator[Draft]:
    """`for item in ITEMS: item["name"]` where ITEMS is a dict."""
    if not re.search(
        r"string indices must be integers|'(str|int)' object (has no attribute|is not subscriptable)", message
    ):
        return
    for _, held in s.crash.pairs[:3]:
        if not isinstance(held, ast.Name) or s.function is None:
            continue
        for node in [s.crash.statement, *s.module.ancestors(s.crash.statement), *s.module.ancestors(held)]:
            loops = [(node.target, node.iter)] if isinstance(node, (ast.For, ast.AsyncFor)) else []
            clauses = [(g.target, g.iter) for g in node.generators] if isinstance(node, COMPREHENSIONS) else loops
            for target, source in clauses:
                if isinstance(target, ast.Name) and target.id == held.id and _is_dict(s, source):
                    code = f"{s.module.text(source)}.values()"
                    yield Draft("Go over the values", _edit(s.module, source, code), Answer.CORRECT, 0.96)
                    return


def _by_items(s: Situation, message: str) -> Iterator[Draft]:
    """`for key, value in TABLE` where TABLE is a dict."""
    if "values to unpack" not in message and "cannot unpack non-iterable" not in message:
        return
    loop = s.crash.statement
    clauses = [(loop.target, loop.iter)] if isinstance(loop, ast.For) else []
    inner = [g for n in ast.walk(loop) if isinstance(n, COMPREHENSIONS) for g in n.generators]
    for target, source in [*clauses, *((g.target, g.iter) for g in inner)]:
        if isinstance(target, ast.Tuple) and len(target.elts) == 2 and _is_dict(s, source):
            code = f"{s.module.text(source)}.items()"
            yield Draft("Go over keys and values", _edit(s.module, source, code), Answer.CORRECT, 0.97)


def _is_dict(s: Situation, node: ast.expr) -> bool:
    if isinstance(s.seen(node), dict):
        return True
    if isinstance(node, ast.Name):
        constant = s.project.constant(s.module, node.id)
        made = s.tracer.definitions(node.id, s.module, s.function, node)
        values = [made[0].value] if made and not made[0].item else [constant[1]] if constant is not None else []
        return any(isinstance(v, (ast.Dict, ast.DictComp)) for v in values) or any(
            isinstance(v, ast.Call) and ast.unparse(v.func) in ("dict", "defaultdict", "Counter", "OrderedDict")
            for v in values
        )
    return False
