"""Reads the rewritten function out of whatever a model wrote, or says why there is none.

It does not put it into the module, and does not judge whether it is right.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from healer.model import Rewrite, UnusableAnswer
from healer.syntax.alignment import key
from healer.syntax.fenced import blocks
from healer.syntax.fragments import placed
from healer.syntax.layout import Text, moved
from healer.syntax.mending import mended, tree_of
from healer.syntax.merging import without_docstring
from healer.syntax.parsing import parse
from healer.syntax.patches import Hunk, NoContext, applied, is_diff, is_search, of_diff, of_search
from healer.syntax.project import Function, FunctionNode
from healer.syntax.scopes import bound_by, top_names, used_in_body

MOST_CHARACTERS = 24_000  # three times what the longest function that is asked about needs
_MARKER = re.compile(r"(?<![ \t])[ \t]*# <-- crashed here[ \t]*$", re.M)
_TOKENS = re.compile(
    r"<\|im_start\|>[ \t]*(?:assistant|user|system)?[ \t]*|<[|｜][\w▁ ]{1,40}[|｜]>|\[/?INST\]|</?s>[ \t]*$", re.M
)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.S)
_TAGS = r"(?:code|pre|answer|fix|fixed|function|python|solution|response|output|corrected\w*|fixed_\w+)"
_TAG = re.compile(rf"^[ \t]*<{_TAGS}(?:[ \t][^<>\n]*)?>[ \t]*|</{_TAGS}>[ \t]*$", re.M | re.I)
_DEFINITION = r"@\w[\w.]*|(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*[(:]"
_IMPORT = r"from\s+[\w.]+\s+import\s|import\s+[\w.]+(?:\s+as\s+\w+)?$"
_CODE_LINE = re.compile(rf"^\s*(?:>>> |\d{{1,4}}\s?[:|.]\s*)?(?:{_DEFINITION}|{_IMPORT})")
_LANGUAGES = frozenset(
    (
        "javascript",
        "js",
        "typescript",
        "ts",
        "java",
        "kotlin",
        "go",
        "rust",
        "c",
        "cpp",
        "php",
        "ruby",
        "bash",
        "sh",
        "sql",
    )
)
_SORRY = re.compile(
    r"\b(?:I'm|I’m|I am) (?:sorry|unable|not able)|\bI (?:can't|can’t|cannot|won't)\b|\bas an AI\b", re.I
)
_LEFT = r"(?:rest|remainder|remaining|existing|previous|original|other|same)"
_PART = r"(?:code|function|logic|body|implementation|method|lines)"
_OMITTED = re.compile(
    rf"^#\W*(?:\.\.\.|…)|\b{_LEFT} (?:of )?(?:the |your )?(?:\w+ )?{_PART}\b"
    r"|\b(?:unchanged|same as (?:before|above|the original)|omitted|your code here|no changes?|as before)\b",
    re.I,
)
_OPENERS = re.compile(
    r"^(?:sure|certainly|of course|okay|ok|yes|here(?:'s| is| are)|below|the (?:corrected|fixed|updated|complete|full)|"
    r"corrected|fixed|updated|this is the|i(?:'ve| have)|let me|let's)\b",
    re.I,
)
_NAMED = r"(?:root )?(?:cause|reason|problem|issue|explanation|answer|bug)"
_LABEL = re.compile(rf"^(?:#\s*|[-*+]\s+|\d+[.)]\s+|>\s*)*(?:\**{_NAMED}\**\s*:\**\s*)?", re.I)
_NO_PROSE = re.compile(r"\s*(?:<{5,}|@@|--- |\+\+\+ |[{\[]\s*\")")
_UNENDED = re.compile(r"never closed|unterminated triple-quoted|unexpected EOF|expected an indented block")
_MOST_SENTENCE = 300
_MOST_VERSIONS = 20


@dataclass(frozen=True)
class _Piece:
    """A stretch of the answer that may hold the function."""

    code: str
    info: str
    open: bool  # nothing marks its end


class _Refused(Exception):
    """Why a piece cannot serve. The weightiest reason of all pieces is the one told."""

    def __init__(self, reason: str, weight: int) -> None:
        super().__init__(reason)
        self.reason, self.weight = reason, weight


def complete(text: str, target: Function) -> bool:
    """Whether the code of an answer that is still being written has ended. What only quotes the source is not it."""
    ended = [block for block in blocks(text) if block.closed and _is_code(block.code, block.info)]
    if not ended:
        return False
    source = "".join(target.module.source.split())
    return any("".join(_MARKER.sub("", block.code).split()) not in source for block in ended)


def _is_code(code: str, info: str) -> bool:
    lines = code.split("\n")
    return any(_CODE_LINE.match(line) and "def" in line for line in lines) or is_search(code) or is_diff(code, info)


def read(text: str, target: Function, *, cut_off: bool) -> Rewrite:
    """`cut_off`: the server stopped because the answer became too long."""
    if len(text) > MOST_CHARACTERS:
        raise UnusableAnswer(f"it is far too long: {len(text)} characters")
    text = _plain(text, target.module.source)
    if not text.strip():
        raise UnusableAnswer("it was cut off before any code" if cut_off else "it is empty")
    try:
        return _Reader(target, cut_off).read(text)
    except RecursionError:
        raise UnusableAnswer("its code is nested too deeply") from None


def _plain(text: str, source: str) -> str:
    """Without what belongs to the chat and not to the answer, unless the service's own source has it."""
    text = text.encode("utf-8", "ignore").decode().replace("\0", "").replace("\ufeff", "")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for pattern, instead in ((_THOUGHT, ""), (_TOKENS, "\n"), (_TAG, ""), (_MARKER, "")):
        if not pattern.search(source):
            text = pattern.sub(instead, text)
    return text


class _Reader:
    def __init__(self, target: Function, cut_off: bool) -> None:
        self._target, self._cut_off = target, cut_off
        self._top = top_names(target.module)
        node = target.node
        self._lines = target.module.source.replace("\r\n", "\n").split("\n")[node.lineno - 1 : node.end_lineno]

    def read(self, text: str) -> Rewrite:
        refused: list[_Refused] = []
        for piece in _pieces(text):
            try:
                function, imports = self._of_piece(piece)
            except _Refused as error:
                refused.append(error)
                continue
            return Rewrite(_sentence(text), function, imports)
        if refused:
            raise UnusableAnswer(max(refused, key=lambda error: error.weight).reason)
        if self._cut_off:
            raise UnusableAnswer("it was cut off before any code")
        raise UnusableAnswer("it declines to answer" if _SORRY.search(text) else "it holds no code")

    def _of_piece(self, piece: _Piece) -> tuple[str, tuple[str, ...]]:
        code, info = piece.code, piece.info
        if is_search(code):
            return self._patched(of_search(code))
        if is_diff(code, info) and (info in ("diff", "patch") or tree_of(code) is None):
            return self._patched(of_diff(code))
        if info in _LANGUAGES:
            raise _Refused(f"it is in {info}, not in Python", 1)
        found = mended(code)
        ends = piece.open
        if found is None:
            cut = self._cut_out(code)
            if cut is None:
                raise self._unreadable(piece)
            found, ends = cut[0], ends and cut[1]
        return self._of_tree(*found, ends=ends)

    def _of_tree(self, code: str, tree: ast.Module, *, ends: bool) -> tuple[str, tuple[str, ...]]:
        code, tree = _without_lambda(code, tree, self._target.name)
        imports = tuple(ast.unparse(node) for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom)))
        node = self._chosen(tree)
        if node is None:
            return self._fragment(code, tree), imports
        if ends and self._cut_off and (node.end_lineno or 0) >= max(s.end_lineno or 0 for s in tree.body):
            raise _Refused("it was cut off", 3)
        self._check_parameters(node)
        if any(isinstance(statement, ast.Return) for statement in tree.body):
            raise _Refused("its indentation is broken: a part of the function stands outside of it", 3)
        self._check_whole(code, node)
        self._check_helpers(tree, node)
        if self._is_unchanged(node, tree):
            raise _Refused("it changes nothing", 2)
        return self._own_text(code, node), imports

    def _unreadable(self, piece: _Piece) -> _Refused:
        if piece.open and self._cut_off:
            return _Refused("it was cut off", 3)
        try:
            parse(piece.code)
        except SyntaxError as error:
            ends_early = _UNENDED.search(error.msg) or (error.lineno or 0) > piece.code.rstrip().count("\n") + 1
            if piece.open and ends_early:
                return _Refused("it was cut off", 3)
            return _Refused(f"it is not valid Python: {error.msg}", 1)
        except (ValueError, RecursionError, MemoryError):
            pass
        return _Refused("it is not valid Python", 1)

    # Which function

    def _chosen(self, tree: ast.Module) -> FunctionNode | None:
        """The first version of the function that is another than the original; the original when there is no other."""
        target = self._target
        owners = {id(child): parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
        every = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
        named = [n for n in every if n.name == target.name][:_MOST_VERSIONS] or self._renamed(every, owners)
        named = [n for n in named if not _is_overload(n)] or named
        if target.owner is not None:
            owned = [n for n in named if getattr(owners.get(id(n)), "name", "") == target.owner.name]
            named = owned or named
        alike = [n for n in named if list(map(key, n.decorator_list)) == list(map(key, target.node.decorator_list))]
        if len(alike) < len(named) and len({_names(n.args) for n in named}) > 1:
            named = alike or named
        changed = [n for n in named if not self._is_unchanged(n, tree) and not _is_stub(n)]
        return next(iter(changed or named), None)

    def _renamed(self, every: Sequence[FunctionNode], owners: dict[int, ast.AST]) -> list[FunctionNode]:
        outer = [n for n in every if isinstance(owners.get(id(n)), (ast.Module, ast.ClassDef))]
        known = {function.name for function in self._target.module.functions}
        fits = (
            len(outer) == 1 and outer[0].name not in known and _names(outer[0].args) == _names(self._target.node.args)
        )
        return outer if fits else []

    def _is_unchanged(self, node: FunctionNode, tree: ast.Module) -> bool:
        if list(map(key, without_docstring(node))) != list(map(key, without_docstring(self._target.node))):
            return False
        used = used_in_body(node)
        brought = {
            bound_by(alias, isinstance(n, ast.Import))
            for n in tree.body
            if isinstance(n, (ast.Import, ast.ImportFrom))
            for alias in n.names
        }
        return not (brought & used) - self._top

    def _cut_out(self, code: str) -> tuple[tuple[str, ast.Module], bool] | None:
        """The function's own lines where what stands around it is no Python, and whether they reach the end."""
        lines = code.split("\n")
        header = re.compile(rf"^\s*(?:\d{{1,4}}\s?[:|.]\s*)?(?:async\s+)?def\s+{re.escape(self._target.name)}\s*\(")
        imports = [
            line.strip() for line in lines if re.match(r"\s*(?:from [\w.]+ import [\w., ]+|import [\w., ]+)$", line)
        ]
        for first in [number for number, line in enumerate(lines) if header.match(line)][:2]:
            margin = len(lines[first]) - len(lines[first].lstrip())
            ends = [
                number
                for number in range(first + 1, len(lines))
                if lines[number].strip() and len(lines[number]) - len(lines[number].lstrip()) <= margin
            ]
            for last in [*ends[:3], len(lines)]:
                found = mended("\n".join(lines[first:last]))
                if found is not None and self._chosen(found[1]) is not None:
                    code, tree = found
                    known = [line for line in imports if tree_of(line) is not None]
                    code = "\n".join([*known, code])
                    return (code, tree_of(code) or tree), last == len(lines)
        return None

    # What the function must be

    def _check_parameters(self, node: FunctionNode) -> None:
        old, new = _names(self._target.node.args), _names(node.args)
        if old != new:
            raise _Refused(f"it changes the parameters from ({', '.join(old)}) to ({', '.join(new)})", 3)

    def _check_whole(self, code: str, node: FunctionNode) -> None:
        old = self._target.node
        dots = [n for n in ast.walk(node) if isinstance(n, ast.Expr) and key(n) == key(_DOTS)]
        if dots and not any(key(n) == key(_DOTS) for n in ast.walk(old)):
            raise _Refused("it leaves a part of the function out: `...`", 3)
        lines, last = code.split("\n"), node.end_lineno or node.lineno
        while last < len(lines) and re.match(r"\s+#|\s*$", lines[last]):
            last += 1
        text = Text(code, node.lineno, last)
        fewer = sum(isinstance(n, ast.stmt) for n in ast.walk(node)) < sum(
            isinstance(n, ast.stmt) for n in ast.walk(old)
        )
        original = "\n".join(self._lines)
        for line in text.comments:
            comment = text.comment(line)
            stands_for_code = (text.is_comment(line) and fewer) or text.lines[line - 1].split("#")[0].strip() == "pass"
            if stands_for_code and _OMITTED.search(comment) and comment not in original:
                raise _Refused(f"it leaves a part of the function out: `{comment[:60]}`", 3)

    def _check_helpers(self, tree: ast.Module, node: FunctionNode) -> None:
        used = used_in_body(node)
        definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        beside = {n.name for n in tree.body if isinstance(n, definitions) and n is not node}
        beside |= {t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
        for name in sorted((beside & used) - self._top - {node.name}):
            raise _Refused(f"it adds a helper `{name}`; keep everything in the one function", 3)
        if self._target.owner is None:
            return
        methods = {
            n.name for c in tree.body if isinstance(c, ast.ClassDef) for n in c.body if isinstance(n, definitions)
        }
        own = {getattr(n, "name", "") for n in self._target.owner.body}
        called = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
        for name in sorted((methods & called) - own):
            raise _Refused(f"it adds a helper `{name}`; keep everything in the one function", 3)

    def _own_text(self, code: str, node: FunctionNode) -> str:
        """Without decorators and indentation, under the function's own name."""
        text = Text(code, node.lineno, node.end_lineno)
        prefix, end = text.prefix_of_line(node.lineno), node.end_lineno or node.lineno
        lines = moved(text, (node.lineno, len(prefix)), (end, len(text.lines[end - 1])), prefix, "")
        lines[0] = re.sub(r"^((?:async\s+)?def\s+)\w+", rf"\g<1>{self._target.name}", lines[0])
        return "\n".join(lines) + "\n"

    # Other forms than a function

    def _patched(self, hunks: Sequence[Hunk]) -> tuple[str, tuple[str, ...]]:
        if not hunks:
            raise _Refused("its diff changes nothing", 2)
        imports = [line.strip() for hunk in hunks for line in hunk.new if _is_import(line) and line not in hunk.old]
        inside = [hunk for hunk in hunks if not all(_is_import(line) or not line.strip() for line in hunk.new)]
        lines = self._lines
        for hunk in inside:
            try:
                lines = applied(lines, [hunk])
            except NoContext as error:
                whole = self._whole_side(hunk)
                if whole is None:
                    raise _Refused(str(error), 2) from None
                lines = whole
        above = ["if True:"] if lines[0][:1] in (" ", "\t") else []
        found = mended("\n".join([*imports, *above, *lines]))
        if found is None:
            raise _Refused("the function is not valid Python with its changes", 1)
        return self._of_tree(*found, ends=False)

    def _whole_side(self, hunk: Hunk) -> list[str] | None:
        """The new side of a hunk that shows the whole function, with lines around it or other comments."""
        found, old = mended("\n".join(hunk.new)), mended("\n".join(hunk.old))
        if found is None or old is None:
            return None
        node, before = self._chosen(found[1]), self._chosen(old[1])
        if node is None or before is None or not self._is_unchanged(before, old[1]):
            return None
        return self._own_text(found[0], node).rstrip("\n").split("\n")

    def _fragment(self, code: str, tree: ast.Module) -> str:
        statements = [s for s in tree.body if not isinstance(s, (ast.Import, ast.ImportFrom))]
        if any(isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) for s in statements):
            raise _Refused(f"it does not define `{self._target.name}`", 1)
        text = placed(self._target, code, statements) if statements else None
        found = mended(text) if text is not None else None
        if found is None:
            raise _Refused("it is only a fragment of the function", 1)
        node = self._chosen(found[1])
        if node is None or self._is_unchanged(node, tree):
            raise _Refused("it changes nothing", 2)
        self._check_whole(found[0], node)
        return self._own_text(found[0], node)


_DOTS = ast.Expr(ast.Constant(...))


def _pieces(text: str, depth: int = 0) -> Iterator[_Piece]:
    """The stretches of code in order: fenced, in JSON, or bare."""
    if is_search(text):
        yield _Piece(text, "", False)
    fenced = blocks(text)
    for block in fenced:
        inside = list(_in_json(block.code, depth)) if block.info == "json" or block.code[:1] in ("{", "[") else []
        if inside:
            yield from inside
        elif block.code.strip():
            yield _Piece(block.code, block.info, not block.closed)
    if fenced:
        return
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if _CODE_LINE.match(line)), None)
    inside = list(_in_json(text, depth))
    diff = next((number for number, line in enumerate(lines) if re.match(r"@@|--- \S|[+-]\s+\S", line)), None)
    if inside:
        yield from inside
    elif diff is not None and is_diff("\n".join(lines[diff:]), "diff") and (first is None or diff <= first):
        yield _Piece("\n".join(lines[diff:]), "diff", True)
    elif first is not None:
        yield _Piece("\n".join(lines[first:]), "", True)


def _in_json(text: str, depth: int) -> Iterator[_Piece]:
    """Pieces in the strings of the first JSON value of a text."""
    if depth > 1:
        return
    start = re.search(r"[{\[]\s*\"", text)
    if start is None:
        return
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text, start.start())
    except ValueError:
        return
    for inner in _strings(value):
        if "def " in inner:
            yield from _pieces(inner, depth + 1)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _without_lambda(code: str, tree: ast.Module, name: str) -> tuple[str, ast.Module]:
    """With `name = lambda …` as the function it is."""
    for index, node in enumerate(tree.body):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Lambda)
            and list(map(ast.unparse, node.targets)) == [name]
        ):
            body: list[ast.stmt] = [ast.Return(node.value.body)]
            made = ast.FunctionDef(name, node.value.args, body, [], lineno=node.lineno, col_offset=0)
            whole = ast.Module([*tree.body[:index], ast.fix_missing_locations(made), *tree.body[index + 1 :]], [])
            changed = ast.unparse(whole)
            return changed, parse(changed)
    return code, tree


def _is_overload(node: FunctionNode) -> bool:
    return any(ast.unparse(decorator).rpartition(".")[2] == "overload" for decorator in node.decorator_list)


def _is_stub(node: FunctionNode) -> bool:
    body = without_docstring(node)
    return all(isinstance(s, ast.Pass) or key(s) == key(_DOTS) for s in body)


def _names(args: ast.arguments) -> tuple[str, ...]:
    """The parameters as a caller sees them, without annotations and defaults."""
    found = [a.arg for a in args.posonlyargs] + (["/"] if args.posonlyargs else []) + [a.arg for a in args.args]
    if args.vararg is not None:
        found.append(f"*{args.vararg.arg}")
    elif args.kwonlyargs:
        found.append("*")
    found += [a.arg for a in args.kwonlyargs]
    return (*found, f"**{args.kwarg.arg}") if args.kwarg is not None else tuple(found)


def _is_import(line: str) -> bool:
    return bool(re.match(r"\s*(?:from [\w.]+ import |import \w)", line))


def _sentence(text: str) -> str:
    """The first sentence outside the code that is about the cause and not about the answer."""
    found = blocks(text)
    lines = text.split("\n")
    ends = (number for number, line in enumerate(lines) if _CODE_LINE.match(line) or _NO_PROSE.match(line))
    first = next(ends, len(lines))
    before = lines[: found[0].start if found else first]
    for line in before:
        bare = _LABEL.sub("", line.strip(), count=1)
        for sentence in re.split(r"(?<=[.!?])\s+", bare):
            said = sentence.strip().strip("*_ ")
            if len(said.split()) > 2 and not _OPENERS.match(said) and not said.endswith(":"):
                return "".join(filter(str.isprintable, said))[:_MOST_SENTENCE]
    return ""
