"""A local name used on a path that never gave it a value: a value or a refusal where the path forgets it, or the
name that was really meant.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, CONFLICT, NOT_FOUND, Draft, Wish, answer_of, weigh
from healer.stages.playbooks.hidden_names import of_hidden
from healer.syntax.bindings import assignments
from healer.syntax.defaults import hints_at_nothing, natural
from healer.syntax.edits import AddElse, InsertAfter, InsertBefore, ReplaceStatement
from healer.syntax.examples import kind_of_missing
from healer.syntax.initial import natural_like
from healer.syntax.nouns import name_of, noun_of, singular
from healer.syntax.project import Function, names_in
from healer.syntax.relations import acts
from healer.syntax.situation import Situation, anchor, block_of, out_of_elif
from healer.syntax.wording import refuse

CATEGORIES = ("unbound-local",)
NAME = "unbound-local"


def draft(s: Situation) -> Iterator[Draft]:
    quoted = re.search(r"variable '(\w+)'", s.report.exception.message)
    if quoted is None or s.function is None:
        return
    name = quoted.group(1)
    hidden = list(of_hidden(s, s.function, name))
    if hidden:
        yield from hidden
        return
    setter = _first_setting(s.function, name)
    if setter is None:
        return
    finishing = _finishing(s, setter)
    if finishing is not None:
        yield from _only_if_begun(s, finishing, name)
        return
    attempt = _attempt_around(s, setter)
    if attempt is not None:
        yield from _after_failure(s, s.function, attempt, setter, name)
        return
    outer = _outermost(s, setter)
    yield from _as_sibling_begins(s, s.function, outer, setter, name)
    if isinstance(outer, (ast.For, ast.AsyncFor)) and _is_search(s, outer, setter):
        yield from _found_nothing(s, s.function, outer, setter, name)
        return
    if isinstance(outer, (ast.If, ast.Match)) and not _has_else(outer):
        yield from _else_refuses(s, s.function, outer)
    yield from _initialised(s, s.function, outer, name)


def _first_setting(function: Function, name: str) -> ast.stmt | None:
    for statement in function.statements:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, (ast.AnnAssign, ast.AugAssign, ast.For)):
            targets = [statement.target]
        if any(isinstance(n, ast.Name) and n.id == name for t in targets for n in ast.walk(t)):
            return statement
    return None


def _finishing(s: Situation, setter: ast.stmt) -> ast.Try | None:
    """The try whose finally uses what its body may not have made yet."""
    for ancestor in s.module.ancestors(s.crash.statement):
        if isinstance(ancestor, ast.Try):
            last = any(n is s.crash.statement for one in ancestor.finalbody for n in ast.walk(one))
            return ancestor if last and any(n is setter for one in ancestor.body for n in ast.walk(one)) else None
    return None


def _only_if_begun(s: Situation, attempt: ast.Try, name: str) -> Iterator[Draft]:
    text = s.module.text(s.crash.statement)
    if "\n" in text:
        return
    edits = (
        (s.module, InsertBefore(attempt, f"{name} = None\n")),
        (s.module, ReplaceStatement(s.crash.statement, f"if {name} is not None:\n    {text}\n")),
    )
    yield Draft(f"Finish with {name} only where it was begun", edits, Answer.CORRECT, 0.93)


def _attempt_around(s: Situation, setter: ast.stmt) -> ast.Try | None:
    """The try that may fail before the name has its value, if the use stands after it."""
    for ancestor in s.module.ancestors(setter):
        if isinstance(ancestor, (ast.For, ast.While, ast.FunctionDef, ast.AsyncFunctionDef)):
            return None
        if isinstance(ancestor, ast.Try) and (ancestor.end_lineno or 0) < s.crash.statement.lineno:
            return ancestor if any(n is setter for b in ancestor.body for n in ast.walk(b)) else None
    return None


def _after_failure(s: Situation, function: Function, attempt: ast.Try, setter: ast.stmt, name: str) -> Iterator[Draft]:
    """Handlers that go on without the value: they refuse what the client sent, or set what stands for nothing."""
    value = getattr(setter, "value", None)
    origins = s.tracer.origins(value, s.module, function, at=setter) if isinstance(value, ast.expr) else frozenset()
    sent = [o for o in origins if o.is_client]
    for handler in attempt.handlers:
        last = handler.body[-1]
        if isinstance(last, (ast.Return, ast.Raise, ast.Continue, ast.Break)) or name in _stored(handler):
            continue
        put = ReplaceStatement if isinstance(last, ast.Pass) else InsertAfter
        if sent:
            asked = name_of(*(o.name for o in sent), name)
            wish = Wish(BAD_INPUT, asked, says=f"invalid {asked}")
            for wording in refuse(s.refusals, function, wish):
                edits = ((s.module, put(last, f"{wording.code}\n")), *((s.module, a) for a in wording.imports))
                fit = weigh(0.88, wording, function)
                yield Draft(f"Refuse with {wording.status} instead of going on", edits, answer_of(wording.status), fit)
        values = [v for v in [*_by_use(s, name), *natural_like(function, name)] if v != "None"]
        for rank, nothing in enumerate(dict.fromkeys([*values, "None"])):
            fit = (0.62 if sent else 0.84) - 0.06 * rank
            single = ((s.module, InsertBefore(attempt, f"{name} = {nothing}\n")),)
            yield Draft(f"Begin with {name} = {nothing}", single, Answer.NATURAL_VALUE, fit)


def _stored(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _by_use(s: Situation, name: str) -> list[str]:
    """What the line that crashed does with it: a dict to unpack or merge, a list to go over, a text to join."""
    for node in ast.walk(s.crash.statement):
        if not (isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)):
            continue
        parent = s.module.parents.get(node)
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.BitOr):
            return ["{}"]
        if isinstance(parent, ast.Dict) and node in parent.values:
            index = parent.values.index(node)
            return ["{}"] if parent.keys[index] is None else natural(s, s.module, node, s.function)
        if isinstance(parent, ast.keyword) and parent.arg is None:
            return ["{}"]
        if isinstance(parent, ast.Attribute) and parent.attr in ("get", "items", "keys", "values"):
            return ["{}"]
        return natural(s, s.module, node, s.function)
    return []


def _outermost(s: Situation, setter: ast.stmt) -> ast.stmt:
    """The branch or loop around the assignment that stands beside the line that crashed."""
    use = [s.crash.statement, *s.module.ancestors(s.crash.statement)]
    current: ast.AST = setter
    while s.module.parents.get(current) not in use:
        parent = s.module.parents.get(current)
        if parent is None or parent is (s.function.node if s.function is not None else None):
            break
        current = parent
    statement = current if isinstance(current, ast.stmt) else setter
    if isinstance(setter, ast.AugAssign) and block_of(s.module, setter) is not None:
        loop = next((a for a in s.module.ancestors(setter) if isinstance(a, (ast.For, ast.While))), None)
        return loop or statement
    return out_of_elif(s.module, statement)


def _as_sibling_begins(
    s: Situation, function: Function, outer: ast.stmt, setter: ast.stmt, name: str
) -> Iterator[Draft]:
    """What another function of the module gives the same name before the same kind of loop or branch."""
    for other in s.module.functions:
        if other.node is function.node:
            continue
        made = [d for d in assignments(other, name) if isinstance(d.statement, (ast.Assign, ast.AnnAssign))]
        begins = made[0] if len(made) > 1 else None
        if begins is None or begins.statement not in other.node.body:
            continue
        bare = isinstance(begins.value, ast.Constant) or ast.unparse(begins.value) in ("[]", "{}", "set()", "dict()")
        like = any(
            type(d.statement) is type(setter) and ast.dump(d.value) == ast.dump(_value(setter)) for d in made[1:]
        )
        if bare and like:
            code = s.module.text(begins.value)
            edits = ((s.module, InsertBefore(outer, f"{name} = {code}\n")),)
            summary = f"Begin with {name} = {code}, as {other.name} does"
            yield Draft(summary, edits, Answer.CORRECT, 0.96)
            return


def _value(statement: ast.stmt) -> ast.AST:
    value = getattr(statement, "value", None)
    return value if isinstance(value, ast.expr) else statement


def _is_search(s: Situation, loop: ast.For | ast.AsyncFor, setter: ast.stmt) -> bool:
    """Whether the loop looks for one item: it compares each and keeps what fits."""
    tests = [a.test for a in s.module.ancestors(setter) if isinstance(a, ast.If) and loop in s.module.ancestors(a)]
    items = names_in(loop.target)
    kept = isinstance(setter, ast.Assign) and bool(names_in(setter.value) & items)
    block = block_of(s.module, setter) or []
    if kept and tests and isinstance(block[-1], ast.Break):
        return True
    equal = [
        n for t in tests for n in ast.walk(t) if isinstance(n, ast.Compare) and isinstance(n.ops[0], (ast.Eq, ast.Is))
    ]
    return kept and any(names_in(n) & items for n in equal)


def _found_nothing(
    s: Situation, function: Function, loop: ast.For | ast.AsyncFor, setter: ast.stmt, name: str
) -> Iterator[Draft]:
    """A search that found nothing: not found, where the client asked for it."""
    if hints_at_nothing(function):
        return
    begin = (s.module, InsertBefore(loop, f"{name} = None\n"))
    tests = [a.test for a in s.module.ancestors(setter) if isinstance(a, ast.If)]
    items = names_in(loop.target)
    sought = [n for t in tests for n in ast.walk(t) if isinstance(n, ast.Name) and n.id not in items]
    kinds = {o.kind for n in sought for o in s.tracer.origins(n, s.module, function, at=loop) if o.is_client}
    method = loop.iter.func if isinstance(loop.iter, ast.Call) else None
    holder = method.value if isinstance(method, ast.Attribute) else loop.iter
    noun = noun_of(holder, loop.target)
    shown = min((n.id for n in sought if s.tracer.origins(n, s.module, function, at=loop)), default="")
    spot = anchor(s.module, function, s.crash.statement, {name})
    wish = Wish(kind_of_missing(s, kinds), noun, shown)
    if not kinds and acts(s):
        # Nobody asked for one of them: none is as the request needs it.
        wish = Wish(CONFLICT, noun, says=f"no {noun} available")
    for wording in refuse(s.refusals, function, wish):
        edits = (
            begin,
            (s.module, InsertBefore(spot, f"if {name} is None:\n    {wording.code}\n")),
            *((s.module, a) for a in wording.imports),
        )
        fit = weigh(0.9 if kinds or acts(s) else 0.8, wording, function)
        yield Draft(f"Refuse with {wording.status} when nothing is found", edits, answer_of(wording.status), fit)
    yield Draft("Begin with None", (begin,), Answer.NATURAL_VALUE, 0.5)


def _has_else(node: ast.If | ast.Match) -> bool:
    if isinstance(node, ast.Match):
        return any(isinstance(c.pattern, ast.MatchAs) and c.pattern.pattern is None for c in node.cases)
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
    return bool(node.orelse)


def _else_refuses(s: Situation, function: Function, outer: ast.If | ast.Match) -> Iterator[Draft]:
    """A chain over what the client sent that has no branch for anything else."""
    looked_at = outer.subject if isinstance(outer, ast.Match) else outer.test
    asked = [n for n in ast.walk(looked_at) if isinstance(n, (ast.Name, ast.Attribute, ast.Subscript))]
    origins = [(n, o) for n in asked for o in s.tracer.origins(n, s.module, function, at=outer) if o.is_client]
    if not origins:
        return
    chained = isinstance(outer, ast.Match) or bool(outer.orelse)
    node, origin = origins[0]
    noun = singular(ast.unparse(node).rpartition(".")[2] if not isinstance(node, ast.Subscript) else origin.name)
    kind = NOT_FOUND if origin.kind == "path" and not chained else BAD_INPUT
    for wording in refuse(s.refusals, function, Wish(kind, noun, ast.unparse(node))):
        edits = ((s.module, AddElse(outer, f"{wording.code}\n")), *((s.module, a) for a in wording.imports))
        fit = (0.86 if chained else 0.66) + 0.5 * (wording.fit - 0.85)
        yield Draft(f"Refuse with {wording.status} where no branch fits", edits, answer_of(wording.status), fit)


def _initialised(s: Situation, function: Function, outer: ast.stmt, name: str) -> Iterator[Draft]:
    """The natural value before the branches."""
    values = natural_like(function, name)
    compared = [n for n in ast.walk(function.node) if isinstance(n, ast.Name) and n.id == name]
    if any(_is_compared_to_none(s, n) for n in compared):
        values.insert(0, "None")
    loop = isinstance(outer, (ast.For, ast.While, ast.AsyncFor))
    fit = 0.82 if loop else 0.74
    for index, value in enumerate(dict.fromkeys([*values, "None"])):
        if index == 3:
            return
        edits = ((s.module, InsertBefore(outer, f"{name} = {value}\n")),)
        yield Draft(f"Begin with {name} = {value}", edits, Answer.NATURAL_VALUE, fit - 0.07 * index)


def _is_compared_to_none(s: Situation, node: ast.AST) -> bool:
    parent = s.module.parents.get(node)
    return isinstance(parent, ast.Compare) and "None" in ast.unparse(parent)
