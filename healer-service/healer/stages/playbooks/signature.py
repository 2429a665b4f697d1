"""A call whose arguments do not fit the function: passed as the other calls do, named as the function names them,
or refused where the client chose them.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import BAD_INPUT, Draft
from healer.stages.playbooks.handlers import widened
from healer.stages.playbooks.unpacked import of_unpacked
from healer.syntax.bindings import argument_of
from healer.syntax.edits import AddDecorator, AddParameter, Edit, Replace
from healer.syntax.failing import visible
from healer.syntax.members import member
from healer.syntax.project import Function, Module, names_in
from healer.syntax.situation import Situation
from healer.syntax.wording import wanted_statuses

CATEGORIES = ("signature",)
NAME = "signature"
_NAMED = re.compile(r"(?:(\w+)\.)?(\w+)\(\) (?:takes|missing|got)")


def draft(s: Situation) -> Iterator[Draft]:
    message = s.report.exception.message
    named = _NAMED.search(message)
    if named is None:
        return
    yield from widened(s, "TypeError")
    owner, name = named.group(1) or "", named.group(2)
    for call in _calls(s, owner, name):
        unpacked = [k.value for k in call.keywords if k.arg is None]
        if unpacked:
            yield from of_unpacked(s, call, unpacked[-1])
            continue
        function = _function(s, call, owner, name)
        if function is None:
            continue
        yield from _repaired(s, call, function, message)


def _calls(s: Situation, owner: str, name: str) -> list[ast.Call]:
    """Those of the line that may mean it: by its name, by its class, or through a table of functions."""
    found = [n for n in visible(s.crash.statement) if isinstance(n, ast.Call)]
    wanted = {name, owner} if name in ("__init__", "__new__") else {name}

    def rank(call: ast.Call) -> int:
        last = ast.unparse(call.func).rpartition(".")[2]
        chosen = isinstance(call.func, (ast.Subscript, ast.Call)) or any(k.arg is None for k in call.keywords)
        return 0 if last in wanted else 1 if chosen else 2 if isinstance(call.func, ast.Name) else 3

    return [call for call in sorted(found, key=rank) if rank(call) < 3]


def _function(s: Situation, call: ast.Call, owner: str, name: str) -> Function | None:
    found = s.project.find_function(s.module, call.func, s.function)
    if found is not None and found.name == name:
        return found
    if name == "__init__":
        made = s.project.find_class(s.module, call.func)
        return member(s.project, *made, "__init__") if made is not None else None
    named = [f for f in s.project.functions if f.name == name and (not owner or (f.owner and f.owner.name == owner))]
    return named[0] if len(named) == 1 else None


def _repaired(s: Situation, call: ast.Call, function: Function, message: str) -> Iterator[Draft]:
    unexpected = re.search(r"unexpected keyword argument '(\w+)'", message)
    missing = re.search(r"missing \d+ required (?:positional|keyword-only) arguments?: (.+)$", message)
    several = re.search(r"got multiple values for argument '(\w+)'", message)
    if unexpected:
        yield from _other_keyword(s, call, function, unexpected.group(1))
        yield from _dropped(s, call, unexpected.group(1), 0.72)
    elif missing:
        yield from _by_name(s, call, function)
        yield from _passed_too(s, call, function, re.findall(r"'(\w+)'", missing.group(1)))
    elif several:
        yield from _dropped(s, call, several.group(1), 0.8)
    elif "takes" in message:
        yield from _fewer(s, call, function)


def _params(function: Function) -> list[str]:
    names = [a.arg for a in function.params]
    decorators = {ast.unparse(d) for d in function.node.decorator_list}
    bound = function.owner is not None and "staticmethod" not in decorators
    return names[1:] if bound else names


def _other_keyword(s: Situation, call: ast.Call, function: Function, wrong: str) -> Iterator[Draft]:
    """The parameter that is meant: by its spelling, or because the call leaves only that one out."""
    names = _params(function)
    given = {k.arg for k in call.keywords} | set(names[: len(call.args)])
    free = [n for n in names if n not in given]
    near = difflib.get_close_matches(wrong, free, 1, 0.6)
    inside = [n for n in free if n in wrong.split("_") or wrong in n.split("_")]
    alone = free if len(free) == 1 else []
    keyword = next(k for k in call.keywords if k.arg == wrong) if wrong in {k.arg for k in call.keywords} else None
    for rank, other in enumerate(dict.fromkeys([*near, *inside, *alone])):
        if keyword is None:
            return
        text = f"{other}={s.module.text(keyword.value)}"
        code = _rewritten(s, call, {keyword: text})
        yield Draft(
            f"Pass it as {other}, as {function.name} calls it", _one(s, call, code), Answer.CORRECT, 0.92 - 0.1 * rank
        )


def _dropped(s: Situation, call: ast.Call, name: str, fit: float) -> Iterator[Draft]:
    keyword = next((k for k in call.keywords if k.arg == name), None)
    if keyword is not None:
        code = _rewritten(s, call, {keyword: ""})
        yield Draft(f"Do not pass {name}", _one(s, call, code), Answer.CORRECT, fit)


def _rewritten(s: Situation, call: ast.Call, changed: dict[ast.keyword, str]) -> str:
    parts = [s.module.text(a) for a in call.args]
    parts += [changed.get(k, s.module.text(k)) for k in call.keywords]
    return f"{s.module.text(call.func)}({', '.join(p for p in parts if p)})"


def _passed_too(s: Situation, call: ast.Call, function: Function, names: list[str]) -> Iterator[Draft]:
    """What the other calls pass, or what goes by the same name here."""
    if s.function is None or not names:
        return
    known = {a.arg for a in s.function.params} | {*s.module.constants, *s.module.imports, *s.crash.names}
    extra: list[str] = []
    sure = True
    for name in names:
        others = [
            value
            for module, other in s.project.calls_of(function)
            if other is not call and (value := argument_of(other, function, name)) is not None
        ]
        fitting = [v for v in others if names_in(v) <= known and not isinstance(v, ast.Constant)]
        agreed = {ast.unparse(v) for v in others if isinstance(v, ast.Constant)}
        if fitting:
            extra.append(f"{name}={ast.unparse(fitting[0])}")
        elif _is_status(name, others):
            # A refusal that does not say how is one of bad input.
            extra.append(f"{name}={wanted_statuses(s.refusals, s.function, BAD_INPUT)[0]}")
        elif len(agreed) == 1 and len(others) > 1:
            extra.append(f"{name}={agreed.pop()}")
        elif name in known:
            extra.append(f"{name}={name}")
        elif (record := _record_with(s, name)) is not None:
            extra.append(f"{name}={record}")
            sure = False
        else:
            return
    plain = _in_order(function, call, names)
    text = s.module.text(call)
    added = [part.partition("=")[2] if plain else part for part in extra]
    separator = ", " if call.args or call.keywords else ""
    code = f"{text.rstrip()[:-1].rstrip().rstrip(',')}{separator}{', '.join(added)})"
    yield Draft(f"Pass {' and '.join(names)} as well", _one(s, call, code), Answer.CORRECT, 0.93 if sure else 0.85)


def _by_name(s: Situation, call: ast.Call, function: Function) -> Iterator[Draft]:
    """`price(base, nights)` for `price(base, tier, nights)`: one was left out in the middle, as the names tell."""
    params, given = _params(function), list(call.args)
    if call.keywords or s.function is None or any(isinstance(a, ast.Starred) for a in given):
        return
    named = {a.id: a for a in given if isinstance(a, ast.Name) and a.id in params}
    moved = [name for name, a in named.items() if given.index(a) != params.index(name)]
    known = {a.arg for a in s.function.params} | set(s.crash.names)
    rest = [a for a in given if a not in named.values()]
    parts = []
    for name in params[: len(params) - len(function.node.args.defaults)]:
        if name in named:
            parts.append(name)
        elif rest and name not in known:
            parts.append(s.module.text(rest.pop(0)))
        elif name in known:
            parts.append(name)
        else:
            return
    if moved and not rest:
        code = f"{s.module.text(call.func)}({', '.join(parts)})"
        yield Draft("Pass what goes by the parameters' names", _one(s, call, code), Answer.CORRECT, 0.97)


def _is_status(name: str, others: list[ast.expr]) -> bool:
    numbers = [v.value for v in others if isinstance(v, ast.Constant) and isinstance(v.value, int)]
    return "status" in name and bool(numbers) and all(400 <= n < 500 for n in numbers)


def _in_order(function: Function, call: ast.Call, names: list[str]) -> bool:
    """Whether the missing ones come right after those that are given by place."""
    if call.keywords:
        return False
    params = _params(function)
    return params[len(call.args) : len(call.args) + len(names)] == names


def _record_with(s: Situation, name: str) -> str | None:
    """A record at hand that has it."""
    for variable, _ in s.crash.names.items():
        shown = s.crash.value_of(ast.Name(variable, ast.Load()))
        if isinstance(shown, dict) and name in shown:
            return f'{variable}["{name}"]'
    return None


def _fewer(s: Situation, call: ast.Call, function: Function) -> Iterator[Draft]:
    """More arguments than the function takes."""
    names = [a.arg for a in function.params]
    if function.owner is not None and not function.node.decorator_list and names[:1] not in (["self"], ["cls"]):
        edits: tuple[tuple[Module, Edit], ...] = ((function.module, AddDecorator(function.node, "staticmethod")),)
        yield Draft(f"Make {function.name} the static method it is written as", edits, Answer.CORRECT, 0.94)
        return
    surplus = len(call.args) - len(_params(function))
    if surplus <= 0:
        return
    yield from _taking_more(s, function, len(call.args))
    for index in range(len(call.args)) if surplus == 1 else ():
        rest = [a for i, a in enumerate(call.args) if i != index]
        parts = [*(s.module.text(a) for a in rest), *(s.module.text(k) for k in call.keywords)]
        matching = sum(_last(a) == p for a, p in zip(rest, _params(function), strict=False))
        code = f"{s.module.text(call.func)}({', '.join(parts)})"
        fit = 0.62 + 0.09 * matching + 0.01 * index
        yield Draft(f"Do not pass {s.module.text(call.args[index])}", _one(s, call, code), Answer.CORRECT, fit)


def _taking_more(s: Situation, function: Function, count: int) -> Iterator[Draft]:
    """One of several that are called alike, from a table: it takes what the others take."""
    tables = [t for m in s.project.modules.values() for t in m.constants.values() if _lists(t, function.name)]
    names = [n.id for t in tables for n in ast.walk(t) if isinstance(n, ast.Name) and n.id != function.name]
    alike = [f for f in function.module.functions if f.name in names and len(_params(f)) >= count]
    if not alike or function.node.args.defaults or function.node.args.vararg is not None:
        return
    fresh = _params(alike[0])[len(_params(function)) : count]
    edits = tuple((function.module, AddParameter(function.node, f"{name}=None")) for name in fresh)
    summary = f"Let {function.name} take {' and '.join(fresh)} like {alike[0].name}"
    yield Draft(summary, edits, Answer.CORRECT, 0.92)


def _lists(table: ast.expr, name: str) -> bool:
    values = table.values if isinstance(table, ast.Dict) else getattr(table, "elts", [])
    return any(isinstance(n, ast.Name) and n.id == name for v in values if v is not None for n in ast.walk(v))


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return ast.unparse(node).rpartition(".")[2]


def _one(s: Situation, node: ast.expr, code: str) -> tuple[tuple[Module, Edit], ...]:
    return ((s.module, Replace(node, code)),)
