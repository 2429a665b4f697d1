"""What a name or an expression of a module stands for: imports, aliases, texts put together from pieces.

It looks at the whole module without regard to scope or order, so it finds all that may be meant rather than one.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterable, Iterator

_DEPTH = 4  # of aliases of aliases
_BUILTINS = frozenset(dir(builtins)) | {"__builtins__"}
_MOST = 24  # meanings of one expression
HOLE = "\0"  # a place in a text that is filled in when it runs


class Names:
    def __init__(self, nodes: Iterable[ast.AST]) -> None:
        """`nodes`: all of a module's."""
        self._meant: dict[tuple[ast.AST, int], set[str]] = {}
        self._parameters: set[str] = set()
        self._imported: dict[str, set[str]] = defaultdict(set)
        self._assigned: dict[str, list[ast.expr]] = defaultdict(list)
        for node in nodes:
            self._take(node)

    def _take(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                self._imported[alias.asname or top].add(alias.name if alias.asname else top)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                self._imported[alias.asname or alias.name].add(f"{'.' * node.level}{node.module or ''}.{alias.name}")
        elif isinstance(node, ast.arguments):
            self._take_parameters(node)
        else:
            for target, value in _bindings(node):
                self._bind(target, value)

    def _take_parameters(self, node: ast.arguments) -> None:
        plain = [*node.posonlyargs, *node.args]
        self._parameters |= {arg.arg for arg in (*plain, *node.kwonlyargs)}
        defaults: list[ast.expr | None] = [*node.defaults, *node.kw_defaults]
        for arg, default in zip([*plain[len(plain) - len(node.defaults) :], *node.kwonlyargs], defaults, strict=True):
            if default is not None:
                self._bind(ast.Name(arg.arg, ast.Store()), default)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
            for one, other in zip(target.elts, value.elts, strict=False):
                self._bind(one, other)
        elif isinstance(target, (ast.Name, ast.Attribute)):
            given = self._assigned[target.id if isinstance(target, ast.Name) else ast.unparse(target)]
            if len(given) < _MOST:
                given.append(value)

    def assigned(self, name: str) -> list[ast.expr]:
        return self._assigned.get(name, [])

    def is_parameter(self, name: str) -> bool:
        return name in self._parameters

    def imports(self, name: str) -> bool:
        return name in self._imported

    def meanings(self, node: ast.expr | None, depth: int = _DEPTH) -> set[str]:
        """Dotted names that an expression may stand for, as their imports spell them in full.

        What a call returns is written with brackets, `httpx.Client().get`; a name of the module's own begins with "?".
        """
        if node is None:
            return set()
        if (node, depth) in self._meant:
            return self._meant[(node, depth)]
        found: set[str] = set()
        for name in self._meanings(node, depth):
            found.add(name.removeprefix("builtins.").removeprefix("__builtins__."))
            if len(found) >= _MOST:
                break
        self._meant[(node, depth)] = found
        return found

    def _meanings(self, node: ast.expr, depth: int) -> Iterator[str]:
        if depth < 0:
            return
        if isinstance(node, ast.Name):
            yield from self._of_name(node, depth)
        elif isinstance(node, ast.Attribute):
            yield from (f"{base}.{node.attr}" for base in self.meanings(node.value, depth))
            for value in self._assigned.get(ast.unparse(node), ()) if isinstance(node.value, ast.Name) else ():
                yield from self._meanings(value, depth - 1)
        elif isinstance(node, ast.Call):
            yield from self._of_call(node, depth - 1)
        elif isinstance(node, (ast.NamedExpr, ast.Await, ast.Starred)):
            yield from self._meanings(node.value, depth)
        elif isinstance(node, (ast.IfExp, ast.BoolOp)):
            for value in node.values if isinstance(node, ast.BoolOp) else (node.body, node.orelse):
                yield from self._meanings(value, depth)
        elif isinstance(node, ast.Subscript):
            yield from (f"{base}[]" for base in self.meanings(node.value, depth - 1))

    def _of_name(self, node: ast.Name, depth: int) -> Iterator[str]:
        yield from self._imported.get(node.id, ())
        if node.id not in self._imported:
            yield node.id if node.id in _BUILTINS else f"?{node.id}"
        for value in self._assigned.get(node.id, ()):
            yield from self._meanings(value, depth - 1)

    def _of_call(self, node: ast.Call, depth: int) -> Iterator[str]:
        if isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) > 1:
            attribute = self.text(node.args[1])
            yield from (f"{base}.{attribute}" for base in self.meanings(node.args[0], depth) if attribute is not None)
        else:
            yield from (function + "()" for function in self.meanings(node.func, depth))

    def text(self, node: ast.expr | None, depth: int = _DEPTH) -> str | None:
        """The text an expression gives, where that can be told without running it."""
        found = self.template(node, depth)
        return None if found is None or HOLE in found else found

    def template(self, node: ast.expr | None, depth: int = _DEPTH) -> str | None:
        """A text with a hole for each value that is put into it; None for what is no text."""
        if depth < 0 or node is None:
            return None
        if isinstance(node, ast.Constant):
            value = node.value
            return value if isinstance(value, str) else value.decode("latin-1") if isinstance(value, bytes) else None
        if isinstance(node, ast.JoinedStr):
            return "".join(self._piece(part, depth) for part in node.values)
        if isinstance(node, ast.Name):
            texts = {self.template(value, depth - 1) for value in self.assigned(node.id)}
            return texts.pop() if len(texts) == 1 else None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.template(node.left, depth), self.template(node.right, depth)
            return None if left is None and right is None else f"{HOLE if left is None else left}{right or HOLE}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            left = self.template(node.left, depth)
            return None if left is None else _filled(left)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            step = node.slice.step
            text = self.text(node.value, depth - 1)
            return text[::-1] if text is not None and isinstance(step, ast.UnaryOp) else None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return self._method(node, node.func, depth - 1)
        return None

    def _piece(self, part: ast.expr, depth: int) -> str:
        value = part.value if isinstance(part, ast.FormattedValue) else part
        text = self.text(value, depth - 1) if isinstance(value, ast.expr) else None
        if isinstance(value, ast.Constant) and not isinstance(value.value, (str, bytes)):
            return str(value.value)
        return HOLE if text is None else text

    def _method(self, node: ast.Call, func: ast.Attribute, depth: int) -> str | None:
        base = self.template(func.value, depth)
        if base is None:
            return None
        if func.attr == "join" and node.args:
            items = node.args[0]
            if isinstance(items, (ast.List, ast.Tuple)):
                return base.join(self.template(item, depth) or HOLE for item in items.elts)
            if isinstance(items, (ast.GeneratorExp, ast.ListComp)):
                return self.template(items.elt, depth) or HOLE
            if isinstance(items, ast.BinOp) and isinstance(items.op, ast.Mult):  # ",".join("?" * count)
                several = items.left
                one = several.elts[0] if isinstance(several, ast.List) and several.elts else several
                return self.template(one, depth) or HOLE
            return HOLE
        if func.attr == "format":
            return _filled(base)
        if func.attr == "replace" and len(node.args) == 2:
            old, new = self.text(node.args[0], depth), self.template(node.args[1], depth)
            return base + HOLE if old is None else base.replace(old, HOLE if new is None else new)
        if func.attr in ("lower", "upper", "strip", "title", "swapcase"):
            return str(getattr(base, func.attr)())
        return base if func.attr in ("decode", "encode", "lstrip", "rstrip") else None


def _bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What a statement or a walrus gives to which name."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        yield from ((i.optional_vars, i.context_expr) for i in node.items if i.optional_vars is not None)
    elif isinstance(node, ast.For) and isinstance(node.iter, (ast.Tuple, ast.List, ast.Set)):
        yield from ((node.target, item) for item in node.iter.elts)


def given_by(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Plain names with what a statement or a walrus gives to them."""
    for target, value in _bindings(node):
        yield from one_by_one(target, value)


def one_by_one(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Of `a, b = x, y` each name with its own; where the right side is one value, each with all of it."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        several = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts)
        values = value.elts if several and isinstance(value, (ast.Tuple, ast.List)) else [value] * len(target.elts)
        for one, other in zip(target.elts, values, strict=True):
            yield from one_by_one(one, other)


def _filled(text: str) -> str:
    """`%s`, `{}` and `{name}` become holes."""
    out, rest = "", text
    while rest:
        if rest.startswith("{"):
            end = rest.find("}")
            out, rest = out + HOLE, rest[end + 1 :] if end >= 0 else ""
        elif rest.startswith("%") and len(rest) > 1:
            out, rest = out + HOLE, rest[2:]
        else:
            out, rest = out + rest[0], rest[1:]
    return out
