"""The natural value of nothing for a place in the code, from its use, its annotations and the words around it.

It changes nothing.
"""

from __future__ import annotations

import ast
import re

from healer.syntax.bindings import same_function
from healer.syntax.project import Function, Module
from healer.syntax.situation import Situation

_WORDS = re.compile(
    r"\b(empty|blank|null|none|nothing|zero|0|without|missing|nobody|unless|optional|falls? back|treated as|default\w*|"
    r"if any|"
    r"not (?:yet|set|known|given)|no (?:longer|value|rows?|data|entries|one))\b",
    re.I,
)
_ZERO = re.compile(r"\b(0|zero)\b(?!\.\d*[1-9])", re.I)
_NULL = re.compile(r"\b(null|none)\b", re.I)


def hints_at_nothing(*functions: Function | None) -> bool:
    """Whether the docstrings speak of the case that something is not there."""
    return any(
        function is not None and bool(_WORDS.search(function.docstring)) and not promises_refusal(function)
        for function in functions
    )


def promises_refusal(function: Function | None) -> bool:
    """Whether the docstring names a 4xx status: then nothing is not answered with a value."""
    return function is not None and re.search(r"(?<![\d.])4\d\d(?!\d)", function.docstring) is not None


def natural(s: Situation, module: Module, node: ast.expr, function: Function | None) -> list[str]:
    """Source of values to stand in for an expression that has none, likeliest first."""
    found = [*_by_words(module, node, function), *_by_use(s, module, node, function)]
    if says_null(function) and is_answered(module, node):
        found.insert(0, "None")
    found += [value for value in _by_annotation(s, module, node, function) if value not in found]
    return list(dict.fromkeys([*found, "None"]))


def says_null(function: Function | None) -> bool:
    """Whether the documentation says that null is an answer: "the rank is null before the first game"."""
    if function is None or promises_refusal(function):
        return False
    return _NULL.search(_SAID.sub("", function.docstring)) is not None


_CONVERTING = ("int", "float", "str", "round", "Decimal", "UUID", "abs")


def whole_answer(module: Module, node: ast.expr) -> ast.expr:
    """With the calculation and the conversions around it: what would be nothing when its part is."""
    current = node
    while True:
        parent = module.parents.get(current)
        converts = (
            isinstance(parent, ast.Call)
            and parent.args[:1] == [current]
            and ast.unparse(parent.func).rpartition(".")[2] in _CONVERTING
        )
        if not converts and not isinstance(parent, (ast.BinOp, ast.UnaryOp)):
            return current
        assert isinstance(parent, ast.expr)
        current = parent


def is_answered(module: Module, node: ast.expr) -> bool:
    """Whether it goes into an answer as it is: a field, an argument by name, what is returned."""
    parent = module.parents.get(node)
    return isinstance(parent, (ast.Return, ast.keyword)) or (isinstance(parent, ast.Dict) and node in parent.values)


def said_sibling(s: Situation, node: ast.expr, function: Function | None) -> str:
    """Another field of the same record that the documentation names for the case that this one has nothing: "the list
    price as long as there is no history".
    """
    if function is None or not isinstance(node, (ast.Attribute, ast.Subscript)):
        return ""
    own = node.attr if isinstance(node, ast.Attribute) else getattr(node.slice, "value", None)
    names = {n.attr for n in function.module.nodes if isinstance(n, ast.Attribute)}
    if isinstance(node, ast.Subscript):
        names = {n.value for n in function.module.nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    owner = ast.unparse(node.value).replace("'", '"')
    for clause in re.split(r"[;.:]\s+", function.docstring):
        if not _WORDS.search(clause) and not re.search(r"as long as|until|while|before", clause):
            continue
        head = re.split(r"\b(?:as long as|until|while|when|if|without|before|where)\b", clause)[0]
        head = re.sub(r"\b(?:of|from)\b.*", "", head)
        for name in sorted(names, key=len, reverse=True):
            if name.isidentifier() and len(name) > 3 and name != own:
                if re.search(rf"\b{re.escape(name.replace('_', ' '))}\b", head, re.I) and "_" in name:
                    return f"{owner}.{name}" if isinstance(node, ast.Attribute) else f'{owner}["{name}"]'
    return ""


_TEXT = re.compile(r"empty (text|string|column|cell|line)|column is empty|\bblank\b|''|\"\"", re.I)


def _by_words(module: Module, node: ast.expr, function: Function | None) -> list[str]:
    """What the function's docstring says is answered."""
    text = function.docstring if function is not None else ""
    if _TEXT.search(text):
        return [_empty_text(module, node)]
    said = _quoted(text)
    if said and not any(isinstance(a, ast.BinOp) for a in module.ancestors(node)):
        inside = next((a for a in module.ancestors(node) if isinstance(a, ast.JoinedStr)), None)
        quote = "'" if inside is not None and '"' in module.text(inside)[:3] else '"'
        return [f"{quote}{said}{quote}"]
    return []


_SAID = re.compile(r"['\"`\u2018\u201c]+([\w ./?*()-]{1,20}?)['\"`\u2019\u201d]+")


def said_of_nothing(function: Function) -> str:
    """The word that the documentation quotes for the case that there is nothing else to say."""
    return _quoted(function.docstring)


def _quoted(docstring: str) -> str:
    """The word that stands for nothing by the documentation: those without an owner "are under 'nobody'"."""
    for sentence in re.split(r"(?<=[.;])\s+|;\s*", docstring):
        if not _WORDS.search(_SAID.sub("", sentence)) and not re.search(r"\b(below|above|others?|rest)\b", sentence):
            continue
        found = _SAID.search(sentence)
        if found is not None and (found.group(0)[0] != "`" or found.group(1).lower() not in ("none", "null", "0")):
            return found.group(1)
        if re.search(r"\ba (?:dash|hyphen)\b", sentence):
            return "-"
    return ""


def _empty_text(module: Module, node: ast.expr) -> str:
    """Inside an f-string the other quotes, which Python needs before 3.12."""
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.JoinedStr):
            return "''" if '"' in module.text(ancestor)[:3] else '""'
    return '""'


_BY_CALL = {
    **dict.fromkeys(("writerow", "join", "write", "escape", "quote", "str"), '""'),
    **dict.fromkeys(("sum", "round", "int", "float", "abs", "timedelta", "Decimal"), "0"),
    **dict.fromkeys(("len", "sorted", "list", "set", "tuple", "enumerate", "any", "all"), "[]"),
}


def _by_use(s: Situation, module: Module, node: ast.expr, function: Function | None) -> list[str]:
    inner: ast.AST = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.JoinedStr):
            return [_empty_text(module, node)]
        if isinstance(ancestor, ast.Call) and inner is not ancestor.func:
            given = _BY_CALL.get(ast.unparse(ancestor.func).rpartition(".")[2])
            if given is not None:
                return [given]
        if isinstance(ancestor, ast.BinOp):
            other = ancestor.right if ancestor.left is inner else ancestor.left
            if (isinstance(other, ast.Constant) and isinstance(other.value, str)) or isinstance(other, ast.JoinedStr):
                return ['""']
            return ['Decimal("0")'] if is_decimal(s, module, other, function) else ["0"]
        if isinstance(ancestor, ast.Return) and function is not None and not s.refusals.is_route(function):
            return _by_callers(s, function)
        if isinstance(ancestor, (ast.Dict, ast.Return, ast.keyword)):
            return []
        if isinstance(ancestor, (ast.comprehension, ast.For, ast.AsyncFor)) and ancestor.iter is inner:
            return ["[]"]
        if isinstance(ancestor, ast.Compare) and inner in ancestor.comparators:
            if isinstance(ancestor.ops[0], (ast.In, ast.NotIn)):
                return ["[]"]
        if isinstance(ancestor, (ast.stmt, ast.Lambda)):
            break
        inner = ancestor
    return []


def _by_callers(s: Situation, function: Function) -> list[str]:
    """What those who call a helper do with its answer."""
    if function.node.returns is not None:
        return []
    for module, call in s.project.calls_of(function)[:3]:
        if same_function(module.function_of(call), function):
            continue
        parent = module.parents.get(call)
        if isinstance(parent, (ast.BinOp, ast.Call, ast.JoinedStr)):
            found = _by_use(s, module, call, module.function_of(call))
            if found:
                return found
    return []


def _by_annotation(s: Situation, module: Module, node: ast.expr, function: Function | None) -> list[str]:
    annotation: ast.expr | None = None
    owner = module
    parent = module.parents.get(node)
    if isinstance(parent, ast.Dict) and function is not None:
        key = next((k for k, v in zip(parent.keys, parent.values, strict=True) if v is node), None)
        if isinstance(key, ast.Constant):
            annotation, owner = _response_field(s, module, function, str(key.value))
    elif isinstance(parent, ast.keyword) and parent.arg is not None:
        call = module.parents.get(parent)
        if isinstance(call, ast.Call):
            found = s.project.find_class(module, call.func)
            if found is not None:
                annotation, owner = _field(found[1], parent.arg), found[0]
    elif isinstance(parent, ast.Return) and function is not None:
        annotation = function.node.returns
    elif isinstance(parent, ast.AnnAssign):
        annotation = parent.annotation
    return of_annotation(annotation) if annotation is not None and owner else []


def _response_field(s: Situation, module: Module, function: Function, key: str) -> tuple[ast.expr | None, Module]:
    """The field of the response model that a key of a dict answers."""
    models: list[ast.expr] = [function.node.returns] if function.node.returns is not None else []
    for decorator in function.node.decorator_list:
        if isinstance(decorator, ast.Call):
            models += [k.value for k in decorator.keywords if k.arg == "response_model"]
    for model in models:
        for name in [n for n in ast.walk(model) if isinstance(n, (ast.Name, ast.Attribute))]:
            found = s.project.find_class(module, name)
            if found is not None and _field(found[1], key) is not None:
                return _field(found[1], key), found[0]
    return None, module


def _field(node: ast.ClassDef, name: str) -> ast.expr | None:
    for statement in node.body:
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.target.id == name
        ):
            return statement.annotation
    return None


def of_annotation(annotation: ast.expr) -> list[str]:
    text = ast.unparse(annotation).strip("'\"")
    if re.search(r"\bOptional\b|\bNone\b", text):
        return ["None"]
    head = text.partition("[")[0].rpartition(".")[2]
    known = {
        "str": '""',
        "int": "0",
        "float": "0.0",
        "Decimal": 'Decimal("0")',
        "list": "[]",
        "List": "[]",
        "dict": "{}",
        "Dict": "{}",
        "set": "set()",
        "bool": "False",
        "tuple": "()",
        "Sequence": "[]",
        "Iterable": "[]",
    }
    return [known[head]] if head in known else []


def of_mean(s: Situation, module: Module, node: ast.expr, function: Function | None) -> list[tuple[str, float]]:
    """For a quotient or an extreme of nothing: values and how well each fits."""
    words = [(function.docstring if function is not None else ""), ast.get_docstring(module.tree) or ""]
    if promises_refusal(function):
        words[0] = ""
    decimal = is_decimal(s, module, node, function)
    zero = 'Decimal("0")' if decimal else "0"
    scores = {zero: 0.5, "None": 0.5}
    annotated = _by_annotation(s, module, node, function)
    for value in annotated:
        scores[value] = scores.get(value, 0.5) + 0.3
        if value != "None" and value in ("0.0", "0"):
            scores[zero] = scores.get(zero, 0.5) + 0.25
    for text, weight in zip(words, (0.25, 0.1), strict=True):
        scores[zero] += weight if _ZERO.search(text) else 0
        scores["None"] += weight if _NULL.search(text) else 0
    for value in neighbours(s, module):
        key = zero if value in ("0", "0.0", zero) else value
        if key in scores:
            scores[key] += 0.12
    name = f"{function.name if function is not None else ''} {_target_name(module, node)}".lower()
    if re.search(r"avg|average|mean|median|min|max|latest|first|last|best|oldest|newest", name):
        scores["None"] += 0.08
    elif re.search(r"rate|ratio|share|percent|pct|progress|total|sum|score|utili[sz]|conversion|per_", name):
        scores[zero] += 0.08
    return sorted(((v, min(f, 0.95)) for v, f in scores.items()), key=lambda pair: -pair[1])


def neighbours(s: Situation, module: Module) -> list[str]:
    """What other code of the module gives for empty collections: of `x if rows else None`, `max(…, default=0)`."""
    found = []
    for node in module.nodes:
        if isinstance(node, ast.IfExp) and isinstance(node.orelse, ast.Constant):
            found.append(ast.unparse(node.orelse))
        elif isinstance(node, ast.keyword) and node.arg == "default" and isinstance(node.value, ast.Constant):
            found.append(ast.unparse(node.value))
        elif isinstance(node, ast.If) and isinstance(node.test, ast.UnaryOp) and len(node.body) == 1:
            only = node.body[0]
            if isinstance(only, ast.Return) and isinstance(only.value, ast.Constant):
                found.append(ast.unparse(only.value))
    return found


def _target_name(module: Module, node: ast.expr) -> str:
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.Assign):
            return ast.unparse(ancestor.targets[0])
        if isinstance(ancestor, ast.keyword) and ancestor.arg and ancestor.arg not in ("key", "default"):
            return ancestor.arg
        if isinstance(ancestor, ast.Dict):
            pairs = zip(ancestor.keys, ancestor.values, strict=True)
            return next((ast.unparse(k) for k, v in pairs if k is not None and any(n is node for n in ast.walk(v))), "")
        if isinstance(ancestor, ast.stmt):
            return ""
    return ""


def is_decimal(s: Situation, module: Module, node: ast.expr, function: Function | None) -> bool:
    if "Decimal" not in module.imports and "decimal" not in module.imports:
        return False
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            if part.id == "Decimal":
                return True
            if s.function is not None and same_function(function, s.function):
                shown = s.crash.names.get(part.id, "")
                if shown.startswith("Decimal("):
                    return True
            for one in s.tracer.definitions(part.id, module, function, node) if function is not None else []:
                if "Decimal(" in ast.unparse(one.value):
                    return True
    return False
