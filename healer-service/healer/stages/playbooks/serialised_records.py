"""Objects of the service's own classes in an answer, as values or as keys: given as the other routes give them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft, reference
from healer.syntax.edits import AddImport, Edit, Replace
from healer.syntax.project import Function, Module
from healer.syntax.situation import Situation
from healer.syntax.values import Shown

_METHODS = ("to_dict", "as_dict", "to_json", "as_json", "serialize", "serialise", "public", "asdict", "dump")
_KEYS = {"date": "{}.isoformat()", "datetime": "{}.isoformat()", "UUID": "str({})", "Decimal": "str({})"}


def of_class(s: Situation, kind: str) -> Iterator[Draft]:
    shape = _shape(s, kind)
    if shape is None:
        return
    code, imports = shape
    for module, value, many, fit in _holding(s, kind):
        text = module.text(value)
        item = "row" if kind.startswith("Row") else "item"
        fresh = f"[{code.format(item)} for {item} in {text}]" if many else code.format(text)
        edits: tuple[tuple[Module, Edit], ...] = (
            (module, Replace(value, fresh)),
            *((module, added) for added in imports),
        )
        yield Draft(f"Answer {fresh}", edits, Answer.CONVERT, fit)


def _shape(s: Situation, kind: str) -> tuple[str, tuple[AddImport, ...]] | None:
    """How the service makes plain data of the class: an enumeration's value, its function, its method, its library."""
    found = next(((m, m.classes[kind]) for m in s.project.modules.values() if kind in m.classes), None)
    if found is None:
        return _of_row(s, kind)
    module, node = found
    bases = " ".join(ast.unparse(base) for base in node.bases)
    if re.search(r"Enum\b|Flag\b|Choices\b", bases):
        return "{}.value", ()
    function = _presenter(s, kind)
    if function is not None:
        named = reference(s, s.module, function.module, function.name)
        return (f"{named[0]}({{}})", named[1]) if named is not None else None
    own = [f.name for f in module.functions if f.owner is node]
    method = next((name for name in _METHODS if name in own), "")
    if method:
        return f"{{}}.{method}()", ()
    if re.search(r"BaseModel\b|SQLModel\b", bases) or s.tracer.is_model(module, ast.Name(kind)):
        return '{}.model_dump(mode="json")', ()
    if any("dataclass" in ast.unparse(d) for d in node.decorator_list):
        if "asdict" in s.module.imports:
            return "asdict({})", ()
        if "dataclasses" in s.module.imports.values() and "dataclass" not in s.module.imports:
            return "dataclasses.asdict({})", ()
        return "asdict({})", (AddImport("dataclasses", "asdict"),)
    if "NamedTuple" in bases:
        return "{}._asdict()", ()
    return None


def _of_row(s: Situation, kind: str) -> tuple[str, tuple[AddImport, ...]] | None:
    """A row of a database, as its driver makes a dict of it."""
    if kind == "RowMapping":
        return "dict({})", ()
    if kind != "Row":
        return None
    plain = any("sqlite3" in m.imports.values() for m in s.project.modules.values())
    return ("dict({})" if plain else "dict({}._mapping)"), ()


def _presenter(s: Situation, kind: str) -> Function | None:
    """A function of one object that answers a dict of its attributes."""
    for function in s.project.functions:
        params = function.params
        if function.owner is not None or len(params) != 1 or s.refusals.is_route(function):
            continue
        annotation = ast.unparse(params[0].annotation).strip("'\"") if params[0].annotation is not None else ""
        if annotation and annotation.rpartition(".")[2] != kind:
            continue
        returned = [n.value for n in function.own_nodes if isinstance(n, ast.Return)]
        dicts = [n for n in returned if isinstance(n, ast.Dict)]
        reads = [
            n
            for d in dicts
            for n in ast.walk(d)
            if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == params[0].arg
        ]
        if dicts and len(reads) > 1 and (annotation or s.project.calls_of(function)):
            return function
    return None


def _holding(s: Situation, kind: str) -> Iterator[tuple[Module, ast.expr, bool, float]]:
    """Parts of the answer that are such an object, or a list of them."""
    for frame in reversed(s.report.app_frames):
        module = s.project.modules.get(frame.file)
        function = module.function_at(frame.line) if module is not None else None
        if module is None or function is None:
            continue
        for value in _answered(module, function):
            seen = s.seen(value) if module is s.module else None
            if isinstance(seen, Shown) and seen.type.rpartition(".")[2] == kind:
                yield module, value, False, 0.93
            elif isinstance(seen, list) and any(
                isinstance(one, Shown) and one.type.rpartition(".")[2] == kind for one in seen
            ):
                yield module, value, True, 0.93
            elif isinstance(seen, (list, tuple, set)):
                yield module, value, True, 0.72
            elif not isinstance(seen, (Shown, str, int, float, bool)):
                yield module, value, False, 0.92 if _given_by_value(s, value, kind) else 0.7
                yield module, value, True, 0.66


def _given_by_value(s: Situation, value: ast.expr, kind: str) -> bool:
    """Whether other code gives the `.value` of an attribute or a key of this name, or its class declares it so."""
    key = _key(value)
    for module in s.project.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and node.attr == "value" and key and _key(node.value) == key:
                return True
            if isinstance(node, ast.AnnAssign) and isinstance(value, ast.Attribute):
                if ast.unparse(node.target) == key and ast.unparse(node.annotation) == kind:
                    return True
    return False


def _key(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return node.attr if isinstance(node, ast.Attribute) else ""


def _answered(module: Module, function: Function) -> Iterator[ast.expr]:
    """Names, attributes and items that go into the answer as they are."""
    plain = (ast.Name, ast.Attribute, ast.Subscript)
    for node in function.own_nodes:
        if isinstance(node, ast.Dict):
            yield from (v for v in node.values if isinstance(v, plain))
        elif isinstance(node, ast.Call) and re.search(r"jsonify|JSONResponse|dumps", ast.unparse(node.func)):
            yield from (a for a in [*node.args, *(k.value for k in node.keywords)] if isinstance(a, plain))
        elif isinstance(node, ast.Return) and isinstance(node.value, plain):
            yield node.value
        elif isinstance(node, ast.ListComp) and isinstance(node.elt, plain):
            yield node.elt


def as_keys(s: Situation) -> Iterator[Draft]:
    """`keys must be str, int, …, not Status`: the dict that was gathered gets keys that JSON knows."""
    told = re.search(r"keys must be str.* not (\w+)", s.report.exception.message)
    if told is None:
        return
    kind = told.group(1)
    found = next((m.classes[kind] for m in s.project.modules.values() if kind in m.classes), None)
    is_enum = found is not None and re.search(r"Enum\b", " ".join(ast.unparse(b) for b in found.bases))
    shape = "{}.value" if is_enum else _KEYS.get(kind, "")
    if not shape or s.function is None:
        return
    for value in _answered(s.module, s.function):
        seen = s.crash.names.get(s.module.text(value), "")
        if not re.match(r"\{|defaultdict|Counter|OrderedDict", seen):
            continue
        text = s.module.text(value)
        code = f"{{{shape.format('key')}: value for key, value in {text}.items()}}"
        fit = 0.93 if re.search(rf"<{kind}\.|{kind}\(", seen) else 0.6
        yield Draft(f"Give the keys of {text} as text", ((s.module, Replace(value, code)),), Answer.CONVERT, fit)
