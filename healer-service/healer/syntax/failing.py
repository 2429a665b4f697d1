"""For each kind of failure the expressions of a statement that can fail so, and the part of each that would be bad.

It knows no values; which of them it was is told by the locals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from healer.syntax.project import COMPREHENSIONS

Pair = tuple[ast.expr, ast.expr]  # the expression that failed, its culprit

CONVERSIONS = {
    "int",
    "float",
    "complex",
    "Decimal",
    "Fraction",
    "UUID",
    "date",
    "datetime",
    "time",
    "timedelta",
    "fromisoformat",
    "strptime",
    "fromtimestamp",
    "utcfromtimestamp",
    "ip_address",
    "ip_network",
    "b64decode",
    "fromhex",
    "unhexlify",
    "ZoneInfo",
    "replace",
    "fromordinal",
    "bytes",
    "chr",
    "range",
    "round",
    "quantize",
    "fromisocalendar",
}


def visible(statement: ast.stmt) -> list[ast.AST]:
    """Nodes that run at the statement's own line: of a compound one only its head."""
    todo: list[ast.AST] = []
    for name, value in ast.iter_fields(statement):
        if name in ("body", "orelse", "finalbody", "handlers", "cases", "decorator_list"):
            continue
        todo.extend(v for v in (value if isinstance(value, list) else [value]) if isinstance(v, ast.AST))
    return [node for part in todo for node in ast.walk(part)]


def _none(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    attribute = re.search(r"has no attribute '(\w+)'", message)
    if attribute:
        return [(n, n.value) for n in nodes if isinstance(n, ast.Attribute) and n.attr == attribute.group(1)]
    if "subscriptable" in message or "item assignment" in message or "item deletion" in message:
        return [(n, n.value) for n in nodes if isinstance(n, ast.Subscript)]
    if "unpack" in message or "not iterable" in message or "iterator" in message or "not a mapping" in message:
        return _iterated(message, statement, nodes)
    operands = re.search(r"'([\w.]+)' and '([\w.]+)'", message)
    if operands:
        one, other = [group for group in operands.groups() if group]
        return _operands(one == "NoneType", other == "NoneType", message, nodes, statement)
    if re.search(r"concatenate|must be str, not None", message):
        added = [n for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Add)]
        pairs: list[Pair] = [(n, n.right) for n in added]
        if pairs:
            return pairs
    if "unary" in message:
        return [(n, n.operand) for n in nodes if isinstance(n, ast.UnaryOp)]
    if "sequence item" in message:
        joins = [n for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func).endswith(".join") and n.args]
        return [(n, n.args[0]) for n in joins if isinstance(n, ast.Call)]
    if "__round__" in message:
        return [(n, n.args[0]) for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "round" and n.args]
    if "__format__" in message:
        return [(n, n.value) for n in nodes if isinstance(n, ast.FormattedValue)]
    if "not callable" in message:
        return [(n, n.func) for n in nodes if isinstance(n, ast.Call)]
    if "as an integer" in message:
        return [(n, a) for n in nodes if isinstance(n, ast.Call) for a in n.args]
    return _arguments(message, nodes)


def _arguments(message: str, nodes: list[ast.expr]) -> list[Pair]:
    """Calls that refused what they were given; the one the message names comes first."""
    word = re.match(r"(\w+)\(\)|(\w+): ", message)
    name = next((g for g in word.groups() if g), "") if word else "len" if "has no len" in message else ""
    calls = [n for n in nodes if isinstance(n, ast.Call) and (n.args or n.keywords)]

    def rank(call: ast.Call) -> int:
        own = ast.unparse(call.func).rpartition(".")[2]
        return 0 if own == name else 1 if re.search(rf"\b{re.escape(own)}\b", message) else 2

    values = [(n, a) for n in sorted(calls, key=rank) for a in [*n.args, *(k.value for k in n.keywords)]]
    return [(n, a) for n, a in values if not isinstance(a, ast.Constant)]


def _iterated(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    found: list[Pair] = []
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        found.append((statement.iter, statement.iter))
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], (ast.Tuple, ast.List)):
        found.append((statement.value, statement.value))
    if "argument of type" in message or "container" in message:
        found = []
    for node in nodes:
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            found.append((node, node.comparators[0]))
        elif isinstance(node, COMPREHENSIONS):
            found += [(g.iter, g.iter) for g in node.generators]
        elif isinstance(node, ast.Starred):
            found.append((node, node.value))
        elif isinstance(node, ast.Dict):
            found += [(node, v) for k, v in zip(node.keys, node.values, strict=True) if k is None]
        elif isinstance(node, ast.Call) and node.args and not isinstance(node.args[0], ast.Starred):
            found += [(node, a) for a in node.args if not isinstance(a, ast.GeneratorExp)]
    return found


def _operands(left: bool, right: bool, message: str, nodes: list[ast.expr], statement: ast.stmt) -> list[Pair]:
    found: list[Pair] = []
    if isinstance(statement, ast.AugAssign):
        found += [(statement.target, statement.target)] if left else [(statement.value, statement.value)]
    for node in nodes:
        if isinstance(node, ast.BinOp) and "instances of" not in message:
            found += [(node, node.left)] if left else []
            found += [(node, node.right)] if right else []
        elif isinstance(node, ast.Compare) and "instances of" in message:
            operands = [node.left, *node.comparators]
            for index, op in enumerate(node.ops):
                if isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
                    found += [(node, operands[index])] if left else []
                    found += [(node, operands[index + 1])] if right else []
    if not found:
        wanted = {"sum", "max", "min", "sorted", "sort"}
        calls = [n for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func).rpartition(".")[2] in wanted]
        found += [(n, n.args[0] if n.args else n.func.value if isinstance(n.func, ast.Attribute) else n) for n in calls]
    return found


def _keys(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    if isinstance(statement, (ast.AugAssign, ast.Delete)):
        targets = [statement.target] if isinstance(statement, ast.AugAssign) else statement.targets
        nodes = [*nodes, *(t for t in targets if t not in nodes)]
    found: list[Pair] = []
    for node in nodes:
        if isinstance(node, ast.Subscript) and not (
            isinstance(node.ctx, ast.Store) and not isinstance(statement, ast.AugAssign)
        ):
            found.append((node, node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("pop", "remove", "index", "popitem") or node.func.attr in ("format", "format_map"):
                found.append((node, node.func.value))
    return found


def _empties(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    found: list[Pair] = []
    if "index out of range" not in message or "pop" in message:
        words = {"max", "min", "next", "mean", "median", "mode", "fmean", "choice", "pop", "popleft", "stdev", "reduce"}
        calls = [n for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func).rpartition(".")[2] in words]
        for call in calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("pop", "popleft"):
                found.append((call, call.func.value))
            elif call.args:
                found.append((call, call.args[-1] if ast.unparse(call.func).endswith("reduce") else call.args[0]))
    return found + [
        (n, n.value)
        for n in nodes
        if isinstance(n, ast.Subscript) and not isinstance(n.slice, ast.Slice) and not _is_text(n.slice)
    ]


def _is_text(node: ast.expr) -> bool:
    """No index of a sequence."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _divisions(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    operators = (
        (ast.Mod,) if "modulo" in message and "integer division" not in message else (ast.Div, ast.FloorDiv, ast.Mod)
    )
    found: list[Pair] = []
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, operators):
        found.append((statement.value, statement.value))
    found += [(n, n.right) for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, operators)]
    calls = [n for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func) in ("divmod", "pow", "math.fmod")]
    return found + [(n, n.args[1]) for n in calls if len(n.args) > 1]


def _conversions(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    found: list[tuple[int, Pair]] = []
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        values = [*node.args, *(k.value for k in node.keywords)]
        culprit: ast.expr | None = values[0] if values else None
        if isinstance(node.func, ast.Attribute) and (culprit is None or name in ("quantize", "replace")):
            culprit = node.func.value
        if culprit is None or isinstance(culprit, ast.Starred):
            continue
        named = re.search(rf"\b{re.escape(name)}\b", message) is not None
        enum = re.search(r"is not a valid (\w+)", message)
        rank = (
            0
            if (named and name in CONVERSIONS) or (enum and enum.group(1) == name)
            else 1
            if name in CONVERSIONS
            else 2
        )
        constant = isinstance(culprit, ast.Constant)
        found.append((rank + (3 if constant else 0), (node, culprit)))
    return [pair for _, pair in sorted(found, key=lambda item: item[0])]


def _unpackings(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    found: list[Pair] = []
    if isinstance(statement, ast.Assign):
        found.append((statement.value, statement.value))
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        found.append((statement.iter, statement.iter))
    for node in nodes:
        if isinstance(node, COMPREHENSIONS):
            found += [(g.iter, g.iter) for g in node.generators if isinstance(g.target, ast.Tuple)]
    return found


def _types(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    operands = re.search(r"'([\w.]+)' and '([\w.]+)'", message)
    if operands or "naive" in message or "concatenate" in message:
        found: list[Pair] = []
        if isinstance(statement, ast.AugAssign):
            found.append((statement.value, statement.value))
        for node in nodes:
            if isinstance(node, ast.BinOp):
                found += [(node, node.left), (node, node.right)]
            elif isinstance(node, ast.Compare):
                found += [(node, node.left), *((node, c) for c in node.comparators)]
        calls = [n for n in nodes if isinstance(n, ast.Call) and n.args]
        return found + [(n, n.args[0]) for n in calls]
    if "subscriptable" in message:
        return [(n, n.value) for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)]
    if "indices must be" in message or "item assignment" in message:
        return [(n, n.value) for n in nodes if isinstance(n, ast.Subscript)]
    if "unhashable" in message:
        return [
            *((n, n.slice) for n in nodes if isinstance(n, ast.Subscript)),
            *((n, n.left) for n in nodes if isinstance(n, ast.Compare)),
            *((n, n.args[0]) for n in nodes if isinstance(n, ast.Call) and n.args),
        ]
    if "not iterable" in message:
        return _iterated(message, statement, nodes)
    return _arguments(message, nodes)


def _attributes(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    attribute = re.search(r"has no attribute '(\w+)'", message)
    wanted = attribute.group(1) if attribute else ""
    return [(n, n.value) for n in nodes if isinstance(n, ast.Attribute) and n.attr == wanted]


def _decodings(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    words = {"decode", "loads", "load", "json", "get_json", "str", "read", "b64decode", "unquote"}
    calls = [n for n in nodes if isinstance(n, ast.Call)]
    calls.sort(key=lambda n: 0 if ast.unparse(n.func).rpartition(".")[2] in words else 1)
    pairs: list[Pair] = []
    for call in calls:
        own = call.func.value if isinstance(call.func, ast.Attribute) else call.func
        takes = call.args and ast.unparse(call.func).rpartition(".")[2] != "decode"
        pairs.append((call, call.args[0] if takes else own))
    return pairs


def _loops(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    found: list[Pair] = [(statement.iter, statement.iter)] if isinstance(statement, (ast.For, ast.AsyncFor)) else []
    found += [(g.iter, g.iter) for n in nodes if isinstance(n, COMPREHENSIONS) for g in n.generators]
    return found


def _names(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    quoted = re.search(r"'(\w+)'", message)
    wanted = quoted.group(1) if quoted else ""
    return [(n, n) for n in nodes if isinstance(n, ast.Name) and n.id == wanted]


def _calls(message: str, statement: ast.stmt, nodes: list[ast.expr]) -> list[Pair]:
    """The call that the message names by its function comes first."""
    word = re.search(r"(?:(\w+)\.)?(\w+)\(\) ", message)
    names = {group for group in word.groups() if group} if word else set()
    calls = [n for n in nodes if isinstance(n, ast.Call)]
    calls.sort(key=lambda n: 0 if ast.unparse(n.func).rpartition(".")[2] in names else 1)
    return [(n, n.func) for n in calls]


FINDERS: dict[str, Callable[[str, ast.stmt, list[ast.expr]], list[Pair]]] = {
    "none-dereference": _none,
    "missing-key": _keys,
    "missing-member": _keys,
    "empty-sequence": _empties,
    "zero-division": _divisions,
    "conversion": _conversions,
    "unpacking": _unpackings,
    "wrong-type": _types,
    "missing-attribute": _attributes,
    "decoding": _decodings,
    "changed-while-iterated": _loops,
    "unbound-local": _names,
    "name-error": _names,
    "signature": _calls,
    "await": _calls,
}
