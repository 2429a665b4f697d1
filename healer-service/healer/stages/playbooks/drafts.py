"""From an idea for a repair to a candidate: guards, values and handlers as edits of the source.

It does not choose between ideas.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from healer.model import Answer, Candidate, Change
from healer.syntax.bindings import assignments
from healer.syntax.edits import AddImport, Edit, Guarded, InsertBefore, Replace, apply
from healer.syntax.examples import Example
from healer.syntax.expressions import condition_of, fresh_name, in_lazy_part
from healer.syntax.guards import later_refusal
from healer.syntax.kinds import BAD_INPUT, CONFLICT, NOT_FOUND, UNAUTHORISED
from healer.syntax.project import COMPREHENSIONS, Function, Module, names_in, same
from healer.syntax.refusals import Wording, reachable
from healer.syntax.situation import Place, Situation, anchor, bound_inside, out_of_elif
from healer.syntax.wording import Wish, refuse, render, usable

__all__ = ["BAD_INPUT", "CONFLICT", "NOT_FOUND", "UNAUTHORISED", "Draft", "Wish"]


@dataclass(frozen=True, eq=False)
class Draft:
    summary: str
    edits: tuple[tuple[Module, Edit], ...]
    answer: Answer
    fit: float
    origin: str = field(default="")


def candidates(drafts: Iterable[Draft], origin: str, limit: int = 12) -> list[Candidate]:
    """The drafts that make valid source, best first, each text once."""
    found: list[Candidate] = []
    seen: set[tuple[tuple[str, str], ...]] = set()
    for draft in sorted(drafts, key=lambda d: -d.fit):
        if len(found) >= limit:
            break
        changes = _changes(draft)
        if not changes:
            continue
        key = tuple((change.file, change.after) for change in changes)
        if key not in seen:
            seen.add(key)
            fit = round(min(max(draft.fit, 0.0), 1.0), 3)
            found.append(Candidate(draft.origin or origin, draft.summary, changes, draft.answer, fit))
    return found


def _changes(draft: Draft) -> tuple[Change, ...]:
    modules = {module.path: module for module, _ in draft.edits}
    changes = []
    for path, module in modules.items():
        after = apply(module.source, [edit for owner, edit in draft.edits if owner is module])
        if after is None:
            return ()
        if after != module.source:
            changes.append(Change(path, module.source, after))
    return tuple(changes)


def answer_of(status: int) -> Answer:
    return Answer.NOT_FOUND if status in (404, 410) else Answer.REFUSE


def guard(s: Situation, place: Place, test: str, wish: Wish, fit: float, limit: int = 3) -> Iterator[Draft]:
    """`if <test>: <refusal>` before the place; `{0}` in the test is what is looked at.

    Calls are made once, into a name.
    """
    subject, before = named(s, place)
    if subject is None:
        return
    value = subject if "is None" not in test else wish.value if not place.depth else ""
    shown = Wish(wish.kind, wish.noun, wish.value and value, wish.says)
    whole = test.format(subject)
    asked = condition_of(place.module, place.value) if not place.depth else ""
    if asked:
        whole = f"{asked} and ({whole})" if " or " in whole else f"{asked} and {whole}"
    for wording in refuse(s.refusals, place.function, shown, limit):
        code = f"{before}if {whole}:\n    {wording.code}\n"
        yield Draft(
            f"Refuse with {wording.status} when {whole}",
            (
                (place.module, InsertBefore(place.statement, code)),
                *use_name(s, place, subject, before),
                *((place.module, added) for added in wording.imports),
            ),
            answer_of(wording.status),
            weigh(fit, wording, place.function) - 0.05 * place.depth,
        )


def covering(place: Place) -> Place:
    """Out of a branch when what is looked at is used again after it: one guard for all its uses."""
    module, names = place.module, names_in(place.value)
    again = [n for n in place.function.own_nodes if isinstance(n, ast.expr) and same(n, place.value)]
    statement = place.statement
    for ancestor in module.ancestors(place.statement):
        if not isinstance(ancestor, (ast.If, ast.With, ast.Try)):
            break
        stored = {n.id for n in ast.walk(ancestor) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if stored & names or not any(n.lineno > (ancestor.end_lineno or 0) for n in again):
            break
        statement = out_of_elif(module, ancestor)
    return replace(place, statement=statement)


def weigh(fit: float, wording: Wording, where: Function) -> float:
    promised = re.search(rf"(?<![\d.]){wording.status}(?!\d)", where.docstring) is not None
    # A number that the function already answers with may be about that other case.
    kept = any(isinstance(n, ast.Constant) and n.value == wording.status for n in where.own_nodes)
    return fit + 0.5 * (wording.fit - 0.85) + (0.05 if kept else 0.3) * promised


def named(s: Situation, place: Place) -> tuple[str | None, str]:
    """The text to test, and the assignment that must come before it when the value is made by a call."""
    made_here = (ast.Call, ast.Await, ast.ListComp, ast.SetComp, ast.DictComp)
    if not any(isinstance(n, made_here) for n in ast.walk(place.value)):
        return place.text, ""
    if place.depth and place.module.statement_of(place.value) is not place.statement:
        return None, ""
    if in_lazy_part(place.module, place.value):
        return None, ""
    name = fresh_name(place.value, place.function)
    return name, f"{name} = {place.text}\n"


def guard_items(s: Situation, node: ast.expr, test: str, wish: Wish, fit: float) -> Iterator[Draft]:
    """`if any(<test> for <item> in <items>): <refusal>` before the statement whose comprehension goes over the items.

    `node` is the expression that fails inside the comprehension, `test` what is wrong with one item.
    """
    if s.function is None:
        return
    module = s.module
    inside = [a for a in module.ancestors(node) if isinstance(a, COMPREHENSIONS)]
    if len(inside) != 1 or len(inside[0].generators) != 1:
        return
    one = inside[0].generators[0]
    if any(isinstance(n, (ast.Call, ast.Await)) for n in ast.walk(one.iter)) or not names_in(one.target) & names_in(
        node
    ):
        return
    conditions = "".join(f" if {module.text(c)}" for c in one.ifs)
    whole = f"any({test} for {module.text(one.target)} in {module.text(one.iter)}{conditions})"
    spot = anchor(module, s.function, s.crash.statement, names_in(one.iter))
    for wording in refuse(s.refusals, s.function, wish, 2):
        yield Draft(
            f"Refuse with {wording.status} when {whole}",
            (
                (module, InsertBefore(spot, f"if {whole}:\n    {wording.code}\n")),
                *((module, added) for added in wording.imports),
            ),
            answer_of(wording.status),
            weigh(fit, wording, s.function),
        )


def use_name(s: Situation, place: Place, subject: str, before: str) -> tuple[tuple[Module, Edit], ...]:
    return ((place.module, Replace(place.value, subject)),) if before else ()


def copied(s: Situation, example: Example, place: Place, subject: ast.expr, test: str, fit: float) -> Draft | None:
    """The refusal another place gives in the same case, in its very words, with this place's names."""
    match = next((imports for r, imports in usable(s.refusals, place.function) if r is example.refusal), None)
    looked_at, before = named(s, place)
    if match is None or looked_at is None:
        return None
    message = _renamed(example, subject, place)
    if message is None:
        return None
    code = render(example.refusal, message, None)
    if code is None:
        return None
    edits: list[tuple[Module, Edit]] = [
        (place.module, InsertBefore(place.statement, f"{before}if {test.format(looked_at)}:\n    {code}\n")),
        *use_name(s, place, looked_at, before),
        *((place.module, added) for added in match),
    ]
    status = example.refusal.status or 400
    where = example.refusal.function.name if example.refusal.function is not None else example.refusal.module.name
    summary = f"Refuse with {status} when {test.format(looked_at)}, as {where} does"
    return Draft(summary, tuple(edits), answer_of(status), fit - 0.05 * place.depth)


def as_refused_later(s: Situation, place: Place, test: str, fit: float = 0.92) -> Iterator[Draft]:
    """What is missing is refused as the function refuses a wrong value of it, in its very words."""
    subject, before = named(s, place)
    refusal = later_refusal(s, place.module, place.function, place.module.statement_of(place.value))
    if subject is None or refusal is None:
        return
    stored = {n.id for n in ast.walk(place.module.statement_of(place.value)) if isinstance(n, ast.Name)}
    shown = names_in(refusal.message) if refusal.message is not None else set()
    if shown & (stored - {a.arg for a in place.function.params}):
        return
    code = refusal.text
    edits = (
        (place.module, InsertBefore(place.statement, f"{before}if {test.format(subject)}:\n    {code}\n")),
        *use_name(s, place, subject, before),
    )
    status = refusal.status or 400
    summary = f"Refuse with {status} when {test.format(subject)}, as wrong values are"
    yield Draft(summary, edits, answer_of(status), fit - 0.05 * place.depth)


def _renamed(example: Example, subject: ast.expr, place: Place) -> str | None:
    """The example's words; where they show a value that this place does not have, what it looks at takes its
    place.
    """
    refusal = example.refusal
    if refusal.message is None:
        return ""
    text = refusal.module.text(refusal.message)
    if not isinstance(refusal.message, ast.JoinedStr):
        return text
    shown = [v.value for v in refusal.message.values if isinstance(v, ast.FormattedValue)]
    here = {n.id for n in ast.walk(place.function.node) if isinstance(n, ast.Name)}
    here |= {a.arg for a in place.function.params}
    own = refusal.function is not None and refusal.function.node is place.function.node
    fresh = place.module.text(subject)
    if '"' in fresh or "'" in fresh or any(isinstance(n, ast.Call) for n in ast.walk(subject)):
        fresh = ""
    keys = _keys_looked_up(example, place)
    for value in shown:
        old = ast.unparse(value)
        if old in keys:
            # Before Python 3.12 what stands in an f-string has no true place in the source.
            text = text.replace(f"{{{old}", f"{{{keys[old]}")
            continue
        if old == ast.unparse(example.subject) or not names_in(value) <= here:
            if not fresh:
                return None
            text = re.sub(rf"\{{{re.escape(old)}(![rsa])?(:[^}}]*)?\}}", f"{{{fresh}\\1}}", text)
        elif not own and len(shown) > 1 and not names_in(value) <= _given_alike(refusal.function, place.function):
            return None
    return text


def _keys_looked_up(example: Example, place: Place) -> dict[str, str]:
    """What the example's subject was looked up by, and this place's: of `a = T.get(x)` and `b = T.get(y)` x and y."""
    function = example.refusal.function
    if function is None or not isinstance(example.subject, ast.Name) or not isinstance(place.value, ast.Name):
        return {}
    found = []
    for where, name in ((function, example.subject.id), (place.function, place.value.id)):
        made = assignments(where, name)
        call = made[0].value if len(made) == 1 else None
        if not isinstance(call, ast.Call) or not call.args:
            return {}
        found.append(call.args[0])
    old, new = found
    return {ast.unparse(old): ast.unparse(new)}


def _given_alike(one: Function | None, other: Function) -> set[str]:
    """Parameters of the same name and kind in both."""
    mine = {(a.arg, ast.unparse(a.annotation) if a.annotation else "") for a in (one.params if one else ())}
    return {a.arg for a in other.params if (a.arg, ast.unparse(a.annotation) if a.annotation else "") in mine}


def caught(
    s: Situation, module: Module, function: Function, statement: ast.stmt, errors: str, wish: Wish, fit: float
) -> Iterator[Draft]:
    """The statement in a try whose handler refuses."""
    for wording in refuse(s.refusals, function, wish, 3):
        handler = f"except {errors}:\n    {chained(s, wording.code)}\n"
        yield Draft(
            f"Refuse with {wording.status} on {errors}",
            ((module, Guarded(statement, handler)), *((module, added) for added in wording.imports)),
            answer_of(wording.status),
            weigh(fit, wording, function),
        )


def hoisted(
    s: Situation, module: Module, function: Function, call: ast.expr, errors: str, wish: Wish, fit: float
) -> Iterator[Draft]:
    """Only the failing call in a try, its value in a name, for a statement that does more than that."""
    if in_lazy_part(module, call) or bound_inside(call, module, call):
        return
    statement = module.statement_of(call)
    name = fresh_name(call, function)
    first_argument = next(iter(getattr(call, "args", [])), None)
    if isinstance(first_argument, ast.Name):
        name = f"{first_argument.id}_value" if f"{first_argument.id}_value" not in module.source else name
    for wording in refuse(s.refusals, function, wish, 3):
        refusal = chained(s, wording.code)
        code = f"try:\n    {name} = {module.text(call)}\nexcept {errors}:\n    {refusal}\n"
        yield Draft(
            f"Refuse with {wording.status} on {errors}",
            (
                (module, InsertBefore(statement, code)),
                (module, Replace(call, name)),
                *((module, added) for added in wording.imports),
            ),
            answer_of(wording.status),
            weigh(fit, wording, function),
        )


def chained(s: Situation, code: str) -> str:
    """`from None` where the service's other handlers end so."""
    if not code.startswith("raise "):
        return code
    ends = [
        ast.unparse(node.cause)
        for module in s.project.modules.values()
        for node in module.nodes
        if isinstance(node, ast.Raise) and node.cause is not None
    ]
    return f"{code} from None" if ends and ends.count("None") * 2 >= len(ends) else code


def reference(s: Situation, target: Module, owner: Module, name: str) -> tuple[str, tuple[AddImport, ...]] | None:
    """How `target` says a name of another module of the service, and what it must import for that."""
    if owner is target or name in target.imports:
        return name, ()
    for known, dotted in target.imports.items():
        if s.project.module_named(dotted) is owner:
            return f"{known}.{name}", ()
    for refusal in s.refusals.all:
        if refusal.module is owner and reachable(refusal, target, s.project) is None:
            return None
    return name, (AddImport(owner.name, name),)
