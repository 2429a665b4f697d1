"""Rule 40 in code: markup that is made from values, or trusted as it comes. Templates are looked at as text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.names import HOLE
from healer.stages.guardrails.rules import finding, words
from healer.stages.guardrails.trees import Trees
from healer.stages.guardrails.values import given, last_name

_TAG = re.compile(r"<(/?[a-z][a-z0-9]*(\s[^<>]*)?/?>|!doctype|script|img\s|a\s+href)", re.IGNORECASE)
_ESCAPED = re.compile(
    r"(^|\.)(e|escape|quote|quoteattr|conditional_escape|Markup\(.*\)\.format|int|float|len|str\(int)$"
)
_ESCAPES = re.compile(r"(select_)?(jinja_?)?(html_)?auto_?escape(_\w+)?", re.IGNORECASE)
_LAYOUT = words(
    "trim_blocks lstrip_blocks keep_trailing_newline newline_sequence undefined line_statement_prefix autoescape"
)
_FILTERS = words("e escape forceescape safe tojson urlencode xmlattr striptags")
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
    yield from _switched(trees)


def _switched(trees: Trees) -> Iterator[Finding]:
    """Hooks and options that decide whether a template escapes, given anything but what leaves it on."""
    if trees.is_test:
        return
    added = {id(node) for node in trees.added(ast.expr)}
    asked = {name for name, _ in given(trees.before)}
    for name, value in given(trees.after):
        fresh = id(value) in added or name not in asked
        if fresh and _ESCAPES.fullmatch(name) and not _stays_on(value):
            yield finding(40, value, f"Escaping is switched off, or may be ({name}).")
    for assignment in trees.added(ast.Assign, ast.AugAssign):
        for target in assignment.targets if isinstance(assignment, ast.Assign) else [assignment.target]:
            if _replaces_escaping(target, assignment.value):
                yield finding(40, assignment, f"What templates do with values is changed ({ast.unparse(target)[:40]}).")
    for function in trees.added(ast.FunctionDef):
        if _ESCAPES.fullmatch(function.name) and trees.after.name_of(function) not in trees.before.functions:
            answers = [n.value for n in ast.walk(function) if isinstance(n, ast.Return)]
            if not all(answer is not None and _stays_on(answer) for answer in answers or [None]):
                yield finding(40, function, f"Escaping is switched off, or may be ({function.name}).")


def _stays_on(value: ast.expr) -> bool:
    """True, or what the engine itself offers to choose by the name of the file, with its usual choice."""
    if isinstance(value, ast.Constant):
        return value.value is True
    chooser = value.func if isinstance(value, ast.Call) else value
    arguments = [*value.args, *(k.value for k in value.keywords)] if isinstance(value, ast.Call) else []
    told = all(not isinstance(n, ast.Constant) or n.value for part in arguments for n in ast.walk(part))
    return ast.unparse(chooser).endswith("select_autoescape") and told and all(map(_holds_something, arguments))


def _holds_something(value: ast.expr) -> bool:
    return not isinstance(value, (ast.List, ast.Tuple, ast.Set)) or bool(value.elts)


def _replaces_escaping(target: ast.expr, value: ast.expr) -> bool:
    name = last_name(target)
    if isinstance(target, ast.Subscript):
        table = last_name(target.value)
        if table == "jinja_options":
            return name not in _LAYOUT
        return table in ("filters", "globals") and name in _FILTERS
    if name == "jinja_options":
        keys = (
            [k.value if isinstance(k, ast.Constant) else "" for k in value.keys]
            if isinstance(value, ast.Dict)
            else [""]
        )
        return not _LAYOUT.issuperset(map(str, keys))
    return name == "finalize" and isinstance(target, ast.Attribute)


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
