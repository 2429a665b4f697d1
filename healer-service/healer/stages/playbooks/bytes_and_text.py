"""Bytes and text that meet: the one written in the code takes the kind of the other, or the value is decoded as the
neighbours decode. And lists where only what cannot change may stand.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, Replace
from healer.syntax.expressions import wrap
from healer.syntax.project import Module
from healer.syntax.situation import Situation

CATEGORIES = ("wrong-type", "missing-attribute", "missing-key")
NAME = "wrong-type"
_MIXED = re.compile(
    r"bytes-like object is required, not 'str'|must be (str|bytes) or a tuple of (str|bytes), not (str|bytes)|"
    r"can't concat str to bytes|can only concatenate str \(not \"bytes\"\)|requires string as left operand, not bytes|"
    r"must be str, not bytes|must be bytes, not str|cannot use a (string|bytes) pattern"
)


def draft(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    if _MIXED.search(message):
        yield from _literals(s)
        yield from _decoded(s)
    if re.search(r"unhashable type: '(list|set|dict)'", message):
        yield from _frozen(s, "frozenset" if "'set'" in message else "tuple")


def _literals(s: Situation) -> Iterator[Draft]:
    for node in ast.walk(s.crash.statement):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, (str, bytes)):
            continue
        if isinstance(s.module.parents.get(node), (ast.Subscript, ast.JoinedStr, ast.keyword)):
            continue
        text = s.module.text(node)
        code = f"b{text}" if isinstance(node.value, str) else text[1:]
        edits: tuple[tuple[Module, Edit], ...] = ((s.module, Replace(node, code)),)
        yield Draft(f"Write {code}", edits, Answer.CORRECT, 0.78)


def _decoded(s: Situation) -> Iterator[Draft]:
    """The bytes, as text."""
    said: Counter[str] = Counter()
    for module in s.project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "decode":
                said[", ".join(module.text(a) for a in [*node.args, *node.keywords])] += 1
    how = said.most_common(1)[0][0] if said else ""
    for node in ast.walk(s.crash.statement):
        plain = isinstance(node, (ast.Name, ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Load)
        if plain and isinstance(node, ast.expr) and isinstance(s.seen(node), bytes):
            code = f"{s.module.text(node)}.decode({how})"
            edits: tuple[tuple[Module, Edit], ...] = ((s.module, Replace(node, wrap(s.module, node, code))),)
            yield Draft(f"Decode {s.module.text(node)}", edits, Answer.CONVERT, 0.9 if said else 0.84)


def _frozen(s: Situation, kind: str) -> Iterator[Draft]:
    """A list of the service's own as a key, in a set, or for a cached function."""
    for _, culprit in s.crash.pairs[:4]:
        if isinstance(culprit, ast.Constant) or any(o.is_client for o in s.origins(culprit)):
            continue
        seen = s.seen(culprit)
        if isinstance(seen, list) != (kind == "tuple") and isinstance(seen, (list, set, dict, str, int)):
            continue
        edits: tuple[tuple[Module, Edit], ...] = ((s.module, Replace(culprit, f"{kind}({s.module.text(culprit)})")),)
        yield Draft(f"Use a {kind} of {s.module.text(culprit)}", edits, Answer.CONVERT, 0.86)
