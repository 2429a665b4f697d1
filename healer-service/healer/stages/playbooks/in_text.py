"""None in an f-string with a format of its own: the words of nothing in its place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.defaults import natural
from healer.syntax.edits import Replace
from healer.syntax.expressions import wrap
from healer.syntax.situation import Situation


def in_text(s: Situation, shown: ast.FormattedValue, culprit: ast.expr, fit: float) -> Iterator[Draft]:
    """`f"{name} {time:.2f}"` becomes `f"{name} " + (f"{time:.2f}" if time is not None else "-")`."""
    whole = next((a for a in s.module.ancestors(shown) if isinstance(a, ast.JoinedStr)), None)
    if whole is None or any(isinstance(n, (ast.Call, ast.Await)) for n in ast.walk(culprit)):
        return
    text = s.module.text(whole)
    parts = re.fullmatch(r"([rRfF]{1,2})(\"|')((?:(?!\2).)*)\2", text)
    if parts is None:
        return
    prefix, quote, inner = parts.groups()
    name = s.module.text(culprit) if s.module.text(culprit) in inner else ast.unparse(culprit)
    value = name if shown.value is culprit else ast.unparse(shown.value)
    held = re.search(rf"\{{\s*{re.escape(value)}\s*(?:![rsa])?:[^{{}}]*\}}", inner)
    if held is None or inner.count(held.group(0)) != 1:
        return
    before, after = inner[: held.start()], inner[held.end() :]
    tail = _literal(prefix, quote, after)
    head = _literal(prefix, quote, before)
    for rank, value in enumerate(dict.fromkeys([*_words(s, whole), *(['""'] if shown.value is culprit else [])])):
        empty = value.replace('"', quote)
        middle = f"{prefix}{quote}{held.group(0)}{quote} if {name} is not None else {empty}"
        pieces = [head, f"({middle})" if head or tail else middle, tail]
        code = " + ".join(piece for piece in pieces if piece)
        summary = f"Write {value} where {name} is None"
        edits = ((s.module, Replace(whole, wrap(s.module, whole, code))),)
        yield Draft(summary, edits, Answer.NATURAL_VALUE, fit + 0.02 - 0.05 * rank)


def _literal(prefix: str, quote: str, text: str) -> str:
    if not text:
        return ""
    return f"{prefix}{quote}{text}{quote}" if "{" in text else f"{quote}{text}{quote}"


def _words(s: Situation, whole: ast.JoinedStr) -> list[str]:
    """What the documentation or the neighbours write for nothing."""
    said = [v for v in natural(s, s.module, whole, s.function) if v.startswith(('"', "'")) and len(v) > 2]
    for node in s.module.nodes:
        if isinstance(node, ast.IfExp) and isinstance(node.orelse, ast.Constant) and isinstance(node.orelse.value, str):
            said.append(f'"{node.orelse.value}"')
        elif isinstance(node, ast.IfExp) and isinstance(node.body, ast.Constant) and isinstance(node.body.value, str):
            if " is None" in ast.unparse(node.test):
                said.append(f'"{node.body.value}"')
    return said
