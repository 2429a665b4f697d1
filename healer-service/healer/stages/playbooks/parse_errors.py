"""Which exceptions an except clause around a conversion has to name: the one that came, and those that the same client
can cause with other values. It writes no clause.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from healer.model import ExceptionInfo
from healer.syntax.edits import AddImport
from healer.syntax.failing import CONVERSIONS
from healer.syntax.project import Function, Module
from healer.syntax.situation import Situation
from healer.syntax.untyped import may_be_any

Named = tuple[str, tuple[AddImport, ...]]
_PLAIN = ("OverflowError", "KeyError", "TypeError", "OSError", "AttributeError", "IndexError")
_OTHERS = {
    "fromtimestamp": ("OverflowError", "OSError", "ValueError"),
    "utcfromtimestamp": ("OverflowError", "OSError", "ValueError"),
    "ZoneInfo": ("ValueError",),
}


def error_of(s: Situation, module: Module) -> Named:
    """The narrow name of the exception as this module can say it."""
    exception = s.report.exception
    if exception.type == "InvalidOperation":
        return _invalid_operation(module)
    if exception.is_a("UnicodeDecodeError"):
        return "UnicodeDecodeError", ()
    if exception.is_a("JSONDecodeError"):
        return "ValueError", ()
    library = exception.module.partition(".")[0].lstrip("_")
    if library == "pydantic" or exception.module.startswith("pydantic_core"):
        return "ValidationError", () if "ValidationError" in module.imports else (
            AddImport("pydantic", "ValidationError"),
        )
    if exception.is_a("ValueError") or library in ("builtins", ""):
        return (exception.type if exception.type in _PLAIN else "ValueError"), ()
    return _of_library(exception, library, module)


def errors_of(s: Situation, module: Module, call: ast.expr, where: ast.AST | None = None) -> Named:
    """All that the conversions of `where`, or the call alone, raise for what the client may send, in one clause."""
    known, imports = error_of(s, module)
    names = {known}
    function = s.function if module is s.module else module.function_of(call)
    calls = [n for n in ast.walk(where if where is not None else call) if isinstance(n, ast.Call)]
    for one in calls:
        word = ast.unparse(one.func).rpartition(".")[2]
        if word not in CONVERSIONS and one is not call:
            continue
        names |= set(_OTHERS.get(word, ()))
        values = [*one.args, *(k.value for k in one.keywords)]
        if any(_is_untyped(s, module, function, value) for value in values):
            names |= {"TypeError", *_for_any(word)}
    if "InvalidOperation" in names and known != "InvalidOperation":
        code, more = _invalid_operation(module)
        names, imports = (names - {"InvalidOperation"}) | {code}, (*imports, *more)
    if any(_is_split(n) for n in calls) and isinstance(where, ast.stmt):
        names.add("ValueError")
    if s.report.exception.is_a("UnicodeDecodeError") and any(ast.unparse(c.func).endswith("b64decode") for c in calls):
        names.add("ValueError")
    if isinstance(where, ast.Module) and any(
        isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant) for n in ast.walk(where)
    ):
        names |= {"KeyError", "TypeError"}
    if made_infinite(s.report.exception):
        names |= {"OverflowError", "ValueError"}
    return clause(names), imports


def clause(names: Iterable[str]) -> str:
    found = set(names)
    if "ValueError" in found:
        found -= {"UnicodeDecodeError", "UnicodeEncodeError"}
    ordered = sorted(found)
    return ordered[0] if len(ordered) == 1 else f"({', '.join(ordered)})"


def made_infinite(exception: ExceptionInfo) -> bool:
    return "cannot convert float" in exception.message


def _is_untyped(s: Situation, module: Module, function: Function | None, value: ast.expr) -> bool:
    return not isinstance(value, ast.Constant) and may_be_any(s, value, module, function)


def _for_any(word: str) -> tuple[str, ...]:
    if word == "UUID":
        return ("AttributeError", "ValueError")
    if word == "Decimal":
        return ("InvalidOperation", "ValueError")
    return ("ValueError",) if word in ("int", "float", "fromisoformat", "strptime") else ()


def _is_split(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("split", "rsplit")


def _invalid_operation(module: Module) -> Named:
    if "InvalidOperation" in module.imports:
        return "InvalidOperation", ()
    if "decimal" in module.imports and "Decimal" not in module.imports:
        return "decimal.InvalidOperation", ()
    return "InvalidOperation", (AddImport("decimal", "InvalidOperation"),)


def _of_library(exception: ExceptionInfo, library: str, module: Module) -> Named:
    """Through the module's own name for the library, where it has one."""
    for name, dotted in module.imports.items():
        if dotted == exception.module or (dotted == library and exception.module.lstrip("_").startswith(library)):
            return f"{name}.{exception.type}", ()
    if exception.type in module.imports:
        return exception.type, ()
    public = library if "._" in exception.module or exception.module.startswith("_") else exception.module
    return exception.type, (AddImport(public, exception.type),)
