"""Text split into two parts whose use says what they are: one that may stand alone, or numbers of a fixed format."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, Wish, answer_of, chained, weigh
from healer.syntax.edits import Edit, Replace, ReplaceStatement
from healer.syntax.project import Module
from healer.syntax.situation import Situation
from healer.syntax.wording import refuse


def alone(s: Situation, split: ast.AST | None) -> Iterator[Draft]:
    """The docstring says that the first part may stand alone, and the second is then empty text."""
    statement = s.crash.statement
    targets = targets_of(statement, s)
    if not isinstance(split, ast.Call) or not isinstance(statement, ast.Assign) or statement.value is not split:
        return
    assert isinstance(split.func, ast.Attribute) and s.function is not None
    plain = all(name.isidentifier() for name in targets) and len(targets) == 2
    if not plain or len(split.args) != 1 or "not enough" not in s.report.exception.message:
        return
    first, second = targets
    said = re.search(rf"\b{first}\b (alone|only|on its own|without)|without (an? )?{second}\b|no {second}\b",
                     s.function.docstring.replace("-", " "), re.I)  # fmt: skip
    if (said is None and not _shown_alone(s, split)) or has_fixed_parts(s, targets[1:]):
        return
    code = f"{first}, _, {second} = {s.module.text(split.func.value)}.partition({s.module.text(split.args[0])})\n"
    edits: tuple[tuple[Module, Edit], ...] = ((s.module, ReplaceStatement(statement, code)),)
    yield Draft(f"Take {first} alone, as the docstring says", edits, Answer.CORRECT, 0.92)


def _shown_alone(s: Situation, split: ast.Call) -> bool:
    """The docstring's examples are written with the separator and without it."""
    separator = split.args[0].value if split.args and isinstance(split.args[0], ast.Constant) else None
    if not isinstance(separator, str) or s.function is None:
        return False
    shown = re.findall(r"[`\"'“]([^`\"'”\s]{2,30})[`\"'”]", s.function.docstring)
    parted = [one.split(separator) for one in shown]
    return any(len(one) == 2 and [one[0]] in parted for one in parted)


def read_with_parts(s: Situation, split: ast.AST | None, wish: Wish, base: float) -> Iterator[Draft]:
    """Where each part is only ever made a number, it is made one in the same try."""
    statement = s.crash.statement
    if not isinstance(split, ast.Call) or not isinstance(statement, ast.Assign) or statement.value is not split:
        return
    targets = targets_of(statement, s)
    assert s.function is not None
    uses = [
        n for n in s.function.own_nodes
        if isinstance(n, ast.Name) and n.id in targets and isinstance(n.ctx, ast.Load)
    ]  # fmt: skip
    made = [s.module.parents.get(n) for n in uses]
    calls = [c for c in made if isinstance(c, ast.Call) and len(c.args) == 1 and not c.keywords and c.args[0] in uses]
    words = {ast.unparse(c.func) for c in calls}
    if not uses or len(calls) != len(uses) or len(words) != 1 or not words <= {"int", "float"}:
        return
    if {n.id for n in uses} != set(targets):
        return
    word = words.pop()
    code = f"{s.module.text(statement.targets[0])} = map({word}, {s.module.text(split)})"
    for wording in refuse(s.refusals, s.function, wish, 2):
        whole = f"try:\n    {code}\nexcept ValueError:\n    {chained(s, wording.code)}\n"
        edits: list[tuple[Module, Edit]] = [(s.module, ReplaceStatement(statement, whole))]
        edits += [(s.module, Replace(c, n.id)) for c, n in zip(calls, uses, strict=True)]
        edits += [(s.module, added) for added in wording.imports]
        fit = weigh(base + 0.03, wording, s.function)
        yield Draft(f"Refuse with {wording.status} on ValueError", tuple(edits), answer_of(wording.status), fit)


def has_fixed_parts(s: Situation, targets: list[str]) -> bool:
    """Parts that become numbers are those of a format: `12:30`, `4x6`."""
    assert s.function is not None
    calls = [n for n in s.function.own_nodes if isinstance(n, ast.Call) and n.args]
    return any(
        ast.unparse(call.func).rpartition(".")[2] in ("int", "float", "Decimal")
        and ast.unparse(call.args[0]) in targets
        for call in calls
    )


def targets_of(statement: ast.stmt, s: Situation) -> list[str]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.For):
        targets = [statement.target]
    else:
        targets = [g.target for n in ast.walk(statement) for g in getattr(n, "generators", [])]
    pair = next((t for t in targets if isinstance(t, (ast.Tuple, ast.List))), None)
    return [ast.unparse(e) for e in pair.elts] if pair is not None else []
