"""Rule 40 in code: markup that is made from values, or trusted as it comes. Templates are looked at as text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.names import HOLE
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import Trees

_TAG = re.compile(r"<(/?[a-z][a-z0-9]*(\s[^<>]*)?/?>|!doctype|script|img\s|a\s+href)", re.IGNORECASE)
_ESCAPED = re.compile(
    r"(^|\.)(e|escape|quote|quoteattr|conditional_escape|Markup\(.*\)\.format|int|float|len|str\(int)$"
)
_HTML = re.compile(r"(HTMLResponse|Markup|mark_safe|SafeString)$")


def about_markup(trees: Trees) -> Iterator[Finding]:
    side = trees.after
    for node in trees.added(ast.JoinedStr, ast.BinOp, ast.Call):
        template = side.names.template(node)
        if template is None or HOLE not in template or not _TAG.search(template) or trees.is_test:
            continue
        holes = list(_holes(trees, node))
        if not all(isinstance(h, ast.Call) and _ESCAPED.search(ast.unparse(h.func)) for h in holes):
            yield finding(40, node, "A value is put into markup without being escaped.")
    for call in trees.added(ast.Call):
        name = ast.unparse(call.func)
        if _HTML.search(name) and call.args and side.names.text(call.args[0]) is None and not trees.is_test:
            yield finding(40, call, f"Markup is trusted as it comes ({name}).")
        if name.endswith(("html.unescape", ".unescape")):
            yield finding(40, call, "What was escaped is put back.")
    for constant in trees.added(ast.Constant):
        if isinstance(constant.value, str) and re.search(r"\|\s*safe\b|autoescape\s+false", constant.value):
            yield finding(40, constant, "A template's escaping is switched off.")


def _holes(trees: Trees, node: ast.expr) -> Iterator[ast.expr]:
    """What is put into the text when it runs."""
    if isinstance(node, ast.JoinedStr):
        yield from (part.value for part in node.values if isinstance(part, ast.FormattedValue))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _holes(trees, node.left)
        yield from _holes(trees, node.right)
    elif isinstance(node, ast.BinOp):
        yield from node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join"):
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        yield from (part.elt if isinstance(part, (ast.GeneratorExp, ast.ListComp)) else part for part in given)
    elif trees.after.names.text(node) is None:
        yield node
