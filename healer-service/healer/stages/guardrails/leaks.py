"""Rules 14, 27 and 28: what must not get out of the service, followed from where it is read to where it is let out.

It follows names within one module; numbers and comparisons made of a value do not carry it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.personal import HIDING, LOGS, given_to
from healer.stages.guardrails.rules import finding, words
from healer.stages.guardrails.trees import Side, Trees
from healer.stages.guardrails.wholes import whole_settings

_ENVIRONMENT = re.compile(r"(\w+\.)*(environ|environb|getenv|getenvb|dotenv_values|secretsmanager)(\(\)|\[\]|\..*)?")
_TRACE = re.compile(
    r"traceback\..+|sys\.(exc_info|exception|last_traceback)\(?\)?.*|cgitb\..+|locals\(\)|globals\(\)|inspect\.trace.*"
)
_SETTINGS = re.compile(r"\b(settings|config|conf|cfg|current_app|app\.config|app)\b", re.IGNORECASE)
_SECRETS = re.compile(r"secret|passw|token|api_?key|private|credential|database_url|dsn|_key$|salt", re.IGNORECASE)
_DUMPS = words("dict model_dump model_dump_json as_dict to_dict json copy items values _asdict dump")
_HARMLESS = words("int float bool len isinstance type hasattr any all sum abs round range id callable hash")
_WRITES = words("write write_text write_bytes writelines send send_text send_json set_cookie publish put_nowait")
_RESPONSES = re.compile(r"(Response|jsonify|HTTPException|abort|make_response|render_template|redirect|dumps)$")


def about_leaks(trees: Trees) -> Iterator[Finding]:
    if trees.is_test:
        return
    flow = _Flow(trees.after)
    new = {id(node) for node in trees.added(ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant)}
    yield from _whole_environment(trees)
    fresh = {id(node) for node in trees.added(ast.Return, ast.Raise, ast.Call, ast.Assign, ast.Yield)}
    known = set(_wholes(trees.before))
    everywhere = trees.after.every if flow.reads(trees.after.nodes) else trees.after.nodes
    for sink in everywhere:
        for part, is_log in _let_out(trees.after, sink):
            for number, source in flow.sources(part):
                if number == 27 and is_log:
                    continue
                if id(sink) in fresh or id(source) in new:
                    yield finding(number, sink, _SAID[number].format(ast.unparse(source)[:60]))
            for whole in whole_settings(trees.after, part) if id(sink) in fresh else ():
                if ast.unparse(whole) not in known:
                    yield finding(14, sink, f"Settings are let out as a whole ({ast.unparse(whole)[:60]}).")
    yield from _insides(trees)


def _insides(trees: Trees) -> Iterator[Finding]:
    """The service's own source, and objects with all their fields."""
    for name in trees.added(ast.Name):
        if name.id == "__file__":
            yield finding(14, name, "The service's own source is looked for.")
    for answer in trees.added(ast.Return, ast.Raise):
        for node in ast.walk(answer):
            if isinstance(node, ast.Attribute) and node.attr == "__dict__":
                yield finding(28, node, "All fields of an object are answered.")
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "vars":
                yield finding(28, node, "All fields of an object are answered.")


_SAID = {
    14: "The environment or a secret setting is let out ({}).",
    27: "Internals of the failure are shown to users ({}).",
}


def _whole_environment(trees: Trees) -> Iterator[Finding]:
    """`dict(os.environ)`, `{**os.environ}`, `for name in os.environ`: nothing that one setting needs."""
    side = trees.after
    for node in trees.added(ast.Name, ast.Attribute):
        if not any(re.fullmatch(r"(\w+\.)*environb?", name) for name in side.names.meanings(node)):
            continue
        parent = side.parents.get(node)
        if isinstance(parent, ast.Subscript) and parent.value is node:
            if isinstance(parent.ctx, (ast.Store, ast.Del)):
                yield finding(30, node, "The environment of the process is changed.")
            continue
        if isinstance(parent, ast.Attribute):
            if parent.attr in ("update", "setdefault", "pop", "clear", "putenv", "popitem"):
                yield finding(30, node, "The environment of the process is changed.")
            elif parent.attr not in ("get", "environ"):
                yield finding(14, node, "The whole environment is read.")
        elif isinstance(parent, ast.Compare):
            continue
        elif not isinstance(node.ctx, ast.Store):
            yield finding(14, node, "The whole environment is read.")
    for constant in trees.added(ast.Constant):
        if isinstance(constant.value, str) and re.search(
            r"/proc/|(^|/)\.env$|/etc/(passwd|shadow)|\.ssh/|id_rsa|/run/secrets", constant.value
        ):
            yield finding(14, constant, f"A file with secrets is named ({constant.value[:40]}).")
    for call in trees.added(ast.Call):
        if side.names.meanings(call.func) & {"os.putenv", "os.unsetenv"}:
            yield finding(30, call, "The environment of the process is changed.")


def _let_out(side: Side, node: ast.AST) -> Iterator[tuple[ast.expr, bool]]:
    """Values that leave the service here, and whether to a log."""
    if isinstance(node, (ast.Return, ast.Yield)) and node.value is not None and _is_answer(side, node):
        yield node.value, False
    elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        yield from ((part, False) for part in given_to(node.exc))
    elif isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        if LOGS.search(called):
            yield from ((part, True) for part in given_to(node))
        elif called.rpartition(".")[2] in _WRITES or _RESPONSES.search(called):
            yield from ((part, False) for part in given_to(node))
    elif isinstance(node, ast.Assign) and "header" in ast.unparse(node.targets[0]).lower():
        yield node.value, False


def _wholes(side: Side) -> Iterator[str]:
    for sink in side.nodes:
        for part, _ in _let_out(side, sink):
            yield from (ast.unparse(whole) for whole in whole_settings(side, part))


def _is_answer(side: Side, node: ast.AST) -> bool:
    """What a helper returns is followed to its callers; of a handler it is the answer."""
    function = side.function_of(node)
    if function is None:
        return False
    return bool(function.decorator_list) or any(arg.arg in ("request", "req", "_request") for arg in function.args.args)


class _Flow:
    def __init__(self, side: Side) -> None:
        self._side = side

    def reads(self, nodes: tuple[ast.AST, ...]) -> bool:
        return any(isinstance(n, ast.expr) and self._source(n) for n in nodes)

    def sources(self, node: ast.expr, depth: int = 6) -> Iterator[tuple[int, ast.expr]]:
        """What the value of an expression carries: rule and the expression that reads it."""
        if depth < 0 or isinstance(node, (ast.Compare, ast.Constant, ast.Lambda)):
            return
        number = self._source(node)
        if number:
            yield number, node
        elif isinstance(node, ast.Name):
            for given in self._side.names.assigned(node.id):
                yield from self.sources(given, depth - 1)
        elif isinstance(node, ast.Call):
            yield from self._of_call(node, depth - 1)
        elif isinstance(node, ast.IfExp):
            yield from self.sources(node.body, depth)
            yield from self.sources(node.orelse, depth)
        elif isinstance(node, ast.Subscript):
            yield from self.sources(node.value, depth)
        else:
            for child in ast.iter_child_nodes(node):
                inner = child.iter if isinstance(child, ast.comprehension) else child
                if isinstance(inner, ast.expr):
                    yield from self.sources(inner, depth)

    def _of_call(self, node: ast.Call, depth: int) -> Iterator[tuple[int, ast.expr]]:
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in _HARMLESS or HIDING.search(called):
            return
        own = self._side.functions.get(called) if isinstance(node.func, ast.Name) else None
        if own is not None:
            for inner in ast.walk(own):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield from self.sources(inner.value, depth)
        if isinstance(node.func, ast.Attribute):
            yield from self.sources(node.func.value, depth)
        for part in given_to(node):
            yield from self.sources(part, depth)

    def _source(self, node: ast.expr) -> int:
        if not isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
            return 0
        if isinstance(node, ast.Attribute) and node.attr in ("__traceback__", "tb_frame", "f_locals"):
            return 27
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) == "repr"
            and node.args
            and self._is_caught(node.args[0])
        ):
            return 27
        called = node.func if isinstance(node, ast.Call) else node
        for name in self._side.names.meanings(called, 0 if isinstance(called, ast.Name) else 2):
            if _ENVIRONMENT.fullmatch(name) and not name.startswith("?"):
                return 14
            if _TRACE.fullmatch(name + "()" if isinstance(node, ast.Call) else name) or _TRACE.fullmatch(name):
                return 27
        return 14 if self._is_setting(node) else 0

    def _is_setting(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            dumped = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr in _DUMPS else None
            if ast.unparse(node.func) in ("dict", "vars", "asdict", "dataclasses.asdict", "str", "repr") and node.args:
                dumped = node.args[0]
            text = ast.unparse(dumped) if dumped is not None else ""
            return bool(re.fullmatch(r"(\w+\.)*(settings|config|conf|cfg)(\(\))?", text, re.IGNORECASE))
        text = ast.unparse(node)
        last = re.split(r"[.\[]", text)[-1].strip("'\"]")
        return bool(_SECRETS.search(last) and _SETTINGS.search(text.removesuffix(last)))

    def _is_caught(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and any(
            isinstance(outer, ast.ExceptHandler) and outer.name == node.id for outer in self._side.above(node)
        )
