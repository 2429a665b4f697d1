"""An index, an extreme or a next of nothing: not found, refused, or the natural value of an empty collection."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import (
    BAD_INPUT,
    NOT_FOUND,
    UNAUTHORISED,
    Draft,
    Wish,
    answer_of,
    copied,
    guard,
    guard_items,
    named,
    use_name,
)
from healer.stages.playbooks.empty_collection import of_collection
from healer.stages.playbooks.searches import of_next
from healer.syntax.defaults import hints_at_nothing
from healer.syntax.edits import InsertBefore, Replace
from healer.syntax.expressions import wrap
from healer.syntax.guards import range_guards
from healer.syntax.nouns import name_of, noun_of
from healer.syntax.origins import Origin
from healer.syntax.situation import Place, Situation

CATEGORIES = ("empty-sequence",)
NAME = "empty-sequence"
_SPLITS = ("split", "rsplit", "splitlines", "partition", "findall", "groups")


def draft(s: Situation) -> Iterator[Draft]:
    for rank, (expression, culprit) in enumerate(s.crash.pairs[:3]):
        for one in _drafts(s, expression, culprit):
            yield Draft(one.summary, one.edits, one.answer, one.fit - 0.14 * rank)


def _drafts(s: Situation, expression: ast.expr, culprit: ast.expr) -> Iterator[Draft]:
    word = ast.unparse(expression.func).rpartition(".")[2] if isinstance(expression, ast.Call) else ""
    if word == "next":
        yield from of_next(s, expression)
        return
    if isinstance(expression, ast.Subscript):
        parts = _split_of(s, culprit)
        if parts is not None:
            yield from _too_few_parts(s, expression, culprit, parts)
            return
        if not isinstance(expression.slice, (ast.Constant, ast.UnaryOp)):
            yield from _chosen_index(s, expression, culprit, expression.slice)
    elif word == "pop" and isinstance(expression, ast.Call) and expression.args:
        yield from _chosen_index(s, expression, culprit, expression.args[0])
    yield from of_collection(s, expression, culprit, word)


def _split_of(s: Situation, culprit: ast.expr) -> ast.Call | None:
    value: ast.expr = culprit
    for _ in range(3):
        if isinstance(value, ast.Name):
            found = s.tracer.definitions(value.id, s.module, s.function, value)
            value = found[0].value if found else value
        elif isinstance(value, (ast.ListComp, ast.GeneratorExp)):
            value = value.elt
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _SPLITS:
        return value
    return None


def _too_few_parts(s: Situation, expression: ast.Subscript, culprit: ast.expr, parts: ast.Call) -> Iterator[Draft]:
    assert isinstance(parts.func, ast.Attribute)
    origins = s.origins(parts.func.value)
    client = [o for o in origins if o.is_client]
    index = expression.slice.value if isinstance(expression.slice, ast.Constant) else 0
    needed = index + 1 if isinstance(index, int) else 1
    same_list = [
        n.slice.value
        for n in ast.walk(s.function.node if s.function is not None else s.crash.statement)
        if isinstance(n, ast.Subscript)
        and ast.unparse(n.value) == ast.unparse(culprit)
        and isinstance(n.slice, ast.Constant)
        and isinstance(n.slice.value, int)
    ]
    needed = max([needed, *(i + 1 for i in same_list)])
    name = _input_name(client, parts.func.value)
    wish = Wish(BAD_INPUT, name, says=f"invalid {name}")
    yield from guard_items(s, culprit, f"len({s.module.text(culprit)}) < {needed}", wish, 0.8 if client else 0.5)
    for place in s.places(culprit):
        test = f"len({{0}}) < {needed}" if needed > 1 else "not {0}"
        if any(o.kind == "header" for o in client) and _refuses(s, place.function.node, 401):
            yield from _same_refusal(s, place, test, 401, 0.93)
            yield from guard(s, place, test, Wish(UNAUTHORISED, name, says=f"invalid {name}"), 0.8)
        yield from guard(s, place, test, Wish(BAD_INPUT, name, says=f"invalid {name}"), 0.8 if client else 0.55)


def _refuses(s: Situation, node: ast.AST, status: int) -> bool:
    return any(r.function is not None and r.function.node is node and r.status == status for r in s.refusals.all)


def _same_refusal(s: Situation, place: Place, test: str, status: int, fit: float) -> Iterator[Draft]:
    own = [
        r
        for r in s.refusals.all
        if r.function is not None
        and r.function.node is place.function.node
        and r.status == status
        and r.node.lineno < place.statement.lineno
    ]
    subject, before = named(s, place)
    if not own or subject is None:
        return
    code = place.module.text(own[-1].node)
    edits = (
        (place.module, InsertBefore(place.statement, f"{before}if {test.format(subject)}:\n    {code}\n")),
        *use_name(s, place, subject, before),
    )
    yield Draft(f"Refuse with {status} when {test.format(subject)}, as just before", edits, answer_of(status), fit)


def _input_name(client: list[Origin], node: ast.expr) -> str:
    if isinstance(node, (ast.Name, ast.Attribute)):
        return ast.unparse(node).rpartition(".")[2].replace("_", " ")
    return next((o.name for o in client if o.name), "input")


def _chosen_index(s: Situation, expression: ast.expr, culprit: ast.expr, chosen: ast.expr) -> Iterator[Draft]:
    """An index that the client chose."""
    index = next((n for n in ast.walk(chosen) if isinstance(n, (ast.Name, ast.Attribute))), None)
    if index is None:
        return
    origins = s.origins(chosen)
    client = [o for o in origins if o.is_client]
    table, text = s.module.text(culprit), s.module.text(chosen)
    if _is_step(s, chosen) and isinstance(expression, ast.Subscript):
        yield from _stepped(s, expression, table, text)
        return
    if isinstance(expression, ast.Subscript) and _goes_round(s, table):
        code = f"{text} % len({table})" if isinstance(chosen, (ast.Name, ast.Call)) else f"({text}) % len({table})"
        yield Draft(
            "Begin again after the last, as elsewhere", ((s.module, Replace(chosen, code)),), Answer.CORRECT, 0.93
        )
    yield from _other_end(s, table, chosen)
    fit = 0.78 if hints_at_nothing(s.function) else 0.94
    for example, test in range_guards(s, culprit, chosen)[:1]:
        place = next((p for p in s.places(index, 0)), None)
        braced = test.replace("{", "{{").replace("}", "}}")
        one = copied(s, example, place, index, braced, fit) if place is not None else None
        if one is not None:
            yield one
    if not client:
        return
    noun = noun_of(culprit)
    path = any(o.kind == "path" for o in client)
    for place in s.places(chosen):
        if place.depth:
            continue
        test = f"not 0 <= {text} < len({table})"
        wishes = [
            Wish(NOT_FOUND, noun, text),
            Wish(BAD_INPUT, noun, text, says=f"invalid {name_of(client[0].name, noun)}"),
        ]
        first = 0 if path or any(r.status == 404 for r in s.refusals.all if r.module is s.module) else 1
        yield from guard(s, place, test, wishes[first], 0.84)
        yield from guard(s, place, test, wishes[1 - first], 0.68, 2)


def _other_end(s: Situation, table: str, index: ast.expr) -> Iterator[Draft]:
    """`if index < 0: return None` asks for one end of the list; the other end is treated alike."""
    if s.function is None or not isinstance(index, ast.Name):
        return
    for node in s.function.own_nodes:
        if not isinstance(node, ast.If) or node.orelse or node.lineno > index.lineno:
            continue
        test = ast.unparse(node.test)
        leaves = isinstance(node.body[-1], (ast.Return, ast.Raise))
        if leaves and test in (f"{index.id} < 0", f"0 > {index.id}", f"{index.id} >= len({table})"):
            answered = next((r for r in s.refusals.all if r.node in node.body), None)
            answer = answer_of(answered.status or 400) if answered is not None else Answer.NATURAL_VALUE
            edits = ((s.module, Replace(node.test, f"not 0 <= {index.id} < len({table})")),)
            yield Draft(f"Treat both ends of {table} alike", edits, answer, 0.95)
            return


def _goes_round(s: Situation, table: str) -> bool:
    """Whether other code takes the same list, by its name, for a ring."""
    wanted = f"% len({table})"
    return any(
        isinstance(n, ast.Subscript) and ast.unparse(n.value) == table and wanted in ast.unparse(n.slice)
        for n in s.module.nodes
    )


_ROUND = re.compile(r"week|day|shift|rota|turn|season|cycle|colou?r|hand|month", re.I)


def _is_step(s: Situation, index: ast.expr) -> bool:
    """One on from where something was found: `i + 1` after `i = ORDER.index(x)`."""
    if not isinstance(index, ast.BinOp) or not isinstance(index.op, ast.Add):
        return False
    value: ast.expr = index.left
    if isinstance(value, ast.Name):
        found = s.tracer.definitions(value.id, s.module, s.function, value)
        value = found[0].value if found else value
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "index"


def _stepped(s: Situation, expression: ast.Subscript, table: str, text: str) -> Iterator[Draft]:
    """What comes after the last: nothing, or the first of what goes round."""
    goes_round = bool(_ROUND.search(table))
    code = wrap(s.module, expression, f"{s.module.text(expression)} if {text} < len({table}) else None")
    edits = ((s.module, Replace(expression, code)),)
    yield Draft("Answer None after the last", edits, Answer.NATURAL_VALUE, 0.84 - 0.2 * goes_round)
    edits = ((s.module, Replace(expression, f"{table}[({text}) % len({table})]")),)
    yield Draft("Begin again after the last", edits, Answer.CORRECT, 0.88 if goes_round else 0.5)
