"""What a route answers: one record, which may not be there, or a value that may be nothing. It reads text only."""

from __future__ import annotations

import ast
import re

from healer.syntax.defaults import hints_at_nothing
from healer.syntax.nouns import GENERIC, entity_in, noun_of, singular
from healer.syntax.project import COMPREHENSIONS, Function, Module, same
from healer.syntax.situation import Situation

_SUFFIX = re.compile(r"(Out|Read|Response|Schema|Dto|DTO|View|Public|Detail|Info|Model|Resource)$")
_PLAIN = {"str", "int", "float", "bool", "Decimal", "None", "bytes", "Any", "object"}


def answers_one(s: Situation, expression: ast.expr) -> bool:
    """Whether the expression is the one record that the request asks for: without it there is nothing to answer."""
    route = s.route
    if route is None or s.function is None or hints_at_nothing(s.function, route):
        return False
    declared = declared_answer(route)
    if declared is not None and not _is_single(s, route.module, declared):
        return False
    if route.node is not s.function.node:
        returned = s.crash.statement.value if isinstance(s.crash.statement, ast.Return) else None
        return same(returned, expression)
    return any(_is_subject(s, node, expression, declared is not None) for node in _returned(route))


def declared_answer(route: Function) -> ast.expr | None:
    """The response model, or the annotation of what is returned."""
    for decorator in route.node.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "response_model" and not (
                isinstance(keyword.value, ast.Constant) and keyword.value.value is None
            ):
                return keyword.value
    return route.node.returns


def _is_single(s: Situation, module: Module, declared: ast.expr) -> bool:
    text = ast.unparse(declared).strip("'\"")
    head = text.partition("[")[0].rpartition(".")[2]
    if "None" in text or head in ("Optional", "Union") or head in _PLAIN:
        return False
    return s.project.find_class(module, declared) is not None or head.lower() == "dict"


def _returned(function: Function) -> list[ast.expr]:
    return [n.value for n in function.own_nodes if isinstance(n, ast.Return) and n.value is not None]


def _is_subject(s: Situation, answer: ast.expr, expression: ast.expr, declared: bool) -> bool:
    """Returned itself, handed to what makes the answer, or the source of all that the answer holds."""
    subjects = [expression]
    statement = s.crash.statement
    if isinstance(statement, ast.Assign) and same(statement.value, expression):
        subjects = [t for t in statement.targets if isinstance(t, ast.Name)]
    if any(same(answer, one) for one in subjects):
        return True
    if isinstance(answer, ast.Call) and len(answer.args) == 1 and not answer.keywords:
        return any(same(answer.args[0], one) for one in subjects)
    values = answer.values if isinstance(answer, ast.Dict) else []
    values = [k.value for k in answer.keywords] if isinstance(answer, ast.Call) else values
    values = [v for v in values if not isinstance(v, ast.Constant)]
    if not values or not (declared or len(values) > 1):
        return False
    return all(any(same(n, one) for n in ast.walk(v) for one in subjects) for v in values)


def noun_of_rows(s: Situation, culprit: ast.expr) -> str:
    """What the items of a collection are called: by the class asked for, its holder, its name, the answer's model."""
    made: ast.expr = culprit
    if isinstance(culprit, ast.Name):
        found = s.tracer.definitions(culprit.id, s.module, s.function, culprit)
        made = found[0].value if found and not found[0].item else culprit
    inner: ast.expr = made
    if isinstance(made, COMPREHENSIONS):
        inner = made.generators[0].iter
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr in ("values", "items"):
        inner = inner.func.value
    words = [entity_in(made) if isinstance(made, ast.Call) else "", noun_of(inner), noun_of(culprit)]
    model = declared_answer(s.route) if s.route is not None else None
    if model is not None:
        words.append(singular(_SUFFIX.sub("", ast.unparse(model).rpartition(".")[2])))
    return next((word for word in words if word and word not in GENERIC), "entry")
