"""Text that is no number, date, identifier or choice: refused with the service's own words where it came in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.attempts import is_conversion, sites, with_imports
from healer.stages.playbooks.bad_items import given_up, prepared_alike
from healer.stages.playbooks.drafts import BAD_INPUT, Draft, Wish
from healer.stages.playbooks.fallbacks import with_default
from healer.stages.playbooks.finite import finite, not_a_number
from healer.stages.playbooks.handlers import widened
from healer.stages.playbooks.models import allowed
from healer.stages.playbooks.normalised import as_accepted
from healer.stages.playbooks.parse_errors import errors_of
from healer.stages.playbooks.parsers import as_parsed_elsewhere
from healer.stages.playbooks.refused_alike import as_sibling, like_unknown
from healer.stages.playbooks.stepped_dates import carried
from healer.stages.playbooks.taken_outside import given_up_outside
from healer.syntax.bindings import argument_of
from healer.syntax.edits import Guarded
from healer.syntax.nouns import name_as_sent
from healer.syntax.project import Function
from healer.syntax.readings import has_one_reading, is_one_of_many_left_out
from healer.syntax.situation import Situation

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
_NONE_FOR_BAD = re.compile(r"\bnone\b[^.;]*\b(invalid|bad|not|malformed|unless|otherwise|else)\b", re.I)
_NONE_WITHOUT = re.compile(r"\bnone\b[^.;]*\b(when|if|where) (there is|it has|it holds|it is|that is) (no|not)\b", re.I)


def draft(s: Situation) -> Iterator[Draft]:
    steps = [carried(s, expression) for expression, _ in s.crash.pairs]
    if any(own_fault for own_fault, _ in steps):
        yield from (one for _, mended in steps for one in mended)
        return
    yield from not_a_number(s)
    yield from allowed(s)
    for rank, (expression, culprit) in enumerate(s.crash.pairs[:2]):
        for one in drafts_for(s, expression, culprit):
            yield Draft(one.summary, one.edits, one.answer, one.fit - 0.15 * rank)


def drafts_for(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    if s.function is None or not isinstance(expression, ast.Call):
        return
    origins = s.origins(culprit)
    client = sorted((o for o in origins if o.is_client), key=lambda o: not o.name)
    sent = name_as_sent(culprit, [o.name for o in client])
    name = field_of(s, culprit) or sent
    base = 0.55 if not client else 0.84 if has_one_reading(s, culprit) else 0.72
    errors, imports = errors_of(s, s.module, expression)
    yield from widened(s, errors, lambda module: errors_of(s, module, expression), lookups=False)
    yield from as_parsed_elsewhere(s, expression)
    yield from as_accepted(s, expression, culprit)
    yield from with_default(s, expression)
    yield from given_up(s, expression, _phrase(s, expression, culprit, name))
    yield from prepared_alike(s)
    wish = Wish(BAD_INPUT, name, says=_phrase(s, expression, culprit, name))
    source = next((o.name for o in client if o.name), "") or sent
    whole = Wish(BAD_INPUT, source, says=f"invalid {source.replace('_', ' ')}")
    refusals = sites(s, expression, errors, wish, base, s.module, s.function, whole)
    for one in given_up_outside(s, refusals):
        yield with_imports(one, s.module, imports)
    yield from as_sibling(s, expression, name, 0.84 if client and not is_one_of_many_left_out(s) else base)
    yield from like_unknown(s, expression, errors)
    several = sum(is_conversion(n) for n in s.function.own_nodes) > 1
    yield from _in_callers(s, expression, whole if several else wish, base)
    yield from finite(s, culprit, sent, base)
    yield from _none_like_its_other_answers(s, s.function, expression)


def field_of(s: Situation, culprit: ast.expr) -> str:
    """`{name}` in a helper that is told what the value is called."""
    function = s.function
    if function is None:
        return ""
    params = {a.arg for a in function.params}
    value = culprit
    if isinstance(culprit, ast.Name):
        made = s.tracer.definitions(culprit.id, s.module, function, culprit)
        value = made[0].value if made else culprit
    key: ast.expr | None = None
    if isinstance(value, ast.Subscript):
        key = value.slice
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in ("get", "pop"):
        key = value.args[0] if value.args else None
    if isinstance(key, ast.Constant):
        return ""
    if isinstance(key, ast.Name) and key.id in params:
        return f"{{{key.id}}}"
    told = [p for p in ("name", "field", "label", "what", "param", "argument") if p in params]
    return f"{{{told[0]}}}" if told and not (isinstance(culprit, ast.Name) and culprit.id == told[0]) else ""


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


def _in_callers(s: Situation, call: ast.Call, wish: Wish, base: float) -> Iterator[Draft]:
    """Around the call of the helper that converts, where the handler is that can refuse."""
    if s.function is None:
        return
    for module, outer in s.callers(s.function)[:1]:
        function = module.function_of(outer)
        if function is None:
            continue
        errors, imports = errors_of(s, module, call)
        says, noun = wish.says, wish.noun
        for param in [a.arg for a in s.function.params if f"{{{a.arg}}}" in wish.says]:
            passed = argument_of(outer, s.function, param)
            known = str(passed.value) if isinstance(passed, ast.Constant) else "value"
            says, noun = says.replace(f"{{{param}}}", known), known
        for one in sites(s, outer, errors, Wish(wish.kind, noun, says=says), base - 0.08, module, function):
            yield with_imports(one, module, imports)


def _none_like_its_other_answers(s: Situation, function: Function, call: ast.Call) -> Iterator[Draft]:
    """A parser that answers None for other bad text does so for this, too."""
    statement = s.crash.statement
    if not isinstance(statement, (ast.Return, ast.Assign)) or s.refusals.is_route(function):
        return
    own = [n for n in function.own_nodes if isinstance(n, ast.Return) and n.value is not None]
    gives_none = any(_is_verdict(s, node) for node in own)
    promised = _NONE_FOR_BAD.search(function.docstring) or _NONE_WITHOUT.search(function.docstring)
    if gives_none or promised:
        errors, imports = errors_of(s, s.module, call)
        edits = ((s.module, Guarded(statement, f"except {errors}:\n    return None\n")),)
        summary = f"Answer None on {errors}, as {function.name} does for other text"
        # What its callers make of that None is theirs: an answer, or a refusal.
        yield with_imports(Draft(summary, edits, Answer.CORRECT, 0.95), s.module, imports)


def _is_verdict(s: Situation, node: ast.Return) -> bool:
    """Whether it answers None for text that is bad, not for text that is not there."""
    assert node.value is not None
    if isinstance(node.value, ast.IfExp):
        nothing = [p for p in (node.value.body, node.value.orelse) if ast.unparse(p) == "None"]
        return bool(nothing) and not _asks_presence(node.value.test)
    if ast.unparse(node.value) != "None":
        return False
    parent = s.module.parents.get(node)
    if isinstance(parent, ast.If):
        return not _asks_presence(parent.test)
    return isinstance(parent, ast.ExceptHandler)


def _asks_presence(test: ast.expr) -> bool:
    """`not raw`, `raw`, `raw is None`, `raw == ""`, `"key" not in data`."""
    if isinstance(test, ast.BoolOp):
        return all(_asks_presence(value) for value in test.values)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _asks_presence(test.operand)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        other = test.comparators[0]
        if isinstance(test.ops[0], (ast.In, ast.NotIn)):
            return isinstance(test.left, ast.Constant) or isinstance(other, (ast.Tuple, ast.List, ast.Set))
        return isinstance(other, ast.Constant) and other.value in (None, "")
    return isinstance(test, (ast.Name, ast.Attribute, ast.Subscript)) or (
        isinstance(test, ast.Call) and ast.unparse(test.func).rpartition(".")[2] in ("strip", "get")
    )
