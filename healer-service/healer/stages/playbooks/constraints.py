"""A write that the database would not take: conflict, not found or bad input, by the constraint and the statement."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from healer.stages.playbooks.drafts import BAD_INPUT, CONFLICT, Draft, Wish, answer_of, chained, weigh
from healer.stages.playbooks.handlers import widened
from healer.syntax.edits import AddImport, Edit, Guarded, InsertBefore, Replace
from healer.syntax.examples import handlers_of, kind_of_missing, said_in_conflict
from healer.syntax.expressions import in_lazy_part
from healer.syntax.nouns import GENERIC, noun_of, singular
from healer.syntax.project import Function, Module
from healer.syntax.relations import SEARCHES
from healer.syntax.situation import Situation
from healer.syntax.wording import refuse

CATEGORIES = ("integrity",)
NAME = "constraints"
TAKEN, IN_USE, UNKNOWN, REQUIRED, CHECK = "taken", "in use", "unknown", "required", "check"
_COLUMNS = (
    r"(?:UNIQUE|NOT NULL) constraint failed: \w+\.(\w+)",
    r"Key \((\w+)\)=",
    r'null value in column "(\w+)"',
    r"Column '(\w+)' cannot be null",
)
_TABLES = (
    r"(?:INSERT INTO|DELETE FROM|UPDATE) \"?(\w+)",
    r"constraint failed: (\w+)\.",
    r"relation \"(\w+)\"",
    r'on table "(\w+)"',
)
_SESSION = re.compile(r"(\w+(?:\.\w+)*)\.(?:commit|flush|execute|add|add_all|delete|merge|scalars?|exec)\(")


@dataclass(frozen=True)
class Broken:
    kind: str
    column: str
    table: str


def draft(s: Situation) -> Iterator[Draft]:
    yield from widened(s, "IntegrityError")
    if s.function is None:
        return
    wish = _wish(s, _read(s))
    yield from _refused(s, s.module, s.function, s.crash.statement, wish, 0.86)
    for module, outer in s.callers(s.function)[:1]:
        function = module.function_of(outer)
        if function is not None:
            yield from _refused(s, module, function, module.statement_of(outer), wish, 0.83)


def _read(s: Situation) -> Broken:
    """What the database's message says, in the words of SQLite, PostgreSQL and MySQL."""
    message = s.report.exception.message
    column = _first(_COLUMNS, message)
    table = _first(_TABLES, message)
    upper = message.upper()
    if "UNIQUE" in upper or "DUPLICATE" in upper or "PRIMARY KEY" in upper:
        return Broken(TAKEN, column, table)
    if _deletes(s):
        return Broken(IN_USE, column, table)
    if "FOREIGN KEY" in upper:
        return Broken(UNKNOWN, column, table)
    return Broken(CHECK if "CHECK" in upper else REQUIRED, column, table)


def _first(patterns: tuple[str, ...], text: str) -> str:
    return next((found.group(1) for pattern in patterns if (found := re.search(pattern, text))), "")


def _deletes(s: Situation) -> bool:
    """Whether a parent went: by DELETE, or by an ORM that would empty its children's key first."""
    message = s.report.exception.message
    statement = re.search(r"\[SQL: (?:WITH .*?\) )?(\w+)", message, re.S)
    word = statement.group(1).upper() if statement else ""
    if not statement and re.search(r"\bdelete\s+from\b", s.module.text(s.crash.statement), re.I):
        return True  # sqlite3 alone does not say which statement it was
    if word == "DELETE" or "Cannot delete or update a parent row" in message or "update or delete on" in message:
        return True
    return word != "INSERT" and _deleted(s) is not None


def _deleted(s: Situation) -> ast.expr | None:
    """What the function, or the route above it, hands to delete()."""
    for function in (s.function, s.route):
        for node in function.own_nodes if function is not None else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "delete":
                if node.args:
                    return node.args[0]
    return None


def _wish(s: Situation, broken: Broken) -> Wish:
    noun = singular(broken.table) if broken.table else "entry"
    if broken.kind == IN_USE:
        deleted = _deleted(s)
        said = re.search(r"\bdelete\s+from\s+[\"`\[]?(\w+)", s.module.text(s.crash.statement), re.I)
        noun = singular(said.group(1)) if said and not broken.table else noun
        own = noun_of(deleted) if isinstance(deleted, (ast.Name, ast.Attribute)) else noun
        noun = noun if own in GENERIC and broken.table else own
        pattern = r"(?:is |are )?(?:still )?(?:in use|used|referenced|needed)\b.*|cannot be (?:deleted|removed).*"
        return Wish(CONFLICT, noun, says=said_in_conflict(s, pattern, noun) or f"{noun} is still in use")
    if broken.kind == TAKEN:
        column = broken.column.replace("_", " ")
        like = said_in_conflict(s, r"(?:is )?already (?:exists|taken|in use|used|registered|known)\b.*", column or noun)
        like = re.sub(rf"^{re.escape(column)} (already exists)", rf"{noun} \1", like) if column else like
        return Wish(CONFLICT, noun, says=like or f"{column or noun} is already taken")
    if broken.kind == UNKNOWN:
        sent = {name: text for name, text in _sent_keys(s).items() if broken.column in ("", name)}
        kind = kind_of_missing(s, {"body"})
        if len(sent) == 1:
            return Wish(kind, singular(next(iter(sent))), next(iter(sent.values())))
        nouns = " or ".join(map(singular, sent or [broken.column] * bool(broken.column)))
        return Wish(kind, noun, says=f"{nouns} not found" if nouns else "unknown reference")
    if broken.kind == REQUIRED and broken.column:
        return Wish(BAD_INPUT, noun, says=f"{broken.column} is required")
    return Wish(BAD_INPUT, noun, says=f"invalid {noun}")


def _sent_keys(s: Situation) -> dict[str, str]:
    """Identifiers that the client sent and nothing looked up before the write, with their text in the source."""
    found: dict[str, str] = {}
    for function in (s.function, s.route):
        for node in function.own_nodes if function is not None else ():
            if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load) or function is None:
                continue
            if not node.attr.endswith("_id"):
                continue
            origins = s.tracer.origins(node, function.module, function)
            if any(o.kind in ("body", "form", "raw", "query") for o in origins):
                found.setdefault(node.attr, ast.unparse(node))
                call = function.module.parents.get(node)
                if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in SEARCHES:
                    found[node.attr] = ""
    return {name: text for name, text in found.items() if text}


def _refused(
    s: Situation, module: Module, function: Function, statement: ast.stmt, wish: Wish, fit: float
) -> Iterator[Draft]:
    if isinstance(statement, ast.If):
        yield from _asked_first(s, module, function, statement, wish, fit)
        return
    if not isinstance(statement, (ast.Expr, ast.Assign, ast.AnnAssign, ast.Return, ast.With, ast.AsyncWith)):
        return
    known, needs = _error_name(s, module)
    undo = _undo(s, module, statement)
    known_here = wish.value.partition(".")[0] in {arg.arg for arg in function.params}
    for wording in refuse(s.refusals, function, wish if known_here else replace(wish, value="")):
        handler = f"except {known}:\n{undo}    {chained(s, wording.code)}\n"
        edits: tuple[tuple[Module, Edit], ...] = (
            (module, Guarded(statement, handler)),
            *((module, added) for added in (*wording.imports, *needs)),
        )
        summary = f"Refuse with {wording.status} when the database does"
        yield Draft(summary, edits, answer_of(wording.status), weigh(fit, wording, function))


def _error_name(s: Situation, module: Module) -> tuple[str, tuple[AddImport, ...]]:
    source = "sqlite3" if "sqlite3" in s.report.exception.module else "sqlalchemy.exc"
    known = "sqlite3.IntegrityError" if source == "sqlite3" and "sqlite3" in module.imports else "IntegrityError"
    there = "." in known or "IntegrityError" in module.imports
    return known, () if there else (AddImport(source, "IntegrityError"),)


def _asked_first(
    s: Situation, module: Module, function: Function, statement: ast.If, wish: Wish, fit: float
) -> Iterator[Draft]:
    """A write inside a condition: done before it, in a try of its own."""
    writes = [n for n in ast.walk(statement.test) if isinstance(n, ast.Call) and _SESSION.match(ast.unparse(n))]
    call = writes[-1] if writes else None
    if call is None or in_lazy_part(module, call):
        return
    known, needs = _error_name(s, module)
    name = next(n for n in ("cursor", "result", "written") if not re.search(rf"\b{n}\b", module.text(function.node)))
    for wording in refuse(s.refusals, function, replace(wish, value="")):
        undo = _undo(s, module, statement)
        code = f"try:\n    {name} = {module.text(call)}\nexcept {known}:\n{undo}    {chained(s, wording.code)}\n"
        edits: tuple[tuple[Module, Edit], ...] = (
            (module, InsertBefore(statement, code)),
            (module, Replace(call, name)),
            *((module, added) for added in (*wording.imports, *needs)),
        )
        summary = f"Refuse with {wording.status} when the database does"
        yield Draft(summary, edits, answer_of(wording.status), weigh(fit, wording, function))


def _undo(s: Situation, module: Module, statement: ast.stmt) -> str:
    """The rollback, unless the code's other handlers do without."""
    others = ["rollback(" in ast.unparse(h) for h in handlers_of(s, "IntegrityError")]
    if isinstance(statement, (ast.With, ast.AsyncWith)) or (others and not any(others)):
        return ""
    text = module.text(statement)
    session = _SESSION.search(text)
    name = session.group(1) if session else next(iter(re.findall(r"\b(db|session)\b(?=[,)])", text)), "")
    wait = "await " if session and any(isinstance(n, ast.Await) for n in ast.walk(statement)) else ""
    return f"    {wait}{name}.rollback()\n" if name else ""
