"""Text that is no number, date, identifier or choice: refused with the service's own words where it came in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish, answer_of, caught, chained, guard, hoisted
from healer.stages.playbooks.handlers import widened
from healer.stages.playbooks.stepped_dates import carried
from healer.syntax.edits import AddImport, Guarded
from healer.syntax.examples import handlers_around
from healer.syntax.expressions import in_lazy_part
from healer.syntax.nouns import name_as_sent, name_of
from healer.syntax.project import Function, Module
from healer.syntax.refusals import reachable
from healer.syntax.situation import Situation
from healer.syntax.wording import render

CATEGORIES = ("conversion",)
NAME = "conversion"
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "Decimal": "a number",
    "date": "a date",
    "datetime": "a date",
    "strptime": "a date",
    "fromisoformat": "a date",
    "UUID": "a UUID",
    "fromtimestamp": "a timestamp",
    "ip_address": "an IP address",
}


def draft(s: Situation) -> Iterator[Draft]:
    steps = [carried(s, expression) for expression, _ in s.crash.pairs]
    if any(own_fault for own_fault, _ in steps):
        yield from (one for _, mended in steps for one in mended)
        return
    for rank, (expression, culprit) in enumerate(s.crash.pairs[:2]):
        for one in _drafts(s, expression, culprit):
            yield Draft(one.summary, one.edits, one.answer, one.fit - 0.15 * rank)


def _drafts(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    if s.function is None or not isinstance(expression, ast.Call):
        return
    origins = s.origins(culprit)
    client = sorted((o for o in origins if o.is_client), key=lambda o: not o.name)
    name = name_as_sent(culprit, [o.name for o in client])
    base = 0.84 if client else 0.55
    errors, imports = error_of(s, s.module)
    yield from widened(s, errors, imports)
    wish = Wish(BAD_INPUT, name, says=_phrase(s, expression, culprit, name))
    for one in sites(s, expression, errors, wish, base, s.module, s.function):
        yield Draft(one.summary, (*one.edits, *((s.module, n) for n in imports)), one.answer, one.fit)
    yield from _as_sibling(s, expression, name, base)
    yield from _in_callers(s, expression, errors, wish, base)
    yield from _finite(s, culprit, name, base)
    yield from _none_like_its_other_answers(s, s.function, expression, errors, imports)


def error_of(s: Situation, module: Module) -> tuple[str, tuple[AddImport, ...]]:
    """The narrow name of the exception as this module can say it."""
    exception = s.report.exception
    name = exception.type
    if name == "InvalidOperation":
        if "decimal" in module.imports and "Decimal" not in module.imports:
            return "decimal.InvalidOperation", ()
        return "InvalidOperation", () if "InvalidOperation" in module.imports else (
            AddImport("decimal", "InvalidOperation"),
        )
    if exception.is_a("UnicodeDecodeError"):
        return "UnicodeDecodeError", ()
    if exception.is_a("JSONDecodeError"):
        return "ValueError", ()
    return (name if name in ("OverflowError", "KeyError", "TypeError", "OSError") else "ValueError"), ()


def _phrase(s: Situation, call: ast.Call, culprit: ast.expr, name: str) -> str:
    word = ast.unparse(call.func).rpartition(".")[2]
    kind = _KINDS.get(word, "")
    choices = _choices(s, call)
    if choices:
        if any(re.search(r" must be one of ", r.words) for r in s.refusals.all):
            return f"{name} must be one of {', '.join(choices)}"
        plain = isinstance(culprit, (ast.Name, ast.Attribute))
        return f"unknown {name}: {{{ast.unparse(culprit)}}}" if plain else f"unknown {name}"
    for refusal in s.refusals.all:
        if refusal.words.lower().startswith("invalid "):
            return f"invalid {name}"
    if not kind or s.report.exception.is_a("OverflowError"):
        return f"invalid {name}"
    return f"{name} must be {kind}"


def _choices(s: Situation, call: ast.Call) -> list[str]:
    """The values of an enumeration that a call converts to."""
    found = s.project.find_class(s.module, call.func)
    if found is None or not any(re.search(r"Enum\b|Choices\b", ast.unparse(base)) for base in found[1].bases):
        return []
    values = [n.value for n in found[1].body if isinstance(n, ast.Assign)]
    return [str(v.value) for v in values if isinstance(v, ast.Constant)] or ["…"]


def sites(
    s: Situation, call: ast.expr, errors: str, wish: Wish, base: float, module: Module, function: Function
) -> Iterator[Draft]:
    statement = module.statement_of(call)
    lone = isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr, ast.AugAssign))
    if lone and (_does_only(statement, call) or in_lazy_part(module, call)):
        yield from caught(s, module, function, statement, errors, wish, base)
    else:
        yield from hoisted(s, module, function, call, errors, wish, base)
        if lone:
            yield from caught(s, module, function, statement, errors, wish, base - 0.06)


def _does_only(statement: ast.stmt, call: ast.expr) -> bool:
    """Whether nothing else in the statement could raise the same."""
    inside = {id(n) for n in ast.walk(call)}
    return not any(isinstance(n, ast.Call) and id(n) not in inside for n in ast.walk(statement))


def _as_sibling(s: Situation, call: ast.Call, name: str, base: float) -> Iterator[Draft]:
    """A handler elsewhere that refuses for the same conversion, in its words."""
    word = ast.unparse(call.func).rpartition(".")[2]
    statement = s.crash.statement
    for handled in handlers_around(s, word):
        refusal = handled.refusal
        if refusal is None or refusal.message is None or handled.handler.type is None or s.function is None:
            continue
        if refusal.returns and (refusal.function is None or refusal.function.node is not s.function.node):
            continue
        imports = reachable(refusal, s.module, s.project)
        if imports is None or not isinstance(refusal.message, ast.Constant):
            continue
        old = name_of(handled.call.args[0]) if handled.call.args else ""
        said = refusal.module.text(refusal.message)
        if old and old not in said:
            old = next((w for w in re.findall(r"\w+", said) if w in ast.unparse(handled.call)), "")
        if not old:
            continue
        code = render(refusal, re.sub(rf"\b{re.escape(old)}\b", name, said), None)
        if code is None or not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr)):
            continue
        if not _does_only(statement, call):
            continue
        handler = f"except {ast.unparse(handled.handler.type)}:\n    {chained(s, code)}\n"
        edits = ((s.module, Guarded(statement, handler)), *((s.module, added) for added in imports))
        where = handled.function.name if handled.function is not None else "other code"
        yield Draft(
            f"Refuse with {refusal.status}, as {where} does", edits, answer_of(refusal.status or 400), base + 0.1
        )


def _in_callers(s: Situation, call: ast.Call, errors: str, wish: Wish, base: float) -> Iterator[Draft]:
    """Around the call of the helper that converts, where the handler is that can refuse."""
    if s.function is None:
        return
    for module, outer in s.callers(s.function)[:1]:
        function = module.function_of(outer)
        if function is not None:
            yield from sites(s, outer, errors, wish, base - 0.08, module, function)


def _finite(s: Situation, culprit: ast.expr, name: str, base: float) -> Iterator[Draft]:
    """NaN and infinity are numbers to float(), and nothing else can take them."""
    if not re.search(r"NaN|infinity", s.report.exception.message):
        return
    needs = () if "math" in s.module.imports else (AddImport("", "math"),)
    for part in [culprit, *(n for n in ast.walk(culprit) if isinstance(n, ast.Name))]:
        for place in s.places(part):
            if any(o.is_client for o in s.origins_at(place)):
                wish = Wish(BAD_INPUT, name, says=f"{name} must be a finite number")
                for one in guard(s, place, "not math.isfinite({0})", wish, base + 0.04):
                    yield Draft(one.summary, (*one.edits, *((s.module, n) for n in needs)), one.answer, one.fit)


def _none_like_its_other_answers(
    s: Situation, function: Function, call: ast.Call, errors: str, imports: tuple[AddImport, ...]
) -> Iterator[Draft]:
    """A parser that answers None for other bad text does so for this, too."""
    statement = s.crash.statement
    if not isinstance(statement, ast.Return):
        return
    own = [n for n in function.own_nodes if isinstance(n, ast.Return) and n.value is not None]
    gives_none = any("None" in ast.unparse(n.value) for n in own if n.value is not None)
    speaks = "none" in function.docstring.lower()
    if gives_none or speaks:
        handler = f"except {errors}:\n    return None\n"
        edits = ((s.module, Guarded(statement, handler)), *((s.module, n) for n in imports))
        yield Draft(
            f"Answer None on {errors}, as {function.name} does for other text", edits, Answer.NATURAL_VALUE, 0.86
        )
