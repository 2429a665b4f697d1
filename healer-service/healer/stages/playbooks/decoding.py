"""Bytes that are no text and text that is no JSON: refused where they came in."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.attempts import sites, with_imports
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish
from healer.stages.playbooks.handlers import widened
from healer.stages.playbooks.header_text import in_header
from healer.stages.playbooks.parse_errors import errors_of
from healer.syntax.edits import Replace
from healer.syntax.nouns import GENERIC
from healer.syntax.situation import Situation

CATEGORIES = ("decoding",)
NAME = "decoding"


def draft(s: Situation) -> Iterator[Draft]:
    yield from in_header(s)
    json = s.report.exception.is_a("JSONDecodeError")
    error = "ValueError" if json else "UnicodeDecodeError"
    yield from widened(s, error)
    for rank, (expression, culprit) in enumerate(s.crash.pairs[:2]):
        if s.function is None:
            return
        client = any(o.is_client for o in s.origins(culprit))
        word = ast.unparse(expression.func).rpartition(".")[2] if isinstance(expression, ast.Call) else ""
        base = (0.86 if client else 0.6) - 0.15 * rank
        wish = _wish(s, culprit, "JSON" if json else "UTF-8 text")
        errors, imports = ("ValueError", ()) if json else errors_of(s, s.module, expression, s.crash.statement)
        for one in sites(s, expression, errors, wish, base, s.module, s.function):
            yield with_imports(one, s.module, imports)
        for module, outer in s.callers(s.function)[:1]:
            function = module.function_of(outer)
            if function is not None:
                yield from sites(s, outer, errors, wish, base - 0.1, module, function)
        if word == "decode" and isinstance(expression, ast.Call):
            yield from _as_elsewhere(s, expression)


def _wish(s: Situation, culprit: ast.expr, kind: str) -> Wish:
    """What the client calls it: the field of a form or of an object, else the body."""
    named = [o.name for o in s.origins(culprit) if o.is_client and o.kind in ("form", "query", "header", "cookie")]
    name = next((n for n in named if n and n.lower() not in GENERIC), "")
    inner = [
        n.slice.value for n in ast.walk(culprit) if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant)
    ]
    name = name or next((str(key) for key in inner if isinstance(key, str)), "body")
    return Wish(BAD_INPUT, name, says=f"{name} must be {kind}")


def _as_elsewhere(s: Situation, expression: ast.Call) -> Iterator[Draft]:
    """Other decoding of the service replaces what cannot be read."""
    for module in s.project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "decode":
                text = ast.unparse(node)
                if ("replace" in text or "ignore" in text) and isinstance(expression.func, ast.Attribute):
                    rest = ", ".join(module.text(a) for a in [*node.args, *node.keywords])
                    edits = ((s.module, Replace(expression, f"{s.module.text(expression.func)}({rest})")),)
                    yield Draft("Decode as the other places do", edits, Answer.NATURAL_VALUE, 0.62)
