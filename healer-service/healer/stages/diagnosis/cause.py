"""What went wrong in a sentence, which answer a maintainer would want, and where the fix may stand.

It writes no code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer, Site
from healer.stages.diagnosis import chained
from healer.stages.diagnosis.logic import logic_cause
from healer.syntax.answers import answers_one
from healer.syntax.calendar import assembly
from healer.syntax.examples import kind_of_missing
from healer.syntax.fallbacks import fallbacks
from healer.syntax.kinds import BAD_INPUT
from healer.syntax.nouns import noun_of
from healer.syntax.optional import declared_optional
from healer.syntax.origins import CLIENT, Origin
from healer.syntax.project import Function, same
from healer.syntax.relations import aggregate_in, asked_with, definition, forbids
from healer.syntax.situation import Situation

_KINDS = {
    "path": "the path",
    "query": "the query string",
    "header": "a header",
    "cookie": "a cookie",
    "form": "the form",
    "body": "the request's body",
    "raw": "the request",
    "state": "the service's own records",
    "table": "a fixed table",
    "record": "a stored record",
    "row": "a database query",
    "env": "the environment",
    "external": "another service",
}
_MOST_ORIGINS = 4
_CONVERTING = {"wrong-type": Answer.CONVERT, "unserialisable": Answer.CONVERT}
_LOGIC = ("changed-while-iterated", "name-error", "import-error", "await", "recursion")
_REFUSING = ("conversion", "unpacking", "decoding", "raised-on-purpose", "integrity", "missing-member")


def cause_of(s: Situation) -> str:
    crash = s.crash
    culprit = _quoted(crash.culprit)
    expression = _quoted(crash.expression)
    came = _from(s)
    where = f"in {s.function.name}" if s.function is not None else f"in {s.module.path}"
    raised = f"{crash.exception.type}{chained.because(s)}"
    texts = {
        "none-dereference": f"{culprit} is None {where}, and nothing asks for that case{came}.",
        "missing-key": f"{expression} has no entry for {crash.exception.message[:40]} {where}{came}.",
        "empty-sequence": f"{_emptiness(s)} {where}{came}.",
        "zero-division": f"{culprit} is zero in {expression} {where}{came}.",
        "conversion": f"{culprit} cannot be converted by {expression} {where}{came}.",
        "unpacking": f"{culprit} does not have as many parts as the code unpacks {where}{came}.",
        "wrong-type": f"{expression} mixes types that do not go together {where}{came}.",
        "unbound-local": f"A path through {_function(s)} uses {culprit or 'a name'} before any branch gave it a value.",
        "changed-while-iterated": f"The loop over {culprit} changes what it loops over {where}.",
        "decoding": f"{expression} cannot decode what was sent {where}{came}.",
        "raised-on-purpose": f"{_function(s)} raises {raised}, and no caller turns it into an answer.",
        "missing-row": f"The query {where} found no row{came}.",
        "integrity": f"The database refused a write {where}: {_complaint(crash.exception.message)}.",
        "name-error": f"The name {culprit} is not defined {where}.",
        "unserialisable": f"The answer of {_function(s)} holds a value that JSON cannot express.",
    }
    if crash.exception.type == "MultipleResultsFound":
        return f"The query {where} found several rows where one was meant."
    if any(assembly(s, one) is not None for one, _ in crash.pairs) and crash.category == "conversion":
        return f"{expression} leaves the calendar {where}: a step or a day does not fit every month."
    told = logic_cause(s)
    if told:
        return told
    return texts.get(crash.category, f"{crash.exception.type} {where}: {crash.exception.message[:80]}")


def _emptiness(s: Situation) -> str:
    """What is empty, in the words of a person."""
    expression, culprit = s.crash.expression, _quoted(s.crash.culprit)
    if isinstance(expression, ast.Call) and ast.unparse(expression.func) == "next":
        searched = expression.args[0] if expression.args else None
        if not isinstance(searched, (ast.GeneratorExp, ast.ListComp)):
            return f"{culprit} gives nothing more to next()"
        first = searched.generators[0]
        wanted = next((_asked_part(test, first.target) for test in first.ifs), "")
        fits = f"has the wanted {wanted}" if wanted else "fits"
        item = _quoted(first.target)
        item = noun_of(first.iter) if len(item) < 3 else item
        return f"No {item} of {_quoted(first.iter)} {fits}, so next() finds nothing"
    if isinstance(expression, ast.Subscript) and ast.unparse(expression.slice) in ("0", "-1"):
        end = "first" if ast.unparse(expression.slice) == "0" else "last"
        return f"{culprit} is empty, so it has no {end} item"
    return f"{culprit} has too few items for {_quoted(expression)}"


def _asked_part(test: ast.expr, target: ast.expr) -> str:
    """Of `line.id == wanted` the id."""
    for side in (test.left, *test.comparators) if isinstance(test, ast.Compare) else ():
        if isinstance(side, ast.Attribute) and same(side.value, target):
            return side.attr
        if isinstance(side, ast.Subscript) and same(side.value, target) and isinstance(side.slice, ast.Constant):
            return str(side.slice.value)
    return ""


def _complaint(message: str) -> str:
    """The database's first line, without the driver's name."""
    return re.sub(r"^\([\w.]+\) ", "", message.partition("\n")[0])[:100].rstrip(". ")


def _function(s: Situation) -> str:
    return s.function.name if s.function is not None else s.module.path


def _quoted(node: ast.expr | None) -> str:
    text = " ".join(ast.unparse(node).split()) if node is not None else ""
    return text if len(text) <= 60 else text[:57] + "…"


def _from(s: Situation) -> str:
    known = sorted({_KINDS[o.kind] for o in relevant_origins(s) if o.kind in _KINDS})
    return f"; it comes from {' and '.join(known[:2])}" if known else ""


def origins_told(s: Situation) -> tuple[str, ...]:
    """What the bad value was taken from, by name where it has one."""
    known = {(_KINDS[o.kind], o.name) for o in relevant_origins(s) if o.kind in _KINDS}
    return tuple(f"{kind}, {name}" if name else kind for kind, name in sorted(known)[:_MOST_ORIGINS])


def relevant_origins(s: Situation) -> frozenset[Origin]:
    """Origins of what decided the failure: the key of a look-up, else the culprit itself."""
    crash = s.crash
    if crash.category == "missing-key" and isinstance(crash.expression, ast.Subscript):
        if not isinstance(crash.expression.slice, ast.Constant):
            return s.origins(crash.expression.slice)
    return s.origins(crash.culprit) if crash.culprit is not None else frozenset()


def answer_wanted(s: Situation) -> Answer:
    category = s.crash.category
    if category in _CONVERTING:
        return _CONVERTING[category]
    if category == "signature":
        return Answer.REFUSE if _unpacks_what_was_sent(s) else Answer.CORRECT
    if category in _LOGIC:
        return Answer.CORRECT
    origins = relevant_origins(s)
    client = {o.kind for o in origins if o.is_client}
    if category == "conversion" and any(assembly(s, expression) is not None for expression, _ in s.crash.pairs):
        return Answer.CORRECT
    if category in _REFUSING:
        return Answer.REFUSE
    if category in ("missing-row", "missing-file"):
        return Answer.NOT_FOUND
    if category in ("none-dereference", "empty-sequence") and _forbids(s):
        return Answer.REFUSE
    if category == "empty-sequence" and s.crash.expression is not None and answers_one(s, s.crash.expression):
        return Answer.NOT_FOUND
    if category == "none-dereference":
        wanted = _of_none(s)
        if wanted is not None:
            return wanted
    if category == "missing-key" and _has_stand_in(s):
        return Answer.NATURAL_VALUE
    if category in ("none-dereference", "missing-key", "empty-sequence", "zero-division", "missing-attribute"):
        if not client:
            return Answer.NATURAL_VALUE
        return Answer.NOT_FOUND if "path" in client and category != "zero-division" else Answer.REFUSE
    return Answer.NATURAL_VALUE if category == "unbound-local" else Answer.CORRECT


def _unpacks_what_was_sent(s: Situation) -> bool:
    calls = [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call)]
    spread = [k.value for call in calls for k in call.keywords if k.arg is None]
    return any(o.is_client for value in spread for o in s.origins(value))


def _forbids(s: Situation) -> bool:
    expression, culprit = s.crash.expression, s.crash.culprit
    return expression is not None and culprit is not None and bool(forbids(s, expression, definition(s, culprit)))


def _of_none(s: Situation) -> Answer | None:
    """By what the None came out of: a look-up with something the client sent, or what it may leave out."""
    culprit = s.crash.culprit
    if culprit is None:
        return None
    made = definition(s, culprit)
    identity = any(o.kind in ("header", "cookie") for o in s.origins(culprit))
    if aggregate_in(made.value) or (declared_optional(s, made) and not identity):
        return Answer.NATURAL_VALUE
    if not isinstance(made.value, ast.Call):
        return None
    arguments = asked_with(made.value)
    asked = {o.kind for a in arguments for o in s.tracer.origins(a, made.module, made.function, at=made.statement)}
    client = asked & CLIENT
    if not client:
        return None
    if client & {"header", "cookie"} and "path" not in client:
        return Answer.REFUSE
    return Answer.REFUSE if kind_of_missing(s, client) == BAD_INPUT else Answer.NOT_FOUND


def _has_stand_in(s: Situation) -> bool:
    """Whether the documentation says what is taken for a key that the table lacks."""
    expression = s.crash.expression
    if not isinstance(expression, ast.Subscript):
        return False
    return any(one.promised for one in fallbacks(s, s.module, expression.value, expression.slice, s.function))


def fix_sites(s: Situation, answer: Answer) -> Iterator[Site]:
    """At the crash, where the exception behind it came from, elsewhere in the function, in callers, in callees."""
    crash = s.crash
    yield Site(s.module.path, crash.frame.line, _function(s), "the line that crashed")
    others = [site for _, site in chained.behind(s)] if crash.category == "raised-on-purpose" else []
    if crash.culprit is not None and s.function is not None:
        others += [*_definitions(s), *_callers(s), *_callees(s)]
    seen = {(s.module.path, crash.frame.line)}
    for site in others:
        if (site.file, site.line) not in seen:
            seen.add((site.file, site.line))
            yield site


def _definitions(s: Situation) -> Iterator[Site]:
    culprit = s.crash.culprit
    assert culprit is not None
    for node in [n for n in ast.walk(culprit) if isinstance(n, ast.Name)]:
        for one in s.tracer.definitions(node.id, s.module, s.function, culprit)[:2]:
            line = getattr(one.statement, "lineno", s.crash.frame.line)
            yield Site(s.module.path, line, _function(s), f"{node.id} gets its value here")


def _callers(s: Situation) -> Iterator[Site]:
    assert s.crash.culprit is not None
    for place in s.places(s.crash.culprit):
        if place.depth:
            yield Site(place.module.path, place.statement.lineno, place.function.name, "the caller passes the value in")


def _callees(s: Situation) -> Iterator[Site]:
    culprit = s.crash.culprit
    assert culprit is not None
    values = [culprit]
    if isinstance(culprit, ast.Name):
        values += [d.value for d in s.tracer.definitions(culprit.id, s.module, s.function, culprit)[:2]]
    for value in values:
        for call in [n for n in ast.walk(value) if isinstance(n, ast.Call)]:
            callee: Function | None = s.project.find_function(s.module, call.func, s.function)
            if callee is not None:
                last = next((n for n in reversed(callee.statements) if isinstance(n, ast.Return)), callee.node)
                yield Site(callee.module.path, last.lineno, callee.name, "it answers the value")
