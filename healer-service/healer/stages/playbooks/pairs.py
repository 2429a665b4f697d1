"""`dict(part.split("=") for part in …)` with a part that has more or fewer separators than one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Edit, Replace
from healer.syntax.project import Module
from healer.syntax.situation import Situation

CATEGORIES = ("conversion", "unpacking")
NAME = "pairs"


def draft(s: Situation) -> Iterator[Draft]:
    """The name ends at the first separator; where there is none, a query string and a header have it with no value."""
    told = re.search(r"dictionary update sequence element #\d+ has length (\d+)", s.report.exception.message)
    if told is None:
        return
    for node in ast.walk(s.crash.statement):
        if not isinstance(node, (ast.GeneratorExp, ast.ListComp)) or not _is_plain_split(node.elt):
            continue
        assert isinstance(node.elt, ast.Call) and isinstance(node.elt.func, ast.Attribute)
        text, separator = s.module.text(node.elt.func.value), s.module.text(node.elt.args[0])
        outside = any(o.kind in ("query", "header", "cookie") for o in s.origins(node.generators[0].iter))
        outside = outside or re.search(r"query|cookie|header", ast.unparse(s.crash.statement), re.I) is not None
        if s.function is not None:
            outside = outside or re.search(r"query|cookie|header", s.function.name, re.I) is not None
        edits: tuple[tuple[Module, Edit], ...]
        if int(told.group(1)) > 2:
            edits = ((s.module, Replace(node.elt, f"{text}.split({separator}, 1)")),)
            yield Draft("Split once; the rest belongs to the value", edits, Answer.CORRECT, 0.91)
        if outside:
            edits = ((s.module, Replace(node.elt, f"{text}.partition({separator})[::2]")),)
            yield Draft("Take a name alone as one without a value", edits, Answer.CORRECT, 0.92)


def _is_plain_split(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "split"
        and len(node.args) == 1
        and not node.keywords
    )
