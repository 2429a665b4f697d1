"""A new version of a function's body put in the place of the old one, statement by statement: what is equal keeps its
text, its comments and its layout.

It does not decide whether the new version is right.
"""

from __future__ import annotations

import ast
import difflib
import itertools
from collections.abc import Callable, Sequence

from healer.syntax.alignment import Pair, aligned, differences, key, likeness
from healer.syntax.layout import Clause, Spot, Text, moved, unit_of
from healer.syntax.parsing import parse
from healer.syntax.project import FunctionNode

_SAME_COMMENT = 0.6


def merged(source: str, old: FunctionNode, new_source: str, new: FunctionNode) -> str:
    """The whole source with the body of `new` in the function `old`; its header and docstring stay. The bodies of `new`
    may lack statements that stand in its source. KeyError when the layout cannot be told.
    """
    text = Text(source, min([old.lineno, *(d.lineno for d in old.decorator_list)]), old.end_lineno)
    return _Merge(text, Text(new_source), old).result(old, without_docstring(new))


def without_docstring(node: FunctionNode) -> list[ast.stmt]:
    return node.body[1:] if has_docstring(node) else node.body


def has_docstring(node: FunctionNode) -> bool:
    first = node.body[0]
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _clause_key(clause: Clause) -> str:
    return "\n".join([clause.kind, clause.name, *map(key, clause.heads), "", *map(key, clause.body)])


def _head_key(clause: Clause) -> tuple[str, ...]:
    return clause.kind, clause.name, *map(key, clause.heads)


def _clause_like(old: Clause, new: Clause) -> float:
    if old.kind != new.kind:
        return 0.0
    if _head_key(old) == _head_key(new):
        return 1.0
    return 0.9 if list(map(key, old.body)) == list(map(key, new.body)) else 0.3


class _Merge:
    def __init__(self, old: Text, new: Text, function: FunctionNode) -> None:
        self._old, self._new = old, new
        first = function.body[0]
        prefix = old.prefix_of_line(function.lineno)
        inner = old.prefix_of_line(old.start(first)[0]) if old.owns_lines(function.body) else prefix
        self._prefix, self._unit = prefix, unit_of(old.source, prefix, inner)
        self._inner = inner if inner != prefix else prefix + self._unit
        self._edits: list[tuple[int, int, Callable[[], str]]] = []
        self._gone: list[tuple[int, int]] = []  # lines of the old text that are deleted or replaced
        # Deleted statements; whether the comments above stay where they are, and whether the one behind does.
        self._pool: dict[str, list[tuple[ast.stmt, bool, bool]]] = {}

    def result(self, old: FunctionNode, body: list[ast.stmt]) -> str:
        rest = without_docstring(old)
        if not self._old.owns_lines(old.body):
            clause = Clause("definition", (), "", self._old.start(old), old.body)
            self._inline(clause, [*old.body[: len(old.body) - len(rest)], *body], self._prefix)
        elif rest:
            self._block(rest, body)
        else:
            self._insert(self._old.end(old.body[0])[0] + 1, lambda: self._fresh(body, self._inner))
        text, done = [], 0
        for start, end, made in sorted(self._edits, key=lambda edit: (edit[0], edit[1])):
            text += [self._old.source[done:start], made()]
            done = end
        return "".join([*text, self._old.source[done:]])

    def _insert(self, line: int, made: Callable[[], list[str]]) -> None:
        self._replace_lines(line, line - 1, made)

    def _replace_lines(self, first: int, last: int, made: Callable[[], list[str]]) -> None:
        start = self._old.line_offset(first)
        end = self._old.line_offset(last + 1) if last >= first else start
        self._gone.append((first, last))
        self._edits.append((start, end, lambda: "".join(f"{line}\n" for line in made())))

    def _replace_span(self, start: Spot, end: Spot, code: str) -> None:
        self._edits.append((self._old.offset(start), self._old.offset(end), lambda: code))

    # Blocks

    def _block(self, old: list[ast.stmt], new: list[ast.stmt]) -> None:
        prefix = self._old.prefix_of_line(self._old.start(old[0])[0])
        pairs = self._ungrouped(old, aligned(old, new, key, likeness))
        order: dict[int, int] = {id(statement): index for index, statement in enumerate(new)}
        index = 0
        while index < len(pairs):
            one, other = pairs[index]
            if one is not None and other is not None:
                if key(one) != key(other):
                    self._pair(one, other, prefix)
                index += 1
                continue
            end = index
            while end < len(pairs) and None in pairs[end]:
                end += 1
            gone = [o for o, _ in pairs[index:end] if o is not None]
            fresh = [n for _, n in pairs[index:end] if n is not None]
            following = pairs[end][0] if end < len(pairs) else None
            if gone and fresh:
                self._delete(gone, comments_stay=True)
                first, last = self._old.start(gone[0])[0], self._old.end(gone[-1])[0]
                self._replace_lines(first, last, self._later(fresh, prefix))
            elif gone:
                self._remove(gone, gone[0] is old[0])
            else:
                after = fresh[-1]
                position = order[id(after)] + 1
                self._add(fresh, old, following, new[position] if position < len(new) else None, prefix)
            index = end

    def _later(self, fresh: list[ast.stmt], prefix: str) -> Callable[[], list[str]]:
        return lambda: self._fresh(fresh, prefix)

    def _ungrouped(self, old: list[ast.stmt], pairs: list[Pair[ast.stmt]]) -> list[Pair[ast.stmt]]:
        """Statements that share a line are all replaced when one of them goes or another comes between them."""
        shared: dict[int, int] = {}
        for one, other in itertools.pairwise(old):
            if self._old.end(one)[0] == self._old.start(other)[0]:
                group = shared.setdefault(id(one), id(one))
                shared[id(other)] = group
        broken = {shared[id(o)] for o, n in pairs if o is not None and id(o) in shared and n is None}
        for index, (here, _) in enumerate(pairs):
            if here is None and 0 < index < len(pairs) - 1:
                before = next((o for o, _ in reversed(pairs[:index]) if o is not None), None)
                after = next((o for o, _ in pairs[index:] if o is not None), None)
                if before is not None and after is not None and id(before) in shared:
                    if shared[id(before)] == shared.get(id(after)):
                        broken.add(shared[id(before)])
        found: list[Pair[ast.stmt]] = []
        for was, now in pairs:
            if was is not None and now is not None and shared.get(id(was)) in broken:
                found += [(was, None), (None, now)]
            else:
                found.append((was, now))
        return found

    def _delete(self, gone: Sequence[ast.stmt], comments_stay: bool = False, inline: bool = False) -> None:
        for index, statement in enumerate(gone):
            for node in ast.walk(statement):
                if isinstance(node, ast.stmt):
                    stays = comments_stay and index == 0 and node is statement
                    self._pool.setdefault(key(node), []).append((node, stays, inline))

    def _remove(self, gone: list[ast.stmt], opens: bool) -> None:
        """`opens`: they begin their block, where no blank line is to be left."""
        self._delete(gone)
        first, last = self._old.start(gone[0])[0], self._old.end(gone[-1])[0]
        while self._old.is_comment(first - 1) and self._old.prefix_of_line(first - 1) == self._old.prefix_of_line(
            first
        ):
            first -= 1
        lines = self._old.lines
        while opens and last < len(lines) and self._old.is_blank(last + 1):
            last += 1
        if self._old.is_blank(first - 1) and (last >= len(lines) or self._old.is_blank(last + 1)):
            first -= 1
        self._replace_lines(first, last, list)

    def _add(
        self,
        fresh: list[ast.stmt],
        old: list[ast.stmt],
        following: ast.stmt | None,
        new_following: ast.stmt | None,
        prefix: str,
    ) -> None:
        """Between the statement before and the next one, with the blank lines that the new version has there."""
        if following is None:
            last = self._old.end(old[-1])[0]
            blank = [""] if self._blank_above(fresh[0]) else []
            self._insert(last + 1, lambda: [*blank, *self._fresh(fresh, prefix)])
            return
        gap, start = self._old.above(following), self._old.start(following)[0]
        blanks = 0
        while gap + blanks < start and self._old.is_blank(gap + blanks):
            blanks += 1
        leads = self._blank_above(fresh[0]) or following is old[0]
        trails = new_following is not None and self._blank_above(new_following)
        if blanks and leads:
            tail = [""] if trails else []
            self._insert(gap + blanks, lambda: [*self._fresh(fresh, prefix), *tail])
            return
        head = [""] if leads and following is not old[0] else []
        tail = [""] if trails and not blanks else []
        self._insert(gap, lambda: [*head, *self._fresh(fresh, prefix), *tail])

    def _blank_above(self, statement: ast.stmt) -> bool:
        top, start = self._new.above(statement), self._new.start(statement)[0]
        return any(self._new.is_blank(line) for line in range(top, start))

    # Pairs

    def _pair(self, old: ast.stmt, new: ast.stmt, prefix: str) -> None:
        clauses = self._old.clauses(old)
        if not clauses:
            self._simple(old, new, prefix)
            return
        fresh = self._new.clauses(new)
        if clauses[0].kind == "definition" and clauses[0].name != fresh[0].name:
            self._delete([old], comments_stay=True)
            first, last = self._old.start(old)[0], self._old.end(old)[0]
            self._replace_lines(first, last, self._later([new], prefix))
            return
        self._clauses(clauses, fresh)

    def _simple(self, old: ast.stmt, new: ast.stmt, prefix: str) -> None:
        start, end = self._old.start(old), self._old.end(old)
        for parenthesised in (False, True):
            edits = self._narrow(old, new, parenthesised)
            if edits is not None and _parses_to(_applied(edits, start, end, self._old), new):
                for first, last, code in edits:
                    self._replace_span(first, last, code)
                return
        lines = moved(self._new, self._new.start(new), self._new.end(new), self._new_prefix(new), prefix)
        lines[0] = lines[0][len(prefix) :]
        kept, added = self._old.comment(end[0]), self._tail_comment(new)
        if added and not kept and not self._old.lines[end[0] - 1][end[1] :].strip():
            lines[-1] += f"  {added}"
        self._gone.append((start[0], end[0]))
        self._replace_span(start, end, "\n".join(lines))

    def _new_prefix(self, node: ast.stmt) -> str:
        return self._new.prefix_of_line(self._new.start(node)[0])

    def _narrow(self, old: ast.AST, new: ast.AST, parenthesised: bool) -> list[tuple[Spot, Spot, str]] | None:
        found = differences(old, new)
        if not found:
            return None
        edits = []
        for one, other in found:
            code = self._new.of(other)
            edits.append((self._old.start(one), self._old.end(one), f"({code})" if parenthesised else code))
        return edits

    def _tail_comment(self, statement: ast.stmt) -> str:
        """The comment at the end of a simple statement's line."""
        line, column = self._new.end(statement)
        behind = self._new.lines[line - 1][column:].strip()
        return behind if behind.startswith("#") else ""

    # Clauses

    def _clauses(self, old: list[Clause], new: list[Clause]) -> None:
        end = 0
        prefix = self._old.prefix_of_line(old[-1].start[0])  # cases stand deeper than their match
        pending: list[Clause] = []
        started = False
        for one, other in aligned(old, new, _clause_key, _clause_like):
            if one is None and other is not None:
                if started:
                    self._insert(end + 1, self._later_clause(other, prefix, other is new[0]))
                else:
                    pending.append(other)
                continue
            if one is None:
                continue
            last = self._clause_end(one)
            if other is None:
                self._delete(one.body)
                self._replace_lines(one.start[0], last, list)
            else:
                for clause in pending:
                    self._insert(one.start[0], self._later_clause(clause, prefix, clause is new[0]))
                pending = []
                self._clause(one, other, self._old.prefix_of_line(one.start[0]), other is new[0])
            started, end = True, last

    def _later_clause(self, clause: Clause, prefix: str, first: bool) -> Callable[[], list[str]]:
        return lambda: self._whole_clause(clause, prefix, first)

    def _clause_end(self, clause: Clause) -> int:
        return self._old.end(clause.body[-1])[0] if clause.body else self._old.head_end(clause.start)[0]

    def _clause(self, old: Clause, new: Clause, prefix: str, first: bool) -> None:
        same_body = list(map(key, old.body)) == list(map(key, new.body))
        inline = bool(old.body) and not self._old.owns_lines(old.body)
        if _head_key(old) != _head_key(new) or self._word(self._old, old) != self._keyword(new, first):
            self._head(old, new, first)
        if same_body or not new.body:
            return
        if inline:
            self._inline(old, new.body, prefix)
        else:
            self._block(old.body, new.body)

    def _inline(self, old: Clause, body: list[ast.stmt], prefix: str) -> None:
        """A block that stands on its header's line; it gets lines of its own when it grows."""
        alone = len(old.body) == len(body) == 1 and not self._new.clauses(body[0])
        if alone and likeness(old.body[0], body[0]):
            self._simple(old.body[0], body[0], prefix)
        else:
            self._explode(old, body, prefix)

    @staticmethod
    def _word(text: Text, clause: Clause) -> str:
        return (
            "elif"
            if clause.kind == "if" and text.lines[clause.start[0] - 1][clause.start[1] :].startswith("elif")
            else clause.kind
        )

    @staticmethod
    def _keyword(clause: Clause, first: bool) -> str:
        if clause.kind != "if":
            return clause.kind
        return "if" if first else "elif"

    def _head(self, old: Clause, new: Clause, first: bool) -> None:
        word, wanted = self._word(self._old, old), self._keyword(new, first)
        edits = self._head_edits(old, new)
        if edits is None:
            self._replace_span(old.start, self._old.head_end(old.start), self._head_text(new, first))
            return
        for begin, end, code in edits:
            self._replace_span(begin, end, code)
        if word != wanted:
            self._replace_span(old.start, (old.start[0], old.start[1] + len(word)), wanted)

    def _head_edits(self, old: Clause, new: Clause) -> list[tuple[Spot, Spot, str]] | None:
        """None when more than expressions of the header differ."""
        if old.name != new.name or len(old.heads) != len(new.heads):
            return None
        found: list[tuple[Spot, Spot, str]] = []
        for one, other in zip(old.heads, new.heads, strict=True):
            if key(one) == key(other):
                continue
            if not isinstance(one, ast.expr) or not isinstance(other, ast.expr):
                return None
            start, end = self._old.start(one), self._old.end(one)
            for parenthesised in (False, True):
                edits = self._narrow(one, other, parenthesised)
                if edits is not None and _evaluates_to(_applied(edits, start, end, self._old), other):
                    found += edits
                    break
            else:
                return None
        return found

    def _head_text(self, clause: Clause, first: bool) -> str:
        code = self._new.between(clause.start, self._new.head_end(clause.start))
        if clause.kind != "if":
            return code
        return self._keyword(clause, first) + code[len(self._word(self._new, clause)) :]

    def _explode(self, old: Clause, body: list[ast.stmt], prefix: str) -> None:
        begin, end = self._old.head_end(old.start), self._old.end(old.body[-1])
        self._delete(old.body, inline=True)
        comment = self._old.comment(end[0])
        stop = self._old.line_offset(end[0] + 1) if end[0] < len(self._old.lines) else len(self._old.source)
        tail = f"  {comment}" if comment else ""

        def made() -> str:
            return f"{tail}\n" + "".join(f"{line}\n" for line in self._fresh(body, prefix + self._unit))

        self._edits.append((self._old.offset(begin), stop, made))

    # What is new

    def _kept_comments(self) -> list[str]:
        gone = {line for first, last in self._gone for line in range(first, last + 1)}
        return [self._old.comment(line) for line in self._old.comments if line not in gone]

    def _is_known(self, comment: str) -> bool:
        """Whether the text around already says it, perhaps in other words."""
        return bool(difflib.get_close_matches(comment, self._kept_comments(), 1, _SAME_COMMENT))

    def _comments_above(self, text: Text, statement: ast.stmt, prefix: str, first: bool) -> list[str]:
        if not text.owns_lines([statement]):
            return []
        top, start = text.above(statement), text.start(statement)[0]
        found = [prefix + text.comment(line) for line in range(top, start) if text.is_comment(line)]
        if text is self._new:
            found = [line for line in found if not self._is_known(line.strip())]
        blank = not first and any(text.is_blank(line) for line in range(top, start))
        return ["", *found] if blank else found

    def _fresh(self, statements: Sequence[ast.stmt], prefix: str) -> list[str]:
        found: list[str] = []
        for index, statement in enumerate(statements):
            found += self._rendered(statement, prefix, index == 0)
        return found

    def _rendered(self, statement: ast.stmt, prefix: str, first: bool) -> list[str]:
        reused = self._pool.get(key(statement))
        if reused:
            old, above_stays, behind_stays = reused.pop(0)
            found = [] if above_stays else self._comments_above(self._old, old, prefix, first)
            return found + self._reused(old, prefix, behind_stays)
        found = self._comments_above(self._new, statement, prefix, first)
        clauses = self._new.clauses(statement)
        if not clauses:
            start, end = self._new.start(statement), self._new.end(statement)
            lines = moved(self._new, start, end, self._new_prefix(statement), prefix)
            comment = self._tail_comment(statement)
            if comment:
                lines[-1] += f"  {comment}"
            return found + lines
        for index, clause in enumerate(clauses):
            found += self._whole_clause(clause, prefix + self._unit * (clause.kind == "case"), index == 0)
        return found

    def _reused(self, old: ast.stmt, prefix: str, behind_stays: bool) -> list[str]:
        start, end = self._old.start(old), self._old.end(old)
        lines = moved(self._old, start, end, self._old.prefix_of_line(start[0]), prefix)
        behind = self._old.lines[end[0] - 1][end[1] :].strip()
        if behind.startswith("#") and not behind_stays:
            lines[-1] += f"  {behind}"
        return lines

    def _whole_clause(self, clause: Clause, prefix: str, first: bool) -> list[str]:
        start, end = clause.start, self._new.head_end(clause.start)
        lines = moved(self._new, start, end, self._new.prefix_of_line(start[0]), prefix)
        if clause.kind == "if":
            lines[0] = (
                prefix + self._keyword(clause, first) + lines[0][len(prefix) + len(self._word(self._new, clause)) :]
            )
        behind = self._new.lines[end[0] - 1][end[1] :].strip()
        if behind.startswith("#"):
            lines[-1] += f"  {behind}"
        return [*lines, *self._fresh(clause.body, prefix + self._unit)]


def _applied(edits: Sequence[tuple[Spot, Spot, str]], start: Spot, end: Spot, text: Text) -> str:
    """The part of the text from start to end with the edits made."""
    first = text.offset(start)
    part = text.between(start, end)
    for begin, stop, code in sorted(edits, reverse=True):
        part = part[: text.offset(begin) - first] + code + part[text.offset(stop) - first :]
    return part


def _evaluates_to(code: str, wanted: ast.expr) -> bool:
    """A line break that holds only inside parentheses does not count: the header may have none around it."""
    try:
        return _loaded(parse(code, "eval").body) == _loaded(wanted)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _loaded(node: ast.expr) -> str:
    """Alike for the target of a loop and the same expression elsewhere."""
    return key(node).replace("ctx=Store()", "ctx=Load()")


def _parses_to(code: str, wanted: ast.stmt) -> bool:
    try:
        found = parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return len(found) == 1 and key(found[0]) == key(wanted)
