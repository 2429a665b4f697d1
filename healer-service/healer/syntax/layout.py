"""What a source's tree does not tell: where statements and their clauses stand in the text, and which comments are
theirs.

It changes nothing.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from healer.syntax.cuts import lines_of

Spot = tuple[int, int]  # line from 1, column in characters from 0
_OPENING, _CLOSING = "([{", ")]}"
_LAYOUT = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


@dataclass(frozen=True, eq=False)
class Clause:
    """A header and the block below it, such as an elif or an except. A match has a header only; its cases follow."""

    kind: str
    heads: tuple[ast.AST, ...]  # what the header holds
    name: str  # what the header holds beside that, such as the name an except binds
    start: Spot
    body: list[ast.stmt]


class Text:
    """Some whole lines of a source: those from `first` to `last`, which must hold complete statements."""

    def __init__(self, source: str, first: int = 1, last: int | None = None) -> None:
        self.source = source
        self._first = first
        self._last = last

    @cached_property
    def lines(self) -> list[str]:
        return [line.rstrip("\n") for line in lines_of(self.source)]

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in lines_of(self.source):
            starts.append(starts[-1] + len(line))
        return starts

    @cached_property
    def tokens(self) -> list[tokenize.TokenInfo]:
        part = "".join(lines_of(self.source)[self._first - 1 : self._last])
        above = self._first - 1
        found: list[tokenize.TokenInfo] = []
        try:
            for token in tokenize.generate_tokens(io.StringIO(part).readline):
                (line, column), (end, end_column) = token.start, token.end
                found.append(token._replace(start=(line + above, column), end=(end + above, end_column)))
        except (tokenize.TokenError, SyntaxError):
            return found
        return found

    @cached_property
    def comments(self) -> dict[int, int]:
        """Line -> the column its comment starts at."""
        return {token.start[0]: token.start[1] for token in self.tokens if token.type == tokenize.COMMENT}

    @cached_property
    def in_string(self) -> frozenset[int]:
        """Lines that begin inside a string: their indentation is part of a value."""
        found: set[int] = set()
        opened: list[int] = []
        for token in self.tokens:
            kind = tokenize.tok_name[token.type]
            if kind == "FSTRING_START":
                opened.append(token.start[0])
            elif kind == "FSTRING_END" and opened:
                found.update(range(opened.pop() + 1, token.end[0] + 1))
            elif kind == "STRING":
                found.update(range(token.start[0] + 1, token.end[0] + 1))
        return frozenset(found)

    @cached_property
    def _token_at(self) -> dict[Spot, int]:
        return {token.start: index for index, token in enumerate(self.tokens) if token.type not in _LAYOUT}

    def offset(self, spot: Spot) -> int:
        return self._starts[spot[0] - 1] + spot[1]

    def line_offset(self, line: int) -> int:
        return self._starts[line - 1]

    def _characters(self, line: int, column: int) -> int:
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return column if text.isascii() else len(text.encode()[:column].decode(errors="ignore"))

    def start(self, node: ast.AST) -> Spot:
        """Where its text begins, decorators included."""
        spot = cast(Any, node)
        decorators = getattr(node, "decorator_list", [])
        if decorators:
            line = decorators[0].lineno
            return line, len(self.prefix_of_line(line))
        return spot.lineno, self._characters(spot.lineno, spot.col_offset)

    def end(self, node: ast.AST) -> Spot:
        spot = cast(Any, node)
        return spot.end_lineno, self._characters(spot.end_lineno, spot.end_col_offset)

    def between(self, start: Spot, end: Spot) -> str:
        return self.source[self.offset(start) : self.offset(end)]

    def of(self, node: ast.AST) -> str:
        return self.between(self.start(node), self.end(node))

    def prefix_of_line(self, line: int) -> str:
        text = self.lines[line - 1]
        return text[: len(text) - len(text.lstrip())]

    def is_blank(self, line: int) -> bool:
        return not self.lines[line - 1].strip()

    def is_comment(self, line: int) -> bool:
        return self.comments.get(line) == len(self.prefix_of_line(line))

    def comment(self, line: int) -> str:
        return self.lines[line - 1][self.comments[line] :].rstrip() if line in self.comments else ""

    def above(self, node: ast.AST) -> int:
        """The first of the blank and comment lines directly above; its own first line when there are none."""
        line = self.start(node)[0]
        while line > 1 and (self.is_blank(line - 1) or self.is_comment(line - 1)):
            line -= 1
        return line

    def owns_lines(self, body: Sequence[ast.stmt]) -> bool:
        """Whether the first of the statements begins its line, as it does not in `if x: return y`."""
        line, column = self.start(body[0])
        return not self.lines[line - 1][:column].strip()

    def head_end(self, start: Spot) -> Spot:
        """Just behind the colon of the header that starts there."""
        index = self._token_at.get(start)
        if index is None:
            raise KeyError(start)
        while self.tokens[index].string == "@":
            index = self._after_line(index)
        depth = lambdas = 0
        for token in self.tokens[index:]:
            if token.string == "lambda" and depth == 0:
                lambdas += 1
            if token.type != tokenize.OP:
                continue
            depth += (token.string in _OPENING) - (token.string in _CLOSING)
            if token.string == ":" and depth == 0:
                if not lambdas:
                    return token.end
                lambdas -= 1
        raise KeyError(start)

    def _after_line(self, index: int) -> int:
        """The first token of the next logical line."""
        while self.tokens[index].type != tokenize.NEWLINE:
            index += 1
        index += 1
        while self.tokens[index].type in _LAYOUT:
            index += 1
        return index

    def _word_after(self, body: Sequence[ast.stmt]) -> Spot:
        """Where the else or finally below a block stands."""
        line = self.end(body[-1])[0] + 1
        while self.is_blank(line) or self.is_comment(line):
            line += 1
        return line, len(self.prefix_of_line(line))

    def clauses(self, node: ast.stmt) -> list[Clause]:
        """Empty for a simple statement."""
        start = self.start(node)
        if isinstance(node, ast.If):
            return self._branches(node)
        if isinstance(node, (ast.For, ast.AsyncFor)):
            found = [Clause("for", (node.target, node.iter), "", start, node.body)]
            return found + self._tail("else", node.orelse, node.body)
        if isinstance(node, ast.While):
            found = [Clause("while", (node.test,), "", start, node.body)]
            return found + self._tail("else", node.orelse, node.body)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            return [Clause("with", tuple(node.items), "", start, node.body)]
        if isinstance(node, (ast.Try, ast.TryStar)):
            return self._attempts(node)
        if isinstance(node, ast.Match):
            cases = [Clause("case", _case_head(case), "", self._case_start(case), case.body) for case in node.cases]
            return [Clause("match", (node.subject,), "", start, []), *cases]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return [Clause("definition", (), _signature(node), start, node.body)]
        return []

    def _branches(self, node: ast.If) -> list[Clause]:
        found = [Clause("if", (node.test,), "", self.start(node), node.body)]
        while node.orelse:
            first = node.orelse[0]
            if len(node.orelse) == 1 and isinstance(first, ast.If) and self.of(first).startswith("elif"):
                node = first
                found.append(Clause("if", (node.test,), "", self.start(node), node.body))
                continue
            return found + self._tail("else", node.orelse, node.body)
        return found

    def _attempts(self, node: ast.Try | ast.TryStar) -> list[Clause]:
        found = [Clause("try", (), "", self.start(node), node.body)]
        for handler in node.handlers:
            heads = (handler.type,) if handler.type is not None else ()
            found.append(Clause("except", heads, handler.name or "", self.start(handler), handler.body))
        found += self._tail("else", node.orelse, found[-1].body)
        return found + self._tail("finally", node.finalbody, found[-1].body)

    def _tail(self, kind: str, body: list[ast.stmt], above: Sequence[ast.stmt]) -> list[Clause]:
        return [Clause(kind, (), "", self._word_after(above), body)] if body else []

    def _case_start(self, case: ast.match_case) -> Spot:
        line = case.pattern.lineno
        while not self.lines[line - 1].lstrip().startswith("case"):
            line -= 1
        return line, len(self.prefix_of_line(line))


def _case_head(case: ast.match_case) -> tuple[ast.AST, ...]:
    return (case.pattern,) if case.guard is None else (case.pattern, case.guard)


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    """Its header as text, so that two with the same header can be told."""
    parts = [type(node).__name__, node.name]
    for name in node._fields:
        value = getattr(node, name, None)
        values = value if isinstance(value, list) and name != "body" else [value]
        parts += [ast.dump(item) if isinstance(item, ast.AST) else "" for item in values]
    return " ".join(parts)


def moved(text: Text, start: Spot, end: Spot, old_prefix: str, new_prefix: str) -> list[str]:
    """The lines from one spot to another under another indentation; what stands inside strings stays as it is."""
    found = []
    for number in range(start[0], end[0] + 1):
        line = text.lines[number - 1]
        line = line[: end[1]] if number == end[0] else line
        if number == start[0]:
            found.append(new_prefix + line[start[1] :])
        elif number in text.in_string:
            found.append(line)
        elif not line.strip():
            found.append("")
        elif line.startswith(old_prefix):
            found.append(new_prefix + line[len(old_prefix) :])
        else:
            found.append(new_prefix + line.lstrip() if text.is_comment(number) else line)
    return found


def unit_of(module_source: str, prefix: str, inner: str) -> str:
    """One step of indentation, as a function shows it whose header has `prefix` and whose body has `inner`."""
    if inner.startswith(prefix) and len(inner) > len(prefix):
        return inner[len(prefix) :]
    for line in module_source.split("\n"):
        if line[:1] in (" ", "\t") and line.strip():
            return line[: len(line) - len(line.lstrip())]
    return "    "
