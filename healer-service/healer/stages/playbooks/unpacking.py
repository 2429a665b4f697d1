"""Text split into more or fewer parts than the code expects: refused, or split once where the rest belongs to
the last part.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.conversion import sites
from healer.stages.playbooks.drafts import BAD_INPUT, UNAUTHORISED, Draft, Wish
from healer.stages.playbooks.handlers import widened
from healer.syntax.edits import Replace
from healer.syntax.nouns import name_as_sent
from healer.syntax.situation import Situation

CATEGORIES = ("unpacking",)
NAME = "unpacking"
_OPEN_ENDED = re.compile(r"value|val$|rest|text|password|secret|message|body|content|title|tail|args|title|comment")


def draft(s: Situation) -> Iterator[Draft]:
    yield from widened(s, "ValueError")
    for rank, (expression, _) in enumerate(s.crash.pairs[:2]):
        for one in _drafts(s, expression):
            yield Draft(one.summary, one.edits, one.answer, one.fit - 0.15 * rank)


def _drafts(s: Situation, expression: ast.expr) -> Iterator[Draft]:
    if s.function is None:
        return
    split = next((n for n in ast.walk(expression) if _is_split(n)), None)
    source = split.func.value if isinstance(split, ast.Call) and isinstance(split.func, ast.Attribute) else expression
    origins = s.origins(source)
    client = [o for o in origins if o.is_client]
    name = name_as_sent(source, [o.name for o in client])
    base = 0.82 if client else 0.58
    header = any(o.kind == "header" for o in client)
    refuses = any(
        r.function is not None and r.function.node is s.function.node and r.status == 401 for r in s.refusals.all
    )
    wish = Wish(UNAUTHORISED if header and refuses else BAD_INPUT, name, says=f"invalid {name.replace('_', ' ')}")
    yield from sites(s, expression, "ValueError", wish, base, s.module, s.function)
    for module, outer in s.callers(s.function)[:1]:
        function = module.function_of(outer)
        if function is not None:
            yield from sites(s, outer, "ValueError", wish, base - 0.1, module, function)
    yield from _split_once(s, split)


def _is_split(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("split", "rsplit")


def _split_once(s: Situation, split: ast.AST | None) -> Iterator[Draft]:
    if not isinstance(split, ast.Call) or "too many" not in s.report.exception.message or len(split.args) != 1:
        return
    targets = _targets(s.crash.statement, s)
    if len(targets) != 2:
        return
    text = s.module.text(split)
    fit = 0.88 if _OPEN_ENDED.search(targets[-1].lower()) else 0.6
    if not _has_fixed_parts(s, targets):
        fit = 0.95 if _asked_for_separator(s, split) else fit
    edits = ((s.module, Replace(split, f"{text[:-1]}, 1)")),)
    yield Draft("Split once; the rest belongs to the last part", edits, Answer.CORRECT, fit)


def _asked_for_separator(s: Situation, split: ast.Call) -> bool:
    """Text without the separator is refused before: any other text was to be taken."""
    assert isinstance(split.func, ast.Attribute) and s.function is not None
    separator, text = ast.unparse(split.args[0]), ast.unparse(split.func.value)
    for node in s.function.own_nodes:
        if (
            isinstance(node, ast.Compare)
            and node.lineno <= split.lineno
            and isinstance(node.ops[0], (ast.NotIn, ast.In))
        ):
            if ast.unparse(node.left) == separator and ast.unparse(node.comparators[0]) == text:
                return True
    return False


def _has_fixed_parts(s: Situation, targets: list[str]) -> bool:
    """Parts that become numbers are those of a format: `12:30`, `4x6`."""
    assert s.function is not None
    calls = [n for n in s.function.own_nodes if isinstance(n, ast.Call) and n.args]
    return any(
        ast.unparse(call.func).rpartition(".")[2] in ("int", "float", "Decimal")
        and ast.unparse(call.args[0]) in targets
        for call in calls
    )


def _targets(statement: ast.stmt, s: Situation) -> list[str]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.For):
        targets = [statement.target]
    else:
        targets = [g.target for n in ast.walk(statement) for g in getattr(n, "generators", [])]
    pair = next((t for t in targets if isinstance(t, (ast.Tuple, ast.List))), None)
    return [ast.unparse(e) for e in pair.elts] if pair is not None else []
