"""Bytes that are no text and text that is no JSON: refused where they came in."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.conversion import sites
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish
from healer.stages.playbooks.handlers import widened
from healer.syntax.edits import Replace
from healer.syntax.situation import Situation

CATEGORIES = ("decoding",)
NAME = "decoding"


def draft(s: Situation) -> Iterator[Draft]:
    json = s.report.exception.is_a("JSONDecodeError")
    error = "ValueError" if json else "UnicodeDecodeError"
    yield from widened(s, error)
    for rank, (expression, culprit) in enumerate(s.crash.pairs[:2]):
        if s.function is None:
            return
        client = any(o.is_client for o in s.origins(culprit))
        word = ast.unparse(expression.func).rpartition(".")[2] if isinstance(expression, ast.Call) else ""
        says = "body must be JSON" if json else "body must be UTF-8 text"
        base = (0.86 if client else 0.6) - 0.15 * rank
        errors = "ValueError" if word in ("loads", "load", "json", "get_json") else error
        yield from sites(s, expression, errors, Wish(BAD_INPUT, "body", says=says), base, s.module, s.function)
        for module, outer in s.callers(s.function)[:1]:
            function = module.function_of(outer)
            if function is not None:
                yield from sites(s, outer, errors, Wish(BAD_INPUT, "body", says=says), base - 0.1, module, function)
        if word == "decode" and isinstance(expression, ast.Call):
            yield from _as_elsewhere(s, expression)


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
