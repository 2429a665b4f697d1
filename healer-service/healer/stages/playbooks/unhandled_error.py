"""An error the service raises on purpose and one caller forgot to turn into an answer: handled as the other
callers do.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.stages.playbooks.drafts import BAD_INPUT, NOT_FOUND, Draft, Wish, answer_of, chained, reference
from healer.stages.playbooks.families import joining
from healer.stages.playbooks.handlers import widened
from healer.syntax.edits import AddImport, Guarded
from healer.syntax.project import Function, Module, names_in
from healer.syntax.purpose import handled_elsewhere, is_client_error, outer_call
from healer.syntax.refusals import reachable
from healer.syntax.situation import Situation
from healer.syntax.wording import refuse

CATEGORIES = ("raised-on-purpose",)
NAME = "unhandled-error"


def draft(s: Situation) -> Iterator[Draft]:
    name = s.report.exception.type
    yield from widened(s, name, lambda module: _named(s, module, name))
    yield from joining(s)
    found = outer_call(s)
    if found is None:
        return
    module, function, call = found
    statement = module.statement_of(call)
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try)):
        return
    for handled in handled_elsewhere(s)[:3]:
        if handled.refusal is None:
            continue
        imports = reachable(handled.refusal, module, s.project)
        if imports is None or (handled.refusal.returns and not s.refusals.is_route(function)):
            continue
        text = handled.module.text(handled.handler)
        if not _fits(handled.handler, handled.module, module, function):
            continue
        fresh = (*imports, *_class_import(s, module, handled.module, handled.handler))
        edits = ((module, Guarded(statement, _dedented(text))), *((module, a) for a in fresh))
        where = handled.function.name if handled.function is not None else handled.module.name
        yield Draft(f"Handle {name} as {where} does", edits, answer_of(handled.refusal.status or 400), 0.92)
    if is_client_error(s):
        yield from _in_style(s, module, function, statement, name)


def _named(s: Situation, module: Module, name: str) -> tuple[str, tuple[AddImport, ...]]:
    """The error as a module of the service can say it."""
    owner = next((m for m in s.project.modules.values() if name in m.classes), None)
    known = reference(s, module, owner, name) if owner is not None else None
    return known or (name, ())


def _in_style(s: Situation, module: Module, function: Function, statement: ast.stmt, name: str) -> Iterator[Draft]:
    message = s.report.exception.message.lower()
    missing = s.report.exception.is_a("LookupError") or any(
        w in message for w in ("not found", "no such", "unknown", "does not exist")
    )
    owner = s.module
    imports: tuple[AddImport, ...] = ()
    if name in owner.classes and name not in module.imports and module is not owner:
        imports = (AddImport(owner.name, name),)
    for wording in refuse(
        s.refusals,
        function,
        Wish(NOT_FOUND if missing else BAD_INPUT, "entry", says=s.report.exception.message[:0] or "{err}"),
    ):
        code = (
            wording.code.replace('f"{err}"', "str(err)")
            .replace("f'{err}'", "str(err)")
            .replace('f"{err}."', "str(err)")
        )
        handler = f"except {name} as err:\n    {chained(s, code)}\n"
        edits = ((module, Guarded(statement, handler)), *((module, a) for a in (*wording.imports, *imports)))
        yield Draft(
            f"Refuse with {wording.status} on {name}",
            edits,
            answer_of(wording.status),
            0.72 + 0.5 * (wording.fit - 0.85),
        )


def _dedented(text: str) -> str:
    lines = text.splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()), default=4)
    return "\n".join([lines[0], *(f"    {line[indent:]}" for line in lines[1:])]) + "\n"


def _fits(handler: ast.ExceptHandler, source: Module, target: Module, function: Function) -> bool:
    """Whether every name of the handler's body means something in the other function."""
    local = {arg.arg for arg in function.params} | {handler.name or ""}
    local |= {n.id for n in function.own_nodes if isinstance(n, ast.Name)}
    outer = source.function_of(handler)
    foreign = {a.arg for a in outer.params} if outer is not None else set()
    foreign |= (
        {n.id for n in outer.own_nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} if outer else set()
    )
    used = {name for statement in handler.body for name in names_in(statement)}
    return not ((used & foreign) - local)


def _class_import(s: Situation, target: Module, source: Module, handler: ast.ExceptHandler) -> tuple[AddImport, ...]:
    """The exception's class, where the caller's module does not know it yet."""
    found = []
    parts = (
        handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type is not None else []
    )
    for part in parts:
        if not isinstance(part, ast.Name) or part.id in target.imports or part.id in target.classes:
            continue
        dotted = source.imports.get(part.id, f"{source.name}.{part.id}" if part.id in source.classes else "")
        if dotted:
            found.append(AddImport(dotted.rpartition(".")[0], part.id))
    return tuple(found)
