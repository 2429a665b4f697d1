"""The call that a report describes: the function at fault with the arguments its frames show.

For a crash that no request shows: a job, a request that was not recorded whole. It calls nothing.
"""

from __future__ import annotations

import ast
import re

from healer.model import Call, Frame, Report
from healer.syntax.parsing import parse
from healer.syntax.project import Function, Module, Project

# Values that a report shows as calls and the sandbox makes again, with and without the module's name.
_MADE = re.compile(
    r"(?:datetime\.)?(?:datetime|date|time|timedelta|timezone)|(?:decimal\.)?Decimal|(?:uuid\.)?UUID|(?:zoneinfo\.)?ZoneInfo|"
    r"(?:pathlib\.)?(?:Pure)?(?:Posix|Windows)?Path|set|frozenset|(?:collections\.)?(?:deque|OrderedDict|Counter)"
)
_UTC = ("datetime.timezone.utc", "timezone.utc")
_FLOATS = ("inf", "nan")
_REDACTED, _CUT = "[redacted]", "…"
# One that is not closed reaches to the end: were it no quote, each of its characters would be looked at as a start.
_QUOTED = r"'(?:\\.|[^'\\])*(?:'|\\?\Z)|\"(?:\\.|[^\"\\])*(?:\"|\\?\Z)"
# An enum's member shows as <Colour.RED: 'red'>; what stands in quotes is text, whatever it looks like.
_MEMBER = re.compile(rf"({_QUOTED})|<([A-Za-z_][\w.]*): (?:{_QUOTED}|[^<>'\"]*)>", re.DOTALL)
_DEEPEST, _LONGEST = 20, 10_000  # levels, characters of one value


def call_of(report: Report, project: Project) -> Call | None:
    """The innermost call whose arguments can all be had; None where there is none."""
    for frame in reversed(report.app_frames):
        module = project.modules.get(frame.file)
        function = module.function_at(frame.line) if module is not None else None
        if function is None or function.name != frame.function.rpartition(".")[2] or not _is_reachable(function):
            continue
        arguments = _arguments(function, frame, project)
        if arguments is not None:
            owner = f"{function.owner.name}." if function.owner is not None else ""
            return Call(frame.file, owner + function.name, arguments)
    return None


def _is_reachable(function: Function) -> bool:
    """By its qualified name, from the module: not a function made inside another."""
    holder = function.owner or function.module.tree
    return function.node in holder.body and (function.owner is None or function.owner in function.module.tree.body)


def _arguments(function: Function, frame: Frame, project: Project) -> dict[str, str] | None:
    """What the frame holds under the names of the parameters; a function may have changed them since it was called."""
    args = function.node.args
    if args.vararg is not None or args.kwarg is not None:
        return None
    found = {}
    for parameter in (*args.posonlyargs, *args.args, *args.kwonlyargs):
        name = parameter.arg
        if name == "cls" and any(ast.unparse(d) == "classmethod" for d in function.node.decorator_list):
            continue
        text = frame.locals.get(name)
        again = _made_again(text, function.module, project) if text is not None else None
        if again is None or _is_rebound(function, name):
            return None
        found[name] = again
    return found


def _is_rebound(function: Function, name: str) -> bool:
    stored = (n for n in ast.walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return any(node.id == name for node in stored)


def _made_again(text: str, module: Module, project: Project) -> str | None:
    """The value as an expression that the sandbox takes; None for what only a running service can make.

    Classes of the service get their full names: the sandbox imports them, looks at what they are, and may refuse.
    """
    if len(text) > _LONGEST or _REDACTED in text or _CUT in text:
        return None
    plain = _MEMBER.sub(lambda found: found.group(1) or found.group(2), text) if "<" in text else text
    try:
        node = parse(plain.strip(), "eval").body
        reader = _Reader(module, project)
        if not reader.takes(node, 0):
            return None
        return ast.unparse(node) if reader.named else text
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Reader:
    """Looks through one value, and gives the service's own classes in it their full names."""

    def __init__(self, module: Module, project: Project) -> None:
        self.named = False
        self._module = module
        self._project = project

    def takes(self, node: ast.expr | None, depth: int) -> bool:
        if node is None or depth > _DEEPEST:
            return False
        if isinstance(node, ast.Constant):
            return node.value is not Ellipsis
        if isinstance(node, ast.Name):
            return node.id in _FLOATS
        if isinstance(node, ast.UnaryOp):
            plain = isinstance(node.operand, ast.Constant | ast.Name)
            return plain and isinstance(node.op, ast.USub | ast.UAdd) and self.takes(node.operand, depth + 1)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return all(self.takes(item, depth + 1) for item in node.elts)
        if isinstance(node, ast.Dict):
            return all(self.takes(item, depth + 1) for item in (*node.keys, *node.values))
        if isinstance(node, ast.Attribute):
            return ast.unparse(node) in _UTC or self._names_own(node.value)
        if isinstance(node, ast.Call) and all(keyword.arg for keyword in node.keywords):
            parts = (*node.args, *(keyword.value for keyword in node.keywords))
            standard = _MADE.fullmatch(ast.unparse(node.func)) is not None
            known = self._names_own(node.func, everywhere=not standard) or standard
            return known and all(self.takes(part, depth + 1) for part in parts)
        return False

    def _names_own(self, node: ast.expr, *, everywhere: bool = True) -> bool:
        """`everywhere`: also a class that the module does not know by this name, where there is one only."""
        if not isinstance(node, ast.Name):
            return False
        found = self._project.find_class(self._module, node.id)
        if found is None and everywhere:
            holders = [one for one in self._project.modules.values() if node.id in one.classes]
            found = (holders[0], holders[0].classes[node.id]) if len(holders) == 1 else None
        if found is None or found[1] not in found[0].tree.body:
            return False
        node.id = f"{_imported_as(found[0], self._project)}.{node.id}"
        self.named = True
        return True


def _imported_as(module: Module, project: Project) -> str:
    return module.name if "src/__init__.py" in project.modules else module.name.removeprefix("src.")
