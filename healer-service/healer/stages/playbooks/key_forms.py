"""A key that other code brings into the form of the table before it asks: upper case, a number, without blanks."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, copied
from healer.syntax.edits import Edit, InsertBefore, Replace
from healer.syntax.examples import lookup_guards, membership_guards, same_thing
from healer.syntax.parsing import parse
from healer.syntax.project import Module, names_in, same
from healer.syntax.situation import Place, Situation

_FORMS = ("upper", "lower", "strip", "casefold", "title", "capitalize")
_TYPES = ("int", "str")


def as_elsewhere(s: Situation, expression: ast.expr, base: ast.expr, key: ast.expr) -> Iterator[Draft]:
    """The same form of the key; and where the others then refuse what is not there, the same refusal."""
    function = s.function
    if function is None or not isinstance(key, (ast.Name, ast.Attribute)):
        return
    value = s.seen(key)
    for form in dict.fromkeys(_forms_of(s, base)):
        fresh = _in_form(form, s.module.text(key))
        if not _changes(form, value) and not _is_own(s, form):
            continue
        uses = [
            n
            for n in function.own_nodes
            if isinstance(n, ast.Subscript) and same(n.value, base) and n.lineno >= key.lineno
            if same(n.slice, key) or (isinstance(n.slice, type(key)) and _changes(form, s.seen(n.slice)))
        ]
        edits: list[tuple[Module, Edit]] = [
            (s.module, Replace(n.slice, _in_form(form, s.module.text(n.slice)))) for n in uses
        ]
        guarded = _guarded(s, base, key, fresh)
        asked = any(isinstance(n, ast.Compare) and ast.unparse(n.left) == fresh for n in function.own_nodes)
        if guarded is not None and not asked:
            edits = [*guarded, *edits]
        if edits:
            summary = f"Ask {s.module.text(base)} for {fresh}, as elsewhere"
            # Others refuse what the table lacks in that form, too: without their refusal it is half the fix.
            whole = guarded is not None or asked or not membership_guards(s, base)
            yield Draft(summary, tuple(edits), Answer.CONVERT, 1.0 if whole else 0.8)


def _forms_of(s: Situation, base: ast.expr) -> Iterator[str]:
    """What other code does to the keys of the same table."""
    for module in s.project.modules.values():
        for node in module.nodes:
            asked: ast.expr | None = None
            if isinstance(node, ast.Subscript) and same_thing(node.value, base):
                asked = node.slice
            elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
                asked = node.left if same_thing(node.comparators[0], base) else None
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
                asked = node.args[0] if node.args and same_thing(node.func.value, base) else None
            if isinstance(asked, ast.Name) and module.function_of(node) is not None:
                made = s.tracer.definitions(asked.id, module, module.function_of(node), asked)
                asked = made[0].value if len(made) == 1 and not made[0].item else asked
            if isinstance(asked, ast.Call):
                if isinstance(asked.func, ast.Name) and len(asked.args) == 1 and _is_own(s, asked.func.id):
                    yield asked.func.id
                word = ast.unparse(asked.func).rpartition(".")[2]
                if (word in _FORMS and not asked.args) or (word in _TYPES and len(asked.args) == 1):
                    yield word


def _in_form(form: str, text: str) -> str:
    return f"{text}.{form}()" if form in _FORMS else f"{form}({text})"


def _is_own(s: Situation, form: str) -> bool:
    """A function of the service that brings text into form, and that this module knows by its name."""
    found = s.project.find_function(s.module, ast.Name(form, ast.Load()))
    if found is None or len(found.params) != 1 or found is s.function:
        return False
    answered = [n.value for n in found.own_nodes if isinstance(n, ast.Return) and n.value is not None]
    own = found.params[0].arg
    return bool(answered) and all(own in names_in(v) and isinstance(v, ast.Call) and _brings(v) for v in answered)


def _brings(value: ast.Call) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr in (*_FORMS, "replace", "sub") for n in ast.walk(value.func))


def _changes(form: str, value: object) -> bool:
    """Whether the form makes another key of what was asked for."""
    if isinstance(value, str):
        return value.strip().isdecimal() if form == "int" else form in _FORMS and getattr(value, form)() != value
    return form == "str" and isinstance(value, int)


def _guarded(s: Situation, base: ast.expr, key: ast.expr, fresh: str) -> list[tuple[Module, Edit]] | None:
    place = next((p for p in s.places(key, 0)), None)
    if place is None:
        return None
    asked_of = parse(f"{s.module.text(base)}.get({s.module.text(key)})", "eval").body
    for example in [*membership_guards(s, base), *lookup_guards(s, asked_of, s.module)][:1]:
        test = f"{fresh} not in {s.module.text(base)}".replace("{", "{{").replace("}", "}}")
        subject = parse(fresh, "eval").body if names_in(key) else key
        one = copied(s, example, Place(place.function, place.statement, key), subject, test, 0.9)
        if one is not None and all(isinstance(edit, InsertBefore) for _, edit in one.edits):
            return list(one.edits)
    return None
