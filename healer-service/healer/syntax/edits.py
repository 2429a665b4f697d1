"""Changes to source text at places found in the syntax tree, through LibCST so that comments and layout stay.

It does not decide what to change; a place that cannot be edited makes `apply` return None.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from healer.syntax.cuts import Cut, apart, cut_around, head_of, lines_of
from healer.syntax.imports import with_import
from healer.syntax.parsing import parse

Place = tuple[int, int, int, int]  # line, column, end line, end column; columns in characters


@dataclass(frozen=True)
class Edit:
    """One of those below."""


@dataclass(frozen=True)
class Replace(Edit):
    """Put `code` in the place of an expression."""

    node: ast.expr
    code: str


@dataclass(frozen=True)
class StatementEdit(Edit):
    statement: ast.stmt
    code: str


@dataclass(frozen=True)
class InsertBefore(StatementEdit):
    pass


@dataclass(frozen=True)
class InsertAfter(StatementEdit):
    pass


@dataclass(frozen=True)
class ReplaceStatement(StatementEdit):
    pass


@dataclass(frozen=True)
class Removed(StatementEdit):
    """Take the statement away; others stand in its block, or another edit says what does."""

    code: str = ""


@dataclass(frozen=True)
class Guarded(StatementEdit):
    """Wrap a statement in try; `code` is its handler: "except ValueError:\\n    raise …"."""


@dataclass(frozen=True)
class AddElse(StatementEdit):
    """Give an if chain its missing else branch, or a match its last case."""


@dataclass(frozen=True)
class AddParameter(StatementEdit):
    """Give a function one more parameter at the end; `code` is "seen=frozenset()"."""


@dataclass(frozen=True)
class AddDecorator(StatementEdit):
    """`code` is what stands behind the @."""


@dataclass(frozen=True)
class Asynchronous(StatementEdit):
    """`code` "async" makes a def, for or with asynchronous, "" makes it a plain one."""


@dataclass(frozen=True)
class AddImport(Edit):
    """`module` "" is a plain import of `name`."""

    module: str
    name: str
    alias: str = ""


def place_of(source: str, node: ast.AST) -> Place:
    lines = lines_of(source)
    spot = cast(Any, node)

    def characters(line: int, offset: int) -> int:
        text = lines[line - 1] if line <= len(lines) else ""
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))

    return (
        spot.lineno,
        characters(spot.lineno, spot.col_offset),
        spot.end_lineno,
        characters(spot.end_lineno, spot.end_col_offset),
    )


@dataclass(frozen=True, eq=False)
class _Parsed:
    module: cst.Module
    places: dict[tuple[Place, bool], cst.CSTNode]  # the flag tells statements from expressions
    parents: dict[cst.CSTNode, cst.CSTNode]

    def find(self, source: str, node: ast.AST, statement: bool, above: int) -> cst.CSTNode:
        """`above` is how many lines of the source stand before what was parsed."""
        line, column, end_line, end_column = place_of(source, node)
        place = (line - above, column, end_line - above, end_column)
        if (place, statement) in self.places:
            return self.places[place, statement]
        # To Python the parentheses around a generator expression or tuple are part of it, to LibCST they are not.
        inner = (place[0], column + 1, place[2], end_column - 1)
        if isinstance(node, (ast.GeneratorExp, ast.Tuple)) and (inner, False) in self.places:
            return self.places[inner, False]
        # Statement lines end after their semicolon and decorated definitions begin at another line: the start decides.
        starts = (n for (p, is_statement), n in self.places.items() if is_statement and p[:2] == place[:2])
        found = next(starts, None) if statement else None
        if found is None:
            raise KeyError(place)
        return found


@lru_cache(maxsize=64)
def _parse(source: str) -> _Parsed:
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    places: dict[tuple[Place, bool], cst.CSTNode] = {}
    for node, where in wrapper.resolve(PositionProvider).items():
        is_statement = isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement))
        if is_statement or isinstance(node, cst.BaseExpression):
            place = (where.start.line, where.start.column, where.end.line, where.end.column)
            places.setdefault((place, is_statement), node)
    parents: dict[cst.CSTNode, cst.CSTNode] = {}
    todo: list[cst.CSTNode] = [wrapper.module]
    while todo:
        node = todo.pop()
        for child in node.children:
            parents[child] = node
            todo.append(child)
    return _Parsed(wrapper.module, places, parents)


def apply(source: str, edits: Sequence[Edit]) -> str | None:
    """The new text; None when an edit finds no place or the result is no Python."""
    try:
        cuts = {edit: head_of(source) if isinstance(edit, AddImport) else _cut(source, edit) for edit in edits}
        lines = lines_of(source)
        for cut in apart(list(cuts.values())):
            inside = [edit for edit in edits if cut.meets(cuts[edit]) or cut == cuts[edit]]
            changed = _changed("".join(lines[cut.first : cut.last]), source, cut.first, inside)
            parse(changed)
            lines[cut.first : cut.last] = [changed]
    except (KeyError, cst.ParserSyntaxError, SyntaxError, ValueError):
        return None
    except TypeError:  # several statements where only one may stand, such as for an elif
        return None
    return "".join(lines)


def _cut(source: str, edit: Edit) -> Cut:
    node = edit.node if isinstance(edit, Replace) else edit.statement if isinstance(edit, StatementEdit) else None
    found = cut_around(source, node) if node is not None else None
    if found is None:
        raise KeyError(edit)
    return found


def _changed(text: str, source: str, above: int, edits: Sequence[Edit]) -> str:
    parsed = _parse(text)
    module = parsed.module
    expressions: dict[cst.CSTNode, str] = {}
    statements: dict[cst.CSTNode, list[StatementEdit]] = {}
    for edit in edits:
        if isinstance(edit, Replace):
            expressions[parsed.find(source, edit.node, False, above)] = edit.code
        elif isinstance(edit, StatementEdit):
            statements.setdefault(parsed.find(source, edit.statement, True, above), []).append(edit)
    if expressions or statements:
        module = module.visit(_Editor(expressions, statements, parsed.parents, module.config_for_parsing))
    for edit in edits:
        if isinstance(edit, AddImport):
            module = with_import(module, edit.module, edit.name, edit.alias)
    return module.code


class _Editor(cst.CSTTransformer):
    def __init__(
        self,
        expressions: dict[cst.CSTNode, str],
        statements: dict[cst.CSTNode, list[StatementEdit]],
        parents: dict[cst.CSTNode, cst.CSTNode],
        config: Any,
    ) -> None:
        super().__init__()
        self._expressions, self._statements, self._config = expressions, statements, config
        # Only the way to what is changed is walked: visiting all of a large module takes a tenth of a second.
        self._way: set[cst.CSTNode] = set()
        for target in (*expressions, *statements):
            node: cst.CSTNode | None = target
            while node is not None and node not in self._way:
                self._way.add(node)
                node = parents.get(node)

    def on_visit(self, node: cst.CSTNode) -> bool:
        return node in self._way

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        updated: Any = super().on_leave(original_node, updated_node)
        if original_node in self._expressions:
            return cst.parse_expression(self._expressions[original_node], config=self._config)
        if original_node in self._statements:
            for edit in self._statements[original_node]:
                updated = self._edit(edit, updated)
        return updated

    def _edit(self, edit: StatementEdit, node: Any) -> Any:
        nodes = list(node.nodes) if isinstance(node, cst.FlattenSentinel) else [node]
        if isinstance(edit, InsertBefore):
            return cst.FlattenSentinel([*_moved_lines(self._parse(edit.code), nodes)])
        if isinstance(edit, InsertAfter):
            return cst.FlattenSentinel([*nodes, *self._parse(edit.code)])
        if isinstance(edit, ReplaceStatement):
            fresh = self._parse(edit.code)
            head = fresh[0].with_changes(leading_lines=nodes[0].leading_lines)
            return cst.FlattenSentinel([head, *fresh[1:]])
        if isinstance(edit, Removed):
            return cst.RemoveFromParent()
        if isinstance(edit, Guarded):
            return self._guard(edit, nodes)
        if isinstance(edit, AddElse) and isinstance(nodes[-1], cst.Match):
            code = edit.code.replace("\n", "\n        ").rstrip()
            cases = self._parse(f"match x:\n    case _:\n        {code}\n")[0].cases
            return nodes[-1].with_changes(cases=[*nodes[-1].cases, *cases])
        if isinstance(edit, AddElse):
            return _with_else(nodes[-1], cst.Else(body=cst.IndentedBlock(body=self._parse(edit.code))))
        if isinstance(edit, AddParameter):
            parameter = self._parse(f"def f({edit.code}):\n    pass\n")[0].params.params[0]
            return nodes[-1].with_changes(params=_with_parameter(nodes[-1].params, parameter))
        if isinstance(edit, AddDecorator):
            decorators = self._parse(f"@{edit.code}\ndef f():\n    pass\n")[0].decorators
            return nodes[-1].with_changes(decorators=[*nodes[-1].decorators, *decorators])
        if isinstance(edit, Asynchronous):
            return nodes[-1].with_changes(asynchronous=cst.Asynchronous() if edit.code else None)
        return node

    def _guard(self, edit: Guarded, nodes: list[Any]) -> Any:
        attempt = cast(cst.Try, self._parse(f"try:\n    pass\n{edit.code}")[0])
        last = nodes[-1]
        body = cst.IndentedBlock(body=[last.with_changes(leading_lines=[])])
        wrapped = attempt.with_changes(body=body, leading_lines=last.leading_lines)
        return cst.FlattenSentinel([*nodes[:-1], wrapped]) if nodes[:-1] else wrapped

    def _parse(self, code: str) -> list[Any]:
        return list(cst.parse_module(code, config=self._config).body)


def _moved_lines(fresh: list[Any], nodes: list[Any]) -> list[Any]:
    """Blank lines above the statement stay above what is put there; its comments stay with the statement."""
    lines = list(nodes[0].leading_lines)
    split = next((i for i, line in enumerate(lines) if line.comment is not None), len(lines))
    return [
        fresh[0].with_changes(leading_lines=lines[:split]),
        *fresh[1:],
        nodes[0].with_changes(leading_lines=lines[split:]),
        *nodes[1:],
    ]


def _with_else(node: Any, branch: cst.Else) -> Any:
    if node.orelse is None:
        return node.with_changes(orelse=branch)
    if isinstance(node.orelse, cst.If):
        return node.with_changes(orelse=_with_else(node.orelse, branch))
    return node


def _with_parameter(params: cst.Parameters, fresh: cst.Param) -> cst.Parameters:
    """Before *args and what follows it, laid out like the parameter before it."""
    known = list(params.params)
    if not known:
        return params.with_changes(params=[fresh])
    last = known[-1]
    trailing = last.comma
    between = known[-2].comma if len(known) > 1 else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return params.with_changes(
        params=[*known[:-1], last.with_changes(comma=between), fresh.with_changes(comma=trailing)]
    )
