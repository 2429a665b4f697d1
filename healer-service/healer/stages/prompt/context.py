"""What goes with a function: values, the code that the crash points at, what was tried, the imports. Best first.

It decides nothing about room.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from healer.model import Diagnosis, Frame, PastFix
from healer.stages.prompt.data import inert, plain, value
from healer.stages.prompt.filling import Part
from healer.stages.prompt.past import past_fixes
from healer.stages.prompt.source import around, holds_control_token, statement_lines
from healer.syntax.bindings import same_function
from healer.syntax.failing import visible
from healer.syntax.kinds import root_of
from healer.syntax.project import Function, Module
from healer.syntax.situation import Situation
from healer.syntax.values import Shown, read

# The order in the text: a model weighs the end.
REPORT, VALUES, SOURCES, PAST, ATTEMPTS, IMPORTS, FUNCTION, TASK = range(8)
_MOST_VALUES, _MOST_SOURCES, _MOST_ATTEMPTS, _MOST_IMPORTS = 8, 4, 6, 20
_LONGEST_ATTEMPT = 200  # characters
_NOISE = re.compile(r"<(function|bound method|built-in|module) ")
_TYPE = re.compile(r"<?([A-Za-z_][\w.]*)[ (]")


def parts(
    s: Situation, diagnosis: Diagnosis, target: Function, refused: Sequence[str], past: Sequence[PastFix]
) -> list[Part]:
    """In the order of their rank."""
    attempts = [f"tried and refused: {plain(attempt, _LONGEST_ATTEMPT)}" for attempt in refused[:_MOST_ATTEMPTS]]
    found = [
        Part("values", VALUES, tuple(_values(s, target))),
        *_sources(s, diagnosis, target),
        Part("attempts", ATTEMPTS, tuple(attempts)),
        *past_fixes(past, diagnosis, s.report, PAST),
        *_imports(target.module),
    ]
    return [part for part in found if part.lines or part.heading]


def line_on_stack(s: Situation, function: Function) -> int:
    """The line of the function that crashed or led there; 0 for one that is not on the stack."""
    frame = _frame_of(s, function)
    return frame.line if frame is not None else 0


def _frame_of(s: Situation, function: Function) -> Frame | None:
    for frame in reversed(s.report.app_frames):
        if same_function(_function_at(s, frame.file, frame.line), function):
            return frame
    return None


def _function_at(s: Situation, file: str, line: int) -> Function | None:
    module = s.project.modules.get(file)
    return module.function_at(line) if module is not None else None


def _values(s: Situation, target: Function) -> Iterator[str]:
    """What the crash line uses, then what its bad value was made of, then what the target knew."""
    crash = s.crash
    names = _names(visible(crash.statement))
    bad = _names(_nodes(crash.culprit))
    made = [d.value for name in bad for d in s.tracer.definitions(name, s.module, s.function, crash.statement)[:2]]
    names += [name for one in made for name in _names(_nodes(one)) if name not in names]
    lines = [*_culprit(s), *_shown(names, crash.names)][:_MOST_VALUES]
    if lines:
        yield f"values in {s.function.name if s.function is not None else where(s.module)}:"
        yield from lines
    frame = _frame_of(s, target)
    if frame is None or frame is crash.frame:
        return
    at = [one for one in target.statements if one.lineno <= frame.line <= (one.end_lineno or 0)]
    lines = list(_shown(_names(visible(at[-1])) if at else [], frame.locals))[: _MOST_VALUES // 2]
    if lines:
        yield f"values in {target.name}:"
        yield from lines


def _culprit(s: Situation) -> Iterator[str]:
    """The bad value itself where it is no plain name: `user.team = None`."""
    culprit = s.crash.culprit
    if not isinstance(culprit, (ast.Attribute, ast.Subscript)) or root_of(culprit) is None:
        return
    found = None if s.crash.category == "none-dereference" else s.seen(culprit)
    if found is None or isinstance(found, (str, int, float)) or found in ([], {}, (), set()):
        yield f"{plain(s.module.text(culprit), 60)} = {value(repr(found))}"


def _shown(names: Iterable[str], known: Mapping[str, str]) -> Iterator[str]:
    for name in names:
        if name in known and not _NOISE.match(known[name]):
            yield f"{name} = {value(known[name])}"


def _nodes(node: ast.expr | None) -> list[ast.AST]:
    return list(ast.walk(node)) if node is not None else []


def _names(nodes: Iterable[ast.AST]) -> list[str]:
    """In the order of the text, each once."""
    names = [node for node in nodes if isinstance(node, ast.Name)]
    return list(dict.fromkeys(n.id for n in sorted(names, key=lambda n: (n.lineno, n.col_offset))))


def _sources(s: Situation, diagnosis: Diagnosis, target: Function) -> Iterator[Part]:
    seen: set[ast.AST] = {target.node}
    outer = [node for node in target.module.ancestors(target.node) if not isinstance(node, ast.ClassDef)]
    found = 0
    for part, module, node in _candidates(s, diagnosis):
        shown = node in seen or node in outer or any(ancestor in seen for ancestor in module.ancestors(node))
        if shown or holds_control_token("\n".join(part.lines)):
            continue
        seen.add(node)
        found += 1
        yield part
        if found == _MOST_SOURCES:
            return


_Source = tuple[Part, Module, ast.AST]


def _candidates(s: Situation, diagnosis: Diagnosis) -> Iterator[_Source]:
    """Where it crashed, the callers and callees that the diagnosis points at, and what their lines use."""
    found = [(_function_at(s, site.file, site.line), site) for site in diagnosis.fix_sites]
    sites = [(function, site) for function, site in found if function is not None]
    if s.function is not None:
        yield _function(s.function, s.crash.frame.line, "where it crashed", crashed=True)
    for function, site in sites:
        if not same_function(function, s.function):
            yield _function(function, site.line, site.why)
    yield from _definitions(s, s.module, s.function, s.crash.statement)
    for function, site in sites:
        for statement in [one for one in function.statements if one.lineno == site.line]:
            yield from _definitions(s, function.module, function, statement)


def _function(function: Function, line: int, why: str = "", *, crashed: bool = False) -> _Source:
    heading = f"`{function.name}` in {where(function.module)}{f' ({plain(why, 60)})' if why else ''}:"
    lines = tuple(around(function, line, crashed=crashed))
    return Part(f"function {function.name}", SOURCES, lines, heading), function.module, function.node


def where(module: Module) -> str:
    """Files may have any name."""
    return inert(plain(module.path, 200))


def _definitions(s: Situation, module: Module, function: Function | None, statement: ast.stmt) -> Iterator[_Source]:
    """What a line uses: constants, classes, the classes of its values, functions."""
    nodes = sorted(
        (node for node in visible(statement) if isinstance(node, (ast.Name, ast.Attribute))),
        key=lambda node: (node.lineno, node.col_offset, isinstance(node, ast.Name)),
    )
    for node in nodes:
        constant = s.project.constant(module, node.id) if isinstance(node, ast.Name) else None
        if constant is not None:
            yield _statement(constant[0], constant[0].statement_of(constant[1]), ast.unparse(node))
        for owner, found in _classes(s, module, function, node):
            yield _statement(owner, found, found.name)
    for called in [node.func for node in visible(statement) if isinstance(node, ast.Call)]:
        callee = s.project.find_function(module, called, function)
        if callee is not None:
            yield _function(callee, 0)


def _statement(module: Module, node: ast.stmt, name: str) -> _Source:
    lines = tuple(statement_lines(module, node))
    return Part(f"definition of {name}", SOURCES, lines, f"`{name}` in {where(module)}:"), module, node


def _classes(
    s: Situation, module: Module, function: Function | None, node: ast.Name | ast.Attribute
) -> Iterator[tuple[Module, ast.ClassDef]]:
    """By the name itself, by its annotation, by what its repr shows, and by who alone declares the attribute."""
    names: list[str] = []
    if isinstance(node, ast.Name):
        annotations = [arg.annotation for arg in function.params if arg.arg == node.id] if function else []
        names = [node.id, *(name for annotation in annotations for name in _names(_nodes(annotation)))]
        names += _type_shown(s.crash.names.get(node.id, "")) if same_function(function, s.function) else []
    for name in names:
        found = s.project.find_class(module, name) or _only([c for c in _all_classes(s) if c[1].name == name])
        if found is not None:
            yield found
    if isinstance(node, ast.Attribute):
        owner = _only([c for c in _all_classes(s) if node.attr in _fields(c[1])])
        if owner is not None:
            yield owner


def _type_shown(text: str) -> list[str]:
    known = read(text)
    found = _TYPE.match(text)
    name = known.type if isinstance(known, Shown) else found.group(1) if found and text.startswith("<") else ""
    return [name.rpartition(".")[2]] if name else []


def _all_classes(s: Situation) -> Iterator[tuple[Module, ast.ClassDef]]:
    for module in s.project.modules.values():
        for node in module.classes.values():
            yield module, node


def _only(found: list[tuple[Module, ast.ClassDef]]) -> tuple[Module, ast.ClassDef] | None:
    return found[0] if len(found) == 1 else None


def _fields(node: ast.ClassDef) -> set[str]:
    fields: set[str] = set()
    for statement in node.body:
        if isinstance(statement, (ast.AnnAssign, ast.Assign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            fields |= {target.id for target in targets if isinstance(target, ast.Name)}
    return fields


def _imports(module: Module) -> Iterator[Part]:
    names = [name for name, dotted in module.imports.items() if not dotted.startswith("__future__")][:_MOST_IMPORTS]
    if names:
        yield Part("imports", IMPORTS, (), f"{where(module)} imports: {', '.join(names)}")
