"""What to answer where a value is None and nobody did wrong: the natural value of nothing at the place of use.

It refuses nothing; that is the matter of none_dereference.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.stages.playbooks.in_text import in_text
from healer.stages.playbooks.items import among_items, in_sort_key
from healer.stages.playbooks.totals import at_definition
from healer.syntax.branches import passing
from healer.syntax.defaults import hints_at_nothing, natural, said_of_nothing, says_null, whole_answer
from healer.syntax.edits import InsertBefore, Replace, ReplaceStatement
from healer.syntax.examples import nullable_defaults, read_alike
from healer.syntax.expressions import fresh_name, in_lazy_part, whole_of, wrap
from healer.syntax.optional import may_answer_none
from healer.syntax.project import COMPREHENSIONS, Module, same
from healer.syntax.relations import definition
from healer.syntax.situation import Situation

_LIMITS = (
    "max",
    "min",
    "limit",
    "until",
    "expire",
    "deadline",
    "ends",
    "starts",
    "valid",
    "due",
    "cap",
    "quota",
    "_at",
)


def without(s: Situation, expression: ast.expr, culprit: ast.expr, searched: bool = False) -> Iterator[Draft]:
    """A value for nothing at the place of use."""
    module = s.module
    fit = 0.66 + 0.14 * hints_at_nothing(s.function) + (0.06 if isinstance(culprit, ast.Attribute) else 0)
    if any(o.is_client for o in s.origins(culprit)) and not isinstance(culprit, ast.Attribute):
        fit -= 0.12
    if searched:
        fit -= 0.06
    text = module.text(culprit)
    statement = s.crash.statement
    if isinstance(statement, ast.AugAssign) and statement.target is culprit:
        operator = module.text(statement).removeprefix(text).lstrip().partition("=")[0]
        code = f"{text} = ({text} or 0) {operator} {module.text(statement.value)}"
        begun_at = ((module, ReplaceStatement(statement, code)),)
        yield Draft(f"Begin at 0 where {text} is None", begun_at, Answer.NATURAL_VALUE, fit)
        return
    yield from at_definition(s, expression, culprit, definition(s, culprit), fit)
    if isinstance(statement, ast.AugAssign) and statement.value is culprit:
        begun = next(
            (
                ast.unparse(d.value)
                for d in s.tracer.definitions(ast.unparse(statement.target), s.module, s.function, statement)
            ),
            "0",
        )
        empty = begun if begun in ('""', "''", "[]") else "0"
        edits = _one(module, culprit, f"{text} or {empty}")
        yield Draft(f"Take {empty} where {text} is None", edits, Answer.NATURAL_VALUE, fit + 0.04)
        return
    if isinstance(expression, ast.Dict):
        edits = _one(module, culprit, f"({text} or {{}})")
        yield Draft(f"Take {text} for empty", edits, Answer.NATURAL_VALUE, fit + 0.1)
        return
    yield from in_sort_key(s, expression, culprit)
    items = list(among_items(s, expression, culprit))
    if items:
        yield from items
        return
    if expression is culprit or isinstance(module.parents.get(culprit), ast.comprehension):
        if not isinstance(statement, ast.Assign) or statement.value is not culprit:
            edits = _one(module, culprit, wrap(module, culprit, f"{text} or []"))
            yield Draft(f"Take {text} for empty", edits, Answer.NATURAL_VALUE, fit)
        return
    if isinstance(expression, ast.FormattedValue):
        yield from in_text(s, expression, culprit, fit)
        return
    condition = condition_of_choice(module, expression)
    simple = not any(isinstance(n, (ast.Call, ast.Await)) for n in ast.walk(culprit))
    if condition is not None and simple:
        code = f"{text} {_passing(s, expression, condition, culprit)} {module.text(condition)}"
        limit = any(word in text.rpartition(".")[2].lower() for word in _LIMITS)
        yield Draft(
            f"Ask whether {text} is there first",
            _one(
                module, condition, code if not isinstance(module.parents.get(condition), ast.UnaryOp) else f"({code})"
            ),
            Answer.NATURAL_VALUE,
            fit + (0.1 if limit or isinstance(expression, ast.Attribute) else 0),
        )
    if isinstance(expression, (ast.Attribute, ast.Subscript)):
        yield from _instead(s, expression, culprit, text, fit, simple)
    else:
        yield from _operand(s, expression, culprit, text, fit)


def _one(module: Module, node: ast.expr, code: str) -> tuple[tuple[Module, Replace], ...]:
    return ((module, Replace(node, code)),)


def condition_of_choice(module: Module, expression: ast.expr) -> ast.expr | None:
    """The comparison that an expression is part of, where it decides something."""
    current: ast.AST = expression
    for ancestor in module.ancestors(expression):
        deciding = (
            (isinstance(ancestor, (ast.If, ast.While, ast.IfExp)) and ancestor.test is current)
            or (isinstance(ancestor, ast.comprehension) and current in ancestor.ifs)
            or isinstance(ancestor, ast.BoolOp)
            or (isinstance(ancestor, ast.UnaryOp) and isinstance(ancestor.op, ast.Not))
            or (isinstance(ancestor, ast.Call) and ast.unparse(ancestor.func) in ("any", "all"))
            or (
                isinstance(ancestor, COMPREHENSIONS)
                and ast.unparse(module.parents[ancestor]).startswith(("any(", "all("))
            )
        )
        if deciding:
            return current if isinstance(current, ast.expr) and not isinstance(current, COMPREHENSIONS) else None
        if isinstance(ancestor, (ast.stmt, ast.Dict, ast.keyword)):
            return None
        current = ancestor
    return None


def _passing(s: Situation, expression: ast.expr, condition: ast.expr, culprit: ast.expr) -> str:
    """Nothing is unlike everything: where the test for a difference decides on a refusal, nothing does not pass."""
    unlike = isinstance(condition, ast.Compare) and isinstance(condition.ops[0], (ast.NotEq, ast.NotIn))
    parent = s.module.parents.get(condition)
    refused = isinstance(parent, ast.If) and any(r.node in parent.body for r in s.refusals.all)
    return "is None or" if unlike and refused else passing(s.module, condition, culprit)


def _instead(
    s: Situation, expression: ast.Attribute | ast.Subscript, culprit: ast.expr, text: str, fit: float, simple: bool
) -> Iterator[Draft]:
    module = s.module
    whole = whole_of(module, expression)
    assert isinstance(whole, ast.expr)
    name = text.rpartition(".")[2]
    others = [ast.unparse(value) for value in nullable_defaults(s, name, whole)] if simple else []
    very = {ast.unparse(value) for value in read_alike(s, whole)} if simple else set()
    said = said_of_nothing(s.function) if s.function is not None else ""
    if said:
        spoken = [value for value in natural(s, module, whole, s.function) if value.strip("'\"") == said]
        very, others = set(spoken) or very, [*spoken, *others]
    if any(isinstance(a, ast.JoinedStr) for a in module.ancestors(whole)):
        others = [value for value in others if value != "None"]
    values = list(dict.fromkeys([*others, *natural(s, module, whole, s.function)]))
    if simple:
        test = text if isinstance(culprit, ast.Attribute) else f"{text} is not None"
        yield from _lifted(s, whole, f"{text} is not None", fit)
        for index, value in enumerate(values[:3]):
            code = wrap(module, whole, f"{module.text(whole)} if {test} else {value}")
            declared = value == "None" and may_answer_none(s, module, whole)
            bonus = 0.22 if value in very or declared else 0.1 if value in others else 0
            answer = Answer.NATURAL_VALUE
            yield Draft(
                f"Answer {value} where {text} is None", _one(module, whole, code), answer, fit + bonus - 0.06 * index
            )
    elif isinstance(culprit, ast.Call) and s.function is not None and not in_lazy_part(module, culprit):
        name = fresh_name(culprit, s.function)
        whole = whole_answer(module, whole) if says_null(s.function) else whole
        rest = module.text(whole).replace(text, name, 1)
        named = InsertBefore(s.crash.statement, f"{name} = {text}\n")
        for value in natural(s, module, whole, s.function)[: 1 if rest != module.text(whole) else 0]:
            code = wrap(module, whole, f"{rest} if {name} is not None else {value}")
            edits = ((module, named), (module, Replace(whole, code)))
            yield Draft(f"Answer {value} where {text} is None", edits, Answer.NATURAL_VALUE, fit - 0.03)
    elif isinstance(expression, ast.Subscript) and isinstance(expression.slice, ast.Constant) and whole is expression:
        code = f"({text} or {{}}).get({module.text(expression.slice)})"
        yield Draft(
            f"Answer None where {text} is None", _one(module, expression, code), Answer.NATURAL_VALUE, fit - 0.06
        )
    method = expression.attr if isinstance(expression, ast.Attribute) else "get"
    empty = '""' if hasattr(str, method) else "{}" if hasattr(dict, method) else ""
    if empty and not in_lazy_part(module, culprit):
        tested = _tested_after(s)
        taken = _one(module, culprit, f"({text} or {empty})")
        yield Draft(f"Take {empty} where {text} is None", taken, Answer.NATURAL_VALUE, 0.9 if tested else fit - 0.1)


def _is_group(node: ast.Call) -> bool:
    """What an optional part of a pattern matched."""
    return isinstance(node.func, ast.Attribute) and node.func.attr == "group"


def _in_call(module: Module, node: ast.expr, word: str) -> bool:
    parent = module.parents.get(node)
    return isinstance(parent, ast.Call) and ast.unparse(parent.func) == word


def _alike(s: Situation, culprit: ast.expr, word: str) -> list[ast.expr]:
    """The culprit, and its later uses in the function that would fail in the same way."""
    found = [culprit]
    for node in s.function.own_nodes if s.function is not None else ():
        parent = s.module.parents.get(node)
        if not isinstance(parent, ast.Call) or not same(node, culprit) or node is culprit or node not in parent.args:
            continue
        if ast.unparse(parent.func).rpartition(".")[2] == word and parent.lineno >= culprit.lineno:
            assert isinstance(node, ast.expr)
            found.append(node)
    return found


_MOMENTS = re.compile(r"now|today|date|time|_at\b|_on\b|since|until|born|year|fromisoformat|strptime")
_WRAPPING = ("round", "int", "float", "str", "abs", "max", "min", "timedelta")


def _lifted(s: Situation, node: ast.expr, test: str, fit: float) -> Iterator[Draft]:
    """Nothing for a whole calculation that lacks its part: the age without a birthday is not the year."""
    module = s.module
    current: ast.expr = node
    operators: list[ast.operator] = []
    while True:
        parent = module.parents.get(current)
        if isinstance(parent, ast.BinOp):
            operators.append(parent.op)
        elif isinstance(parent, ast.keyword):
            parent = module.parents.get(parent)
            if not isinstance(parent, ast.Call) or ast.unparse(parent.func).rpartition(".")[2] != "timedelta":
                break
        elif isinstance(parent, ast.Call) and current in parent.args:
            if ast.unparse(parent.func).rpartition(".")[2] not in _WRAPPING:
                break
        elif not (
            isinstance(parent, (ast.Attribute, ast.UnaryOp))
            or (isinstance(parent, ast.Call) and parent.func is current)
        ):
            break
        current = parent
    text = module.text(current)
    length = "timedelta(" in text
    if not operators or any(isinstance(op, ast.Mod) or (isinstance(op, ast.Add) and not length) for op in operators):
        return
    own = _of_its_own_field(module, current, node)
    moments = own or length or (isinstance(operators[0], ast.Sub) and bool(_MOMENTS.search(text)))
    for value in ["None"] if own else natural(s, module, current, s.function)[:1]:
        code = wrap(module, current, f"{text} if {test} else {value}")
        summary = f"Answer {value} for a calculation that lacks its part"
        final = fit + (0.16 if own else 0.06 if moments else -0.08)
        if value == "None" and may_answer_none(s, module, current):
            final = max(final, 0.9)
        yield Draft(summary, _one(module, current, code), Answer.NATURAL_VALUE, final)


def _of_its_own_field(module: Module, whole: ast.expr, part: ast.expr) -> bool:
    """A field that is calculated from what the record has under the same name: nothing stays nothing."""
    parent = module.parents.get(whole)
    name = ast.unparse(part).rpartition(".")[2]
    if isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant):
        name = str(part.slice.value)
    if isinstance(parent, ast.Dict):
        pairs = zip(parent.keys, parent.values, strict=True)
        return any(v is whole and isinstance(k, ast.Constant) and k.value == name for k, v in pairs)
    return isinstance(parent, ast.keyword) and parent.arg == name


def _tested_after(s: Situation) -> bool:
    """Whether the value made by the crashing line is refused afterwards when it is empty."""
    statement = s.crash.statement
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name) or s.function is None:
        return False
    name = statement.targets[0].id
    for refusal in s.refusals.all:
        if refusal.function is not None and refusal.function.node is s.function.node and refusal.test is not None:
            if refusal.node.lineno > statement.lineno and f"not {name}" in ast.unparse(refusal.test):
                return True
    return False


def _operand(s: Situation, expression: ast.expr, culprit: ast.expr, text: str, fit: float) -> Iterator[Draft]:
    module = s.module
    inner: ast.AST = culprit
    parent = module.parents.get(inner)
    if isinstance(expression, ast.BinOp) or (isinstance(expression, ast.Compare) and parent is expression):
        values = natural(s, module, culprit, s.function) if isinstance(expression, ast.BinOp) else ["0"]
        if isinstance(expression, ast.Compare) and isinstance(expression.ops[0], (ast.In, ast.NotIn)):
            values = ["[]"]
        value = next((v for v in values if v != "None"), "0")
        known = [ast.unparse(v) for v in nullable_defaults(s, text.rpartition(".")[2], culprit)]
        for index, one in enumerate(dict.fromkeys([*known, value])):
            edits = _one(module, culprit, f"({text} or {one})")
            yield Draft(f"Take {one} where {text} is None", edits, Answer.NATURAL_VALUE, fit - 0.06 * index)
        shown = next((a for a in module.ancestors(culprit) if isinstance(a, (ast.FormattedValue, ast.stmt))), None)
        if isinstance(shown, ast.FormattedValue) and shown.format_spec is not None:
            yield from in_text(s, shown, culprit, fit + 0.06)
        if isinstance(expression, ast.BinOp) and not any(isinstance(n, ast.Call) for n in ast.walk(culprit)):
            yield from _lifted(s, culprit, f"{text} is not None", fit)
        return
    if isinstance(expression, (ast.Call, ast.FormattedValue)):
        word = ast.unparse(expression.func).rpartition(".")[2] if isinstance(expression, ast.Call) else ""
        if word in (
            "len",
            "list",
            "sorted",
            "set",
            "tuple",
            "sum",
            "max",
            "min",
            "enumerate",
            "any",
            "all",
            "dict",
            "extend",
        ):
            empty = "{}" if word == "dict" else "[]"
            edits = tuple((module, Replace(one, f"{module.text(one)} or {empty}")) for one in _alike(s, culprit, word))
            yield Draft(f"Take {text} for empty", edits, Answer.NATURAL_VALUE, fit)
            return
        if word == "join":
            return
        simple = not any(isinstance(n, (ast.Call, ast.Await)) for n in ast.walk(culprit))
        if word in ("int", "float") and isinstance(culprit, ast.Call) and _is_group(culprit):
            groups = [n for n in ast.walk(s.crash.statement) if isinstance(n, ast.Call) and _is_group(n)]
            edits = tuple((module, Replace(g, f"{module.text(g)} or 0")) for g in groups if _in_call(module, g, word))
            yield Draft("Take 0 for a part that may be left out", edits, Answer.NATURAL_VALUE, 0.86)
        if simple and isinstance(expression, ast.Call):
            whole = whole_of(module, expression)
            assert isinstance(whole, ast.expr)
            yield from _lifted(s, whole, f"{text} is not None", fit)
            for index, value in enumerate(natural(s, module, whole, s.function)[:2]):
                code = wrap(module, whole, f"{module.text(whole)} if {text} is not None else {value}")
                summary = f"Answer {value} where {text} is None"
                yield Draft(summary, _one(module, whole, code), Answer.NATURAL_VALUE, fit - 0.06 * index)
