"""NaN and infinity: numbers to float(), and nothing else can take them. Refused where the text became a number."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish, answer_of, guard, weigh
from healer.syntax.edits import AddImport, Edit, InsertAfter
from healer.syntax.expressions import in_lazy_part
from healer.syntax.nouns import name_as_sent
from healer.syntax.project import Function, Module
from healer.syntax.situation import Situation
from healer.syntax.wording import refuse

_MESSAGE = re.compile(r"\bNaN\b|\binfinity\b|\bnan\b|Out of range float|not JSON compliant")


def finite(s: Situation, culprit: ast.expr, name: str, base: float) -> Iterator[Draft]:
    if not _MESSAGE.search(s.report.exception.message):
        return
    yield from where_made(s, base)
    needs = () if "math" in s.module.imports else (AddImport("", "math"),)
    for part in [culprit, *(n for n in ast.walk(culprit) if isinstance(n, ast.Name))]:
        for place in s.places(part):
            if any(o.is_client for o in s.origins_at(place)):
                wish = Wish(BAD_INPUT, name, says=f"{name} must be a finite number")
                for one in guard(s, place, "not math.isfinite({0})", wish, base + 0.04):
                    yield Draft(one.summary, (*one.edits, *((s.module, n) for n in needs)), one.answer, one.fit)


def where_made(s: Situation, base: float) -> Iterator[Draft]:
    """After the statement that makes a float of what the client sent, in the words for text that is no number."""
    for frame in reversed(s.report.app_frames):
        module = s.project.modules.get(frame.file)
        function = module.function_at(frame.line) if module is not None else None
        if module is None or function is None:
            continue
        for node in function.own_nodes:
            if isinstance(node, ast.Assign) and node.lineno < frame.line and _made_by(node.value):
                target = node.targets[0]
                if isinstance(target, ast.Name) and not in_lazy_part(module, node.value):
                    yield from _checked(s, module, function, node, target.id, base)


def _made_by(node: ast.expr) -> str:
    """float or Decimal, of text."""
    word = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) and node.args else ""
    return word if word in ("float", "Decimal") else ""


def not_a_number(s: Situation) -> Iterator[Draft]:
    """A Decimal that is NaN does not compare with anything."""
    compares = any(isinstance(n, ast.Compare) for n in ast.walk(s.crash.statement))
    if s.report.exception.type == "InvalidOperation" and compares:
        yield from where_made(s, 0.84)


def _checked(
    s: Situation, module: Module, function: Function, made: ast.Assign, name: str, base: float
) -> Iterator[Draft]:
    sent = [o for o in s.tracer.origins(made.value, module, function, at=made) if o.is_client]
    if not sent:
        return
    parent = module.parents.get(made)
    after: ast.stmt = parent if isinstance(parent, ast.Try) else made
    noun = name_as_sent(made.targets[0], [o.name for o in sent])
    exact = _made_by(made.value) == "Decimal"
    needs = () if exact or "math" in module.imports else (AddImport("", "math"),)
    test = f"not {name}.is_finite()" if exact else f"not math.isfinite({name})"
    for wording in refuse(s.refusals, function, Wish(BAD_INPUT, noun, says=f"{noun} must be a finite number"), 2):
        code = f"if {test}:\n    {wording.code}\n"
        edits: tuple[tuple[Module, Edit], ...] = (
            (module, InsertAfter(after, code)),
            *((module, added) for added in (*wording.imports, *needs)),
        )
        fit = weigh(base + 0.1, wording, function)
        yield Draft(f"Refuse with {wording.status} when {name} is not finite", edits, answer_of(wording.status), fit)
