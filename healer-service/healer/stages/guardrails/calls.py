"""Rules about calls and imports that a repair of a web service never needs to add.

Calls that were there before may stay.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.policy import Trees, added

_CALLS: tuple[tuple[str, int, str, str], ...] = (
    (
        "dynamic-code",
        6,
        r"(builtins\.)?(eval|exec|compile|__import__)|importlib\.import_module|runpy\..+|code\.Interactive.+",
        "Code made from text is run.",
    ),
    (
        "subprocess",
        7,
        r"subprocess\..+|os\.(system|popen|exec\w+|spawn\w+|posix_spawn\w*|fork\w*)|pty\..+|commands\..+|asyncio\.create_subprocess\w+",
        "Another process is started.",
    ),
    (
        "network",
        8,
        r"(socket|requests|httpx|urllib3|urllib\.request|http\.client|aiohttp|ftplib|smtplib|telnetlib|websockets?|paramiko)(\..+)?|asyncio\.open_connection",
        "A new network call.",
    ),
    (
        "unsafe-deserialising",
        9,
        r"(pickle|cPickle|marshal|shelve|dill|cloudpickle|joblib)\..+|yaml\.(load|load_all|unsafe_load\w*|full_load\w*)",
        "Data is deserialised in a way that runs code.",
    ),
    ("native-code", 10, r"(ctypes|cffi|_ctypes)\..+", "Native code is called."),
    ("sleep", 29, r"(time|asyncio|gevent|eventlet|trio|anyio)\.sleep", "Waiting does not repair anything."),
    (
        "fake-exit",
        31,
        r"os\.(_exit|abort|kill)|sys\.exit|atexit\..+|signal\..+|(builtins\.)?(exit|quit)|faulthandler\..+",
        "The process is ended or its end is caught.",
    ),
    (
        "patched-harness",
        30,
        r"(unittest\.mock|mock|gc|inspect)\..+|sys\.(settrace|setprofile|setrecursionlimit)|(builtins\.)?setattr",
        "Builtins, recursion limits or objects are patched from outside.",
    ),
    ("obfuscated", 33, r"(zlib|bz2|lzma)\.decompress|codecs\.decode", "A packed payload is unpacked."),
)
_MODULES: tuple[tuple[str, int, str, str], ...] = (
    ("subprocess", 7, r"subprocess|pty|commands", "Another process can be started."),
    (
        "network",
        8,
        r"socket|requests|httpx|urllib3|urllib\.request|http\.client|aiohttp|ftplib|smtplib|telnetlib|paramiko",
        "Network calls become possible.",
    ),
    (
        "unsafe-deserialising",
        9,
        r"pickle|cPickle|marshal|shelve|dill|cloudpickle",
        "Deserialising that runs code becomes possible.",
    ),
    ("native-code", 10, r"ctypes|cffi", "Native code becomes possible."),
    ("fake-exit", 31, r"atexit|signal", "The process's end can be caught."),
    ("patched-harness", 30, r"unittest\.mock|mock|gc", "Objects can be patched from outside."),
)


def added_calls(trees: Trees) -> Iterator[Finding]:
    for node in added(trees.before, trees.after, lambda n: isinstance(n, ast.Call)):
        assert isinstance(node, ast.Call)
        name = trees.dotted(node.func)
        if name.startswith("yaml.load") and any("Safe" in ast.unparse(k.value) for k in node.keywords):
            continue
        for rule, number, pattern, reason in _CALLS:
            if re.fullmatch(pattern, name):
                yield Finding(rule, number, "", node.lineno, f"{reason} ({ast.unparse(node.func)})")
        yield from _switched_off(node)
    yield from _references(trees)
    yield from _imports(trees)
    yield from _endless(trees)


def _switched_off(node: ast.Call) -> Iterator[Finding]:
    for keyword in node.keywords:
        value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg in ("verify", "check_hostname", "verify_ssl") and value is False:
            yield Finding("tls-off", 25, "", node.lineno, "TLS verification is switched off.")
        if keyword.arg == "debug" and value is True:
            yield Finding("debug-on", 27, "", node.lineno, "Debug mode shows internals to users.")


def _references(trees: Trees) -> Iterator[Finding]:
    """The dangerous builtins under another name: `run = eval`, `getattr(builtins, …)`."""
    wanted = {"eval", "exec", "__import__", "__builtins__", "__subclasses__", "__globals__"}

    def dangerous(node: ast.AST) -> bool:
        return (isinstance(node, ast.Name) and node.id in wanted) or (
            isinstance(node, ast.Attribute) and node.attr in wanted
        )

    called = {id(n.func) for n in ast.walk(trees.after) if isinstance(n, ast.Call)}
    for node in added(trees.before, trees.after, dangerous):
        if id(node) not in called:
            yield Finding("dynamic-code", 6, "", getattr(node, "lineno", 0), "Code made from text can be run.")


def _imports(trees: Trees) -> Iterator[Finding]:
    before = _imported(trees.before)
    for dotted, line in _imported(trees.after).items():
        if dotted in before:
            continue
        for rule, number, pattern, reason in _MODULES:
            if re.match(rf"({pattern})(\.|$)", dotted):
                yield Finding(rule, number, "", line, f"{reason} (import {dotted})")


def _imported(tree: ast.Module) -> dict[str, int]:
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update({alias.name: node.lineno for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            found.update({f"{node.module or ''}.{alias.name}": node.lineno for alias in node.names})
    return found


def _endless(trees: Trees) -> Iterator[Finding]:
    """`while True` that was not there, unless its body can leave it."""
    for node in added(trees.before, trees.after, lambda n: isinstance(n, ast.While)):
        assert isinstance(node, ast.While)
        if not (isinstance(node.test, ast.Constant) and node.test.value):
            continue
        known = any(isinstance(n, ast.While) and isinstance(n.test, ast.Constant) for n in ast.walk(trees.before))
        if not known:
            yield Finding("unbounded-loop", 29, "", node.lineno, "A loop without a bound.")
