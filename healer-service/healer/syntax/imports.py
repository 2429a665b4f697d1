"""An import added to a LibCST module, among its like. It does not decide what to import."""

from __future__ import annotations

from typing import Any

import libcst as cst


def with_import(module: cst.Module, origin: str, name: str, alias: str = "") -> cst.Module:
    body = list(module.body)
    last = -1
    for index, line in enumerate(body):
        if not isinstance(line, cst.SimpleStatementLine):
            continue
        for position, part in enumerate(line.body):
            if not isinstance(part, (cst.Import, cst.ImportFrom)):
                continue
            last = index
            if isinstance(part, cst.ImportFrom) and origin and _dotted(part) == origin:
                if isinstance(part.names, cst.ImportStar) or (name, alias) in {_bound(n) for n in part.names}:
                    return module
                changed = part.with_changes(names=_sorted_in(list(part.names), name, alias))
                parts = [*line.body[:position], changed, *line.body[position + 1 :]]
                body[index] = line.with_changes(body=parts)
                return module.with_changes(body=body)
    said = f"{name} as {alias}" if alias else name
    code = f"from {origin} import {said}\n" if origin else f"import {said}\n"
    line = cst.parse_statement(code)
    where = _import_place(body, origin, name, last)
    body.insert(where, line)
    return module.with_changes(body=body)


def _import_place(body: list[Any], origin: str, name: str, last: int) -> int:
    """Among its like where imports begin, after a docstring and `from __future__`."""
    if last < 0:
        has_docstring = bool(body) and isinstance(body[0], cst.SimpleStatementLine) and _is_docstring(body[0])
        return 1 if has_docstring else 0
    if origin:
        return last + 1
    for index, line in enumerate(body):
        if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], (cst.Import, cst.ImportFrom)):
            part = line.body[0]
            if isinstance(part, cst.ImportFrom) and _dotted(part) == "__future__":
                continue
            if isinstance(part, cst.Import) and part.names[0].evaluated_name < name:
                continue
            return index
    return last + 1


def _is_docstring(line: cst.SimpleStatementLine) -> bool:
    first = line.body[0]
    return isinstance(first, cst.Expr) and isinstance(first.value, (cst.SimpleString, cst.ConcatenatedString))


def _dotted(node: cst.ImportFrom) -> str:
    dots = "." * len(node.relative)
    return dots + (cst.Module([]).code_for_node(node.module) if node.module is not None else "")


def _bound(alias: cst.ImportAlias) -> tuple[str, str]:
    return alias.evaluated_name, alias.evaluated_alias or ""


def _sorted_in(names: list[cst.ImportAlias], name: str, alias: str) -> list[cst.ImportAlias]:
    """Added where the order of the names asks for it, taking over the layout of its neighbour."""
    order = [one.evaluated_name for one in names]
    index = next((i for i, other in enumerate(order) if other > name), len(order))
    bound_as = cst.AsName(cst.Name(alias)) if alias else None
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    fresh = cst.ImportAlias(name=cst.Name(name), asname=bound_as, comma=comma)
    if index < len(names):
        layout = names[max(index - 1, 0)].comma
        if isinstance(layout, cst.Comma):
            fresh = fresh.with_changes(comma=layout)
        return [*names[:index], fresh, *names[index:]]
    last = names[-1]
    between = names[-2].comma if len(names) > 1 else fresh.comma
    return [*names[:-1], last.with_changes(comma=between), fresh.with_changes(comma=last.comma)]
