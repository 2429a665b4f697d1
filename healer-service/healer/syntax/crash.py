"""From an exception's message and the line it came from to the expression that failed and the part of it that was bad.

It names candidates in order of likelihood; it does not say what to do about them.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from healer.model import ExceptionInfo, Frame, Report
from healer.syntax.failing import FINDERS, Pair, visible
from healer.syntax.parsing import literal
from healer.syntax.project import Function, Module, Project
from healer.syntax.values import Shown, Unknown, evaluate, type_name

_NONE = re.compile(r"NoneType|not None\b|got None")
_DIGITS = re.compile(
    r"invalid literal|could not convert|[Ii]nvalid isoformat|does not match format|unconverted data|"
    r"not a valid |badly formed|ConversionSyntax|hexadecimal|is out of range|must be in |out of bounds|"
    r"NaN|infinity|too large|Invalid format|unknown timezone|month must be|day is|year \S+ is"
)


@dataclass(frozen=True, eq=False)
class Crash:
    module: Module
    function: Function | None
    statement: ast.stmt
    frame: Frame
    exception: ExceptionInfo
    category: str
    pairs: tuple[Pair, ...]  # likeliest first
    names: Mapping[str, str] = field(repr=False)  # reprs of the locals that the line sees

    @property
    def expression(self) -> ast.expr | None:
        return self.pairs[0][0] if self.pairs else None

    @property
    def culprit(self) -> ast.expr | None:
        return self.pairs[0][1] if self.pairs else None

    def value_of(self, node: ast.expr) -> object:
        return evaluate(node, self.names, self.module.constants)


def locate(report: Report, project: Project) -> Crash | None:
    """None when no frame of the report is in the source, or its line holds no statement."""
    frames = [f for f in report.frames if f.in_app and f.file in project.modules]
    if not frames:
        return None
    frame = frames[-1]
    module = project.modules[frame.file]
    statement = _statement_at(module, frame.line)
    if statement is None:
        return None
    function = module.function_of(statement)
    names: dict[str, str] = {}
    for other in frames:
        if other is frame or (other.file == frame.file and _encloses(function, other)):
            names.update(other.locals)
    category = categorise(report.exception, statement, report)
    pairs = _pairs(category, report.exception, module, statement, frame.line, names)
    return Crash(module, function, statement, frame, report.exception, category, pairs, names)


def _encloses(function: Function | None, frame: Frame) -> bool:
    return function is not None and function.node.lineno <= frame.line <= (function.node.end_lineno or 0)


def _statement_at(module: Module, line: int) -> ast.stmt | None:
    inside = [
        node
        for node in module.nodes
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(inside, key=lambda node: (node.lineno, node.col_offset), default=None)


def categorise(exception: ExceptionInfo, statement: ast.stmt | None, report: Report) -> str:
    """The kind of failure, from the exception alone and whether the line raised it on purpose."""
    message = exception.message
    if report.frames and report.frames[-1].in_app and statement is not None and _raised_by(statement, exception):
        return "raised-on-purpose"
    for check, name in _CATEGORIES:
        if check(exception, message):
            return name
    return "other"


def _raised_by(statement: ast.stmt, exception: ExceptionInfo) -> bool:
    """Whether the line raised it on purpose, rather than failed while it put the error together."""
    if isinstance(statement, ast.Assert):
        return exception.is_a("AssertionError")
    if not isinstance(statement, ast.Raise) or statement.exc is None:
        return isinstance(statement, ast.Raise)
    named = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    last = ast.unparse(named).rpartition(".")[2]
    known = exception.type in dir(builtins)
    return exception.is_a(last) or not (known and last[:1].isupper())


def _of(*names: str) -> Callable[[ExceptionInfo, str], bool]:
    return lambda exception, _message: any(exception.is_a(name) for name in names)


def _saying(names: Sequence[str], pattern: str) -> Callable[[ExceptionInfo, str], bool]:
    found = re.compile(pattern)
    return lambda exception, message: any(exception.is_a(n) for n in names) and bool(found.search(message))


def _raised_in(libraries: Sequence[str]) -> Callable[[ExceptionInfo, str], bool]:
    return lambda exception, _message: exception.module.partition(".")[0].lstrip("_") in libraries


_PARSING = ("re", "xml", "zoneinfo", "csv", "struct", "zlib", "binascii", "tomllib", "yaml", "configparser", "gzip")
"""Libraries that read text or bytes, and whose own errors say that those were not what they read."""

_CATEGORIES: tuple[tuple[Callable[[ExceptionInfo, str], bool], str], ...] = (
    (
        _saying(
            ["AttributeError", "TypeError"],
            r"coroutine|can't be used in 'await'|async_generator|'async for' requires|context manager protocol|"
            r"_GatheringFuture|'(_asyncio\.)?(Task|Future)' object",
        ),
        "await",
    ),
    (_saying(["RuntimeError"], r"cannot be called from a running event loop|loop is already running"), "await"),
    (
        _saying(
            ["TypeError"],
            r"\w\(\) (takes |missing \d|got an unexpected keyword|got multiple values|takes no)|"
            r"'(?!NoneType)[\w.]+' object is not callable",
        ),
        "signature",
    ),
    (_saying(["AttributeError", "TypeError", "UnmappedInstanceError"], _NONE.pattern), "none-dereference"),
    (_raised_in(_PARSING), "conversion"),
    (_of("UnboundLocalError"), "unbound-local"),
    (_of("NameError"), "name-error"),
    (_of("ImportError", "ModuleNotFoundError"), "import-error"),
    (_of("UnicodeDecodeError", "JSONDecodeError", "UnicodeEncodeError"), "decoding"),
    (
        _saying(["RuntimeError"], r"changed size during iteration|mutated during iteration|keys changed"),
        "changed-while-iterated",
    ),
    (_of("RecursionError"), "recursion"),
    (_of("StopIteration"), "empty-sequence"),
    (_saying(["RuntimeError"], r"raised StopIteration"), "empty-sequence"),
    (_of("KeyError"), "missing-key"),
    (_of("IndexError"), "empty-sequence"),
    (
        _saying(
            ["ValueError"], r"empty (sequence|iterable)|at least one data point|arg is an empty|no mode|at least two"
        ),
        "empty-sequence",
    ),
    (_of("StatisticsError"), "empty-sequence"),
    (_of("ZeroDivisionError", "DivisionByZero", "DivisionUndefined"), "zero-division"),
    (_saying(["ValueError"], r"values to unpack"), "unpacking"),
    (_of("NoResultFound", "DoesNotExist", "MultipleResultsFound"), "missing-row"),
    (_of("IntegrityError"), "integrity"),
    (_of("FileNotFoundError"), "missing-file"),
    (_saying(["TypeError"], r"not JSON serializable|is not serializable|^keys must be str"), "unserialisable"),
    (_saying(["ValueError"], r"Out of range float values"), "unserialisable"),
    (_of("InvalidOperation", "OverflowError"), "conversion"),
    (_saying(["ValueError"], _DIGITS.pattern), "conversion"),
    (_saying(["ValueError"], r"is not in (list|tuple|deque)|not in list|substring not found"), "missing-member"),
    (_of("TypeError"), "wrong-type"),
    (_of("AttributeError"), "missing-attribute"),
    (_of("ValueError"), "conversion"),
)


def _pairs(
    category: str, exception: ExceptionInfo, module: Module, statement: ast.stmt, line: int, names: Mapping[str, str]
) -> tuple[Pair, ...]:
    nodes = [n for n in visible(statement) if isinstance(n, ast.expr)]
    found = FINDERS[category](exception.message, statement, nodes) if category in FINDERS else []
    if category == "none-dereference":
        found = [pair for pair in found if not isinstance(pair[1], ast.Constant)]
        constants = module.constants

        def unlikely(pair: Pair) -> int:
            value = evaluate(pair[1], names, constants)
            return 0 if value is None else 1 if isinstance(value, Unknown) else 2

        found = sorted(found, key=unlikely)
    if category == "missing-key":
        found = sorted(found, key=lambda pair: _key_rank(pair, exception.message, names, module))
    if category == "wrong-type" and (told := re.search(r"'(\w+)' object is not subscriptable", exception.message)):
        found = sorted(found, key=lambda pair: _unlike(type_name(evaluate(pair[1], names)), told.group(1)))
    if category == "zero-division":
        found = sorted(found, key=lambda pair: 0 if evaluate(pair[1], names) == 0 else 1)
    if category == "empty-sequence":
        found = sorted(found, key=lambda pair: _emptiness(pair, names, module))
    return tuple(sorted(found, key=lambda pair: 0 if pair[0].lineno <= line <= (pair[0].end_lineno or 0) else 1))


def _unlike(known: str, wanted: str) -> int:
    """How far a value is from the type that the message names: of that type, unknown, of another."""
    return 0 if known == wanted else 2 if known else 1


def _key_rank(pair: Pair, message: str, names: Mapping[str, str], module: Module) -> int:
    try:
        wanted = literal(message)
    except (ValueError, SyntaxError):
        wanted = message
    key = _key_of(pair[0])
    if key is None:
        return 2
    known = evaluate(key, names, module.constants)
    if isinstance(known, Unknown):
        return 1
    container = evaluate(pair[1], names, module.constants)
    held = isinstance(container, dict) and not isinstance(known, (list, dict, Shown)) and known in container
    return 3 if known != wanted else 1 if held else 0


def _key_of(node: ast.expr) -> ast.expr | None:
    if isinstance(node, ast.Subscript):
        return node.slice
    return node.args[0] if isinstance(node, ast.Call) and node.args else None


def _emptiness(pair: Pair, names: Mapping[str, str], module: Module) -> int:
    value = evaluate(pair[1], names, module.constants)
    if isinstance(value, (list, tuple, str, dict, set)):
        return 0 if not value else 1 if isinstance(pair[0], ast.Subscript) else 3
    return 2
