"""Text split into more or fewer parts than the code expects: refused, or split once where the rest belongs to
the last part.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.attempts import sites
from healer.stages.playbooks.drafts import BAD_INPUT, UNAUTHORISED, Draft, Wish, answer_of, chained, weigh
from healer.stages.playbooks.handlers import widened
from healer.stages.playbooks.parts import alone, has_fixed_parts, read_with_parts, targets_of
from healer.stages.playbooks.taken_outside import given_up_outside
from healer.syntax.edits import Edit, Guarded, InsertBefore, Replace
from healer.syntax.nouns import name_as_sent
from healer.syntax.project import Module, names_in
from healer.syntax.readings import has_one_reading
from healer.syntax.situation import Situation
from healer.syntax.wording import refuse

CATEGORIES = ("unpacking",)
NAME = "unpacking"
_REFUSED = re.compile(r"\b(raises?|refuse[sd]?|rejects?|rejected|invalid|malformed|anything else|otherwise)\b", re.I)
_OPEN_ENDED = re.compile(r"value|val$|rest|text|password|secret|message|body|content|title|tail|args|title|comment")


def draft(s: Situation) -> Iterator[Draft]:
    yield from widened(s, "ValueError", lookups=False)
    yield from _rows_of_width(s)
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
    base = _grounds(s, source) if client else 0.58
    header = any(o.kind == "header" for o in client)
    refuses = any(
        r.function is not None and r.function.node is s.function.node and r.status == 401 for r in s.refusals.all
    )
    wish = Wish(UNAUTHORISED if header and refuses else BAD_INPUT, name, says=f"invalid {name.replace('_', ' ')}")
    yield from given_up_outside(s, sites(s, expression, "ValueError", wish, base, s.module, s.function))
    for module, outer in s.callers(s.function)[:1]:
        function = module.function_of(outer)
        if function is not None:
            yield from sites(s, outer, "ValueError", wish, base - 0.1, module, function)
    yield from _split_once(s, split, wish)
    yield from alone(s, split)
    yield from read_with_parts(s, split, wish, base)


def _grounds(s: Situation, source: ast.expr) -> float:
    """What was sent is refused where the code promises so, or takes it for a fixed format and reads it nowhere else."""
    if not has_one_reading(s, source):
        return 0.72
    assert s.function is not None
    promised = _REFUSED.search(s.function.docstring) is not None
    return 0.86 if promised or has_fixed_parts(s, targets_of(s.crash.statement, s)) else 0.8


def _rows_of_width(s: Situation) -> Iterator[Draft]:
    """`for a, b in rows`, where a row that was sent has another width: asked before it is taken apart."""
    loop = s.crash.statement
    if not isinstance(loop, ast.For) or not isinstance(loop.target, (ast.Tuple, ast.List)) or s.function is None:
        return
    if any(isinstance(e, (ast.Starred, ast.Tuple)) for e in loop.target.elts):
        return
    name = next((n for n in ("row", "parts", "fields", "one_row") if n not in names_in(s.function.node)), "")
    if (isinstance(loop.iter, ast.Call) and ast.unparse(loop.iter.func) == "enumerate") or not name:
        return
    sent = [o for o in s.origins(loop.iter) if o.is_client]
    noun = name_as_sent(loop.iter, [o.name for o in sent])
    target = s.module.text(loop.target).strip("()[]")
    width = len(loop.target.elts)
    wish = Wish(BAD_INPUT, noun, says=f"every row must have {width} columns")
    for wording in refuse(s.refusals, s.function, wish, 2):
        code = f"if len({name}) != {width}:\n    {wording.code}\n{target} = {name}\n"
        edits = (
            (s.module, Replace(loop.target, name)),
            (s.module, InsertBefore(loop.body[0], code)),
            *((s.module, added) for added in wording.imports),
        )
        fit = weigh(0.84 if sent else 0.6, wording, s.function)
        yield Draft(f"Refuse rows that do not have {width} parts", edits, answer_of(wording.status), fit)


def _is_split(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("split", "rsplit")


def _split_once(s: Situation, split: ast.AST | None, wish: Wish) -> Iterator[Draft]:
    if not isinstance(split, ast.Call) or "too many" not in s.report.exception.message or len(split.args) > 1:
        return
    targets = targets_of(s.crash.statement, s)
    if len(targets) != 2:
        return
    backwards = _belongs_to_first(s, split, targets[0])
    code = _limited(s, split, backwards)
    open_ended = _OPEN_ENDED.search(targets[-1].lower()) or _asked_for_separator(s, split)
    fit = 0.97 if backwards else 0.5 if has_fixed_parts(s, targets) else 0.95 if open_ended else 0.6
    summary = f"Split once; the rest belongs to the {'first' if backwards else 'last'} part"
    replaced: tuple[Module, Edit] = (s.module, Replace(split, code))
    yield Draft(summary, (replaced,), Answer.CORRECT, fit)
    statement = s.crash.statement
    if _asked_for_separator(s, split) or not isinstance(statement, ast.Assign) or not backwards or s.function is None:
        return
    for wording in refuse(s.refusals, s.function, wish, 1):
        handler = f"except ValueError:\n    {chained(s, wording.code)}\n"
        edits = (replaced, (s.module, Guarded(statement, handler)), *((s.module, a) for a in wording.imports))
        yield Draft(f"{summary}; refuse fewer with {wording.status}", edits, Answer.CORRECT, fit + 0.03)


def _limited(s: Situation, split: ast.Call, backwards: bool) -> str:
    assert isinstance(split.func, ast.Attribute)
    method = "rsplit" if backwards else split.func.attr
    separator = s.module.text(split.args[0]) if split.args else "None"
    return f"{s.module.text(split.func.value)}.{method}({separator}, 1)"


def _belongs_to_first(s: Situation, split: ast.Call, first: str) -> bool:
    """The first part is looked up among names that hold the separator themselves."""
    separator = split.args[0].value if split.args and isinstance(split.args[0], ast.Constant) else None
    assert isinstance(split.func, ast.Attribute)
    if s.function is None or (split.args and not isinstance(separator, str)):
        return False
    sent = s.seen(split.func.value)
    mark = separator if isinstance(separator, str) else None
    wanted = sent.rsplit(mark, 1)[0] if isinstance(sent, str) else ""
    for node in s.function.own_nodes:
        table: ast.expr | None = None
        if (
            isinstance(node, ast.Compare)
            and ast.unparse(node.left) == first
            and isinstance(node.ops[0], (ast.In, ast.NotIn))
        ):
            table = node.comparators[0]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.slice) == first:
            table = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            table = node.func.value if node.args and ast.unparse(node.args[0]) == first else None
        held = s.project.constant(s.module, table.id) if isinstance(table, ast.Name) else None
        texts = [str(n.value) for n in ast.walk(held[1]) if isinstance(n, ast.Constant)] if held is not None else []
        if wanted in texts or (not wanted and any(len(text.split(mark)) > 1 for text in texts)):
            return True
    return False


def _asked_for_separator(s: Situation, split: ast.Call) -> bool:
    """Text without the separator is refused before: any other text was to be taken."""
    assert isinstance(split.func, ast.Attribute) and s.function is not None
    separator = ast.unparse(split.args[0]) if split.args else "' '"
    text = ast.unparse(split.func.value)
    for node in s.function.own_nodes:
        if (
            isinstance(node, ast.Compare)
            and node.lineno <= split.lineno
            and isinstance(node.ops[0], (ast.NotIn, ast.In))
        ):
            if ast.unparse(node.left) == separator and ast.unparse(node.comparators[0]) == text:
                return True
    return False
